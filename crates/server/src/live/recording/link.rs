//! Links to files that need no token: a `<video>` cannot send one, and a token in a URL would give away more than the one file.

use std::time::Duration;

use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::Sha256;

use super::index::RecordingId;

/// Signs links, by a secret that lives as long as the server runs.
pub(super) struct Links {
    secret: [u8; 32],
}

impl Links {
    pub(super) fn new() -> Result<Self, getrandom::Error> {
        let mut secret = [0; 32];
        getrandom::fill(&mut secret)?;
        Ok(Self { secret })
    }

    /// What opens the file of this recording for [`LIFETIME`].
    pub(super) fn key(&self, id: RecordingId, unix_now: Duration) -> String {
        let expiry = (unix_now + LIFETIME).as_secs();
        let code: String =
            self.signed(id, expiry).finalize().into_bytes().iter().map(|byte| format!("{byte:02x}")).collect();
        format!("{expiry}.{code}")
    }

    /// Whether the key opens the file of this recording.
    pub(super) fn opens(&self, key: &str, id: RecordingId, unix_now: Duration) -> bool {
        let Some((expiry, code)) = key.split_once('.') else { return false };
        let (Ok(expiry), Some(code)) = (expiry.parse::<u64>(), bytes(code)) else { return false };
        unix_now.as_secs() < expiry && self.signed(id, expiry).verify_slice(&code).is_ok()
    }

    fn signed(&self, id: RecordingId, expiry: u64) -> Hmac<Sha256> {
        let mut mac = Hmac::new_from_slice(&self.secret).expect("HMAC takes keys of every length");
        mac.update(format!("{} {expiry}", id.0).as_bytes());
        mac
    }
}

impl std::fmt::Debug for Links {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Links").finish_non_exhaustive()
    }
}

/// Of two hexadecimal digits each.
fn bytes(hex: &str) -> Option<Vec<u8>> {
    let digits: Vec<u8> = hex.chars().map(|char| char.to_digit(16).map(|digit| digit as u8)).collect::<Option<_>>()?;
    let pairs = digits.chunks_exact(2).map(|pair| pair.iter().fold(0, |value, digit| value << 4 | digit));
    (digits.len() == 64).then(|| pairs.collect())
}

/// Longer than people watch at a stretch.
const LIFETIME: Duration = Duration::from_secs(12 * 3600);

#[cfg(test)]
mod tests;
