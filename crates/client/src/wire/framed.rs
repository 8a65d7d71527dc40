//! A TCP connection that carries datagrams (RFC 4571): each has its length before it, in two bytes.

use std::io::{self, ErrorKind, Write as _};
use std::net::SocketAddr;
use std::time::Duration;

use mio::net::TcpStream;

use crate::receipt::{Receipt, StreamBuffer, note_arrivals};

/// One connection. While it is being made, nothing comes, and what is sent waits.
#[derive(Debug)]
pub(super) struct Framed {
    stream: TcpStream,
    remote: SocketAddr,
    incoming: StreamBuffer,
    /// Whole frames, but for the first, of which a part may have gone.
    outgoing: Vec<u8>,
    /// How long what was read last had waited.
    waited: Duration,
    /// Closed by either side.
    ended: bool,
}

impl Framed {
    pub(super) fn new(stream: TcpStream, remote: SocketAddr) -> Self {
        // A frame that waits for the one before is late.
        let _ = stream.set_nodelay(true);
        note_arrivals(&stream);
        Self {
            stream,
            remote,
            incoming: StreamBuffer::default(),
            outgoing: Vec::new(),
            waited: Duration::ZERO,
            ended: false,
        }
    }

    pub(super) fn stream(&mut self) -> &mut TcpStream {
        &mut self.stream
    }

    pub(super) fn remote(&self) -> SocketAddr {
        self.remote
    }

    /// Reads until a datagram is complete. `false` when none is there, or the connection has ended.
    ///
    /// # Errors
    /// When the connection fails, or sends what is no frame: it has ended then.
    pub(super) fn fill(&mut self) -> io::Result<bool> {
        while !self.ended {
            if frame_bytes(self.incoming.bytes()).is_some_and(|bytes| bytes <= self.incoming.bytes().len()) {
                return Ok(true);
            }
            match self.incoming.fill(&self.stream) {
                Ok(waited) => self.waited = waited,
                Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::NotConnected) => {
                    return Ok(false);
                }
                Err(error) => {
                    self.ended = true;
                    return Err(error);
                }
            }
        }
        Ok(false)
    }

    /// Takes the datagram of which [`Self::fill`] said that it is there.
    ///
    /// # Errors
    /// `WouldBlock` when it is not.
    pub(super) fn take(&mut self) -> io::Result<Receipt<'_>> {
        let bytes = frame_bytes(self.incoming.bytes()).and_then(|bytes| self.incoming.take(bytes));
        let datagram = bytes.and_then(|bytes| bytes.get(HEADER_BYTES..)).ok_or(ErrorKind::WouldBlock)?;
        Ok(Receipt { bytes: datagram, source: self.remote, waited: self.waited })
    }

    /// Puts a datagram behind those that wait; drops it when too much does.
    pub(super) fn push(&mut self, datagram: &[u8]) {
        let Ok(length) = u16::try_from(datagram.len()) else { return };
        if !self.ended && self.outgoing.len() + HEADER_BYTES + datagram.len() <= OUTGOING_BYTES_MAX {
            self.outgoing.extend(length.to_be_bytes());
            self.outgoing.extend(datagram);
        }
    }

    /// Writes as much as the system takes. A failure is found by reading.
    pub(super) fn flush(&mut self) {
        while !self.outgoing.is_empty() {
            match self.stream.write(&self.outgoing) {
                Ok(written @ 1..) => drop(self.outgoing.drain(..written)),
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Ok(_) | Err(_) => return,
            }
        }
    }
}

/// Length of the frame at the beginning, header included, once the header is there.
fn frame_bytes(bytes: &[u8]) -> Option<usize> {
    let header = bytes.first_chunk::<HEADER_BYTES>()?;
    Some(HEADER_BYTES + usize::from(u16::from_be_bytes(*header)))
}

/// RFC 4571 §2.
const HEADER_BYTES: usize = 2;

/// Half a second of a stream of 4 Mbit/s.
const OUTGOING_BYTES_MAX: usize = 256 * 1024;

#[cfg(test)]
mod tests;
