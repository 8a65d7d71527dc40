//! A camera that sends plain RTP (RFC 3550), as encoders do inside a network that they trust.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread::JoinHandle;

use mio::net::UdpSocket;

use crate::clock::nap;
use crate::pattern::{Outgoing, Video};
use crate::{Clock, Error, Stamp};

/// A thread that sends. It ends when this is dropped.
#[derive(Debug)]
pub(super) struct PlainCamera {
    sent: Arc<AtomicU64>,
    is_over: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl PlainCamera {
    /// Starts to send to `target`.
    ///
    /// # Errors
    /// When the system gives no socket or no thread.
    pub(super) fn start(target: SocketAddr, mut video: Video, clock: Clock) -> Result<Self, Error> {
        let any = SocketAddr::new(target.ip(), 0);
        let socket = UdpSocket::bind(any).map_err(Error::Socket)?;
        socket.connect(target).map_err(Error::Socket)?;
        let (sent, is_over) = (Arc::new(AtomicU64::new(0)), Arc::new(AtomicBool::new(false)));
        let (counted, told) = (Arc::clone(&sent), Arc::clone(&is_over));
        let run = move || {
            let mut sequence_number = 0_u16;
            for picture in 0_u32.. {
                if told.load(Ordering::Relaxed) {
                    return;
                }
                if picture.is_multiple_of(KEY_FRAME_EVERY) {
                    video.request_key_frame();
                }
                nap(video.next_at().saturating_duration_since(clock.now()));
                let now = clock.now();
                for packet in video.next_frame(now, clock.micros(now)) {
                    // What the kernel does not take is lost, as it is for every encoder, and missed by who watches.
                    let _ = socket.send(&datagram(packet, sequence_number, clock));
                    sequence_number = sequence_number.wrapping_add(1);
                    counted.fetch_add(1, Ordering::Relaxed);
                }
            }
        };
        let thread = std::thread::Builder::new().name("camera".into()).spawn(run).map_err(Error::Socket)?;
        Ok(Self { sent, is_over, thread: Some(thread) })
    }

    /// Packets sent since the last reset.
    pub(super) fn sent(&self) -> u64 {
        self.sent.load(Ordering::Relaxed)
    }

    /// Starts to count anew.
    pub(super) fn reset(&self) {
        self.sent.store(0, Ordering::Relaxed);
    }
}

impl Drop for PlainCamera {
    fn drop(&mut self) {
        self.is_over.store(true, Ordering::Relaxed);
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

/// RFC 3550 §5.1. Packets of a frame leave one after the other: each says when it did.
fn datagram(packet: Outgoing, sequence_number: u16, clock: Clock) -> Vec<u8> {
    let Outgoing { timestamp, marker, mut payload } = packet;
    Stamp::renew(&mut payload, clock.micros(clock.now()));
    let mut datagram = Vec::with_capacity(HEADER_BYTES + payload.len());
    datagram.extend([0x80, u8::from(marker) << 7 | PAYLOAD_TYPE]);
    datagram.extend(sequence_number.to_be_bytes());
    datagram.extend(timestamp.to_be_bytes());
    datagram.extend(SSRC.to_be_bytes());
    datagram.append(&mut payload);
    datagram
}

/// Of VP8, as the receiver is told.
pub(super) const PAYLOAD_TYPE: u8 = 96;
/// Nobody can ask it for one: two seconds of the usual camera.
const KEY_FRAME_EVERY: u32 = 50;
const SSRC: u32 = 0x0f1e_2d3c;
const HEADER_BYTES: usize = 12;
