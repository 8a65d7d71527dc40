//! What no server can go below on this machine: sending a datagram, sending several at once, encrypting one, waking up for one.

use std::net::SocketAddr;

use anyhow::{Context, Result};
use aws_lc_rs::aead::{AES_128_GCM, Aad, LessSafeKey, Nonce, UnboundKey};
use quinn_udp::{Transmit, UdpSockRef, UdpSocketState};
use rustix::time::{ClockId, clock_gettime};
use serde::Serialize;
use socket2::{Domain, Socket, Type};

use crate::network::ADDRESS;

/// Microseconds of processor time per datagram of 1,200 bytes.
#[derive(Debug, Clone, Copy, Serialize)]
pub(crate) struct Floor {
    /// One `sendto` for each, with the receiving side of the kernel, which runs in the sender's time here.
    sendto_us: f64,
    /// Eight with one call (UDP segmentation offload).
    gso8_us: f64,
    /// AES-128-GCM of one.
    gcm_us: f64,
    /// The delay of a datagram by way of a thread that sends it straight back.
    echo_p50_us: u64,
    echo_p99_us: u64,
}

impl std::fmt::Display for Floor {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { sendto_us, gso8_us, gcm_us, echo_p50_us, echo_p99_us } = self;
        write!(
            f,
            "sendto {sendto_us:.2} us, 8 with GSO {gso8_us:.2} us each, AES-128-GCM {gcm_us:.2} us, delay of a plain echo {echo_p50_us} us \
             (p99 {echo_p99_us} us)"
        )
    }
}

pub(crate) fn measure() -> Result<Floor> {
    let socket = || Socket::new(Domain::IPV4, Type::DGRAM, None).context("socket");
    let (sender, receiver) = (socket()?, socket()?);
    receiver.bind(&SocketAddr::new(ADDRESS, 0).into())?;
    receiver.set_nonblocking(true)?;
    let target = receiver.local_addr()?.as_socket().context("address")?;
    let state = UdpSocketState::new(UdpSockRef::from(&sender)).context("GSO")?;
    let bytes = [0x55; DATAGRAM_BYTES * 8];
    let sendto_us = time(
        || {
            for _ in 0..8 {
                sender.send_to(&bytes[..DATAGRAM_BYTES], &target.into())?;
            }
            Ok(())
        },
        || drain(&receiver),
    )?;
    let transmit =
        Transmit { destination: target, ecn: None, contents: &bytes, segment_size: Some(DATAGRAM_BYTES), src_ip: None };
    let gso8_us = time(|| Ok(state.try_send(UdpSockRef::from(&sender), &transmit)?), || drain(&receiver))?;
    let echo = client::measure_echo(ADDRESS, ECHOES)?;
    let quantile = |fraction| echo.quantile_us(fraction).unwrap_or(0);
    Ok(Floor { sendto_us, gso8_us, gcm_us: gcm()?, echo_p50_us: quantile(0.5), echo_p99_us: quantile(0.99) })
}

fn gcm() -> Result<f64> {
    let key = UnboundKey::new(&AES_128_GCM, &[7; 16]).map(LessSafeKey::new).ok().context("key")?;
    let mut bytes = [0x55; DATAGRAM_BYTES];
    time(
        || {
            for number in 0..8 {
                let nonce = Nonce::assume_unique_for_key([number; 12]);
                let sealed = key.seal_in_place_separate_tag(nonce, Aad::from([0; 12]), &mut bytes);
                std::hint::black_box(sealed.ok().context("seal")?.as_ref());
            }
            Ok(())
        },
        || {},
    )
}

/// Microseconds of this thread for an eighth of `work`; what `between` takes is not counted.
fn time(mut work: impl FnMut() -> Result<()>, mut between: impl FnMut()) -> Result<f64> {
    let mut spent_ns = 0;
    for _ in 0..ROUNDS {
        let before = thread_ns();
        work()?;
        spent_ns += thread_ns() - before;
        between();
    }
    Ok(spent_ns as f64 / 1000.0 / f64::from(ROUNDS) / 8.0)
}

fn drain(receiver: &Socket) {
    let mut buffer = [std::mem::MaybeUninit::uninit(); 2048];
    while receiver.recv(&mut buffer).is_ok() {}
}

pub(crate) fn thread_ns() -> i64 {
    let time = clock_gettime(ClockId::ThreadCPUTime);
    time.tv_sec * 1_000_000_000 + time.tv_nsec
}

const DATAGRAM_BYTES: usize = 1200;

/// A second.
const ECHOES: u32 = 500;

/// About a tenth of a second each.
const ROUNDS: u32 = 4000;
