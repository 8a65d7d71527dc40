//! Where clients reach the media server.

use std::net::{IpAddr, SocketAddr};

use rtc::{Candidate, Transport};

/// What is known of the ways from clients to our ports.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Reach {
    /// Under which addresses and ports others see our UDP ports, as STUN servers say. They stand before all else.
    pub seen: Vec<SocketAddr>,
    /// Addresses under which clients reach this machine, the most wanted first. They stand in the answers.
    pub addresses: Vec<IpAddr>,
    /// Whether the addresses are those of a router or cloud in front of this machine: then a listener on one address is meant by them, too.
    pub mapped: bool,
    /// TCP addresses at which connections arrive that are handed over to [`Handle::serve_media`](crate::workers::Handle::serve_media).
    pub tcp_listen: Vec<SocketAddr>,
}

impl Reach {
    /// What answers list for listeners on `udp`.
    pub(crate) fn candidates(&self, udp: &[SocketAddr]) -> Vec<Candidate> {
        let seen = self.seen.iter().map(|address| Candidate { transport: Transport::Udp, address: *address });
        let seen_by_tcp = self.tcp_listen.iter().flat_map(|bound| self.seen_by_tcp(*bound));
        let datagrams = seen.chain(udp.iter().flat_map(|bound| self.reached(*bound, Transport::Udp)));
        let streams = seen_by_tcp.chain(self.tcp_listen.iter().flat_map(|bound| self.reached(*bound, Transport::Tcp)));
        distinct(datagrams).into_iter().chain(distinct(streams)).collect()
    }

    /// Where clients that have nothing but TURN reach our media server through their relays: addresses of our own or of the operator's word.
    /// What STUN servers say is not among them, as it would open somebody else's port to whoever has a relay.
    pub(crate) fn services(&self, udp: &[SocketAddr]) -> Vec<SocketAddr> {
        let datagrams = udp.iter().flat_map(|bound| self.reached(*bound, Transport::Udp));
        distinct(datagrams).into_iter().map(|candidate| candidate.address).collect()
    }

    /// The addresses by which clients reach a listener.
    fn reached(&self, bound: SocketAddr, transport: Transport) -> impl Iterator<Item = Candidate> {
        let everywhere = bound.ip().is_unspecified() || (self.mapped && !bound.ip().is_loopback());
        let ips: Vec<IpAddr> = match everywhere {
            true => self.addresses.iter().filter(|ip| takes(bound, transport, **ip)).copied().collect(),
            false => vec![bound.ip()],
        };
        ips.into_iter().map(move |ip| Candidate { transport, address: SocketAddr::new(ip, bound.port()) })
    }

    /// A router that maps UDP is taken to map TCP as well, to the same port: nobody can be asked about that.
    fn seen_by_tcp(&self, bound: SocketAddr) -> impl Iterator<Item = Candidate> {
        let transport = Transport::Tcp;
        let ips = self.seen.iter().map(SocketAddr::ip);
        let ips = ips.filter(move |ip| takes(bound, transport, *ip) && (!bound.ip().is_loopback() || ip.is_loopback()));
        ips.map(move |ip| Candidate { transport, address: SocketAddr::new(ip, bound.port()) })
    }
}

/// Whether a listener takes clients of the family of `ip`. A TCP socket on all addresses of IPv6 takes IPv4 as well; UDP has a socket for each family.
fn takes(bound: SocketAddr, transport: Transport, ip: IpAddr) -> bool {
    let both = transport == Transport::Tcp && bound.ip().is_unspecified() && bound.is_ipv6();
    both || ip.is_ipv4() == bound.is_ipv4()
}

/// Each once, and no more than clients can pair.
fn distinct(all: impl Iterator<Item = Candidate>) -> Vec<Candidate> {
    let mut candidates = Vec::new();
    for candidate in all {
        if candidates.len() < CANDIDATES_MAX && !candidates.contains(&candidate) {
            candidates.push(candidate);
        }
    }
    candidates
}

/// Of each transport. Clients pair each of their addresses with each of these.
const CANDIDATES_MAX: usize = 8;

#[cfg(test)]
mod tests;
