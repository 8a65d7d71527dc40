//! STUN servers.

use std::fmt;
use std::net::Ipv6Addr;

use toml::Value as Toml;

use super::{is_host_name, words_of};
use crate::config::setting::Value;

/// A STUN server over UDP, by name or address.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StunServer {
    /// Without brackets.
    pub host: String,
    /// 3478 unless said otherwise.
    pub port: u16,
}

impl StunServer {
    /// Reads `host`, `host:port` or `[address]:port`, with `stun:` before it or not (RFC 7064).
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let text = text.strip_prefix("stun:").unwrap_or(text);
        if let Some(rest) = text.strip_prefix('[') {
            let (address, port) = rest.split_once(']')?;
            let address: Ipv6Addr = address.parse().ok()?;
            let port = if port.is_empty() { Some(PORT) } else { port.strip_prefix(':')?.parse().ok() };
            return port.filter(|port| *port > 0).map(|port| Self { host: address.to_string(), port });
        }
        let (host, port) = match text.split_once(':') {
            Some((host, port)) => (host, port.parse().ok()?),
            None => (text, PORT),
        };
        (is_host_name(host) && port > 0).then(|| Self { host: host.to_owned(), port })
    }
}

impl fmt::Display for StunServer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.host.contains(':') {
            write!(f, "[{}]:{}", self.host, self.port)
        } else {
            write!(f, "{}:{}", self.host, self.port)
        }
    }
}

/// STUN servers, the first that answers is believed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StunServers(pub Vec<StunServer>);

impl Value for StunServers {
    const KIND: &'static str = "list of STUN servers";

    fn from_toml(value: &Toml) -> Result<Self, String> {
        let expected = || {
            format!("a list of at most {} STUN servers such as [\"stun.example.org:3478\"]", turn::Inquiry::SERVERS_MAX)
        };
        let servers = words_of(value).ok_or_else(expected)?;
        if servers.len() > turn::Inquiry::SERVERS_MAX {
            return Err(expected());
        }
        servers.iter().map(|text| StunServer::parse(text).ok_or_else(expected)).collect::<Result<_, _>>().map(Self)
    }
}

/// RFC 8489 §8.
const PORT: u16 = 3478;

#[cfg(test)]
mod tests;
