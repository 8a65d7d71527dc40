//! What an operator decides.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::ops::RangeInclusive;
use std::time::Duration;

use ipnet::IpNet;

use crate::credentials::Credentials;
use crate::shard::Shard;

/// The settings of one [`Server`](crate::Server).
#[derive(Debug, Clone)]
pub struct Config {
    /// The realm of the credentials (RFC 8489 §14.9). Up to eight bytes keep the challenge within twice a request.
    pub realm: String,
    /// The public IPv4 address of relayed transport addresses; none: IPv4 is not relayed.
    pub relay_v4: Option<Ipv4Addr>,
    /// The public IPv6 address of relayed transport addresses; none: IPv6 is not relayed. With neither, only Binding is served.
    pub relay_v6: Option<Ipv6Addr>,
    /// The ports of relayed transport addresses, both ends included.
    pub relay_ports: RangeInclusive<u16>,
    /// Whether a relayed transport address has a socket. Without sockets it is a name that only this server knows: clients reach each other
    /// by it, and every peer that is not relayed here is refused with 403.
    pub relay_sockets: bool,
    /// Which of several servers behind the same addresses this is. Each uses its own part of `relay_ports`.
    pub shard: Shard,
    /// Who may allocate.
    pub credentials: Credentials,
    /// Networks of peers that are let in although they are special-purpose or our own.
    pub allow_peers: Vec<IpNet>,
    /// The addresses of our interfaces and listeners, which no client may reach through us.
    pub own_addresses: Vec<IpAddr>,
    /// Our own transport addresses that clients may reach through us all the same: those of the media server. Nothing but ICE checks, DTLS
    /// and SRTP gets there, so no allocation leads to another.
    pub services: Vec<SocketAddr>,
    /// Where clients are sent that want an allocation while this server is draining (RFC 8489 §10): the first of the client's family.
    pub alternate_servers: Vec<SocketAddr>,
    /// Accept the channel numbers of RFC 5766 (0x4000-0x7FFF) and not only those of RFC 8656 (0x4000-0x4FFF).
    pub rfc5766_channels: bool,
    /// Whether the relay sockets never let a datagram be fragmented, so that DONT-FRAGMENT is kept; otherwise requests with
    /// DONT-FRAGMENT are refused with 420 (RFC 8656 §7.2).
    pub dont_fragment: bool,
    /// Whether allocations may move with their clients to other 5-tuples (RFC 8016).
    pub mobility: bool,
    /// What one client, one user and all together may take.
    pub limits: Limits,
}

impl Config {
    /// The addresses of relayed transport addresses.
    pub(crate) fn relay_addresses(&self) -> impl Iterator<Item = IpAddr> + use<> {
        self.relay_v4.map(IpAddr::V4).into_iter().chain(self.relay_v6.map(IpAddr::V6))
    }

    /// IPv4 and IPv6 relaying are off, there is nobody to authenticate: a STUN server.
    pub fn new(realm: &str) -> Self {
        Self {
            realm: realm.to_owned(),
            relay_v4: None,
            relay_v6: None,
            relay_ports: RELAY_PORTS_DEFAULT,
            relay_sockets: true,
            shard: Shard::ALONE,
            credentials: Credentials::default(),
            allow_peers: Vec::new(),
            own_addresses: Vec::new(),
            services: Vec::new(),
            alternate_servers: Vec::new(),
            rfc5766_channels: false,
            dont_fragment: false,
            mobility: false,
            limits: Limits::default(),
        }
    }
}

/// Caps on what strangers and users may take. A count of 0 means no limit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Allocations of the whole server.
    pub allocations_total: u32,
    /// Allocations of one user: the static name, or what follows the expiry in a REST username.
    pub allocations_per_user: u32,
    /// Allocations of one client address: an IPv4 address or an IPv6 /64.
    pub allocations_per_address: u32,
    /// The longest lifetime an allocation is granted (RFC 8656 §7.2 recommends an hour); never under ten minutes.
    pub lifetime_max: Duration,
    /// Permissions, thus peer addresses, of one allocation.
    pub permissions_per_allocation: u32,
    /// Channels of one allocation.
    pub channels_per_allocation: u32,
    /// How fast one allocation may add peers it had no permission for.
    pub new_peers: Rate,
    /// What may be relayed per second.
    pub caps: Caps,
    /// Answers to Binding requests per source prefix (IPv4 /24, IPv6 /48).
    pub bindings: Rate,
    /// Errors to requests without valid credentials per source prefix (IPv4 /24, IPv6 /48).
    pub challenges: Rate,
    /// How long a nonce is good (RFC 8489 §9.2 leaves it to the server).
    pub nonce_lifetime: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            allocations_total: 4_000,
            allocations_per_user: 64,
            allocations_per_address: 256,
            lifetime_max: Duration::from_secs(3600),
            permissions_per_allocation: 64,
            channels_per_allocation: 64,
            new_peers: Rate { per_second: 5, burst: 40 },
            caps: Caps::default(),
            bindings: Rate { per_second: 500, burst: 2_000 },
            challenges: Rate { per_second: 100, burst: 500 },
            nonce_lifetime: Duration::from_secs(3600),
        }
    }
}

/// What may be relayed, in each direction by itself; what is more is dropped.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Caps {
    /// By one allocation.
    pub allocation: Cap,
    /// By all allocations of one user together.
    pub user: Cap,
    /// By all allocations of one room together: that of their REST usernames.
    pub room: Cap,
}

impl Caps {
    /// Whether nothing is ever dropped.
    pub(crate) fn are_off(&self) -> bool {
        let Self { allocation, user, room } = self;
        [allocation, user, room].iter().all(|cap| (cap.bits_per_second | cap.packets_per_second) == 0)
    }
}

/// How much may pass in the long run, counted in payloads without headers; a quarter of a second's worth may come at once. 0 means no limit.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Cap {
    /// Bits per second.
    pub bits_per_second: u64,
    /// Packets per second.
    pub packets_per_second: u64,
}

/// A token bucket: `burst` at once, refilled by `per_second`. `per_second` 0 means no limit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rate {
    /// Tokens that come back each second.
    pub per_second: u32,
    /// Tokens of a full bucket.
    pub burst: u32,
}

/// The dynamic ports of RFC 6335 §6, which RFC 8656 §7.2 recommends.
pub const RELAY_PORTS_DEFAULT: RangeInclusive<u16> = 49_152..=65_535;

/// RFC 8489 §14.9: fewer than 128 characters, at most 763 bytes. The characters are ours to choose, so bytes do.
pub(crate) const REALM_BYTES_MAX: usize = 127;
