//! Errors, each with its one code on the wire.

use std::net::{IpAddr, SocketAddr};
use std::ops::RangeInclusive;

/// Why a [`Config`](crate::Config) is refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ConfigError {
    /// Relaying without credentials would be an open relay.
    #[error("relaying is on but there are neither users nor secrets: anybody could relay through this server")]
    NoCredentials,
    /// The realm is empty or too long.
    #[error("the realm must have 1 to {max} bytes, it has {bytes}", max = crate::config::REALM_BYTES_MAX)]
    RealmLength {
        /// Its length.
        bytes: usize,
    },
    /// The range of relay ports is empty, or holds port 0.
    #[error("the relay ports {0:?} are no range, or hold port 0")]
    RelayPorts(RangeInclusive<u16>),
    /// A user, password or secret is empty.
    #[error("the {kind} number {position} is empty")]
    EmptyCredential {
        /// `user` or `secret`.
        kind: &'static str,
        /// Its place in the list, from 1.
        position: usize,
    },
    /// Two users have one name.
    #[error("the user {0:?} is listed twice")]
    DuplicateUser(String),
}

/// Why a relay socket could not be bound.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum RelayBindError {
    /// Another program has the port, so another port may do.
    #[error("the port is in use")]
    InUse,
    /// No port will do: out of file descriptors, no such address.
    #[error("no relay socket can be bound")]
    Unavailable,
}

/// Why a request is refused. What the client is told is [`Reject::code`] and, once it is authenticated, the text.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Reject {
    #[error(transparent)]
    BadRequest(#[from] BadRequest),
    #[error("Unauthorized")]
    Unauthorized,
    #[error("No relaying here")]
    RelayingOff,
    #[error("Peer {0} is forbidden")]
    ForbiddenPeer(IpAddr),
    #[error("Peer {0} is not relayed by this server, which has no relay ports to reach others by")]
    UnrelayedPeer(IpAddr),
    #[error("Mobility Forbidden")]
    MobilityForbidden,
    #[error("Unknown Attributes")]
    UnknownAttributes(Vec<u16>),
    #[error("No allocation on this 5-tuple")]
    NoAllocation,
    #[error("The 5-tuple has an allocation")]
    AllocationExists,
    #[error("Stale Nonce")]
    StaleNonce,
    #[error("Address family not relayed here")]
    AddressFamilyNotSupported,
    #[error("The allocation belongs to another user")]
    WrongCredentials,
    #[error("Protocol {0} is not relayed here")]
    UnsupportedTransport(u8),
    #[error("No relayed address of that family")]
    PeerAddressFamilyMismatch,
    #[error(transparent)]
    LimitReached(#[from] Limit),
    #[error("No such reservation")]
    NoReservation,
    #[error("This server takes no new allocations")]
    Draining,
    #[error("This server takes no new allocations; another does")]
    TryAlternate(SocketAddr),
}

impl Reject {
    /// The one table from errors to the codes of RFC 8489 §14.8, RFC 8656 §19 and RFC 8016 §3.4.
    pub(crate) fn code(&self) -> u16 {
        match self {
            Self::TryAlternate(_) => 300,
            Self::BadRequest(_) => 400,
            Self::Unauthorized => 401,
            Self::RelayingOff | Self::ForbiddenPeer(_) | Self::UnrelayedPeer(_) => 403,
            Self::MobilityForbidden => 405,
            Self::UnknownAttributes(_) => 420,
            Self::NoAllocation | Self::AllocationExists => 437,
            Self::StaleNonce => 438,
            Self::AddressFamilyNotSupported => 440,
            Self::WrongCredentials => 441,
            Self::UnsupportedTransport(_) => 442,
            Self::PeerAddressFamilyMismatch => 443,
            Self::LimitReached(limit) => limit.code(),
            Self::NoReservation | Self::Draining => 508,
        }
    }
}

/// A limit that has been reached.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Limit {
    /// `Limits::allocations_total`
    #[error("The server has as many allocations as it may")]
    Allocations,
    /// `Limits::allocations_per_user`
    #[error("The user has as many allocations as allowed")]
    AllocationsOfUser,
    /// `Limits::allocations_per_address`
    #[error("The address has as many allocations as allowed")]
    AllocationsOfAddress,
    /// `Config::relay_ports`, or the system's limits: no socket to be had.
    #[error("No relay port to be had")]
    Ports,
    /// `Limits::permissions_per_allocation`
    #[error("The allocation has as many permissions as it may")]
    Permissions,
    /// `Limits::channels_per_allocation`
    #[error("The allocation has as many channels as it may")]
    Channels,
    /// `Limits::new_peers`
    #[error("Too many peers at once")]
    NewPeers,
}

impl Limit {
    /// Every limit.
    pub const ALL: [Self; 7] = [
        Self::Allocations,
        Self::AllocationsOfUser,
        Self::AllocationsOfAddress,
        Self::Ports,
        Self::Permissions,
        Self::Channels,
        Self::NewPeers,
    ];

    /// RFC 8656 §7.2: 486 for the client's own, 508 for the server's.
    pub(crate) fn code(self) -> u16 {
        match self {
            Self::AllocationsOfUser | Self::AllocationsOfAddress => 486,
            Self::Allocations | Self::Ports | Self::Permissions | Self::Channels | Self::NewPeers => 508,
        }
    }
}

/// What is wrong with a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum BadRequest {
    #[error("Attribute {0:#06x} cannot be read")]
    Attribute(u16),
    #[error("Attribute {0:#06x} is missing")]
    Missing(u16),
    #[error("Attributes {0:#06x} and {1:#06x} exclude each other")]
    Contradiction(u16, u16),
    #[error("PASSWORD-ALGORITHMS is not what the server sent")]
    PasswordAlgorithms,
    #[error("ADDITIONAL-ADDRESS-FAMILY must be IPv6")]
    AdditionalFamily,
    #[error("Channel {0:#06x} is out of range")]
    ChannelNumber(u16),
    #[error("Channel {0:#06x} is bound to another peer")]
    ChannelInUse(u16),
    #[error("The peer is bound to channel {0:#06x}")]
    PeerInUse(u16),
    #[error("The ticket is not good here")]
    Ticket,
    #[error("Port 0 is no peer")]
    PeerPort,
}
