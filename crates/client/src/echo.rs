//! How long a datagram takes to a thread that sends it straight back: beside this the delay of a server on the same machine is to be read.

use std::io::{self, ErrorKind};
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use mio::net::UdpSocket;
use mio::{Events, Interest, Poll, Token};

use crate::receipt::{ReceiveBuffer, note_arrivals};
use crate::{Clock, Histogram};

/// Sends so many datagrams to an echo on `local`, one every two milliseconds, and counts the microseconds from the call that sends to the
/// arrival of the answer in the sender's socket, as the delays of a load are counted.
///
/// # Errors
/// Whatever the sockets say, and `TimedOut` for an answer that does not come.
pub fn measure_echo(local: IpAddr, datagrams: u32) -> io::Result<Histogram> {
    let server = UdpSocket::bind(SocketAddr::new(local, 0))?;
    let target = server.local_addr()?;
    let is_over = Arc::new(AtomicBool::new(false));
    let told = Arc::clone(&is_over);
    let thread = std::thread::Builder::new().name("echo".into()).spawn(move || answer(server, &told))?;
    let measured = ask(local, target, datagrams);
    is_over.store(true, Ordering::Relaxed);
    match thread.join() {
        Ok(answered) => answered.and(measured),
        Err(_) => Err(io::Error::other("the echo broke down")),
    }
}

fn ask(local: IpAddr, target: SocketAddr, datagrams: u32) -> io::Result<Histogram> {
    let clock = Clock::start();
    let mut socket = UdpSocket::bind(SocketAddr::new(local, 0))?;
    note_arrivals(&socket);
    let (mut poll, mut events) = watch(&mut socket)?;
    let mut buffer = ReceiveBuffer::default();
    let mut delays = Histogram::default();
    for _ in 0..datagrams {
        let sent_at = clock.now();
        socket.send_to(&[0x55; DATAGRAM_BYTES], target)?;
        let waited = loop {
            match buffer.receive(&socket) {
                Ok(receipt) => break receipt.waited,
                Err(error) if error.kind() == ErrorKind::WouldBlock => {}
                Err(error) => return Err(error),
            }
            if clock.now().saturating_duration_since(sent_at) > ANSWER_MAX {
                return Err(ErrorKind::TimedOut.into());
            }
            wait(&mut poll, &mut events, ANSWER_MAX)?;
        };
        let taken = clock.now().saturating_duration_since(sent_at).saturating_sub(waited);
        delays.add(u64::try_from(taken.as_micros()).unwrap_or(u64::MAX));
        wait(&mut poll, &mut events, INTERVAL)?;
    }
    Ok(delays)
}

/// Sends back what comes until it is over.
fn answer(mut socket: UdpSocket, is_over: &AtomicBool) -> io::Result<()> {
    let (mut poll, mut events) = watch(&mut socket)?;
    let mut bytes = [0; DATAGRAM_BYTES];
    while !is_over.load(Ordering::Relaxed) {
        wait(&mut poll, &mut events, PATIENCE)?;
        loop {
            match socket.recv_from(&mut bytes) {
                Ok((length, source)) => {
                    socket.send_to(bytes.get(..length).unwrap_or_default(), source)?;
                }
                Err(error) if error.kind() == ErrorKind::WouldBlock => break,
                Err(error) => return Err(error),
            }
        }
    }
    Ok(())
}

fn watch(socket: &mut UdpSocket) -> io::Result<(Poll, Events)> {
    let poll = Poll::new()?;
    poll.registry().register(socket, Token(0), Interest::READABLE)?;
    Ok((poll, Events::with_capacity(1)))
}

fn wait(poll: &mut Poll, events: &mut Events, time: Duration) -> io::Result<()> {
    match poll.poll(events, Some(time)) {
        Err(error) if error.kind() != ErrorKind::Interrupted => Err(error),
        _ => Ok(()),
    }
}

/// As large as a packet of video.
const DATAGRAM_BYTES: usize = 1200;

/// Every datagram finds both sides asleep.
const INTERVAL: Duration = Duration::from_millis(2);

/// An answer that takes longer is lost.
const ANSWER_MAX: Duration = Duration::from_secs(5);

/// How often the echo looks whether it is over.
const PATIENCE: Duration = Duration::from_millis(50);

#[cfg(test)]
mod tests;
