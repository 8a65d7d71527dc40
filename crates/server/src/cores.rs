//! The settings in the words of the cores.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::time::Duration;

use turn::credentials::{Credentials, Password, Secret};
use turn::{Cap, Caps, Rate};

use crate::address::Standing;
use crate::config::{Config, Limit, Listen};
use crate::live::sessions::Limits;
use crate::workers::{EventSinks, MediaSettings, Reach, Settings};

/// STUN and TURN. `rest_secrets` are those that count, be they of the configuration or made by ourselves.
pub(crate) fn turn_settings(config: &Config, rest_secrets: Vec<Secret>, standing: &Standing) -> Settings {
    let mut core = turn::Config::new(&config.turn_realm.0);
    let own = standing.own.iter().copied().chain(standing.seen_ips()).chain(config.public_addresses.iter().copied());
    core.own_addresses = own.collect();
    if config.turn_enabled {
        let users = config.turn_users.0.iter();
        let users = users.map(|(name, password)| (name.clone(), Password::new(password.reveal()))).collect();
        core.credentials = Credentials { users, rest_secrets };
        (core.relay_v4, core.relay_v6) = relayed_addresses(&config.public_addresses, standing);
        core.relay_sockets = config.turn_relay_ports.is_some();
        core.relay_ports = config.turn_relay_ports.map_or(turn::RELAY_PORTS_DEFAULT, |range| range.first..=range.last);
        core.alternate_servers.clone_from(&config.turn_alternate_servers);
        core.allow_peers.clone_from(&config.turn_allow_peers.0);
        core.rfc5766_channels = config.turn_rfc5766_channels;
        core.mobility = config.turn_mobility;
    }
    core.limits.allocations_total = number(config.limits_allocations);
    core.limits.allocations_per_user = number(config.limits_allocations_per_user);
    core.limits.allocations_per_address = number(config.limits_allocations_per_address);
    core.limits.permissions_per_allocation = number(config.limits_permissions_per_allocation);
    core.limits.channels_per_allocation = number(config.limits_channels_per_allocation);
    core.limits.caps = caps(config);
    core.limits.new_peers = rate(config.limits_new_peers_per_second, NEW_PEERS_BURST_SECONDS);
    core.limits.bindings = rate(config.limits_bindings_per_second, BINDINGS_BURST_SECONDS);
    core.limits.challenges = rate(config.limits_challenges_per_second, CHALLENGES_BURST_SECONDS);
    let mut settings = Settings::new(core);
    settings.workers = config.media_workers.count();
    settings.udp_listen = both_families(&config.udp_listen);
    settings.second_listen = both_families(&config.stun_second_listen);
    // Here as there, 0 is no limit.
    settings.streams_max =
        config.limits_tcp_connections.bound().and_then(|bound| usize::try_from(bound).ok()).unwrap_or(0);
    settings
}

/// With how many members on each worker a room is spread over more; 0: never.
pub(crate) fn members_per_worker(config: &Config) -> usize {
    config.media_members_per_worker.bound().and_then(|members| usize::try_from(members).ok()).unwrap_or(0)
}

/// Where clients reach the media server. `tcp_listen` are the ports at which media clients are told apart.
pub(crate) fn reach(config: &Config, tcp_listen: &[SocketAddr], standing: &Standing) -> Reach {
    let mapped = !config.public_addresses.is_empty();
    let addresses = [config.public_addresses.clone(), standing.reachable.clone(), LOOPBACK.to_vec()];
    let addresses = addresses.into_iter().find(|addresses| !addresses.is_empty()).unwrap_or_default();
    Reach { seen: standing.seen.clone(), addresses, mapped, tcp_listen: tcp_listen.to_vec() }
}

/// Media. `events` are what the rooms and the streams hear.
pub(crate) fn media_settings(config: &Config, reach: Reach, events: EventSinks) -> Option<MediaSettings> {
    config.media_enabled.then_some(MediaSettings { reach, events })
}

