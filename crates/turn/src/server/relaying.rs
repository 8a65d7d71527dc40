//! The data path: Send and Data indications (RFC 8656 §11) and ChannelData (§12). Nothing here allocates memory.

use std::net::SocketAddr;
use std::ops::Range;
use std::time::Instant;

use rand_chacha::rand_core::Rng;
use stun_types::attribute::AttributeStaticType;
use turn_types::attribute::{Data, XorPeerAddress};

use super::Server;
use crate::address::{ClientAddr, PeerAddr, RelayAddr};
use crate::allocation::{AllocationId, Relay};
use crate::channel::ChannelNumber;
use crate::message::{ATTRIBUTE_HEADER_BYTES, MAGIC_COOKIE, Message};
use crate::output::{Forward, Header, ToClient};
use crate::policy::{Verdict, is_for_service};
use crate::ports::Owner;
use crate::throttle::Direction;

impl Server {
    /// RFC 8656 §12.6: ChannelData from a client.
    pub(super) fn handle_channel_data(&mut self, now: Instant, client: ClientAddr, message: &[u8]) -> Option<Forward> {
        let Some((number, payload)) = channel_data(message) else {
            self.stats.drops.malformed += 1;
            return None;
        };
        let Some(id) = self.clients.find(&client).or_else(|| self.arrive(&client)) else {
            self.stats.drops.no_allocation += 1;
            return None;
        };
        let Some(peer) = self.allocations.get(id)?.channels.peer(now, number) else {
            self.stats.drops.no_channel += 1;
            return None;
        };
        let for_service = is_for_service(message.get(payload.clone()).unwrap_or_default());
        self.forward(now, id, peer, payload, for_service)
    }

    /// RFC 8656 §11.2: a Send indication. Anything that is wrong with it drops it silently.
    pub(super) fn handle_send(&mut self, now: Instant, client: ClientAddr, message: &Message<'_>) -> Option<Forward> {
        let peer = message.attribute::<XorPeerAddress>().ok().flatten();
        let data = message.raw(Data::TYPE);
        let (Some(peer), Some(data), Ok(())) = (peer, data, self.check_known_attributes(message)) else {
            self.stats.drops.malformed += 1;
            return None;
        };
        let peer = PeerAddr::new(peer.addr(message.transaction()));
        let Some(id) = self.clients.find(&client).or_else(|| self.arrive(&client)) else {
            self.stats.drops.no_allocation += 1;
            return None;
        };
        if !self.allocations.get(id)?.permissions.permits(now, peer.ip()) || peer.port() == 0 {
            self.count_unpermitted(peer);
            return None;
        }
        let start = data.offset + ATTRIBUTE_HEADER_BYTES;
        self.forward(now, id, peer, start..start + data.value.len(), is_for_service(data.value))
    }

    /// From an allocation to a peer: through the allocation's socket, or straight to the peer's client when the peer is an
    /// allocation of ours. `for_service`: the payload is one that our services take.
    fn forward(
        &mut self,
        now: Instant,
        id: AllocationId,
        peer: PeerAddr,
        payload: Range<usize>,
        for_service: bool,
    ) -> Option<Forward> {
        let Some(relay) = self.allocations.get(id)?.live_relay(now, peer.family()).copied() else {
            self.stats.drops.no_allocation += 1;
            return None;
        };
        if !self.is_within_caps(now, id, Direction::ToPeer, payload.len()) {
            return None;
        }
        let bytes = payload.len() as u64;
        let forward = if for_service && self.policy.is_service(peer.socket_addr()) {
            Forward::ToPeer { relay: relay.address, peer, payload }
        } else if self.policy.is_own_relay(peer.ip()) {
            self.forward_to_own_relay(now, relay, peer, payload)?
        } else if self.policy.is_own(peer.ip()) {
            self.stats.drops.forbidden_peer += 1;
            return None;
        } else {
            Forward::ToPeer { relay: relay.address, peer, payload }
        };
        self.stats.to_peers += 1;
        self.stats.to_peers_bytes += bytes;
        if let Some(allocation) = self.allocations.get_mut(id) {
            allocation.traffic.to_peers.count(bytes);
        }
        Some(forward)
    }

    /// The peer has the address of our relays: an allocation, or a program on this machine that the operator lets in.
    fn forward_to_own_relay(
        &mut self,
        now: Instant,
        relay: Relay,
        peer: PeerAddr,
        payload: Range<usize>,
    ) -> Option<Forward> {
        let source = PeerAddr::new(relay.advertised());
        let target = RelayAddr { family: peer.family(), port: peer.port() };
        match self.ports.of(target.family).owner(target.port) {
            Owner::Nobody if self.policy.is_let_in(peer.ip()) => {
                Some(Forward::ToPeer { relay: relay.address, peer, payload })
            }
            Owner::Nobody if !self.ports.of(target.family).contains(target.port) => {
                let Some(shard) = self.config.shard.of_port(&self.config.relay_ports, target.port) else {
                    self.stats.drops.forbidden_peer += 1;
                    return None;
                };
                Some(Forward::ToShard { shard, relay: target, source, payload })
            }
            Owner::Nobody | Owner::Reservation | Owner::Allocation(_) => {
                let to_client = self.deliver(now, target, source, payload)?;
                self.stats.hairpins += 1;
                Some(Forward::ToClient(to_client))
            }
        }
    }

