//! Which peers may be reached through us: the public Internet, what the operator lets in, and our own relays; without relay sockets, only
//! the last.
//!
//! An IPv6 address can carry an IPv4 address that some translator on the way unpacks. It is judged by what it carries as
//! well, so that no spelling of 127.0.0.1 gets past.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use ipnet::{IpNet, Ipv4Net, Ipv6Net};

use crate::config::Config;

/// Decides about peers.
#[derive(Debug)]
pub(crate) struct Policy {
    /// Whether peers can be reached at all that are not relayed here.
    relay_sockets: bool,
    /// Those that our relays have, and those that they had.
    relays: Vec<IpAddr>,
    allow_peers: Vec<IpNet>,
    own_addresses: Vec<IpAddr>,
    services: Vec<SocketAddr>,
}

/// What may be done with a peer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// Through a relay socket.
    Relay,
    /// It is an address of our own: to an allocation or a service, and through a socket to anything else only where the operator says so.
    Own,
    Forbidden,
}

impl Policy {
    /// `former_relays` are addresses that our relays had: some clients still know them by these.
    pub(crate) fn new(config: &Config, former_relays: &[IpAddr]) -> Self {
        Self {
            relay_sockets: config.relay_sockets,
            relays: config.relay_addresses().chain(former_relays.iter().copied()).collect(),
            allow_peers: config.allow_peers.clone(),
            own_addresses: config.own_addresses.iter().map(IpAddr::to_canonical).collect(),
            services: config.services.clone(),
        }
    }

    /// What may be done with a peer at `ip`.
    pub(crate) fn verdict(&self, ip: IpAddr) -> Verdict {
        if self.is_own_relay(ip) {
            return Verdict::Own;
        }
        if !self.relay_sockets {
            return Verdict::Forbidden;
        }
        if meanings(ip).into_iter().flatten().all(|meaning| self.admits(meaning)) {
            Verdict::Relay
        } else if self.has_service(ip) {
            Verdict::Own
        } else {
            Verdict::Forbidden
        }
    }

    /// Whether at `ip` only what is ours may be reached.
    pub(crate) fn is_own(&self, ip: IpAddr) -> bool {
        self.is_own_relay(ip) || (self.has_service(ip) && !self.is_let_in(ip))
    }

    /// Whether `peer` is a transport address of ours that clients may reach: by a relay socket.
    pub(crate) fn is_service(&self, peer: SocketAddr) -> bool {
        self.relay_sockets && self.services.contains(&peer)
    }

    /// Whether `ip` is an address our relayed transport addresses have, or had.
    pub(crate) fn is_own_relay(&self, ip: IpAddr) -> bool {
        self.relays.contains(&ip)
    }

    /// Whether the operator lets `ip` in by name, whatever kind of address it is, and a relay socket leads there.
    pub(crate) fn is_let_in(&self, ip: IpAddr) -> bool {
        self.relay_sockets && self.allow_peers.iter().any(|net| net.contains(&ip))
    }

    fn admits(&self, meaning: Meaning) -> bool {
        self.is_let_in(meaning.ip) || !(meaning.reserved || is_special(meaning.ip) || self.is_ours(meaning.ip))
    }

    fn has_service(&self, ip: IpAddr) -> bool {
        self.services.iter().any(|service| service.ip() == ip)
    }

    fn is_ours(&self, ip: IpAddr) -> bool {
        self.own_addresses.contains(&ip) || self.is_own_relay(ip)
    }
}

/// Whether `payload` is what a media server is for: a Binding message (RFC 8489 §5, any class), DTLS or SRTP (RFC 7983 §7). Allocations
/// and channels through a relay of ours would let one datagram travel through us as often as there are allocations.
pub(crate) fn is_for_service(payload: &[u8]) -> bool {
    match payload {
        [0, 0x01 | 0x11, ..] | [1, 0x01 | 0x11, ..] => true,
        [first, ..] => matches!(first, 20..=63 | 128..=191),
        [] => false,
    }
}

/// Every address a packet to `ip` may end up at.
fn meanings(ip: IpAddr) -> [Option<Meaning>; 3] {
    let IpAddr::V6(v6) = ip else { return [Some(Meaning::of(ip)), None, None] };
    match carried_v4(v6) {
        Carried::Nothing => [Some(Meaning::of(ip)), None, None],
        Carried::Instead(v4) => [Some(Meaning::of(v4.into())), None, None],
        Carried::Reserved(v4) => [Some(Meaning { ip: v4.into(), reserved: true }), None, None],
        Carried::Besides(v4) => [Some(Meaning::of(ip)), Some(Meaning::of(v4.into())), None],
        Carried::BesidesBoth(server, client) => {
            [Some(Meaning::of(ip)), Some(Meaning::of(server.into())), Some(Meaning::of(client.into()))]
        }
    }
}

/// One address that has to be admitted.
#[derive(Debug, Clone, Copy)]
struct Meaning {
    ip: IpAddr,
    /// Forbidden even when the address is public: the spelling has no business on the Internet.
    reserved: bool,
}

impl Meaning {
    fn of(ip: IpAddr) -> Self {
        Self { ip, reserved: false }
    }
}

/// The IPv4 addresses inside an IPv6 address.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Carried {
    Nothing,
    /// The packet becomes an IPv4 packet at a public translator.
    Instead(Ipv4Addr),
    /// The spelling is for use inside of one host only.
    Reserved(Ipv4Addr),
    /// The packet travels as IPv6 and may come out as IPv4.
    Besides(Ipv4Addr),
    BesidesBoth(Ipv4Addr, Ipv4Addr),
}

