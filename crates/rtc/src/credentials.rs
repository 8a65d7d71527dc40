//! The credentials of one end for one ICE session.

use std::fmt;

/// Username fragment and password of one end for one ICE session (RFC 8839 §5.4). `Debug` does not show the password.
#[derive(Clone, PartialEq, Eq)]
pub struct IceCredentials {
    ufrag: String,
    pwd: String,
}

impl IceCredentials {
    /// `None` unless both consist of ice-chars, the fragment of 4 to 256 and the password of 22 to 256 (RFC 8839 §5.4).
    #[must_use]
    pub fn new(ufrag: impl Into<String>, pwd: impl Into<String>) -> Option<Self> {
        let (ufrag, pwd) = (ufrag.into(), pwd.into());
        let valid = (UFRAG_CHARS_MIN..=CREDENTIAL_CHARS_MAX).contains(&ufrag.len())
            && (PWD_CHARS_MIN..=CREDENTIAL_CHARS_MAX).contains(&pwd.len())
            && ufrag.bytes().chain(pwd.bytes()).all(is_ice_char);
        valid.then_some(Self { ufrag, pwd })
    }

    /// The username fragment.
    #[must_use]
    pub fn ufrag(&self) -> &str {
        &self.ufrag
    }

    /// The password.
    #[must_use]
    pub fn pwd(&self) -> &str {
        &self.pwd
    }

    /// Credentials of the next ICE session of the same peer: the fragment begins with `ufrag`, by which the shell finds the peer,
    /// and everything behind it is derived from `random`.
    #[must_use]
    pub(crate) fn derive(ufrag: &str, random: &[u8; 32]) -> Self {
        let mut chars = random.iter().map(|&byte| char::from(ICE_CHARS[usize::from(byte % 64)]));
        let mut next = ufrag.to_owned();
        next.extend(chars.by_ref().take(RESTART_CHARS));
        Self { ufrag: next, pwd: chars.collect() }
    }
}

impl fmt::Debug for IceCredentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("IceCredentials").field("ufrag", &self.ufrag).finish_non_exhaustive()
    }
}

/// RFC 8839 §5.1, `ice-char`.
fn is_ice_char(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/')
}

/// RFC 8839 §5.4.
const UFRAG_CHARS_MIN: usize = 4;
/// RFC 8839 §5.4.
const PWD_CHARS_MIN: usize = 22;
/// RFC 8839 §5.4.
const CREDENTIAL_CHARS_MAX: usize = 256;
/// What a restart adds to the username fragment: six bits each, as RFC 8839 §5.4 wants 24 for the fragment; 28 are left for the password.
const RESTART_CHARS: usize = 4;
/// RFC 8839 §5.1, in the order of base 64.
const ICE_CHARS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

#[cfg(test)]
mod tests;
