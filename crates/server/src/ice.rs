//! The ICE servers a browser is told to use, with credentials made for it.

use std::net::{IpAddr, Ipv4Addr};
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use serde_json::{Value, json};
use turn::credentials;

use crate::config::is_host_name;

/// A host as it stands in a URL: a name, an IPv4 address, or an IPv6 address in brackets.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UrlHost(String);

impl UrlHost {
    /// Checks the host part of a URL or a `Host` header. `localhost` becomes 127.0.0.1: it may mean ::1 to the browser's resolver,
    /// where nothing needs to listen.
    #[must_use]
    pub fn parse(host: &str) -> Option<Self> {
        if host.eq_ignore_ascii_case("localhost") {
            return Some(Self(Ipv4Addr::LOCALHOST.to_string()));
        }
        let bare = host.strip_prefix('[').and_then(|host| host.strip_suffix(']')).unwrap_or(host);
        match bare.parse::<IpAddr>() {
            Ok(address) => Some(address.into()),
            Err(_) => is_host_name(host).then(|| Self(host.to_ascii_lowercase())),
        }
    }
}

impl From<IpAddr> for UrlHost {
    fn from(address: IpAddr) -> Self {
        match address.to_canonical() {
            IpAddr::V4(address) => Self(address.to_string()),
            IpAddr::V6(address) => Self(format!("[{address}]")),
        }
    }
}

impl std::fmt::Display for UrlHost {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

/// Makes lists of ICE servers.
#[derive(Debug)]
pub struct IceServers {
    /// Public name and addresses of the configuration; empty: the host the client itself used.
    pub hosts: Vec<UrlHost>,
    /// The port of STUN and TURN over UDP.
    pub udp_port: Option<u16>,
    /// The port of the second STUN listener.
    pub second_port: Option<u16>,
    /// The port of TURN over TCP.
    pub tcp_port: Option<u16>,
    /// The port of TURN over TLS.
    pub tls_port: Option<u16>,
    /// How credentials are made; it changes while the server runs.
    pub minting: RwLock<Minting>,
}

/// How credentials are made.
#[derive(Debug, Clone)]
pub struct Minting {
    /// What signs them; none: TURN is off.
    pub secret: Option<credentials::Secret>,
    /// How long they are valid.
    pub lifetime: Duration,
}

impl IceServers {
    /// How credentials are made at this moment.
    #[must_use]
    pub fn minting(&self) -> Minting {
        self.minting.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// From here on credentials are made so. Those that were handed out are good as long as their secret is accepted.
    pub fn set_minting(&self, minting: Minting) {
        *self.minting.write().unwrap_or_else(PoisonError::into_inner) = minting;
    }

    /// The `iceServers` of an `RTCConfiguration`: TURN first, UDP before TCP before TLS, so that a client that reads one URL reads the best.
    /// The credentials count for `user`, and for `room` where there is one.
    #[must_use]
    pub fn mint(&self, asked: &UrlHost, user: &str, room: Option<&str>, unix_time: Duration) -> Value {
        let mut servers = Vec::new();
        let hosts = self.hosts(asked);
        let Minting { secret, lifetime } = self.minting();
        if let Some(secret) = &secret {
            let room = room.map(|room| format!("#{}", credentials::room_tag(secret, room))).unwrap_or_default();
            let username = credentials::rest_username(unix_time + lifetime, &format!("{user}{room}"));
            let password = credentials::rest_password(secret, &username);
            let urls: Vec<String> = hosts.iter().flat_map(|host| self.turn_urls(host)).collect();
            if !urls.is_empty() {
                servers.push(json!({ "urls": urls, "username": username, "credential": password.expose() }));
            }
        }
        if let Some(port) = self.udp_port {
            let urls: Vec<String> = hosts.iter().map(|host| format!("stun:{host}:{port}")).collect();
            servers.push(json!({ "urls": urls }));
        }
        Value::Array(servers)
    }

    /// The STUN URLs of both UDP ports, for a look at the NAT.
    #[must_use]
    pub fn stun_urls(&self, asked: &UrlHost) -> Vec<String> {
        let host = self.hosts(asked).first().cloned().unwrap_or_else(|| asked.clone());
        [self.udp_port, self.second_port].into_iter().flatten().map(|port| format!("stun:{host}:{port}")).collect()
    }

    fn turn_urls(&self, host: &UrlHost) -> impl Iterator<Item = String> {
        let udp = self.udp_port.map(|port| format!("turn:{host}:{port}?transport=udp"));
        let tcp = self.tcp_port.or(self.tls_port).map(|port| format!("turn:{host}:{port}?transport=tcp"));
        let tls = self.tls_port.map(|port| format!("turns:{host}:{port}?transport=tcp"));
        [udp, tcp, tls].into_iter().flatten()
    }

    fn hosts(&self, asked: &UrlHost) -> Vec<UrlHost> {
        if self.hosts.is_empty() { vec![asked.clone()] } else { self.hosts.clone() }
    }
}

/// What one connection is told in each of its rooms.
#[derive(Debug)]
pub struct Lease {
    /// What makes the lists.
    pub ice: Arc<IceServers>,
    /// The host that the connection has asked.
    pub asked: UrlHost,
    /// Whom its credentials count for.
    pub user: String,
}

impl room::IceServers for Lease {
    fn mint(&self, room: &str, unix_time: Duration) -> Value {
        self.ice.mint(&self.asked, &self.user, Some(room), unix_time)
    }
}

#[cfg(test)]
mod tests;
