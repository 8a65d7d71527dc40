//! The receive buffers of the worker, made once and used for every socket.

use std::array;
use std::io::{self, IoSliceMut};
use std::net::{IpAddr, SocketAddr};

use quinn_udp::{EcnCodepoint, RecvMeta};

use super::socket::Socket;

/// Memory for one batched receive. Every buffer takes the largest thing the kernel hands out in one piece:
///
/// ```text
/// buffer 0  |<------------------------- 64 KiB ------------------------->|
///           | datagram | datagram | datagram | last |        unused      |   one sender, coalesced by the kernel (GRO)
///           |<-stride->|
/// buffer 1  | datagram |                      unused                     |   another sender
/// ...
/// ```
///
/// Only the pages that datagrams touch are ever backed by memory.
pub(super) struct ReceiveBuffers {
    /// `BUFFERS` buffers of `BUFFER_BYTES` in a row.
    bytes: Vec<u8>,
    /// What the kernel says about each buffer.
    meta: [RecvMeta; BUFFERS],
}

/// One datagram as it came in.
#[derive(Debug, Clone, Copy)]
pub(super) struct Datagram<'a> {
    /// The UDP payload.
    pub(super) bytes: &'a [u8],
    /// Who sent it.
    pub(super) remote: SocketAddr,
    /// The address of ours it was sent to, where the kernel tells.
    pub(super) local_ip: Option<IpAddr>,
    /// The congestion mark it carried (RFC 3168).
    pub(super) ecn: Option<EcnCodepoint>,
}

impl Datagram<'_> {
    /// The address of ours it was sent to; `bound` is that of the socket.
    pub(super) fn local(&self, bound: SocketAddr) -> SocketAddr {
        SocketAddr::new(self.local_ip.unwrap_or(bound.ip()), bound.port())
    }
}

impl ReceiveBuffers {
    pub(super) fn new() -> Self {
        Self { bytes: vec![0; BUFFERS * BUFFER_BYTES], meta: [RecvMeta::default(); BUFFERS] }
    }

    /// Receives what waits on `socket`, at most one batch; returns how many buffers were filled. Fewer than [`BUFFERS`] means that
    /// nothing is left.
    pub(super) fn receive(&mut self, socket: &Socket) -> io::Result<usize> {
        let mut rest = self.bytes.chunks_exact_mut(BUFFER_BYTES);
        let mut buffers: [IoSliceMut<'_>; BUFFERS] =
            array::from_fn(|_| IoSliceMut::new(rest.next().unwrap_or_default()));
        socket.receive(&mut buffers, &mut self.meta)
    }

    /// The datagrams of the first `filled` buffers, in the order of arrival.
    pub(super) fn datagrams(&self, filled: usize) -> impl Iterator<Item = Datagram<'_>> {
        self.bytes.chunks_exact(BUFFER_BYTES).zip(&self.meta).take(filled).flat_map(|(buffer, meta)| {
            segments(buffer, meta.len, meta.stride).map(|bytes| Datagram {
                bytes,
                remote: meta.addr,
                local_ip: meta.dst_ip,
                ecn: meta.ecn,
            })
        })
    }
}

/// Cuts the first `len` bytes of `buffer` every `stride` bytes; an empty datagram is one empty segment.
fn segments(buffer: &[u8], len: usize, stride: usize) -> impl Iterator<Item = &[u8]> {
    let filled = buffer.get(..len).unwrap_or(buffer);
    let empty = filled.is_empty().then_some(filled);
    empty.into_iter().chain(filled.chunks(stride.max(1)))
}

/// Buffers per receive call: bounds the memory (1 MiB) and what one socket may take before the others have their turn.
pub(super) const BUFFERS: usize = 16;

/// The largest UDP payload, and the most that GRO puts together, are below this.
const BUFFER_BYTES: usize = 65_536;

#[cfg(test)]
mod tests;
