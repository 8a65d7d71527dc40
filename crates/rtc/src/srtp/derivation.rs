//! Session keys out of master keys (RFC 3711 §4.3, RFC 7714 §11). The key derivation rate is zero: once per connection.

use aws_lc_rs::cipher::{AES_128, AES_256, EncryptingKey, EncryptionContext, UnboundCipherKey};
use aws_lc_rs::iv::FixedLength;

use super::Profile;

/// Key and salt of one direction.
#[derive(Clone, Copy)]
pub(super) struct MasterKey<'a> {
    pub(super) profile: Profile,
    /// Of the length the profile says.
    pub(super) key: &'a [u8],
    /// Of the length the profile says.
    pub(super) salt: &'a [u8],
}

/// What the session keys are for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Purpose {
    Rtp,
    Rtcp,
}

/// Keys of one direction and purpose.
pub(super) struct SessionKeys {
    /// The first [`Profile::key_len`] bytes count.
    pub(super) key: [u8; 32],
    pub(super) auth: [u8; AUTH_KEY_BYTES],
    /// The first [`Profile::salt_len`] bytes count.
    pub(super) salt: [u8; 14],
}

impl MasterKey<'_> {
    pub(super) fn session_keys(&self, purpose: Purpose) -> SessionKeys {
        let first = match purpose {
            Purpose::Rtp => 0,
            Purpose::Rtcp => 3,
        };
        let mut keys = SessionKeys { key: [0; 32], auth: [0; AUTH_KEY_BYTES], salt: [0; 14] };
        let (key_len, salt_len) = (self.profile.key_len(), self.profile.salt_len());
        self.derive(first, keys.key.get_mut(..key_len).unwrap_or_default());
        self.derive(first + 1, &mut keys.auth);
        self.derive(first + 2, keys.salt.get_mut(..salt_len).unwrap_or_default());
        keys
    }

    /// The pseudo-random function of RFC 3711 §4.3.3: the key stream of AES in counter mode that begins at the label and the salt.
    fn derive(&self, label: u8, out: &mut [u8]) {
        let mut iv = [0; 16];
        for (byte, salt) in iv.iter_mut().zip(self.salt) {
            *byte = *salt;
        }
        iv[7] ^= label;
        let algorithm = if self.key.len() == 32 { &AES_256 } else { &AES_128 };
        let stream = UnboundCipherKey::new(algorithm, self.key)
            .and_then(EncryptingKey::ctr)
            .and_then(|key| key.less_safe_encrypt(out, EncryptionContext::Iv128(FixedLength::from(iv))));
        stream.expect("the key has the length of its cipher, and counter mode takes any text");
    }
}

/// HMAC-SHA1's key (RFC 3711 §5.2).
pub(super) const AUTH_KEY_BYTES: usize = 20;
