//! Who asks, and what it may.

use axum::http::header::{AUTHORIZATION, HOST};
use axum::http::request::Parts;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use sha2::{Digest as _, Sha256};

use crate::admin::MANAGE;
use crate::clock;
use crate::http::api::token;
use crate::http::arrival::Arrival;
use crate::http::problem::Problem;
use crate::http::site::Site;

/// Who asks.
#[derive(Debug)]
pub(super) enum Caller {
    /// One of `live.api_users`, or who has a token of the operator for everything.
    Operator,
    /// A program of this machine, while nothing is configured that could tell it from others: it may look.
    Local,
    /// Anybody else.
    Stranger(Problem),
}

impl Caller {
    /// By what the request shows.
    pub(super) fn of(site: &Site, arrival: Arrival, parts: &Parts) -> Self {
        if let Some((name, password)) = basic(parts) {
            let mut users = site.config.live_api_users.0.iter();
            let known = users.any(|(known, secret)| is_same(known, &name) & is_same(secret.reveal(), &password));
            return if known { Self::Operator } else { Self::Stranger(Problem::TokenNeeded) };
        }
        if let Some(token) = token(parts) {
            return match room::token::verify(&site.manage_keys, &token, clock::unix_time()) {
                Err(error) => Self::Stranger(Problem::TokenRefused(error)),
                Ok(claims) if !claims.grants.iter().flatten().any(|grant| grant == MANAGE) => {
                    Self::Stranger(Problem::NotGranted)
                }
                Ok(claims) if claims.room != "*" => Self::Stranger(Problem::OtherRoom),
                Ok(_) => Self::Operator,
            };
        }
        let is_open = site.auth_keys.is_empty() && site.config.live_api_users.0.is_empty();
        if is_open && is_local(arrival, parts) { Self::Local } else { Self::Stranger(Problem::TokenNeeded) }
    }

    /// Whether it may look, or `changes` something.
    pub(super) fn check(self, changes: bool) -> Result<(), Problem> {
        match self {
            Self::Operator => Ok(()),
            Self::Local if !changes => Ok(()),
            Self::Local => Err(Problem::TokenNeeded),
            Self::Stranger(problem) => Err(problem),
        }
    }
}

/// From this machine to this machine, and not by way of a proxy, which would make everybody look so.
fn is_local(arrival: Arrival, parts: &Parts) -> bool {
    let ends = [arrival.local.ip(), arrival.remote.ip()];
    let is_passed_on =
        ["forwarded", "via", "x-forwarded-for", "x-real-ip"].iter().any(|name| parts.headers.contains_key(*name));
    // Another name may be that of a page which has it lead here. Programs of HTTP/1.0 name nobody.
    let is_named_so = match Arrival::authority(parts) {
        Some(authority) => is_own_name(authority.host()),
        None => !parts.headers.contains_key(HOST),
    };
    ends.iter().all(|end| end.to_canonical().is_loopback()) && !is_passed_on && is_named_so
}

fn is_own_name(host: &str) -> bool {
    let address = host.trim_matches(['[', ']']).parse::<std::net::IpAddr>();
    host.eq_ignore_ascii_case("localhost") || address.is_ok_and(|address| address.is_loopback())
}

/// RFC 7617.
fn basic(parts: &Parts) -> Option<(String, String)> {
    let value = parts.headers.get(AUTHORIZATION)?.to_str().ok()?;
    let (scheme, encoded) = value.split_once(' ')?;
    if !scheme.eq_ignore_ascii_case("basic") {
        return None;
    }
    let text = String::from_utf8(STANDARD.decode(encoded.trim()).ok()?).ok()?;
    text.split_once(':').map(|(name, password)| (name.to_owned(), password.to_owned()))
}

/// The time it takes does not say how much of them is the same.
fn is_same(one: &str, other: &str) -> bool {
    Sha256::digest(one.as_bytes()) == Sha256::digest(other.as_bytes())
}

#[cfg(test)]
mod tests;
