//! Links to files that need no token: a `<video>` cannot send one, and a token in a URL would give away more than the one file.

use std::time::Duration;

use data_encoding::{HEXLOWER, HEXLOWER_PERMISSIVE};
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
        let code = HEXLOWER.encode(&self.signed(id, expiry).finalize().into_bytes());
        format!("{expiry}.{code}")
    }

    /// Whether the key opens the file of this recording.
    pub(super) fn opens(&self, key: &str, id: RecordingId, unix_now: Duration) -> bool {
        let Some((expiry, code)) = key.split_once('.') else { return false };
        let (Ok(expiry), Ok(code)) = (expiry.parse::<u64>(), HEXLOWER_PERMISSIVE.decode(code.as_bytes())) else {
            return false;
        };
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

/// Longer than people watch at a stretch.
const LIFETIME: Duration = Duration::from_secs(12 * 3600);

#[cfg(test)]
mod tests;
