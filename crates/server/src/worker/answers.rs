//! Answers of STUN servers, which whoever asked from our port waits for. The kernel gives them to any worker.

use std::net::SocketAddr;

use tokio::sync::mpsc;

/// What came from a server that was asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct StunAnswer {
    /// The server.
    pub(crate) from: SocketAddr,
    pub(crate) datagram: Vec<u8>,
}

/// Whom to listen for, and who wants to know.
#[derive(Debug, Default)]
pub(crate) struct Answers {
    /// Those that are asked at the moment; the setting bounds them.
    servers: Vec<SocketAddr>,
    heard: Option<mpsc::Sender<StunAnswer>>,
}

impl Answers {
    /// Listens for `servers` and for nobody else from here on.
    pub(crate) fn expect(&mut self, servers: Vec<SocketAddr>, heard: mpsc::Sender<StunAnswer>) {
        (self.servers, self.heard) = (servers, Some(heard));
    }

    /// Whether that is an answer, and not a client's.
    pub(crate) fn take(&self, from: SocketAddr, datagram: &[u8]) -> bool {
        if self.servers.is_empty() || !is_response(datagram) || !self.servers.contains(&from) {
            return false;
        }
        if let Some(heard) = &self.heard {
            // What finds no room is asked for again.
            let _ = heard.try_send(StunAnswer { from, datagram: datagram.to_vec() });
        }
        true
    }
}

/// Binding, success (0x0101) or error (0x0111) response (RFC 8489 §5).
fn is_response(datagram: &[u8]) -> bool {
    matches!(datagram, [0x01, 0x01 | 0x11, ..]) && datagram.len() <= ANSWER_BYTES_MAX
}

/// An answer to Binding is a few attributes.
const ANSWER_BYTES_MAX: usize = 1_500;

#[cfg(test)]
mod tests;
