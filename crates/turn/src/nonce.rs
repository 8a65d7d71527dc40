//! Nonces that need no memory: the time of issue and a MAC over it and the client's address (RFC 8489 §9.2).
//!
//! `[cookie and features, 13 characters] tick, 3 characters, MAC, 8 characters`, in the base64 alphabet. A tick is four
//! seconds; the characters hold its low 18 bits, which come round after twelve days, the MAC covers all of it.

use std::net::IpAddr;
use std::time::{Duration, Instant};

use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

use crate::address::{ClientAddr, Transport};

/// Makes and checks nonces.
#[derive(Clone)]
pub(crate) struct NonceMint {
    key: [u8; 32],
    epoch: Instant,
    lifetime: Duration,
}

/// Which features of RFC 8489 a nonce announces (§9.2, §18.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Features {
    /// None: the nonce of RFC 5389, shorter by the cookie.
    None,
    /// Password algorithms.
    PasswordAlgorithms,
    /// Password algorithms and username anonymity.
    PasswordAlgorithmsAndUserhash,
}

impl Features {
    /// The nonce cookie and the security feature bits, the first bit being the most significant.
    fn prefix(self) -> &'static str {
        match self {
            Self::None => "",
            Self::PasswordAlgorithms => "obMatJos2gAAA",
            Self::PasswordAlgorithmsAndUserhash => "obMatJos2wAAA",
        }
    }

    /// Whether a nonce announces password algorithms; any nonce, also one that is not ours.
    pub(crate) fn announces_password_algorithms(nonce: &str) -> bool {
        let first_feature = nonce.strip_prefix(NONCE_COOKIE).and_then(|rest| rest.bytes().next());
        // The first of six bits of the first character.
        first_feature.and_then(sixbit_value).is_some_and(|value| value & 0x20 != 0)
    }
}

impl NonceMint {
    pub(crate) fn new(key: [u8; 32], epoch: Instant, lifetime: Duration) -> Self {
        Self { key, epoch, lifetime: lifetime.min(LIFETIME_MAX) }
    }

    pub(crate) fn mint(&self, now: Instant, client: &ClientAddr, features: Features) -> String {
        self.write(self.tick(now), client, features)
    }

    /// Whether the nonce was issued to this client within the lifetime.
    pub(crate) fn verify(&self, now: Instant, client: &ClientAddr, nonce: &str) -> bool {
        let features = [Features::None, Features::PasswordAlgorithms, Features::PasswordAlgorithmsAndUserhash];
        let Some(features) = features.into_iter().find(|features| {
            nonce.len() == features.prefix().len() + TICK_CHARS + MAC_CHARS && nonce.starts_with(features.prefix())
        }) else {
            return false;
        };
        let Some(low_bits) = nonce.get(features.prefix().len()..).and_then(tick_value) else { return false };
        let tick_now = self.tick(now);
        let age_ticks = tick_now.wrapping_sub(low_bits) & TICK_MASK;
        let Some(tick) = tick_now.checked_sub(age_ticks) else { return false };
        TICK * u32::try_from(age_ticks).unwrap_or(u32::MAX) < self.lifetime
            && constant_time_eq(self.write(tick, client, features).as_bytes(), nonce.as_bytes())
    }

    fn tick(&self, now: Instant) -> u64 {
        now.saturating_duration_since(self.epoch).as_secs() / TICK.as_secs()
    }

    fn write(&self, tick: u64, client: &ClientAddr, features: Features) -> String {
        let mut nonce = String::with_capacity(NONCE_CHARS_MAX);
        nonce.push_str(features.prefix());
        push_sixbits(&mut nonce, tick & TICK_MASK, TICK_CHARS);
        let mac = self.mac(tick, client, features);
        push_sixbits(&mut nonce, mac, MAC_CHARS);
        nonce
    }

    fn mac(&self, tick: u64, client: &ClientAddr, features: Features) -> u64 {
        let mut mac = Hmac::<Sha256>::new_from_slice(&self.key).expect("HMAC takes keys of any length");
        mac.update(features.prefix().as_bytes());
        mac.update(&tick.to_be_bytes());
        mac.update(match client.transport {
            Transport::Udp => b"u",
            Transport::Tcp => b"t",
            Transport::Tls => b"s",
        });
        mac.update(&client.remote.port().to_be_bytes());
        mac.update(&match client.ip() {
            IpAddr::V4(v4) => v4.to_ipv6_mapped().octets(),
            IpAddr::V6(v6) => v6.octets(),
        });
        let digest = mac.finalize().into_bytes();
        digest.iter().take(8).fold(0, |value, &byte| value << 8 | u64::from(byte))
    }
}

impl std::fmt::Debug for NonceMint {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("NonceMint")
    }
}

/// Writes the low `6 * chars` bits of `value`.
fn push_sixbits(text: &mut String, value: u64, chars: usize) {
    for position in (0..chars).rev() {
        let sixbit = usize::try_from(value >> (6 * position) & 0x3F).unwrap_or_default();
        text.push(char::from(ALPHABET.get(sixbit).copied().unwrap_or_default()));
    }
}

/// The tick in front of a MAC.
fn tick_value(text: &str) -> Option<u64> {
    text.bytes().take(TICK_CHARS).try_fold(0, |value, byte| Some(value << 6 | sixbit_value(byte)?))
}

fn sixbit_value(byte: u8) -> Option<u64> {
    ALPHABET.iter().position(|&symbol| symbol == byte).and_then(|value| u64::try_from(value).ok())
}

fn constant_time_eq(left: &[u8], right: &[u8]) -> bool {
    left.len() == right.len() && left.iter().zip(right).fold(0, |difference, (l, r)| difference | (l ^ r)) == 0
}

/// RFC 8489 §9.2.
const NONCE_COOKIE: &str = "obMatJos2";
/// RFC 4648 §4.
const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
/// The granularity of a nonce's age.
const TICK: Duration = Duration::from_secs(4);
const TICK_CHARS: usize = 3;
const TICK_MASK: u64 = (1 << (6 * TICK_CHARS)) - 1;
/// 48 bits: a guess is right once in 2^48 and still lacks the password. Longer ones would make the answer to a spoofed
/// request larger.
const MAC_CHARS: usize = 8;
/// Well under the twelve days after which ticks repeat.
const LIFETIME_MAX: Duration = Duration::from_secs(86_400);
const NONCE_CHARS_MAX: usize = 24;

#[cfg(test)]
mod tests;
