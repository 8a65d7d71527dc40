//! Where a TURN server is, and who one is there.

use std::fmt;
use std::net::{SocketAddr, ToSocketAddrs as _};
use std::time::Duration;

use turn::credentials::{Secret, rest_password, rest_username};

use crate::address::split_port;
use crate::dial::authority;
use crate::{Error, Trust};

/// What carries a client's messages to the server.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Transport {
    /// Datagrams.
    Udp,
    /// A connection.
    Tcp,
    /// An encrypted connection.
    Tls,
}

/// A TURN server, as RFC 7065 writes it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TurnAddress {
    /// A name or an address, without brackets.
    pub host: String,
    /// Of UDP or TCP.
    pub port: u16,
    /// How it is reached.
    pub transport: Transport,
}

/// A name and its password. The password does not show in logs.
#[derive(Clone, PartialEq, Eq)]
pub struct User {
    /// As the server knows it.
    pub name: String,
    /// What proves it.
    pub password: String,
}

/// How to get in.
#[derive(Debug, Clone)]
pub struct Door {
    /// The server.
    pub address: TurnAddress,
    /// Which certificates are good enough, where there is TLS.
    pub trust: Trust,
    /// Whom the allocations belong to.
    pub user: User,
}

impl TurnAddress {
    /// Reads `turn:HOST[:PORT][?transport=udp|tcp]` or `turns:HOST[:PORT]`.
    ///
    /// # Errors
    /// When it is no such URI. TURN over DTLS is not spoken.
    pub fn parse(uri: &str) -> Result<Self, Error> {
        let fail = |reason: &str| Error::Url { url: uri.to_owned(), reason: reason.to_owned() };
        let (scheme, rest) = uri.split_once(':').unwrap_or(("", uri));
        let (place, query) = rest.split_once('?').map_or((rest, None), |(place, query)| (place, Some(query)));
        let (default_port, transport) = match (scheme.to_ascii_lowercase().as_str(), query) {
            ("turn", None | Some("transport=udp")) => (3478, Transport::Udp),
            ("turn", Some("transport=tcp")) => (3478, Transport::Tcp),
            ("turns", None | Some("transport=tcp")) => (5349, Transport::Tls),
            ("turn" | "turns", Some(_)) => {
                return Err(fail("what stands behind ? must be transport=udp or transport=tcp"));
            }
            _ => return Err(fail("it must begin with turn: or turns:")),
        };
        let (host, port) = split_port(place).ok_or_else(|| fail("the port is no number up to 65535"))?;
        if host.is_empty() {
            return Err(fail("there is no host in it"));
        }
        Ok(Self { host: host.to_owned(), port: port.unwrap_or(default_port), transport })
    }

    /// The first address that its name has.
    ///
    /// # Errors
    /// When it has none.
    pub(super) fn resolve(&self) -> Result<SocketAddr, Error> {
        let found = (self.host.as_str(), self.port).to_socket_addrs();
        let fail = |source| Error::Connect { address: authority(&self.host, self.port), source };
        let nothing = || fail(std::io::ErrorKind::NotFound.into());
        found.map_err(fail)?.next().ok_or_else(nothing)
    }
}

impl User {
    /// One whose name ends at a time and whose password comes of a secret that the server has as well (TURN REST API).
    #[must_use]
    pub fn from_secret(secret: &str, name: &str, unix_expiry: Duration) -> Self {
        let name = rest_username(unix_expiry, name);
        let password = rest_password(&Secret::new(secret), &name).expose().to_owned();
        Self { name, password }
    }
}

impl fmt::Debug for User {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("User").field("name", &self.name).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
