//! The bytes of a TCP connection, and of TLS where that is inside.

use std::io::{self, ErrorKind, Read as _, Write as _};
use std::net::Shutdown;

use mio::net::TcpStream;
use rustls::ServerConnection;

use super::super::stream_queue::StreamQueue;

/// A socket that never waits, with what decrypts and encrypts its bytes.
pub(crate) struct Pipe {
    pub(crate) socket: TcpStream,
    tls: Option<Box<ServerConnection>>,
}

/// What is left to read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Rest {
    /// Nothing until the socket is reported again.
    Nothing,
    /// Perhaps more.
    More,
    /// Nothing ever: the client has said all.
    End,
}

/// Memory to read into, for all connections of a worker.
pub(crate) struct ReadBuffers {
    /// What came from the socket.
    wire: Vec<u8>,
    /// What was inside of TLS.
    plain: Vec<u8>,
}

impl ReadBuffers {
    pub(crate) fn new() -> Self {
        Self { wire: vec![0; WIRE_BYTES], plain: vec![0; PLAIN_BYTES] }
    }
}

impl Pipe {
    pub(crate) fn new(socket: TcpStream, mut tls: Option<Box<ServerConnection>>) -> Self {
        if let Some(tls) = &mut tls {
            // What is encrypted and has not left is bounded by `SEALED_BYTES`.
            tls.set_buffer_limit(None);
        }
        Self { socket, tls }
    }

    /// Reads once, and calls `each` with the bytes, which may be written to.
    ///
    /// # Errors
    /// That of `each`; the connection broke, or is not TLS any more.
    pub(crate) fn read<E: From<io::Error>>(
        &mut self,
        buffers: &mut ReadBuffers,
        mut each: impl FnMut(&mut [u8]) -> Result<(), E>,
    ) -> Result<Rest, E> {
        // What came with the end of the handshake is in there, and no socket will report it.
        if let Some(tls) = &mut self.tls
            && plaintext(tls, &mut buffers.plain, &mut each)? == Rest::End
        {
            return Ok(Rest::End);
        }
        let length = match self.socket.read(&mut buffers.wire) {
            Ok(0) => return Ok(Rest::End),
            Ok(length) => length,
            Err(error) if error.kind() == ErrorKind::WouldBlock => return Ok(Rest::Nothing),
            Err(error) if error.kind() == ErrorKind::Interrupted => return Ok(Rest::More),
            Err(error) => return Err(error.into()),
        };
        let rest = if length == buffers.wire.len() { Rest::More } else { Rest::Nothing };
        let bytes = buffers.wire.get_mut(..length).unwrap_or_default();
        let Some(tls) = &mut self.tls else {
            each(bytes)?;
            return Ok(rest);
        };
        let mut records = &*bytes;
        while !records.is_empty() {
            let taken = tls.read_tls(&mut records)?;
            tls.process_new_packets().map_err(|error| io::Error::new(ErrorKind::InvalidData, error))?;
            if plaintext(tls, &mut buffers.plain, &mut each)? == Rest::End || taken == 0 {
                return Ok(Rest::End);
            }
        }
        Ok(rest)
    }

    /// Writes as much of `queue` as the socket takes. True: all of it.
    ///
    /// # Errors
    /// The connection broke.
    pub(crate) fn write(&mut self, queue: &mut StreamQueue) -> io::Result<bool> {
        let Some(tls) = &mut self.tls else { return write_bytes(&mut self.socket, queue) };
        loop {
            if !write_records(tls, &mut self.socket)? {
                return Ok(false);
            }
            // A record can be read when its last byte has come. One for each message keeps a packet from waiting for those behind it on
            // a slow line, and suits clients that expect a message in a record.
            let mut sealed = 0;
            while sealed < SEALED_BYTES
                && let Some(message) = queue.next_message()
            {
                tls.writer().write_all(message)?;
                sealed += message.len();
            }
            if sealed == 0 {
                return Ok(true);
            }
        }
    }

    /// Says that nothing follows. What has not left by then is lost.
    pub(crate) fn finish(&mut self) {
        if let Some(tls) = &mut self.tls {
            tls.send_close_notify();
            // The client may be gone, and then it needs no goodbye.
            let _ = write_records(tls, &mut self.socket);
        }
        let _ = self.socket.shutdown(Shutdown::Write);
    }
}

/// Hands over what has been decrypted.
fn plaintext<E: From<io::Error>>(
    tls: &mut ServerConnection,
    buffer: &mut [u8],
    each: &mut impl FnMut(&mut [u8]) -> Result<(), E>,
) -> Result<Rest, E> {
    loop {
        match tls.reader().read(buffer) {
            Ok(0) => return Ok(Rest::End),
            Ok(length) => each(buffer.get_mut(..length).unwrap_or_default())?,
            Err(error) if error.kind() == ErrorKind::WouldBlock => return Ok(Rest::Nothing),
            Err(error) => return Err(error.into()),
        }
    }
}

fn write_bytes(socket: &mut TcpStream, queue: &mut StreamQueue) -> io::Result<bool> {
    loop {
        let bytes = queue.bytes();
        if bytes.is_empty() {
            return Ok(true);
        }
        match socket.write(bytes) {
            Ok(0) => return Err(ErrorKind::WriteZero.into()),
            Ok(length) => queue.advance(length),
            Err(error) if error.kind() == ErrorKind::WouldBlock => return Ok(false),
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
}

/// Writes what is encrypted. True: all of it.
fn write_records(tls: &mut ServerConnection, socket: &mut TcpStream) -> io::Result<bool> {
    while tls.wants_write() {
        match tls.write_tls(socket) {
            Ok(0) => return Err(ErrorKind::WriteZero.into()),
            Ok(_) => {}
            Err(error) if error.kind() == ErrorKind::WouldBlock => return Ok(false),
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(true)
}

/// Bytes per read.
const WIRE_BYTES: usize = 64 * 1024;

/// The plaintext of a full record (RFC 8446 §5.1).
const PLAIN_BYTES: usize = 16 * 1024;

/// Encrypted bytes that may wait for the socket, give or take a message; what is behind them waits in the queue.
const SEALED_BYTES: usize = 64 * 1024;

#[cfg(test)]
mod tests;
