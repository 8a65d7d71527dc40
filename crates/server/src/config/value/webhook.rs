//! Settings of webhooks.

use std::fmt;

use axum::http::Uri;
use toml::Value as Toml;

use super::secret::Secret;
use super::{text_of, words_of};
use crate::config::setting::Value;

/// An `http` or `https` URL with a host. Its path may hold a secret, so only the host is shown.
#[derive(Clone, PartialEq, Eq)]
pub struct WebhookUrl {
    tls: bool,
    host: String,
    port: u16,
    target: String,
}

impl WebhookUrl {
    /// Reads a URL without user and fragment.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let uri: Uri = text.parse().ok()?;
        let tls = match uri.scheme_str()? {
            "http" => false,
            "https" => true,
            _ => return None,
        };
        let authority = uri.authority().filter(|authority| !authority.as_str().contains('@'))?;
        let host = authority.host();
        if host.is_empty() || text.contains('#') {
            return None;
        }
        let port = authority.port_u16().unwrap_or(if tls { 443 } else { 80 });
        let target = uri.path_and_query().map_or("/", |target| target.as_str()).to_owned();
        Some(Self { tls, host: host.to_owned(), port, target })
    }

    /// Whether it is `https`.
    pub(crate) fn is_tls(&self) -> bool {
        self.tls
    }

    /// As in the URL: IPv6 addresses in brackets.
    #[must_use]
    pub fn host(&self) -> &str {
        &self.host
    }

    /// The host as the resolver wants it.
    pub(crate) fn bare_host(&self) -> &str {
        self.host.trim_start_matches('[').trim_end_matches(']')
    }

    /// As said, or the scheme's.
    pub(crate) fn port(&self) -> u16 {
        self.port
    }

    /// Path and query.
    pub(crate) fn target(&self) -> &str {
        &self.target
    }
}

impl fmt::Debug for WebhookUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "WebhookUrl({}:{}, path not shown)", self.host, self.port)
    }
}

/// Where events of rooms are posted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WebhookUrls(pub Vec<WebhookUrl>);

impl Value for WebhookUrls {
    const KIND: &'static str = "list of URLs";
    /// A path may hold a key.
    const SECRET: bool = true;

    fn from_toml(value: &Toml) -> Result<Self, String> {
        let expected =
            || format!("a list of at most {URLS_MAX} http or https URLs such as [\"https://app.example.org/parlor\"]");
        let words = words_of(value).filter(|words| words.len() <= URLS_MAX).ok_or_else(expected)?;
        words.iter().map(|text| WebhookUrl::parse(text).ok_or_else(expected)).collect::<Result<_, _>>().map(Self)
    }
}

/// The secret that signs webhooks, or none.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WebhookSecret(pub Option<Secret>);

impl Value for WebhookSecret {
    const KIND: &'static str = "secret, \"\" for none";
    const SECRET: bool = true;

    fn from_toml(value: &Toml) -> Result<Self, String> {
        let text = text_of(value).filter(|text| text.is_empty() || text.len() >= SECRET_BYTES_MIN);
        let text = text.ok_or_else(|| format!("a text of at least {SECRET_BYTES_MIN} bytes"))?;
        Ok(Self((!text.is_empty()).then(|| Secret::new(text))))
    }
}

/// Each has a task and a queue.
const URLS_MAX: usize = 16;
/// As long as the hash (RFC 2104 section 3).
const SECRET_BYTES_MIN: usize = 32;