/// Rooms and signalling, with a media server or without.
pub(crate) fn room_config(config: &Config, auth_keys: Vec<room::token::Key>, media: bool) -> room::Config {
    let limits = room::Limits {
        frame_bytes: number(config.limits_frame_bytes),
        messages_per_second: number(config.limits_messages_per_second),
        messages_burst: number(config.limits_messages_burst),
        bytes_per_second: number(config.limits_message_bytes_per_second),
        bytes_burst: number(config.limits_message_bytes_burst),
        offers_per_second: number(config.limits_offers_per_second),
        offers_burst: number(config.limits_offers_burst),
        joins_per_minute: number(config.limits_joins_per_minute),
        joins_burst: number(config.limits_joins_burst),
        connections: number(config.limits_connections),
        connections_per_address: number(config.limits_connections_per_address),
        rooms: number(config.limits_rooms),
        rooms_per_address: number(config.limits_rooms_per_address),
        rooms_per_connection: number(config.limits_rooms_per_connection),
        members: number(config.limits_members),
        name_bytes: number(config.limits_name_bytes),
        chat_bytes: number(config.limits_chat_bytes),
        resume_messages: number(config.limits_resume_messages),
        resume_bytes: number(config.limits_resume_bytes),
        ..room::Limits::default()
    };
    room::Config {
        limits,
        auth_keys,
        media,
        compat_anonymous: config.compat_anonymous.0.clone(),
        events: !config.webhooks_urls.0.is_empty(),
        topology: config.rooms_topology.0,
        unmute: config.rooms_unmute.0,
        apprtc: config.compat_apprtc,
        recording: (media && config.recording_folder.is_some()).then_some(config.recording_rooms.0),
        ..room::Config::default()
    }
}

/// Live streams over WebRTC.
pub(crate) fn stream_limits(config: &Config) -> Limits {
    Limits {
        viewers: config.limits_stream_viewers,
        sessions_per_address: config.limits_stream_sessions_per_address,
        sessions: config.limits_stream_sessions,
    }
}

/// The keys of `auth.keys`.
pub(crate) fn auth_keys(config: &Config) -> Result<Vec<room::token::Key>, room::token::KeyError> {
    config.auth_keys.0.iter().map(|(name, secret)| room::token::Key::new(name.as_str(), secret.reveal())).collect()
}

/// The addresses that peers see: the public ones; else those that others see, and those that face the Internet; on a machine without a network,
/// loopback.
fn relayed_addresses(public: &[IpAddr], standing: &Standing) -> (Option<Ipv4Addr>, Option<Ipv6Addr>) {
    let ours: Vec<IpAddr> = standing.seen_ips().chain(standing.reachable.iter().copied()).collect();
    let from = [public, &ours, &LOOPBACK].into_iter().find(|addresses| !addresses.is_empty()).unwrap_or(&LOOPBACK);
    let v4 = from.iter().find_map(|address| if let IpAddr::V4(address) = address { Some(*address) } else { None });
    let v6 = from.iter().find_map(|address| if let IpAddr::V6(address) = address { Some(*address) } else { None });
    (v4, v6)
}

/// UDP needs a socket for each family, or replies would not come from the address that was asked.
fn both_families(listen: &Listen) -> Vec<SocketAddr> {
    let of = |address: &SocketAddr| {
        let every = address.ip() == IpAddr::V6(Ipv6Addr::UNSPECIFIED);
        let v4 = every.then(|| SocketAddr::from((Ipv4Addr::UNSPECIFIED, address.port())));
        // With port 0 the families would get two different ports, and clients know one.
        v4.into_iter().chain((!every || address.port() != 0).then_some(*address))
    };
    listen.0.iter().flat_map(of).collect()
}

fn caps(config: &Config) -> Caps {
    // Here as there, 0 is no limit.
    let cap = |kbits: Limit, packets: Limit| Cap {
        bits_per_second: kbits.0.saturating_mul(1_000),
        packets_per_second: packets.0,
    };
    Caps {
        allocation: cap(config.limits_allocation_kbits_per_second, config.limits_allocation_packets_per_second),
        user: cap(config.limits_turn_user_kbits_per_second, config.limits_turn_user_packets_per_second),
        room: cap(config.limits_turn_room_kbits_per_second, config.limits_turn_room_packets_per_second),
    }
}

/// So many a second, and what comes in `burst_seconds` at once.
fn rate(limit: Limit, burst_seconds: u32) -> Rate {
    let per_second = number(limit);
    Rate { per_second, burst: per_second.saturating_mul(burst_seconds) }
}

fn number(limit: Limit) -> u32 {
    u32::try_from(limit.0).unwrap_or(u32::MAX)
}

const LOOPBACK: [IpAddr; 2] = [IpAddr::V4(Ipv4Addr::LOCALHOST), IpAddr::V6(Ipv6Addr::LOCALHOST)];

/// How many seconds' worth of new peers an allocation may add at once: ICE brings all its candidates together.
const NEW_PEERS_BURST_SECONDS: u32 = 8;
/// How many seconds' worth of Binding requests may come at once.
const BINDINGS_BURST_SECONDS: u32 = 4;
/// The same of requests without valid credentials.
const CHALLENGES_BURST_SECONDS: u32 = 5;
/// How long the server waits for members and streams to go before it closes on them.
pub(crate) const FAREWELL: Duration = Duration::from_secs(2);

#[cfg(test)]
mod tests;
