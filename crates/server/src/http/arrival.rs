//! How a request came here: from whom, over what, and under which name it asked for us.

use std::net::{IpAddr, SocketAddr};

use axum::http::header::HOST;
use axum::http::request::Parts;
use axum::http::uri::Authority;
use axum::http::{HeaderMap, Uri};

use crate::config::Networks;
use crate::ice::UrlHost;

/// The connection a request came on. The accept loop puts it into the request's extensions.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Arrival {
    /// Our end.
    pub(crate) local: SocketAddr,
    /// The other end: the client, or a proxy.
    pub(crate) remote: SocketAddr,
}

impl Arrival {
    /// The client's address: the other end, or what the proxies we trust say about it. Each proxy appends the address it was reached from
    /// to `X-Forwarded-For`, so the last one that is not itself a trusted proxy is the client; what stands before it, anybody may have written.
    pub(crate) fn client(&self, headers: &HeaderMap, trusted: &Networks) -> IpAddr {
        let mut client = self.remote.ip().to_canonical();
        let values: Vec<&str> =
            headers.get_all("x-forwarded-for").iter().filter_map(|value| value.to_str().ok()).collect();
        for text in values.iter().rev().flat_map(|value| value.rsplit(',')) {
            if !trusted.contain(client) {
                break;
            }
            let Ok(before) = text.trim().parse::<IpAddr>() else { break };
            client = before.to_canonical();
        }
        client
    }

    /// Host and port under which the client asked for us.
    pub(crate) fn authority(parts: &Parts) -> Option<Authority> {
        authority(&parts.uri, &parts.headers)
    }

    /// The same, when it is of a form that may stand in a header of ours: the grammar of authorities has `;`, `,` and `*`, which mean
    /// something else there.
    pub(crate) fn shown_authority(parts: &Parts) -> Option<String> {
        let authority = Self::authority(parts).filter(|authority| UrlHost::parse(authority.host()).is_some())?;
        let port = authority.port_u16().map(|port| format!(":{port}")).unwrap_or_default();
        Some(format!("{}{port}", authority.host()))
    }

    /// The host for URLs that lead back here: as the client asked for it, or our end of the connection.
    pub(crate) fn url_host(&self, parts: &Parts) -> UrlHost {
        let asked = Self::authority(parts).and_then(|authority| UrlHost::parse(authority.host()));
        asked.unwrap_or_else(|| self.local.ip().into())
    }
}

/// HTTP/2 and absolute URIs have it in the request target, HTTP/1.1 in `Host` (RFC 9110 §7.2).
pub(crate) fn authority(uri: &Uri, headers: &HeaderMap) -> Option<Authority> {
    if let Some(authority) = uri.authority() {
        return Some(authority.clone());
    }
    headers.get(HOST)?.to_str().ok()?.parse().ok()
}

#[cfg(test)]
mod tests;
