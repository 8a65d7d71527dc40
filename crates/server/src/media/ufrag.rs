//! ICE user name fragments of ours: they name the worker and the connection that a check is for.
//!
//! ```text
//! W PPPP RRRRRRRR
//! |  |      └ random: what makes it unforeseeable (RFC 8839 §5.4 wants 24 bits, here are 48)
//! |  └ the connection's number
//! └ the worker's number
//! ```
//! What a restart of ICE adds stands behind.

use rtc::IceCredentials;

/// Which connection of which worker.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Name {
    pub(crate) worker: u8,
    pub(crate) connection: u32,
}

impl Name {
    /// Fresh credentials whose fragment bears this name; `random` is to be unforeseeable. `None` when a number has no place in it.
    pub(crate) fn credentials(self, random: [u8; 32]) -> Option<IceCredentials> {
        let mut ufrag = String::with_capacity(1 + CONNECTION_CHARS + RANDOM_CHARS);
        ufrag.push(char::from(*ICE_CHARS.get(usize::from(self.worker))?));
        if self.connection >> (6 * CONNECTION_CHARS) != 0 {
            return None;
        }
        for place in (0..CONNECTION_CHARS).rev() {
            ufrag.push(ice_char(self.connection >> (6 * place)));
        }
        let mut chars = random.into_iter().map(|byte| ice_char(u32::from(byte)));
        ufrag.extend(chars.by_ref().take(RANDOM_CHARS));
        IceCredentials::new(ufrag, chars.collect::<String>())
    }

    /// The name in a fragment; `None` for one that is not ours.
    pub(crate) fn of(ufrag: &[u8]) -> Option<Self> {
        let (worker, rest) = ufrag.split_first()?;
        let number = rest.get(..CONNECTION_CHARS)?;
        if rest.len() < CONNECTION_CHARS + RANDOM_CHARS {
            return None;
        }
        let connection = number.iter().try_fold(0, |sum, &char| Some(sum << 6 | u32::from(value(char)?)))?;
        Some(Self { worker: value(*worker)?, connection })
    }
}

/// The character for the low six bits.
fn ice_char(bits: u32) -> char {
    let [.., low] = bits.to_be_bytes();
    char::from(ICE_CHARS.get(usize::from(low & 63)).copied().unwrap_or(b'A'))
}

fn value(char: u8) -> Option<u8> {
    match char {
        b'A'..=b'Z' => Some(char - b'A'),
        b'a'..=b'z' => Some(char - b'a' + 26),
        b'0'..=b'9' => Some(char - b'0' + 52),
        b'+' => Some(62),
        b'/' => Some(63),
        _ => None,
    }
}

/// RFC 8839 §5.1, in the order of base 64.
const ICE_CHARS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
/// Sixteen million connections.
const CONNECTION_CHARS: usize = 4;
/// Six bits each. The 24 bytes that are left make the password: 144 bits, where RFC 8839 §5.4 wants 128.
const RANDOM_CHARS: usize = 8;

#[cfg(test)]
mod tests;
