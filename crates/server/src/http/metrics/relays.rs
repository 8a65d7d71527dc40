//! STUN and TURN: who relays, what is refused and what is lost.

use turn::{Family, Limit, Transport};

use super::text::Text;
use crate::workers::Stats;

/// Everything about them, all workers and both STUN ports together.
pub(super) fn write(sum: &Stats, text: &mut Text) {
    allocations(sum, text);
    traffic(sum, text);
    refusals(sum, text);
    drops(sum, text);
    sockets(sum, text);
}

fn allocations(sum: &Stats, text: &mut Text) {
    let core = &sum.core;
    text.gauge("parlor_turn_allocations", "TURN allocations", core.allocations);
    text.counter("parlor_turn_allocations_total", "TURN allocations since the start", core.allocations_made);
    let help = "Allocations that have followed their client to another 5-tuple";
    text.counter("parlor_turn_moves_total", help, core.moves);
    text.gauge("parlor_turn_reservations", "Ports held for a RESERVATION-TOKEN", core.reservations);
    let kinds = || Transport::ALL.into_iter().flat_map(|transport| Family::ALL.map(|family| (transport, family)));
    let labels = |(transport, family)| [("transport", transport_word(transport)), ("family", family_word(family))];
    let help =
        "Relayed transport addresses, by the transport of their client; an allocation may have one of each family";
    let mut family = text.family("parlor_turn_relayed_addresses", "gauge", help);
    kinds().for_each(|kind| family.sample(&labels(kind), core.relays.held(kind.0, kind.1)));
    let mut family = text.family("parlor_turn_relayed_addresses_total", "counter", "The same since the start");
    kinds().for_each(|kind| family.sample(&labels(kind), core.relays.made(kind.0, kind.1)));
}

fn traffic(sum: &Stats, text: &mut Text) {
    let core = &sum.core;
    let bindings = core.bindings + sum.second.bindings;
    for (name, help, value) in [
        ("parlor_stun_bindings_total", "STUN Binding requests that were answered", bindings),
        ("parlor_turn_sent_packets_total", "Relayed payloads from clients to peers", core.to_peers),
        ("parlor_turn_sent_bytes_total", "Relayed bytes from clients to peers", core.to_peers_bytes),
        ("parlor_turn_received_packets_total", "Relayed payloads from peers to clients", core.to_clients),
        ("parlor_turn_received_bytes_total", "Relayed bytes from peers to clients", core.to_clients_bytes),
        (
            "parlor_turn_hairpin_packets_total",
            "Payloads between two clients of one worker, in both sums",
            core.hairpins,
        ),
    ] {
        text.counter(name, help, value);
    }
}

fn refusals(sum: &Stats, text: &mut Text) {
    let mut errors = sum.core.errors;
    errors += sum.second.errors;
    let mut family = text.family("parlor_turn_errors_total", "counter", "Error responses of STUN and TURN");
    errors.by_code().for_each(|(code, count)| family.sample(&[("code", &code.to_string())], count));
    let help = "Requests refused because something was used up";
    let mut family = text.family("parlor_turn_limits_reached_total", "counter", help);
    let limits = sum.core.limits_reached.by_limit();
    limits.for_each(|(limit, count)| family.sample(&[("limit", limit_word(limit))], count));
    let help = "Requests refused because their peer is at an address that nobody may reach through this server";
    text.counter("parlor_turn_refused_peers_total", help, sum.core.peers_refused);
}

fn drops(sum: &Stats, text: &mut Text) {
    let (core, second) = (&sum.core.drops, &sum.second.drops);
    let causes = [
        ("malformed", core.malformed + second.malformed),
        ("rate_limited", core.rate_limited + second.rate_limited),
        ("no_allocation", core.no_allocation),
        ("no_permission", core.no_permission),
        ("no_channel", core.no_channel),
        ("forbidden_peer", core.forbidden_peer),
        ("oversized", core.oversized),
        ("allocation_cap", core.over_allocation_cap),
        ("user_cap", core.over_user_cap),
        ("room_cap", core.over_room_cap),
        ("slow_connection", sum.io.stream_data_dropped),
    ];
    let help = "Messages and payloads of STUN and TURN that were dropped without an answer";
    let mut family = text.family("parlor_turn_dropped_packets_total", "counter", help);
    causes.into_iter().for_each(|(cause, count)| family.sample(&[("cause", cause)], count));
}

/// What relaying and media share.
fn sockets(sum: &Stats, text: &mut Text) {
    let io = &sum.io;
    text.counter("parlor_received_datagrams_total", "Datagrams on all UDP sockets", io.datagrams_received);
    text.counter("parlor_sent_datagrams_total", "Datagrams that the kernel took", io.datagrams_sent);
    let causes = [
        ("send_buffer_full", io.datagrams_dropped),
        ("network_refused", io.datagrams_refused),
        ("worker_behind", io.handovers_dropped),
    ];
    let help = "Datagrams of relaying and media that were lost on this server";
    let mut family = text.family("parlor_dropped_datagrams_total", "counter", help);
    causes.into_iter().for_each(|(cause, count)| family.sample(&[("cause", cause)], count));
    text.counter("parlor_receive_errors_total", "Calls to receive that failed", io.receive_errors);
    text.gauge("parlor_relay_sockets", "Sockets of relayed transport addresses", io.relays_open);
    let help = "Sockets of relayed transport addresses that could not be bound";
    text.counter("parlor_relay_bind_errors_total", help, io.relay_bind_errors);
    let help = "TCP and TLS connections of TURN and of media";
    text.gauge("parlor_worker_connections", help, io.streams_open);
    let causes =
        [("limit", io.streams_refused), ("idle", io.streams_idle), ("client_stopped_reading", io.streams_stalled)];
    let mut family =
        text.family("parlor_worker_connections_cut_total", "counter", "Such connections that were refused or cut off");
    causes.into_iter().for_each(|(cause, count)| family.sample(&[("cause", cause)], count));
}

fn transport_word(transport: Transport) -> &'static str {
    match transport {
        Transport::Udp => "udp",
        Transport::Tcp => "tcp",
        Transport::Tls => "tls",
    }
}

fn family_word(family: Family) -> &'static str {
    match family {
        Family::V4 => "ipv4",
        Family::V6 => "ipv6",
    }
}

fn limit_word(limit: Limit) -> &'static str {
    match limit {
        Limit::Allocations => "allocations",
        Limit::AllocationsOfUser => "allocations_per_user",
        Limit::AllocationsOfAddress => "allocations_per_address",
        Limit::Ports => "relay_ports",
        Limit::Permissions => "permissions_per_allocation",
        Limit::Channels => "channels_per_allocation",
        Limit::NewPeers => "new_peers_per_second",
    }
}
