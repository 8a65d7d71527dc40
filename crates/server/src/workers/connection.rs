//! An accepted TCP or TLS connection on its way to a worker.

use rustls::ServerConnection;
use tokio::net::TcpStream;
use tokio::sync::oneshot;
use turn::{ClientAddr, Transport};

use super::{Desk, Shared};
use crate::worker::{Chunk, Command, Framing, Newcomer, Stopped, StreamError, StreamId, StreamKind};

/// A connection and what was read of it already.
#[derive(Debug)]
pub struct Connection {
    pub(super) socket: TcpStream,
    tls: Option<Box<ServerConnection>>,
    /// Bytes that were read already, decrypted.
    pub(super) read: Vec<u8>,
}

impl Connection {
    /// A connection without TLS.
    #[must_use]
    pub fn plain(socket: TcpStream, read: Vec<u8>) -> Self {
        Self { socket, tls: None, read }
    }

    /// A connection whose handshake is over.
    #[must_use]
    pub fn encrypted(socket: TcpStream, tls: ServerConnection, read: Vec<u8>) -> Self {
        Self { socket, tls: Some(Box::new(tls)), read }
    }

    /// What TURN calls it.
    pub(super) fn transport(&self) -> Transport {
        if self.tls.is_some() { Transport::Tls } else { Transport::Tcp }
    }

    /// Hands it over to a worker, and waits until it has ended.
    pub(super) async fn serve(
        self,
        desk: &Desk,
        (client, id, kind): (ClientAddr, StreamId, StreamKind),
        (framing, first): (Framing, Chunk),
        shared: &Shared,
    ) -> Result<(), StreamError> {
        let (ended, end) = oneshot::channel();
        let newcomer = Newcomer {
            client,
            id,
            kind,
            socket: mio::net::TcpStream::from_std(self.socket.into_std()?),
            tls: self.tls,
            framing,
            first,
            queue_bytes: shared.stream_queue_bytes,
            first_message: shared.first_message,
            ended,
        };
        desk.send(Command::Serve(Box::new(newcomer))).await?;
        let mut interest = Interest { desk, client, id, is_over: false };
        let result = end.await;
        interest.is_over = true;
        result.map_err(|_| Stopped)?
    }
}

/// Somebody waits for the end of a connection.
struct Interest<'a> {
    desk: &'a Desk,
    client: ClientAddr,
    id: StreamId,
    is_over: bool,
}

impl Drop for Interest<'_> {
    fn drop(&mut self) {
        let give_up = Command::GiveUp { client: self.client, id: self.id };
        if !self.is_over && self.desk.inbox.try_send(give_up).is_ok() {
            self.desk.bell.ring();
        }
        // With the inbox full, the worker finds out when it looks for idle connections.
    }
}
