//! What carries a client's messages to the server and back.

mod stream;

use std::io::{self, IoSlice};
use std::net::SocketAddr;
use std::os::fd::AsRawFd as _;
use std::sync::Arc;
use std::time::Duration;

use mio::net::UdpSocket;
use mio::{Interest, Registry, Token};
use nix::sys::socket::{ControlMessage, MsgFlags, SockaddrStorage, sendmsg};
use rustls::ClientConnection;

use super::way::{Carrier, Way, unspecified};
use crate::Error;
use crate::receipt::{ReceiveBuffer, note_arrivals};
use stream::StreamLeg;

/// The socket, or the connection, of one client.
pub(super) enum Leg {
    Udp { socket: UdpLeg, server: SocketAddr },
    Stream(Box<StreamLeg>),
}

/// A socket.
pub(super) struct UdpLeg(UdpSocket);

impl Leg {
    /// # Errors
    /// When there is no socket, nobody who answers, or no TLS.
    pub(super) fn open(way: &Way) -> Result<Self, Error> {
        let server = way.server;
        match &way.carrier {
            Carrier::Udp => Ok(Self::Udp { socket: UdpLeg::open(unspecified(server))?, server }),
            Carrier::Tcp => Ok(Self::Stream(Box::new(StreamLeg::open(server, None)?))),
            Carrier::Tls(config, name) => {
                let tls = ClientConnection::new(Arc::clone(config), name.clone());
                let fail = |error| Error::Tls { address: server.to_string(), source: io::Error::other(error) };
                Ok(Self::Stream(Box::new(StreamLeg::open(server, Some(tls.map_err(fail)?))?)))
            }
        }
    }

    /// Whether messages are padded to four bytes (RFC 8656 §12.5).
    pub(super) fn is_stream(&self) -> bool {
        matches!(self, Self::Stream(_))
    }

    /// Has `registry` tell when something has come.
    ///
    /// # Errors
    /// What the system says.
    pub(super) fn register(&mut self, registry: &Registry, token: Token) -> Result<(), Error> {
        match self {
            Self::Udp { socket, .. } => socket.register(registry, token),
            Self::Stream(leg) => leg.register(registry, token),
        }
    }

    /// Sends messages of so many bytes each, which stand one behind the other. What there is no room for is lost.
    pub(super) fn send(&mut self, messages: &[u8], each_bytes: usize, together: bool) {
        match self {
            Self::Udp { socket, server } => socket.send(*server, messages, each_bytes, together),
            Self::Stream(leg) => leg.send(messages),
        }
    }

    /// Gives `take` every message that has come, and how long it had waited. A stream also sends what it could not before.
    ///
    /// # Errors
    /// When the connection is over.
    pub(super) fn receive(
        &mut self,
        buffer: &mut ReceiveBuffer,
        mut take: impl FnMut(&[u8], Duration),
    ) -> Result<(), Error> {
        match self {
            Self::Udp { socket, .. } => socket.receive(buffer, |bytes, _, waited| take(bytes, waited)),
            Self::Stream(leg) => leg.receive(take),
        }
    }
}

impl UdpLeg {
    /// # Errors
    /// When there is no socket.
    pub(super) fn open(local: SocketAddr) -> Result<Self, Error> {
        let socket = UdpSocket::bind(local).map_err(Error::Socket)?;
        // Less than asked for is no reason to fail.
        let _ = socket2::SockRef::from(&socket).set_recv_buffer_size(RECEIVE_BUFFER_BYTES);
        note_arrivals(&socket);
        Ok(Self(socket))
    }

    pub(super) fn local(&self) -> Result<SocketAddr, Error> {
        self.0.local_addr().map_err(Error::Socket)
    }

    pub(super) fn register(&mut self, registry: &Registry, token: Token) -> Result<(), Error> {
        registry.register(&mut self.0, token, Interest::READABLE).map_err(Error::Socket)
    }

    /// A full socket loses what is sent, as a full link does.
    pub(super) fn send(&self, to: SocketAddr, messages: &[u8], each_bytes: usize, together: bool) {
        let step = if together { SEGMENTS_MAX.min(SEGMENTED_BYTES_MAX / each_bytes.max(1)).max(1) } else { 1 };
        let to = SockaddrStorage::from(to);
        let segment_bytes = u16::try_from(each_bytes).unwrap_or(u16::MAX);
        for part in messages.chunks(each_bytes.max(1) * step) {
            let control = [ControlMessage::UdpGsoSegments(&segment_bytes)];
            let control = if part.len() > each_bytes { &control[..] } else { &[] };
            let _ = sendmsg(self.0.as_raw_fd(), &[IoSlice::new(part)], control, MsgFlags::empty(), Some(&to));
        }
    }

    /// Gives `take` every datagram that has come, whom from, and how long it had waited.
    pub(super) fn receive(
        &self,
        buffer: &mut ReceiveBuffer,
        mut take: impl FnMut(&[u8], SocketAddr, Duration),
    ) -> Result<(), Error> {
        loop {
            match buffer.receive(&self.0) {
                Ok(receipt) => take(receipt.bytes, receipt.source, receipt.waited),
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Ok(()),
                // Somebody's port was closed: what comes of it is counted as lost.
                Err(error) if error.kind() == io::ErrorKind::ConnectionRefused => {}
                Err(error) => return Err(Error::Socket(error)),
            }
        }
    }
}

/// Bursts of many flows come at once.
const RECEIVE_BUFFER_BYTES: usize = 1 << 20;
/// Of one system call (UDP segmentation offload): as many as Linux takes, and as one datagram could hold.
const SEGMENTS_MAX: usize = 64;
const SEGMENTED_BYTES_MAX: usize = 65_000;
