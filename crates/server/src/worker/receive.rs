//! The receive buffers of the worker, made once and used for every socket.

use std::array;
use std::io::{self, IoSliceMut};
use std::net::{IpAddr, SocketAddr};

use quinn_udp::{EcnCodepoint, RecvMeta};

use super::socket::{Received, Socket};

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
pub(crate) struct ReceiveBuffers {
    /// `BUFFERS` buffers of `BUFFER_BYTES` in a row.
    bytes: Vec<u8>,
    /// What the kernel says about each buffer.
    meta: [RecvMeta; BUFFERS],
}

/// One datagram as it came in.
#[derive(Debug)]
pub(crate) struct Datagram<'a> {
    /// The UDP payload, which may be decrypted in place.
    pub(crate) bytes: &'a mut [u8],
    /// Who sent it.
    pub(crate) remote: SocketAddr,
    /// The address of ours it was sent to, where the kernel tells.
    pub(crate) local_ip: Option<IpAddr>,
    /// The congestion mark it carried (RFC 3168).
    pub(crate) ecn: Option<EcnCodepoint>,
}

impl Datagram<'_> {
    /// The address of ours it was sent to; `bound` is that of the socket.
    pub(crate) fn local(&self, bound: SocketAddr) -> SocketAddr {
        SocketAddr::new(self.local_ip.unwrap_or(bound.ip()), bound.port())
    }
}

impl ReceiveBuffers {
    pub(crate) fn new() -> Self {
        Self { bytes: vec![0; BUFFERS * BUFFER_BYTES], meta: [RecvMeta::default(); BUFFERS] }
    }

    /// Receives what waits on `socket`, at most one batch.
    pub(crate) fn receive(&mut self, socket: &mut Socket) -> io::Result<Received> {
        let mut rest = self.bytes.chunks_exact_mut(BUFFER_BYTES);
        let mut buffers: [IoSliceMut<'_>; BUFFERS] =
            array::from_fn(|_| IoSliceMut::new(rest.next().unwrap_or_default()));
        socket.receive(&mut buffers, &mut self.meta)
    }

    /// The datagrams of the first `filled` buffers, in the order of arrival.
    pub(crate) fn datagrams(&mut self, filled: usize) -> impl Iterator<Item = Datagram<'_>> {
        self.bytes.chunks_exact_mut(BUFFER_BYTES).zip(&self.meta).take(filled).flat_map(|(buffer, meta)| {
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
fn segments(buffer: &mut [u8], len: usize, stride: usize) -> impl Iterator<Item = &mut [u8]> {
    let len = len.min(buffer.len());
    let (filled, _) = buffer.split_at_mut(len);
    let empty: Option<&mut [u8]> = filled.is_empty().then_some(&mut []);
    empty.into_iter().chain(filled.chunks_mut(stride.max(1)))
}

/// Buffers per receive call at most: bounds the memory (1 MiB) and what one socket may take before the others have their turn.
pub(crate) const BUFFERS: usize = 16;

/// The largest UDP payload, and the most that GRO puts together, are below this.
const BUFFER_BYTES: usize = 65_536;

#[cfg(test)]
mod tests;
