//! Ephemeral Diffie-Hellman (RFC 8422): one key for one handshake.

use aws_lc_rs::agreement::{Algorithm, ECDH_P256, PrivateKey, UnparsedPublicKey, X25519, agree};
use aws_lc_rs::digest::{SHA256, digest};

/// A group that both ends can compute in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Group {
    X25519,
    P256,
}

impl Group {
    /// The most wanted first.
    pub(super) const ALL: [Self; 2] = [Self::X25519, Self::P256];

    /// RFC 8422 §5.1.1.
    pub(super) fn code(self) -> u16 {
        match self {
            Self::X25519 => 29,
            Self::P256 => 23,
        }
    }

    pub(super) fn from_code(code: u16) -> Option<Self> {
        Self::ALL.into_iter().find(|group| group.code() == code)
    }

    fn algorithm(self) -> &'static Algorithm {
        match self {
            Self::X25519 => &X25519,
            Self::P256 => &ECDH_P256,
        }
    }
}

/// Our half of an exchange.
pub(super) struct KeyShare {
    pub(super) group: Group,
    /// What the other end is told.
    pub(super) public: Vec<u8>,
    private: PrivateKey,
}

impl KeyShare {
    /// The key that follows from a secret seed.
    pub(super) fn new(group: Group, seed: &[u8; 32]) -> Self {
        let mut secret = digest(&SHA256, seed);
        loop {
            let private = PrivateKey::from_private_key(group.algorithm(), secret.as_ref());
            if let Ok((private, public)) = private
                .and_then(|private| private.compute_public_key().map(|public| (private, public)).map_err(Into::into))
            {
                return Self { group, public: public.as_ref().to_vec(), private };
            }
            // Of 2³² numbers one is no key on P-256.
            secret = digest(&SHA256, secret.as_ref());
        }
    }

    /// The secret that both ends share; `None` when the other end's half is no point of the group.
    pub(super) fn agree(&self, remote: &[u8]) -> Option<Vec<u8>> {
        let remote = UnparsedPublicKey::new(self.group.algorithm(), remote);
        agree(&self.private, remote, (), |secret| Ok(secret.to_vec())).ok()
    }
}
