//! What goes through one allocation: bursts from its client to its peer, and what the peer says back.

use std::net::{IpAddr, SocketAddr};
use std::ops::Range;

use super::allocation::Allocation;
use super::counts::{Counts, Reader};
use super::leg::UdpLeg;
use super::load::{Method, Plan};
use super::message;
use crate::receipt::ReceiveBuffer;
use crate::{Error, Stamp};

/// An allocation under load.
pub(super) struct Flow {
    pub(super) allocation: Allocation,
    /// A burst as it leaves: its messages one behind the other, all of one length.
    burst: Vec<u8>,
    message_bytes: usize,
    /// From where to where the payload stands in each message.
    payload: Range<usize>,
    number: u32,
    source: u32,
    together: bool,
}

/// A peer that sends back what it gets.
pub(super) struct Echo {
    pub(super) socket: UdpLeg,
    /// What goes back, one payload behind the other.
    back: Vec<u8>,
    runs: Vec<Run>,
    together: bool,
}

/// Payloads of one length that go back to one place.
struct Run {
    to: SocketAddr,
    each_bytes: usize,
    bytes: usize,
}

impl Flow {
    /// Of an allocation that has a way to `peer` already.
    pub(super) fn new(allocation: Allocation, source: u32, peer: SocketAddr, plan: &Plan) -> Self {
        let payload_bytes = usize::from(plan.payload_bytes);
        let mut one = match plan.method {
            Method::Channel => message::channel_data(CHANNEL, payload_bytes),
            Method::Indication => message::send_indication(peer, payload_bytes),
        };
        let payload = one.len() - payload_bytes..one.len();
        if allocation.leg.is_stream() {
            one.resize(one.len().next_multiple_of(4), 0);
        }
        let burst = one.repeat(plan.burst.max(1) as usize);
        Self { allocation, message_bytes: one.len(), burst, payload, number: 0, source, together: plan.together }
    }

    /// Sends a burst.
    pub(super) fn send(&mut self, counts: &mut Counts, reader: Reader) {
        let sent_us = reader.clock.micros(reader.clock.now());
        for message in self.burst.chunks_exact_mut(self.message_bytes) {
            let stamp = Stamp { run: reader.run, source: self.source, number: self.number, sent_us };
            stamp.write(message.get_mut(self.payload.clone()).unwrap_or_default());
            self.number = self.number.wrapping_add(1);
            counts.sent += 1;
        }
        self.allocation.leg.send(&self.burst, self.message_bytes, self.together);
    }

    /// Takes what came from the server.
    ///
    /// # Errors
    /// When the connection is over.
    pub(super) fn receive(
        &mut self,
        buffer: &mut ReceiveBuffer,
        counts: &mut Counts,
        reader: Reader,
    ) -> Result<(), Error> {
        self.allocation.leg.receive(buffer, |bytes, waited| {
            if let Some(payload) = message::payload(bytes).and_then(|range| bytes.get(range)) {
                reader.take(counts, payload, waited);
            }
        })
    }
}

impl Echo {
    /// On an address of this machine.
    ///
    /// # Errors
    /// When there is no socket.
    pub(super) fn open(local: IpAddr, together: bool) -> Result<Self, Error> {
        let socket = UdpLeg::open(SocketAddr::new(local, 0))?;
        Ok(Self { socket, back: Vec::new(), runs: Vec::new(), together })
    }

    /// Takes what came, and sends it back to where it came from.
    ///
    /// # Errors
    /// When the socket fails.
    pub(super) fn receive(
        &mut self,
        buffer: &mut ReceiveBuffer,
        counts: &mut Counts,
        reader: Reader,
    ) -> Result<(), Error> {
        let Self { socket, back, runs, together } = self;
        back.clear();
        runs.clear();
        socket.receive(buffer, |payload, source, waited| {
            if !reader.take(counts, payload, waited) {
                return;
            }
            let start = back.len();
            back.extend_from_slice(payload);
            Stamp::renew(back.get_mut(start..).unwrap_or_default(), reader.clock.micros(reader.clock.now()));
            counts.sent += 1;
            match runs.last_mut().filter(|run| run.to == source && run.each_bytes == payload.len()) {
                Some(run) => run.bytes += payload.len(),
                None => runs.push(Run { to: source, each_bytes: payload.len(), bytes: payload.len() }),
            }
        })?;
        let mut rest = back.as_slice();
        for run in runs {
            let (payloads, behind) = rest.split_at(run.bytes);
            socket.send(run.to, payloads, run.each_bytes, *together);
            rest = behind;
        }
        Ok(())
    }
}

/// The lowest (RFC 8656 §12).
pub(super) const CHANNEL: u16 = 0x4000;
