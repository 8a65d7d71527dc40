//! What the kernel is told about datagrams on their way out: one, or several of one size side by side.
//!
//! Of the notes beside them (control messages, cmsg(3)) only those are written that say something: each costs the kernel some tenths of a
//! microsecond.

use std::io::{self, IoSlice};
use std::net::{IpAddr, SocketAddr};

use mio::net::UdpSocket;
use nix::libc;
use quinn_udp::EcnCodepoint;
use socket2::{MsgHdr, SockAddr, SockRef};

/// Datagrams that one system call sends.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Datagrams<'a> {
    pub(crate) destination: SocketAddr,
    /// The address of ours that they come from, where the socket has several.
    pub(crate) source: Option<IpAddr>,
    /// The congestion mark to set (RFC 3168).
    pub(crate) ecn: Option<EcnCodepoint>,
    /// The size of all but the last, where there are several (UDP_SEGMENT).
    pub(crate) segment_bytes: Option<u16>,
    pub(crate) bytes: &'a [u8],
}

impl Datagrams<'_> {
    /// Hands them to the kernel.
    ///
    /// # Errors
    /// `WouldBlock` when the send buffer has no room, and what else the kernel says about them.
    pub(crate) fn send(&self, socket: &UdpSocket) -> io::Result<()> {
        let destination = SockAddr::from(self.destination);
        let bytes = [IoSlice::new(self.bytes)];
        let notes = self.notes();
        let message = MsgHdr::new().with_addr(&destination).with_buffers(&bytes);
        let message = if notes.length == 0 { message } else { message.with_control(notes.bytes()) };
        loop {
            match SockRef::from(socket).sendmsg(&message, 0) {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                result => return result.map(drop),
            }
        }
    }

    fn notes(&self) -> Notes {
        let mut notes = Notes { bytes: [0; NOTES_BYTES_MAX], length: 0 };
        if let Some(segment_bytes) = self.segment_bytes {
            notes.add(libc::SOL_UDP, libc::UDP_SEGMENT, &segment_bytes.to_ne_bytes());
        }
        match self.source {
            // struct in_pktinfo and in6_pktinfo: the interface is left to the kernel.
            Some(IpAddr::V4(source)) => {
                let mut info = [0; 12];
                info[4..8].copy_from_slice(&source.octets());
                notes.add(libc::IPPROTO_IP, libc::IP_PKTINFO, &info);
            }
            Some(IpAddr::V6(source)) => {
                let mut info = [0; 20];
                info[..16].copy_from_slice(&source.octets());
                notes.add(libc::IPPROTO_IPV6, libc::IPV6_PKTINFO, &info);
            }
            None => {}
        }
        if let Some(ecn) = self.ecn {
            let (level, kind) = match self.destination {
                SocketAddr::V4(_) => (libc::IPPROTO_IP, libc::IP_TOS),
                SocketAddr::V6(_) => (libc::IPPROTO_IPV6, libc::IPV6_TCLASS),
            };
            notes.add(level, kind, &(ecn as i32).to_ne_bytes());
        }
        notes
    }
}

/// Control messages one after the other, each a `struct cmsghdr` and its data, filled up to a multiple of the machine's word.
struct Notes {
    bytes: [u8; NOTES_BYTES_MAX],
    length: usize,
}

impl Notes {
    /// The room is that of one note of each kind.
    fn add(&mut self, level: i32, kind: i32, data: &[u8]) {
        let bytes = HEADER_BYTES + data.len();
        let (level, kind, length) = (level.to_ne_bytes(), kind.to_ne_bytes(), bytes.to_ne_bytes());
        let mut at = self.length;
        for part in [&length[..], &level, &kind, data] {
            if let Some(place) = self.bytes.get_mut(at..at + part.len()) {
                place.copy_from_slice(part);
            }
            at += part.len();
        }
        self.length += bytes.next_multiple_of(size_of::<usize>());
    }

    fn bytes(&self) -> &[u8] {
        self.bytes.get(..self.length).unwrap_or_default()
    }
}

/// Length, level and type.
const HEADER_BYTES: usize = size_of::<usize>() + 2 * size_of::<i32>();

/// The size of segments, the longer one of the sources, the mark.
const NOTES_BYTES_MAX: usize = 3 * HEADER_BYTES + 8 + 24 + 8;

#[cfg(test)]
mod tests;
