//! Datagrams with the time that they have waited in the socket, which is this process's and not the network's.

use std::io::{self, IoSliceMut};
use std::net::SocketAddr;
use std::os::fd::AsRawFd;
use std::time::Duration;

use mio::net::UdpSocket;
use nix::sys::socket::{ControlMessageOwned, MsgFlags, SockaddrStorage, recvmsg, setsockopt, sockopt};
use nix::sys::time::TimeSpec;
use rustix::time::{ClockId, clock_gettime};

/// Room for one datagram and for what the kernel says about it.
#[derive(Debug)]
pub(crate) struct ReceiveBuffer {
    bytes: Vec<u8>,
    control: Vec<u8>,
}

/// A datagram that came.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Receipt<'a> {
    pub(crate) bytes: &'a [u8],
    pub(crate) source: SocketAddr,
    /// From the moment at which the kernel took it in to that at which it was read.
    pub(crate) waited: Duration,
}

/// Has the kernel note when datagrams come. Where it does not, none have waited.
pub(crate) fn note_arrivals(socket: &UdpSocket) {
    let _ = setsockopt(socket, sockopt::ReceiveTimestampns, &true);
}

impl ReceiveBuffer {
    pub(crate) fn new() -> Self {
        Self { bytes: vec![0; DATAGRAM_BYTES_MAX], control: nix::cmsg_space!(TimeSpec) }
    }

    /// Receives one datagram.
    ///
    /// # Errors
    /// `WouldBlock` when none is there, and what else the socket says.
    pub(crate) fn receive(&mut self, socket: &UdpSocket) -> io::Result<Receipt<'_>> {
        let Self { bytes, control } = self;
        let (length, source, came_ns) = socket.try_io(|| {
            let mut parts = [IoSliceMut::new(bytes)];
            let message = recvmsg::<SockaddrStorage>(socket.as_raw_fd(), &mut parts, Some(control), MsgFlags::empty())?;
            let came_ns = message.cmsgs()?.find_map(|control| {
                let ControlMessageOwned::ScmTimestampns(time) = control else { return None };
                Some(nanoseconds(time.tv_sec(), time.tv_nsec()))
            });
            let source = message.address.as_ref().and_then(address).ok_or(io::ErrorKind::InvalidData)?;
            Ok((message.bytes, source, came_ns))
        })?;
        // A clock that was set meanwhile makes no datagram old.
        let waited_ns = came_ns.map_or(0, |came_ns| wall_clock_ns().saturating_sub(came_ns)).clamp(0, WAITED_NS_MAX);
        let waited = Duration::from_nanos(waited_ns.unsigned_abs());
        Ok(Receipt { bytes: self.bytes.get(..length).unwrap_or_default(), source, waited })
    }
}

fn address(storage: &SockaddrStorage) -> Option<SocketAddr> {
    let v4 = storage.as_sockaddr_in().map(|address| SocketAddr::V4((*address).into()));
    v4.or_else(|| storage.as_sockaddr_in6().map(|address| SocketAddr::V6((*address).into())))
}

/// The clock of the kernel's notes.
fn wall_clock_ns() -> i64 {
    let time = clock_gettime(ClockId::Realtime);
    nanoseconds(time.tv_sec, time.tv_nsec)
}

fn nanoseconds(seconds: i64, nanoseconds: i64) -> i64 {
    seconds.saturating_mul(1_000_000_000).saturating_add(nanoseconds)
}

/// What fits into a datagram of Ethernet, with room.
const DATAGRAM_BYTES_MAX: usize = 2048;

/// Nothing waits longer in a socket that is read.
const WAITED_NS_MAX: i64 = 10_000_000_000;

#[cfg(test)]
mod tests;
