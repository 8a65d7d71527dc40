//! Addresses of this machine, and what counts as one client.

mod watch;

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use socket2::{Domain, Socket, Type};

use crate::config::Networks;

pub(crate) use self::watch::Watch;

/// Whom a limit per address counts: an IPv4 address, or the /64 network an IPv6 client can choose its addresses from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ClientNetwork(IpAddr);

impl From<IpAddr> for ClientNetwork {
    fn from(address: IpAddr) -> Self {
        match address.to_canonical() {
            IpAddr::V4(address) => Self(address.into()),
            IpAddr::V6(address) => Self(Ipv6Addr::from_bits(address.to_bits() & (u128::MAX << 64)).into()),
        }
    }
}

impl ClientNetwork {
    /// Its first address.
    pub(crate) fn address(self) -> IpAddr {
        self.0
    }
}

/// The addresses of this server at one time.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Standing {
    /// As [`own`].
    pub(crate) own: Vec<IpAddr>,
    /// As [`reachable`].
    pub(crate) reachable: Vec<IpAddr>,
    /// Under which addresses and ports others see our UDP ports, as STUN servers say.
    pub(crate) seen: Vec<SocketAddr>,
}

impl Standing {
    /// Looks at the interfaces; nobody has been asked.
    pub(crate) fn of_interfaces() -> Self {
        Self { own: own(), reachable: reachable(), seen: Vec::new() }
    }

    /// Each address that others see, once.
    pub(crate) fn seen_ips(&self) -> impl Iterator<Item = IpAddr> {
        let is_first =
            |(at, seen): &(usize, &SocketAddr)| !self.seen.iter().take(*at).any(|other| other.ip() == seen.ip());
        self.seen.iter().enumerate().filter(is_first).map(|(_, seen)| seen.ip())
    }
}

/// The addresses of this machine's interfaces under which others can reach it: no loopback and no link-local ones.
/// IPv4 first, and first of each family the one that faces the Internet.
#[must_use]
pub fn reachable() -> Vec<IpAddr> {
    let mut addresses: Vec<IpAddr> = own().into_iter().filter(|address| is_reachable(*address)).collect();
    let routed =
        [towards(Ipv4Addr::new(192, 0, 2, 1).into()), towards(Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, 1).into())];
    addresses.sort_by_key(|address| (address.is_ipv6(), !routed.contains(&Some(*address)), is_bridge(*address)));
    addresses
}

/// The address this machine sends from when it sends there. Connecting a UDP socket asks the routing table and sends nothing.
fn towards(destination: IpAddr) -> Option<IpAddr> {
    let destination = SocketAddr::from((destination, 9));
    let socket = Socket::new(Domain::for_address(destination), Type::DGRAM, None).ok()?;
    socket.connect(&destination.into()).ok()?;
    socket.local_addr().ok()?.as_socket().map(|address| address.ip())
}

/// Every address of this machine's interfaces, loopback and link-local ones too.
#[must_use]
pub fn own() -> Vec<IpAddr> {
    let mut addresses: Vec<IpAddr> = match if_addrs::get_if_addrs() {
        Ok(interfaces) => interfaces.iter().map(if_addrs::Interface::ip).collect(),
        Err(error) => {
            tracing::warn!("the addresses of this machine cannot be listed: {error}");
            vec![Ipv4Addr::LOCALHOST.into(), Ipv6Addr::LOCALHOST.into()]
        }
    };
    addresses.dedup();
    addresses
}

/// Whether the whole Internet can have a way there: neither private nor special.
#[must_use]
pub fn is_public(address: IpAddr) -> bool {
    !turn::is_special(address.to_canonical())
}

fn is_reachable(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => !address.is_loopback() && !address.is_link_local() && !address.is_unspecified(),
        IpAddr::V6(address) => !address.is_loopback() && !address.is_unicast_link_local() && !address.is_unspecified(),
    }
}

/// 172.17.0.0/16 is where container engines put the bridge to their containers: no phone comes in there, so it goes last.
fn is_bridge(address: IpAddr) -> bool {
    matches!(address, IpAddr::V4(address) if address.octets().starts_with(&[172, 17]))
}

/// Whether this server may connect there because of what somebody else has said: to public addresses, and to those the operator allows.
pub(crate) fn may_reach(allowed: &Networks, address: IpAddr) -> bool {
    let address = address.to_canonical();
    // 6to4 may lead to whatever IPv4 address it carries (RFC 3056).
    let tunnel = matches!(address, IpAddr::V6(v6) if v6.segments()[0] == 0x2002);
    allowed.contain(address) || !(tunnel || turn::is_special(address))
}

#[cfg(test)]
mod tests;
