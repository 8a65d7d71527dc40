//! Errors, each with its one code on the wire.

use std::ops::RangeInclusive;

/// Why a [`Config`](crate::Config) is refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ConfigError {
    #[error("relaying is on but there are neither users nor secrets: anybody could relay through this server")]
    NoCredentials,
    #[error("the realm must have 1 to {max} bytes, it has {bytes}", max = crate::config::REALM_BYTES_MAX)]
    RealmLength { bytes: usize },
    #[error("the relay ports {0:?} are no range, or hold port 0")]
    RelayPorts(RangeInclusive<u16>),
    #[error("the {kind} number {position} is empty")]
    EmptyCredential { kind: &'static str, position: usize },
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