fn carried_v4(ip: Ipv6Addr) -> Carried {
    let [s0, s1, s2, s3, s4, s5, s6, s7] = ip.segments();
    let v4 = |high: u16, low: u16| Ipv4Addr::from_bits(u32::from(high) << 16 | u32::from(low));
    match [s0, s1, s2, s3, s4, s5] {
        // :: and ::1 are addresses of their own.
        [0, 0, 0, 0, 0, 0] if s6 == 0 && s7 <= 1 => Carried::Nothing,
        // IPv4-compatible (RFC 4291 §2.5.5.1), IPv4-mapped (§2.5.5.2), IPv4-translated (RFC 2765 §2.1).
        [0, 0, 0, 0, 0, 0] | [0, 0, 0, 0, 0, 0xFFFF] | [0, 0, 0, 0, 0xFFFF, 0] => Carried::Reserved(v4(s6, s7)),
        // NAT64 with the well-known prefix (RFC 6052 §2.1).
        [0x64, 0xFF9B, 0, 0, 0, 0] => Carried::Instead(v4(s6, s7)),
        // NAT64 within one network (RFC 8215).
        [0x64, 0xFF9B, 1, _, _, _] => Carried::Reserved(v4(s6, s7)),
        // 6to4 (RFC 3056 §2).
        [0x2002, high, low, ..] => Carried::Besides(v4(high, low)),
        // Teredo: its server, and its client in one's complement (RFC 4380 §4).
        [0x2001, 0, high, low, ..] => Carried::BesidesBoth(v4(high, low), v4(!s6, !s7)),
        // ISATAP (RFC 5214 §6.1).
        [_, _, _, _, 0 | 0x0200, 0x5EFE] => Carried::Besides(v4(s6, s7)),
        _ => Carried::Nothing,
    }
}

/// Whether no stranger has business there: special-purpose, multicast, or not assigned.
pub fn is_special(ip: IpAddr) -> bool {
    match ip {
        IpAddr::V4(v4) => SPECIAL_V4.iter().any(|net| net.contains(&v4)),
        IpAddr::V6(v6) => !GLOBAL_UNICAST_V6.contains(&v6) || SPECIAL_V6.iter().any(|net| net.contains(&v6)),
    }
}

/// The IANA IPv4 Special-Purpose Address Registry, multicast (RFC 5771), and one public address that is a private service.
const SPECIAL_V4: [Ipv4Net; 18] = [
    v4_net([0, 0, 0, 0], 8),        // "This network", RFC 791 §3.2
    v4_net([10, 0, 0, 0], 8),       // Private use, RFC 1918
    v4_net([100, 64, 0, 0], 10),    // Shared address space, RFC 6598
    v4_net([127, 0, 0, 0], 8),      // Loopback, RFC 1122 §3.2.1.3
    v4_net([168, 63, 129, 16], 32), // The platform service of Azure's virtual machines
    v4_net([169, 254, 0, 0], 16),   // Link local and cloud metadata, RFC 3927
    v4_net([172, 16, 0, 0], 12),    // Private use, RFC 1918
    v4_net([192, 0, 0, 0], 24),     // IETF protocol assignments, RFC 6890 §2.1
    v4_net([192, 0, 2, 0], 24),     // Documentation, RFC 5737
    v4_net([192, 31, 196, 0], 24),  // AS112, RFC 7535
    v4_net([192, 52, 193, 0], 24),  // AMT, RFC 7450
    v4_net([192, 88, 99, 0], 24),   // 6to4 relay anycast, RFC 7526
    v4_net([192, 168, 0, 0], 16),   // Private use, RFC 1918
    v4_net([192, 175, 48, 0], 24),  // AS112, RFC 7534
    v4_net([198, 18, 0, 0], 15),    // Benchmarking, RFC 2544
    v4_net([198, 51, 100, 0], 24),  // Documentation, RFC 5737
    v4_net([203, 0, 113, 0], 24),   // Documentation, RFC 5737
    v4_net([224, 0, 0, 0], 3),      // Multicast, reserved, broadcast: RFC 5771, RFC 1112 §4, RFC 919 §7
];

/// What IANA has opened for global unicast (RFC 4291 §2.4). Everything else is special, or nobody's.
const GLOBAL_UNICAST_V6: Ipv6Net = v6_net([0x2000, 0, 0], 3);

/// The IANA IPv6 Special-Purpose Address Registry as far as it lies within global unicast. 6to4 is judged by what it
/// carries.
const SPECIAL_V6: [Ipv6Net; 4] = [
    v6_net([0x2001, 0, 0], 23),         // IETF protocol assignments, Teredo among them, RFC 2928
    v6_net([0x2001, 0xDB8, 0], 32),     // Documentation, RFC 3849
    v6_net([0x2620, 0x4F, 0x8000], 48), // AS112, RFC 7534
    v6_net([0x3FFF, 0, 0], 20),         // Documentation, RFC 9637
];

const fn v4_net(octets: [u8; 4], prefix_length: u8) -> Ipv4Net {
    Ipv4Net::new_assert(Ipv4Addr::new(octets[0], octets[1], octets[2], octets[3]), prefix_length)
}

const fn v6_net(start: [u16; 3], prefix_length: u8) -> Ipv6Net {
    Ipv6Net::new_assert(Ipv6Addr::new(start[0], start[1], start[2], 0, 0, 0, 0, 0), prefix_length)
}
