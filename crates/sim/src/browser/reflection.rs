//! A STUN Binding transaction (RFC 8489 section 6.2.1): what is our address, seen from the server?

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use turn_client_proto::types::stun::attribute::XorMappedAddress;
use turn_client_proto::types::stun::message::{
    BINDING, Message, MessageClass, MessageType, MessageWriteVec, TransactionId,
};
use turn_client_proto::types::stun::prelude::*;

use crate::machine::Machine;

/// The first retransmission timer (RFC 8489 section 6.2.1).
const RTO: Duration = Duration::from_millis(500);
/// Transmissions before the server counts as unreachable (Rc of RFC 8489 section 6.2.1).
const TRANSMISSIONS_MAX: u32 = 7;

#[derive(Debug)]
pub(crate) struct Reflection {
    server: SocketAddr,
    local: SocketAddr,
    transaction: TransactionId,
    transmissions: u32,
    next_at: Option<Instant>,
}

impl Reflection {
    /// Sends the first request from `local`.
    pub(crate) fn begin(machine: &mut Machine<'_>, server: SocketAddr, local: SocketAddr, random_bits: u64) -> Self {
        let mut reflection = Self {
            server,
            local,
            transaction: TransactionId::from(u128::from(random_bits)),
            transmissions: 0,
            next_at: None,
        };
        reflection.transmit(machine);
        reflection
    }

    pub(crate) fn poll_timeout(&self) -> Option<Instant> {
        self.next_at
    }

    pub(crate) fn handle_timeout(&mut self, machine: &mut Machine<'_>) {
        if self.next_at.is_some_and(|at| at <= machine.now()) {
            self.transmit(machine);
        }
    }

    /// The reflexive address, when these bytes are the answer.
    pub(crate) fn handle_answer(&mut self, payload: &[u8]) -> Option<SocketAddr> {
        let message = Message::from_bytes(payload).ok()?;
        let ours = message.transaction_id() == self.transaction && message.has_class(MessageClass::Success);
        let mapped = ours.then(|| message.attribute::<XorMappedAddress>().ok())??;
        self.next_at = None;
        Some(mapped.addr(self.transaction))
    }

    fn transmit(&mut self, machine: &mut Machine<'_>) {
        if self.transmissions >= TRANSMISSIONS_MAX {
            self.next_at = None;
            return;
        }
        let kind = MessageType::from_class_method(MessageClass::Request, BINDING);
        let request = Message::builder(kind, self.transaction, MessageWriteVec::new()).finish();
        machine.send(self.local, self.server, request);
        self.next_at = Some(machine.now() + RTO * 2_u32.pow(self.transmissions));
        self.transmissions += 1;
    }
}
