//! The addresses of RFC 8656 §2, as different types: a client, a peer and a relay can never be taken for each other.

use std::fmt;
use std::hash::{Hash, Hasher};
use std::net::{IpAddr, SocketAddr};

/// What carries the messages between client and server.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Transport {
    /// Datagrams.
    Udp,
    /// A byte stream.
    Tcp,
    /// A byte stream inside TLS.
    Tls,
}

impl Transport {
    /// Every transport.
    pub const ALL: [Self; 3] = [Self::Udp, Self::Tcp, Self::Tls];

    /// Whether messages are frames of a byte stream, where ChannelData is padded to four bytes (RFC 8656 §12.5).
    pub fn is_stream(self) -> bool {
        matches!(self, Self::Tcp | Self::Tls)
    }
}

/// An address family of a relayed transport address (RFC 8656 §18.5).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Family {
    /// IPv4, 0x01 on the wire.
    V4,
    /// IPv6, 0x02 on the wire.
    V6,
}

impl Family {
    /// Both, the older first.
    pub const ALL: [Self; 2] = [Self::V4, Self::V6];

    /// The family of `ip`.
    pub fn of(ip: IpAddr) -> Self {
        match ip {
            IpAddr::V4(_) => Self::V4,
            IpAddr::V6(_) => Self::V6,
        }
    }
}

/// The 5-tuple (RFC 8656 §2): where a client's messages come from and which of our addresses they reach.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct ClientAddr {
    /// What carries its messages.
    pub transport: Transport,
    /// Our end, as the client reached it.
    pub local: SocketAddr,
    /// The client's end, as we see it: its server-reflexive transport address.
    pub remote: SocketAddr,
}

impl ClientAddr {
    /// The client's IP address; IPv4 also where a dual-stack socket wrote it as `::ffff:a.b.c.d`.
    pub fn ip(&self) -> IpAddr {
        self.remote.ip().to_canonical()
    }
}

/// In whole words, as it is hashed for every datagram: fields one by one take a hasher several times as long. Flow label and scope stay out.
impl Hash for ClientAddr {
    fn hash<H: Hasher>(&self, state: &mut H) {
        let ports = u64::from(self.local.port()) << 16 | u64::from(self.remote.port());
        state.write_u64((self.transport as u64) << 32 | ports);
        if let (IpAddr::V4(local), IpAddr::V4(remote)) = (self.local.ip(), self.remote.ip()) {
            state.write_u64(u64::from(local.to_bits()) << 32 | u64::from(remote.to_bits()));
        } else {
            for ip in [self.local.ip(), self.remote.ip()] {
                let bits = match ip {
                    IpAddr::V4(v4) => u128::from(v4.to_bits()),
                    IpAddr::V6(v6) => v6.to_bits(),
                };
                state.write_u128(bits);
            }
        }
    }
}

impl fmt::Display for ClientAddr {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?} {} -> {}", self.transport, self.remote, self.local)
    }
}

/// The transport address of a peer. Flow label and scope are no part of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PeerAddr(SocketAddr);

impl PeerAddr {
    /// The peer at `address`.
    pub fn new(address: SocketAddr) -> Self {
        Self(SocketAddr::new(address.ip(), address.port()))
    }

    /// The address to send to.
    pub fn socket_addr(self) -> SocketAddr {
        self.0
    }

    /// The IP address, which is what permissions are about (RFC 8656 §9).
    pub fn ip(self) -> IpAddr {
        self.0.ip()
    }

    /// The UDP port.
    pub fn port(self) -> u16 {
        self.0.port()
    }

    /// The family of the address.
    pub fn family(self) -> Family {
        Family::of(self.0.ip())
    }
}

impl fmt::Display for PeerAddr {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// One relay socket: its family and port. The address that clients are told is `Config::relay_v4` or `relay_v6` with this
/// port; the address to bind is the business of whoever owns the sockets.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RelayAddr {
    /// Of the socket, and of every peer behind it.
    pub family: Family,
    /// The relay port, the same inside and outside.
    pub port: u16,
}
