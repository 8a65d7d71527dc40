//! Users with passwords, and the time-limited usernames that share a secret with whoever mints them ("TURN REST API").
//!
//! A time-limited username is `EXPIRY:USER`, EXPIRY in Unix seconds; its password is
//! `base64(HMAC-SHA1(secret, username))`. What stands in USER behind the last `#` is its room.

use std::fmt;
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit, Mac};
use sha1::Sha1;
use sha2::Sha256;

/// Who may allocate. Static users and REST secrets work side by side.
#[derive(Debug, Clone, Default)]
pub struct Credentials {
    /// Names and their passwords.
    pub users: Vec<(String, Password)>,
    /// Secrets of time-limited usernames; several, so that they can be rotated.
    pub rest_secrets: Vec<Secret>,
}

impl Credentials {
    /// Whether nobody can be authenticated.
    pub fn is_empty(&self) -> bool {
        self.users.is_empty() && self.rest_secrets.is_empty()
    }
}

/// A password. It does not show in logs.
#[derive(Clone, PartialEq, Eq)]
pub struct Password(String);

impl Password {
    /// A password as its user types it.
    pub fn new(password: impl Into<String>) -> Self {
        Self(password.into())
    }

    /// The password itself, to hand to its user.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Password {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Password(…)")
    }
}

/// A secret that passwords of time-limited usernames are made from. It does not show in logs.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(Vec<u8>);

impl Secret {
    /// A secret of any bytes; long and random ones keep what they promise.
    pub fn new(secret: impl Into<Vec<u8>>) -> Self {
        Self(secret.into())
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(…)")
    }
}

/// The username that is good until `expiry` (Unix time) and counts towards the quota of `user`.
pub fn rest_username(expiry: Duration, user: &str) -> String {
    format!("{}:{user}", expiry.as_secs())
}

/// What a username calls a room: the name itself may be all that one needs to get in, and usernames travel in the clear.
pub fn room_tag(secret: &Secret, room: &str) -> String {
    let mut mac = Hmac::<Sha256>::new_from_slice(&secret.0).expect("HMAC takes keys of any length");
    mac.update(b"room ");
    mac.update(room.as_bytes());
    let tag = mac.finalize().into_bytes();
    tag.iter().take(ROOM_TAG_BYTES).map(|byte| format!("{byte:02x}")).collect()
}

/// The password of a time-limited username.
pub fn rest_password(secret: &Secret, username: &str) -> Password {
    let mut mac = Hmac::<Sha1>::new_from_slice(&secret.0).expect("HMAC takes keys of any length");
    mac.update(username.as_bytes());
    Password(STANDARD.encode(mac.finalize().into_bytes()))
}

/// A time-limited username taken apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RestUsername<'a> {
    /// Unix time after which it is good for nothing.
    pub expiry: Duration,
    /// Whom it counts for; the whole username where nobody is named.
    pub user: &'a str,
    /// The room that it names.
    pub room: Option<&'a str>,
}

impl<'a> RestUsername<'a> {
    /// `EXPIRY:USER#ROOM`, `EXPIRY:USER` or `EXPIRY`; none for anything else.
    pub fn parse(username: &'a str) -> Option<Self> {
        let (expiry, user) = match username.split_once(':') {
            Some((expiry, user)) if !user.is_empty() => (expiry, user),
            Some((expiry, _)) => (expiry, username),
            None => (username, username),
        };
        // `u64::from_str` would take a leading plus sign.
        if expiry.is_empty() || !expiry.bytes().all(|byte| byte.is_ascii_digit()) {
            return None;
        }
        let room = user.rsplit_once('#').map(|(_, room)| room).filter(|room| !room.is_empty());
        Some(Self { expiry: Duration::from_secs(expiry.parse().ok()?), user, room })
    }
}

/// Rooms of one server do not meet by chance: one in a million among six million.
const ROOM_TAG_BYTES: usize = 8;

#[cfg(test)]
mod tests;
