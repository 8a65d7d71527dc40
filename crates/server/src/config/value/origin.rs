//! Origins of web pages (RFC 6454).

use toml::Value as Toml;

use super::{is_host_name, words_of};
use crate::config::setting::Value;

/// Origins of other people's pages that may do something with ours.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Origins(Vec<String>);

impl Origins {
    /// Whether the value of an `Origin` header is among them.
    #[must_use]
    pub fn contain(&self, origin: &str) -> bool {
        self.0.iter().any(|allowed| allowed == "*" || allowed.eq_ignore_ascii_case(origin))
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// As sources of a Content-Security-Policy (CSP3 §2.3.1).
    #[must_use]
    pub fn sources(&self) -> String {
        if self.is_empty() { "'none'".to_owned() } else { self.0.join(" ") }
    }
}

impl Value for Origins {
    const KIND: &'static str = "list of origins, \"*\" for any";

    fn from_toml(value: &Toml) -> Result<Self, String> {
        let expected = || "a list of origins such as [\"https://www.example.org\"], or \"*\" for any".to_owned();
        let words = words_of(value).ok_or_else(expected)?;
        if words.iter().all(|word| word == "*" || is_origin(word)) { Ok(Self(words)) } else { Err(expected()) }
    }
}

fn is_origin(text: &str) -> bool {
    let Some(authority) = text.strip_prefix("https://").or_else(|| text.strip_prefix("http://")) else { return false };
    let Ok(authority) = authority.parse::<axum::http::uri::Authority>() else { return false };
    let host = authority.host();
    let bracketed = host.strip_prefix('[').and_then(|host| host.strip_suffix(']'));
    !authority.as_str().contains('@')
        && (is_host_name(host) || bracketed.is_some_and(|host| host.parse::<std::net::Ipv6Addr>().is_ok()))
}
