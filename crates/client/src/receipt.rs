//! What comes, with the time that it has waited in the socket, which is this process's and not the network's.

use std::io::{self, IoSliceMut};
use std::net::SocketAddr;
use std::os::fd::{AsFd, AsRawFd};
use std::time::Duration;

use mio::net::{TcpStream, UdpSocket};
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

/// Room for what has come of a byte stream and is not taken yet.
#[derive(Debug)]
pub(crate) struct StreamBuffer {
    bytes: Vec<u8>,
    /// From where to where there is something.
    start: usize,
    end: usize,
    control: Vec<u8>,
}

/// Has the kernel note when something comes. Where it does not, nothing has waited.
pub(crate) fn note_arrivals(socket: &impl AsFd) {
    let _ = setsockopt(socket, sockopt::ReceiveTimestampns, &true);
}

impl Default for ReceiveBuffer {
    fn default() -> Self {
        Self { bytes: vec![0; DATAGRAM_BYTES_MAX], control: nix::cmsg_space!(TimeSpec) }
    }
}

impl ReceiveBuffer {
    /// Receives one datagram.
    ///
    /// # Errors
    /// `WouldBlock` when none is there, and what else the socket says.
    pub(crate) fn receive(&mut self, socket: &UdpSocket) -> io::Result<Receipt<'_>> {
        let Self { bytes, control } = self;
        let (length, source, waited) = socket.try_io(|| receive_noted(socket, bytes, control))?;
        let source = source.as_ref().and_then(address).ok_or(io::ErrorKind::InvalidData)?;
        Ok(Receipt { bytes: self.bytes.get(..length).unwrap_or_default(), source, waited })
    }
}

impl Default for StreamBuffer {
    fn default() -> Self {
        Self { bytes: vec![0; STREAM_BYTES_MAX], start: 0, end: 0, control: nix::cmsg_space!(TimeSpec) }
    }
}

impl StreamBuffer {
    /// What is there.
    pub(crate) fn bytes(&self) -> &[u8] {
        self.bytes.get(self.start..self.end).unwrap_or_default()
    }

    /// Takes so many from the beginning; `None` when there are less.
    pub(crate) fn take(&mut self, bytes: usize) -> Option<&[u8]> {
        let taken = self.start..self.start + bytes;
        if taken.end > self.end {
            return None;
        }
        self.start = taken.end;
        self.bytes.get(taken)
    }

    /// Reads what has come, behind what is there. Returns how long the last of it had waited.
    ///
    /// # Errors
    /// `WouldBlock` when nothing has, `UnexpectedEof` when nothing will, `OutOfMemory` without room, and what else the socket says.
    pub(crate) fn fill(&mut self, stream: &TcpStream) -> io::Result<Duration> {
        self.bytes.copy_within(self.start..self.end, 0);
        (self.start, self.end) = (0, self.end - self.start);
        let Self { bytes, end, control, .. } = self;
        let room = bytes.get_mut(*end..).filter(|room| !room.is_empty()).ok_or(io::ErrorKind::OutOfMemory)?;
        let (length, _, waited) = stream.try_io(|| receive_noted(stream, room, control))?;
        if length == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        self.end += length;
        Ok(waited)
    }
}

/// How much was received, from whom where that is said, and how long it had waited.
fn receive_noted(
    socket: &impl AsRawFd,
    bytes: &mut [u8],
    control: &mut [u8],
) -> io::Result<(usize, Option<SockaddrStorage>, Duration)> {
    let mut parts = [IoSliceMut::new(bytes)];
    let message = recvmsg::<SockaddrStorage>(socket.as_raw_fd(), &mut parts, Some(control), MsgFlags::empty())?;
    let came_ns = message.cmsgs()?.find_map(|control| {
        let ControlMessageOwned::ScmTimestampns(time) = control else { return None };
        Some(nanoseconds(time.tv_sec(), time.tv_nsec()))
    });
    // A clock that was set meanwhile makes nothing old.
    let waited_ns = came_ns.map_or(0, |came_ns| wall_clock_ns().saturating_sub(came_ns)).clamp(0, WAITED_NS_MAX);
    Ok((message.bytes, message.address, Duration::from_nanos(waited_ns.unsigned_abs())))
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

/// Several frames of the greatest length that can be announced.
const STREAM_BYTES_MAX: usize = 128 * 1024;

/// Nothing waits longer in a socket that is read.
const WAITED_NS_MAX: i64 = 10_000_000_000;

#[cfg(test)]
mod tests;
