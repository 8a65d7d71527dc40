//! The question under which address others see us: Binding requests to STUN servers (RFC 8489 §2), sent from our own port, so that what they
//! answer is the mapping by which clients reach that port.

use std::collections::VecDeque;
use std::net::{IpAddr, SocketAddr};
use std::time::{Duration, Instant};

use stun_types::attribute::XorMappedAddress;
use stun_types::message::{BINDING, Message, MessageClass, MessageType, MessageWriteVec, TransactionId};
use stun_types::prelude::MessageWrite as _;

/// One round: the servers are asked in turn until one answers. Time comes in, requests come out.
///
/// What comes back is believed when it carries the transaction id of the request that waits and comes from the server that was asked.
#[derive(Debug)]
pub struct Inquiry {
    /// Those that have not been asked.
    servers: VecDeque<(SocketAddr, TransactionId)>,
    asking: Option<Asking>,
}

/// A request that waits for its answer.
#[derive(Debug)]
struct Asking {
    server: SocketAddr,
    transaction: TransactionId,
    sent: u32,
    /// When it is sent again, or given up.
    due: Instant,
}

impl Inquiry {
    /// Asks servers, at most [`SERVERS_MAX`](Self::SERVERS_MAX), one after the other. The number beside each makes its transaction id: nobody may be able to
    /// foretell it.
    pub fn new(now: Instant, servers: impl IntoIterator<Item = (SocketAddr, u128)>) -> Self {
        let servers = servers.into_iter().take(Self::SERVERS_MAX);
        let servers = servers.map(|(server, random)| (server, TransactionId::from(random))).collect();
        let mut inquiry = Self { servers, asking: None };
        inquiry.ask_next(now);
        inquiry
    }

    /// How many servers one round asks.
    pub const SERVERS_MAX: usize = 8;

    /// The datagram to send, and where to. Call until `None` after every input.
    pub fn poll_transmit(&mut self, now: Instant) -> Option<(SocketAddr, Vec<u8>)> {
        let asking = self.asking.as_mut().filter(|asking| asking.due <= now && asking.sent < REQUESTS_MAX)?;
        // RFC 8489 §6.2.1: the pause doubles.
        asking.due = now + FIRST_PAUSE * 2_u32.saturating_pow(asking.sent);
        asking.sent += 1;
        let kind = MessageType::from_class_method(MessageClass::Request, BINDING);
        let request = Message::builder(kind, asking.transaction, MessageWriteVec::new());
        Some((asking.server, request.finish()))
    }

    /// When [`Self::handle_timeout`] wants to be called; `None` when the round is over.
    pub fn poll_timeout(&self) -> Option<Instant> {
        self.asking.as_ref().map(|asking| asking.due)
    }

    /// Gives up a server that was asked often enough, and asks the next.
    pub fn handle_timeout(&mut self, now: Instant) {
        if self.asking.as_ref().is_some_and(|asking| asking.due <= now && asking.sent >= REQUESTS_MAX) {
            self.ask_next(now);
        }
    }

    /// Whether an answer from there may be one to us: cheap, for all that comes in.
    pub fn awaits(&self, from: SocketAddr) -> bool {
        self.asking.as_ref().is_some_and(|asking| asking.server == from)
    }

    /// Takes a datagram; the address under which that server saw us, if it is the answer. That ends the round.
    pub fn handle_answer(&mut self, now: Instant, from: SocketAddr, datagram: &[u8]) -> Option<SocketAddr> {
        let asking = self.asking.as_ref().filter(|asking| asking.server == from)?;
        let message = Message::from_bytes(datagram).ok()?;
        if message.transaction_id() != asking.transaction || message.method() != BINDING {
            return None;
        }
        let mapped = match message.class() {
            MessageClass::Success => message.attribute::<XorMappedAddress>().ok(),
            MessageClass::Error => None,
            MessageClass::Request | MessageClass::Indication => return None,
        };
        let mapped = mapped.map(|mapped| mapped.addr(asking.transaction)).filter(|mapped| is_usable(*mapped, from));
        match mapped {
            Some(_) => (self.asking, self.servers) = (None, VecDeque::new()),
            // It has answered, and does not help: the next may.
            None => self.ask_next(now),
        }
        mapped
    }

    fn ask_next(&mut self, now: Instant) {
        let next = self.servers.pop_front();
        self.asking = next.map(|(server, transaction)| Asking { server, transaction, sent: 0, due: now });
    }
}

/// Whether clients could be told that address: one of a host, of the family by which we asked, and loopback only from loopback.
fn is_usable(mapped: SocketAddr, from: SocketAddr) -> bool {
    let ip = mapped.ip();
    let is_host = match ip {
        IpAddr::V4(v4) => !(v4.is_unspecified() || v4.is_multicast() || v4.is_broadcast()),
        IpAddr::V6(v6) => !(v6.is_unspecified() || v6.is_multicast() || v6.to_ipv4_mapped().is_some()),
    };
    is_host
        && mapped.port() != 0
        && mapped.is_ipv4() == from.is_ipv4()
        && (!ip.is_loopback() || from.ip().is_loopback())
}

/// RFC 8489 §6.2.1: the initial RTO.
const FIRST_PAUSE: Duration = Duration::from_millis(500);
/// Requests to one server: the last waits for 8 s. The RFC recommends 7, of which the last two take half a minute more.
const REQUESTS_MAX: u32 = 5;

#[cfg(test)]
mod tests;
