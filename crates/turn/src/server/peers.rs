//! CreatePermission (RFC 8656 §10.2) and ChannelBind (§12.2).

use std::net::IpAddr;
use std::time::Instant;

use stun_types::attribute::AttributeStaticType;
use turn_types::attribute::{ChannelNumber as ChannelNumberAttribute, XorPeerAddress};

use super::Server;
use crate::address::{ClientAddr, Family, PeerAddr};
use crate::allocation::AllocationId;
use crate::auth::Authenticated;
use crate::channel::ChannelNumber;
use crate::error::{BadRequest, Limit, Reject};
use crate::message::Message;
use crate::policy::Verdict;
use crate::response::{Envelope, Response};

impl Server {
    /// Installs or refreshes permissions: all that are asked for, or none.
    pub(super) fn handle_create_permission(
        &mut self,
        now: Instant,
        client: ClientAddr,
        message: &Message<'_>,
        authenticated: &Authenticated,
    ) -> Result<(), Reject> {
        let id = self.own_allocation(&client, authenticated)?;
        let ips = self.read_peers(id, message)?;
        self.admit_peers(now, id, &ips)?;
        self.send(client, Response::success(Envelope::of(message)).finish(Some(&authenticated.seal)));
        Ok(())
    }

    /// Binds a channel, which also permits its peer.
    pub(super) fn handle_channel_bind(
        &mut self,
        now: Instant,
        client: ClientAddr,
        message: &Message<'_>,
        authenticated: &Authenticated,
    ) -> Result<(), Reject> {
        let id = self.own_allocation(&client, authenticated)?;
        let missing = |kind| Reject::BadRequest(BadRequest::Missing(kind));
        let number = message.attribute::<ChannelNumberAttribute>()?;
        let number = number.ok_or_else(|| missing(ChannelNumberAttribute::TYPE.value()))?.channel();
        let peer = message.attribute::<XorPeerAddress>()?.ok_or_else(|| missing(XorPeerAddress::TYPE.value()))?;
        let peer = PeerAddr::new(peer.addr(message.transaction()));
        let number = ChannelNumber::new(number, self.config.rfc5766_channels)?;
        self.check_channel_peer(id, peer)?;
        let allocation = self.allocations.get(id).ok_or(Reject::NoAllocation)?;
        let is_new = allocation.channels.check(now, number, peer)?;
        let limit = self.config.limits.channels_per_allocation;
        if is_new && !fits(allocation.channels.count(now) + 1, limit) {
            return Err(Limit::Channels.into());
        }
        self.admit_peers(now, id, &[peer.ip()])?;
        if let Some(allocation) = self.allocations.get_mut(id) {
            allocation.channels.bind(now, number, peer);
        }
        self.send(client, Response::success(Envelope::of(message)).finish(Some(&authenticated.seal)));
        Ok(())
    }

    /// The addresses of a CreatePermission request, each once: 400 without any, 443 for a family the allocation does not
    /// have, 403 for a forbidden one.
    fn read_peers(&self, id: AllocationId, message: &Message<'_>) -> Result<Vec<IpAddr>, Reject> {
        let mut ips = Vec::new();
        for peer in message.each::<XorPeerAddress>() {
            let ip = peer?.addr(message.transaction()).ip();
            self.check_peer(id, ip)?;
            ips.push(ip);
        }
        if ips.is_empty() {
            return Err(BadRequest::Missing(XorPeerAddress::TYPE.value()).into());
        }
        ips.sort_unstable();
        ips.dedup();
        Ok(ips)
    }

    fn check_peer(&self, id: AllocationId, ip: IpAddr) -> Result<(), Reject> {
        let allocation = self.allocations.get(id).ok_or(Reject::NoAllocation)?;
        if !allocation.has_family(Family::of(ip)) {
            return Err(Reject::PeerAddressFamilyMismatch);
        }
        match self.policy.verdict(ip) {
            Verdict::Relay | Verdict::Own => Ok(()),
            Verdict::Forbidden => Err(self.refusal_of(ip)),
        }
    }

    /// Tells a peer that nobody may reach from one that only a relay socket would reach.
    fn refusal_of(&self, ip: IpAddr) -> Reject {
        if self.config.relay_sockets { Reject::ForbiddenPeer(ip) } else { Reject::UnrelayedPeer(ip) }
    }

    /// A channel has a port as well, and at our own addresses only relays and services may be meant.
    fn check_channel_peer(&self, id: AllocationId, peer: PeerAddr) -> Result<(), Reject> {
        self.check_peer(id, peer.ip())?;
        if peer.port() == 0 {
            return Err(BadRequest::PeerPort.into());
        }
        let is_relay = self.policy.is_own_relay(peer.ip()) && self.config.relay_ports.contains(&peer.port());
        let is_ours = is_relay || self.policy.is_service(peer.socket_addr());
        if self.policy.is_own(peer.ip()) && !is_ours && !self.policy.is_let_in(peer.ip()) {
            return Err(self.refusal_of(peer.ip()));
        }
        Ok(())
    }

    /// Installs permissions within the limits; on an error none.
    fn admit_peers(&mut self, now: Instant, id: AllocationId, ips: &[IpAddr]) -> Result<(), Reject> {
        let limits = self.config.limits;
        let allocation = self.allocations.get_mut(id).ok_or(Reject::NoAllocation)?;
        let added = allocation.permissions.count_new(now, ips);
        if added > 0 {
            if !fits(allocation.permissions.count(now) + added, limits.permissions_per_allocation) {
                return Err(Limit::Permissions.into());
            }
            let added = u32::try_from(added).unwrap_or(u32::MAX);
            if !allocation.new_peers.take_many(now, limits.new_peers, added) {
                return Err(Limit::NewPeers.into());
            }
        }
        for &ip in ips {
            allocation.permissions.install(now, ip);
        }
        Ok(())
    }
}

/// Whether `count` is within a limit; 0 is none.
fn fits(count: usize, limit: u32) -> bool {
    limit == 0 || count <= usize::try_from(limit).unwrap_or(usize::MAX)
}
