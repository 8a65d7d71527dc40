//! A connection over TCP, or TLS.

use std::io::{self, ErrorKind, Read as _, Write as _};
use std::net::SocketAddr;
use std::time::Duration;

use mio::net::TcpStream;
use mio::{Interest, Registry, Token};
use rustls::ClientConnection;
use turn::stream::Splitter;

use crate::Error;

pub(crate) struct StreamLeg {
    stream: TcpStream,
    tls: Option<ClientConnection>,
    splitter: Splitter,
    /// As it goes over the wire, what the system has not taken yet.
    unsent: Vec<u8>,
    buffer: Vec<u8>,
}

impl StreamLeg {
    /// Connects; over TLS if there is one.
    ///
    /// # Errors
    /// When nobody answers. A certificate that is not good enough shows when it is read.
    pub(super) fn open(server: SocketAddr, tls: Option<ClientConnection>) -> Result<Self, Error> {
        let fail = |source| Error::Connect { address: server.to_string(), source };
        let stream = std::net::TcpStream::connect_timeout(&server, CONNECT_MAX).map_err(fail)?;
        stream.set_nodelay(true).map_err(Error::Socket)?;
        stream.set_nonblocking(true).map_err(Error::Socket)?;
        Ok(Self {
            stream: TcpStream::from_std(stream),
            tls,
            splitter: Splitter::new(),
            unsent: Vec::new(),
            buffer: vec![0; READ_BYTES],
        })
    }

    pub(super) fn register(&mut self, registry: &Registry, token: Token) -> Result<(), Error> {
        registry.register(&mut self.stream, token, Interest::READABLE).map_err(Error::Socket)
    }

    /// Sends messages that are padded already. All of them are lost when too much waits.
    pub(super) fn send(&mut self, messages: &[u8]) {
        if self.unsent.len() < UNSENT_BYTES_MAX {
            match &mut self.tls {
                None => self.unsent.extend_from_slice(messages),
                // It keeps what it is given; before the handshake as long as that takes.
                Some(tls) => drop(tls.writer().write_all(messages)),
            }
        }
        // A broken connection shows when it is read.
        let _ = self.flush();
    }

    /// Gives `take` every message that has come. How long it had waited is not known.
    ///
    /// # Errors
    /// When the connection is over, or no TURN.
    pub(super) fn receive(&mut self, mut take: impl FnMut(&[u8], Duration)) -> Result<(), Error> {
        self.flush().map_err(Error::Socket)?;
        loop {
            let length = match self.stream.read(&mut self.buffer) {
                Ok(0) => return Err(Error::Closed),
                Ok(length) => length,
                Err(error) if error.kind() == ErrorKind::WouldBlock => return Ok(()),
                Err(error) => return Err(Error::Socket(error)),
            };
            let Self { tls, splitter, buffer, .. } = self;
            let come = buffer.get(..length).unwrap_or_default();
            let each = |frame: &[u8]| take(frame, Duration::ZERO);
            let split = match tls {
                None => splitter.handle_bytes(come, each),
                Some(tls) => splitter.handle_bytes(&decrypt(tls, come)?, each),
            };
            split.map_err(|error| Error::Unexpected(error.to_string()))?;
            self.flush().map_err(Error::Socket)?;
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        if let Some(tls) = &mut self.tls {
            while tls.wants_write() {
                tls.write_tls(&mut self.unsent)?;
            }
        }
        let mut sent = 0;
        let result = loop {
            match self.stream.write(self.unsent.get(sent..).unwrap_or_default()) {
                Ok(0) => break Ok(()),
                Ok(length) => sent += length,
                Err(error) if error.kind() == ErrorKind::WouldBlock => break Ok(()),
                Err(error) => break Err(error),
            }
        };
        self.unsent.drain(..sent);
        result
    }
}

fn decrypt(tls: &mut ClientConnection, mut come: &[u8]) -> Result<Vec<u8>, Error> {
    let fail = |error: rustls::Error| Error::Unexpected(error.to_string());
    let mut plain = Vec::new();
    while !come.is_empty() {
        tls.read_tls(&mut come).map_err(Error::Socket)?;
        let state = tls.process_new_packets().map_err(fail)?;
        let start = plain.len();
        plain.resize(start + state.plaintext_bytes_to_read(), 0);
        tls.reader().read_exact(plain.get_mut(start..).unwrap_or_default()).map_err(Error::Socket)?;
    }
    Ok(plain)
}

const CONNECT_MAX: Duration = Duration::from_secs(10);
const READ_BYTES: usize = 64 * 1024;
/// Some seconds of video.
const UNSENT_BYTES_MAX: usize = 4 << 20;
