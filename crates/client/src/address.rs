//! Where a server and a room are: what people paste, as one connects to it.

use crate::Error;
use crate::dial::authority;

/// A room of a server, from the link that invites into it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RoomAddress {
    /// The WebSocket of the server.
    pub websocket: WebSocketAddress,
    /// The room's name, when the link has one.
    pub room: Option<String>,
    /// A token from the link.
    pub token: Option<String>,
}

/// Where a WebSocket is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WebSocketAddress {
    /// Whether TLS is spoken.
    pub tls: bool,
    /// A name or an address, without brackets.
    pub host: String,
    /// Of TCP.
    pub port: u16,
    /// Path and query.
    pub path: String,
}

/// Something that is reached by HTTP.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HttpAddress {
    /// Whether TLS is spoken.
    pub tls: bool,
    /// A name or an address, without brackets.
    pub host: String,
    /// Of TCP.
    pub port: u16,
    /// Path and query.
    pub target: String,
}

impl HttpAddress {
    /// Reads `http://HOST[:PORT]/PATH?QUERY`, or the same with `https`.
    ///
    /// # Errors
    /// When it has no host, another scheme or a port that is none, or a space or a control character in it.
    pub fn parse(url: &str) -> Result<Self, Error> {
        let fail = |reason: &str| Error::Url { url: url.to_owned(), reason: reason.to_owned() };
        let (scheme, rest) = url.split_once("://").unwrap_or(("", url));
        let tls = match scheme.to_ascii_lowercase().as_str() {
            "http" => false,
            "https" => true,
            _ => return Err(fail("the scheme must be http or https")),
        };
        if rest.chars().any(|c| c.is_control() || c.is_whitespace()) {
            return Err(fail("there is a space in it"));
        }
        let rest = rest.split('#').next().unwrap_or_default();
        let (authority, target) = rest.split_at(rest.find(['/', '?']).unwrap_or(rest.len()));
        let (host, port) = split_port(authority).ok_or_else(|| fail("the port is no number up to 65535"))?;
        if host.is_empty() {
            return Err(fail("there is no host in it"));
        }
        let slash = if target.starts_with('/') { "" } else { "/" };
        let port = port.unwrap_or(if tls { 443 } else { 80 });
        Ok(Self { tls, host: host.to_owned(), port, target: format!("{slash}{target}") })
    }

    /// Whether it is where streams are published or played, by its path.
    #[must_use]
    pub fn is_stream(&self) -> bool {
        let path = self.target.split('?').next().unwrap_or_default();
        ["/whip", "/whep"].iter().any(|part| path.contains(part))
    }

    /// Host and port for people and for HTTP.
    #[must_use]
    pub fn authority(&self) -> String {
        authority(&self.host, self.port)
    }
}

impl RoomAddress {
    /// Reads `http://HOST[:PORT]/r/ROOM`, with `https`, `ws` or `wss` as well, without a scheme as `http`; the room may be missing.
    ///
    /// # Errors
    /// When it has no host, another scheme or a port that is none.
    pub fn parse(url: &str) -> Result<Self, Error> {
        let fail = |reason: &str| Error::Url { url: url.to_owned(), reason: reason.to_owned() };
        let (scheme, rest) = url.split_once("://").unwrap_or(("http", url));
        let tls = match scheme.to_ascii_lowercase().as_str() {
            "http" | "ws" => false,
            "https" | "wss" => true,
            _ => return Err(fail("the scheme must be http, https, ws or wss")),
        };
        let rest = rest.split('#').next().unwrap_or_default();
        let (authority, path) = rest.split_at(rest.find(['/', '?']).unwrap_or(rest.len()));
        let (host, port) = split_port(authority).ok_or_else(|| fail("the port is no number up to 65535"))?;
        if host.is_empty() {
            return Err(fail("there is no host in it"));
        }
        let (path, query) = path.split_once('?').unwrap_or((path, ""));
        let room = path.split("/r/").nth(1).and_then(|rest| rest.split('/').next()).filter(|room| !room.is_empty());
        let token = query.split('&').find_map(|pair| pair.strip_prefix("token="));
        let port = port.unwrap_or(if tls { 443 } else { 80 });
        Ok(Self {
            websocket: WebSocketAddress { tls, host: host.to_owned(), port, path: "/ws".into() },
            room: room.map(decode_percent),
            token: token.map(decode_percent),
        })
    }
}

impl WebSocketAddress {
    /// Host and port for people and for name resolution.
    #[must_use]
    pub fn authority(&self) -> String {
        authority(&self.host, self.port)
    }

    /// The whole URL.
    #[must_use]
    pub fn url(&self) -> String {
        format!("{}://{}{}", if self.tls { "wss" } else { "ws" }, self.authority(), self.path)
    }
}

/// Host and port; an IPv6 address stands in brackets. `None` when the port is none.
pub(crate) fn split_port(authority: &str) -> Option<(&str, Option<u16>)> {
    let authority = authority.rsplit('@').next().unwrap_or(authority);
    if let Some((host, rest)) = authority.strip_prefix('[').and_then(|rest| rest.split_once(']')) {
        let port = rest.strip_prefix(':').map(str::parse).transpose().ok()?;
        return Some((host, port));
    }
    match authority.rsplit_once(':') {
        Some((host, port)) => Some((host, Some(port.parse().ok()?))),
        None => Some((authority, None)),
    }
}

/// RFC 3986 §2.1. What is no code stays as it is.
fn decode_percent(text: &str) -> String {
    let mut bytes = Vec::new();
    let mut rest = text.as_bytes();
    while let Some((&first, behind)) = rest.split_first() {
        let code = behind.first_chunk::<2>().filter(|_| first == b'%');
        let value = code.and_then(|digits| u8::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok());
        bytes.push(value.unwrap_or(first));
        rest = if value.is_some() { behind.get(2..).unwrap_or_default() } else { behind };
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

#[cfg(test)]
mod tests;