    /// From a peer to the client of the allocation that has the relay (RFC 8656 §11.3, §12.7).
    pub(super) fn deliver(
        &mut self,
        now: Instant,
        relay: RelayAddr,
        peer: PeerAddr,
        payload: Range<usize>,
    ) -> Option<ToClient> {
        let owner = match self.ports.of(relay.family).owner(relay.port) {
            Owner::Allocation(id) => self.allocations.get(id).map(|allocation| (id, allocation)),
            Owner::Nobody | Owner::Reservation => None,
        };
        let Some((id, allocation)) = owner.filter(|(_, allocation)| allocation.live_relay(now, relay.family).is_some())
        else {
            self.stats.drops.no_allocation += 1;
            return None;
        };
        if !allocation.permissions.permits(now, peer.ip()) {
            self.count_unpermitted(peer);
            return None;
        }
        let client = allocation.client;
        let channel = allocation.channels.number(now, peer);
        if !self.is_within_caps(now, id, Direction::ToClient, payload.len()) {
            return None;
        }
        let length = u16::try_from(payload.len()).ok();
        let header = match channel {
            Some(number) => length.map(|length| channel_data_header(number, length)),
            None => length.and_then(|length| data_indication_header(self.random_transaction(), peer, length)),
        };
        let Some(header) = header else {
            self.stats.drops.oversized += 1;
            return None;
        };
        // A ChannelData message in a datagram needs no padding (RFC 8656 §12.5); DATA always does.
        let padded = channel.is_none() || client.transport.is_stream();
        let padding = if padded { payload.len().next_multiple_of(4) - payload.len() } else { 0 };
        self.stats.to_clients += 1;
        self.stats.to_clients_bytes += payload.len() as u64;
        if let Some(allocation) = self.allocations.get_mut(id) {
            allocation.traffic.to_client.count(payload.len() as u64);
        }
        Some(ToClient { client, header, payload, padding: padding.to_le_bytes()[0] })
    }

    /// Tells a peer that is merely not permitted from one that never could be.
    fn count_unpermitted(&mut self, peer: PeerAddr) {
        match self.policy.verdict(peer.ip()) {
            Verdict::Relay | Verdict::Own => self.stats.drops.no_permission += 1,
            Verdict::Forbidden => self.stats.drops.forbidden_peer += 1,
        }
    }

    /// RFC 8489 §6: unforeseeable, also in indications.
    fn random_transaction(&mut self) -> [u8; 12] {
        let mut transaction = [0; 12];
        self.random.fill_bytes(&mut transaction);
        transaction
    }
}

/// The channel and where its payload is. A datagram may have padding behind it (RFC 8656 §12.5).
fn channel_data(message: &[u8]) -> Option<(u16, Range<usize>)> {
    let &[number_high, number_low, length_high, length_low] = message.first_chunk::<4>()?;
    let end = 4 + usize::from(u16::from_be_bytes([length_high, length_low]));
    (message.len() >= end).then(|| (u16::from_be_bytes([number_high, number_low]), 4..end))
}

/// RFC 8656 §12.4.
fn channel_data_header(number: ChannelNumber, length: u16) -> Header {
    let mut writer = HeaderWriter::new();
    writer.put(&number.value().to_be_bytes());
    writer.put(&length.to_be_bytes());
    writer.finish()
}

/// A Data indication (RFC 8656 §11.4) up to the value of DATA; none when the length does not fit.
fn data_indication_header(transaction: [u8; 12], peer: PeerAddr, length: u16) -> Option<Header> {
    let address_bytes: u16 = if peer.socket_addr().is_ipv4() { 8 } else { 20 };
    let padded = length.checked_next_multiple_of(4)?;
    let body = padded.checked_add(address_bytes + 8)?;
    let mut writer = HeaderWriter::new();
    writer.put(&DATA_INDICATION.to_be_bytes());
    writer.put(&body.to_be_bytes());
    writer.put(&MAGIC_COOKIE);
    writer.put(&transaction);
    writer.put(&XorPeerAddress::TYPE.value().to_be_bytes());
    writer.put(&address_bytes.to_be_bytes());
    writer.put_xor_address(peer.socket_addr(), transaction);
    writer.put(&Data::TYPE.value().to_be_bytes());
    writer.put(&length.to_be_bytes());
    Some(writer.finish())
}

/// Fills a [`Header`] from the front.
struct HeaderWriter {
    bytes: [u8; Header::MAX_BYTES],
    len: u8,
}

impl HeaderWriter {
    fn new() -> Self {
        Self { bytes: [0; Header::MAX_BYTES], len: 0 }
    }

    fn put(&mut self, bytes: &[u8]) {
        for &byte in bytes {
            if let Some(slot) = self.bytes.get_mut(usize::from(self.len)) {
                *slot = byte;
                self.len += 1;
            }
        }
    }

    /// RFC 8489 §14.2: family, then port and address XORed with the magic cookie and the transaction.
    fn put_xor_address(&mut self, address: SocketAddr, transaction: [u8; 12]) {
        let mask = || MAGIC_COOKIE.into_iter().chain(transaction);
        let masked_port = address.port() ^ u16::from_be_bytes([MAGIC_COOKIE[0], MAGIC_COOKIE[1]]);
        let mut put_masked = |family: u8, octets: &[u8]| {
            self.put(&[0, family]);
            self.put(&masked_port.to_be_bytes());
            for (octet, mask) in octets.iter().zip(mask()) {
                self.put(&[octet ^ mask]);
            }
        };
        match address {
            SocketAddr::V4(v4) => put_masked(1, &v4.ip().octets()),
            SocketAddr::V6(v6) => put_masked(2, &v6.ip().octets()),
        }
    }

    fn finish(self) -> Header {
        Header::new(self.bytes, self.len)
    }
}

/// Method DATA (0x007) of class indication (RFC 8489 §5, RFC 8656 §17).
const DATA_INDICATION: u16 = 0x0017;
