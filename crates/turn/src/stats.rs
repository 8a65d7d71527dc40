//! Counters and gauges.

use std::ops::AddAssign;

use crate::error::Reject;
use crate::tally::{Errors, LimitsReached, Relays};

/// What happened since the start, and what is held. A plain value: copy it out and compare.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Stats {
    /// Gauge: allocations, those that wait for their relay socket included.
    pub allocations: u64,
    /// Gauge: ports held for a RESERVATION-TOKEN.
    pub reservations: u64,
    /// Allocations that were answered with success.
    pub allocations_made: u64,
    /// Allocations that have moved with their client to another 5-tuple.
    pub moves: u64,
    /// Binding requests that were answered with success.
    pub bindings: u64,
    /// 401 and 438 that were sent.
    pub challenges: u64,
    /// Other error responses that were sent.
    pub rejects: u64,
    /// All of them by their code.
    pub errors: Errors,
    /// Requests that were refused at a limit, by limit.
    pub limits_reached: LimitsReached,
    /// Requests that were refused over a peer the policy forbids, or that is not relayed here where there are no relay sockets.
    pub peers_refused: u64,
    /// Relayed transport addresses, by the client's transport and by family.
    pub relays: Relays,
    /// Payloads from clients to peers, hairpins included.
    pub to_peers: u64,
    /// Their bytes.
    pub to_peers_bytes: u64,
    /// Payloads from peers to clients, hairpins included.
    pub to_clients: u64,
    /// Their bytes.
    pub to_clients_bytes: u64,
    /// Payloads between two allocations of this server; they count above as well.
    pub hairpins: u64,
    /// Messages and payloads that were dropped, by reason.
    pub drops: Drops,
}

/// Messages and payloads that were dropped without an answer, by reason.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Drops {
    /// Bytes that are no STUN message and no ChannelData, and STUN messages a server has no use for.
    pub malformed: u64,
    /// Answers withheld by `Limits::bindings` or `Limits::challenges`.
    pub rate_limited: u64,
    /// Payloads on a 5-tuple without an allocation, or for a relay nobody holds.
    pub no_allocation: u64,
    /// Payloads to or from a peer without a permission.
    pub no_permission: u64,
    /// ChannelData on a channel that is not bound.
    pub no_channel: u64,
    /// Payloads to a peer as in [`Stats::peers_refused`].
    pub forbidden_peer: u64,
    /// Payloads that do not fit into a message to the client.
    pub oversized: u64,
    /// Payloads beyond `Caps::allocation`.
    pub over_allocation_cap: u64,
    /// Payloads beyond `Caps::user`.
    pub over_user_cap: u64,
    /// Payloads beyond `Caps::room`.
    pub over_room_cap: u64,
}

impl Stats {
    /// An error response is sent.
    pub(crate) fn count_error(&mut self, reject: &Reject) {
        if matches!(reject, Reject::Unauthorized | Reject::StaleNonce) {
            self.challenges += 1;
        } else {
            self.rejects += 1;
        }
        if let Reject::LimitReached(limit) = reject {
            self.limits_reached.count(*limit);
        }
        self.peers_refused += u64::from(matches!(reject, Reject::ForbiddenPeer(_) | Reject::UnrelayedPeer(_)));
        self.errors.count(reject.code());
    }
}

impl AddAssign for Stats {
    /// What several servers counted, together.
    fn add_assign(&mut self, other: Self) {
        let Self {
            allocations,
            reservations,
            allocations_made,
            moves,
            bindings,
            challenges,
            rejects,
            errors,
            limits_reached,
            peers_refused,
            relays,
            to_peers,
            to_peers_bytes,
            to_clients,
            to_clients_bytes,
            hairpins,
            drops,
        } = other;
        self.allocations += allocations;
        self.reservations += reservations;
        self.allocations_made += allocations_made;
        self.moves += moves;
        self.bindings += bindings;
        self.challenges += challenges;
        self.rejects += rejects;
        self.errors += errors;
        self.limits_reached += limits_reached;
        self.peers_refused += peers_refused;
        self.relays += relays;
        self.to_peers += to_peers;
        self.to_peers_bytes += to_peers_bytes;
        self.to_clients += to_clients;
        self.to_clients_bytes += to_clients_bytes;
        self.hairpins += hairpins;
        self.drops += drops;
    }
}

impl AddAssign for Drops {
    fn add_assign(&mut self, other: Self) {
        let Self {
            malformed,
            rate_limited,
            no_allocation,
            no_permission,
            no_channel,
            forbidden_peer,
            oversized,
            over_allocation_cap,
            over_user_cap,
            over_room_cap,
        } = other;
        self.malformed += malformed;
        self.rate_limited += rate_limited;
        self.no_allocation += no_allocation;
        self.no_permission += no_permission;
        self.no_channel += no_channel;
        self.forbidden_peer += forbidden_peer;
        self.oversized += oversized;
        self.over_allocation_cap += over_allocation_cap;
        self.over_user_cap += over_user_cap;
        self.over_room_cap += over_room_cap;
    }
}
