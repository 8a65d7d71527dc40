//! `a=fingerprint` (RFC 8122 §5): the hash by which a certificate is recognised.

use std::fmt;

/// The hash functions that are still believed in (RFC 8122 §5). MD2, MD5 and SHA-1 are not read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum HashFunction {
    /// 32 bytes.
    Sha256,
    /// 48 bytes.
    Sha384,
    /// 64 bytes.
    Sha512,
}

/// The hash of a certificate in DER form.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Fingerprint {
    hash: HashFunction,
    digest: Vec<u8>,
}

impl HashFunction {
    /// The name in the SDP.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Sha256 => "sha-256",
            Self::Sha384 => "sha-384",
            Self::Sha512 => "sha-512",
        }
    }

    /// How long its digest is.
    #[must_use]
    pub fn digest_bytes(self) -> usize {
        match self {
            Self::Sha256 => 32,
            Self::Sha384 => 48,
            Self::Sha512 => 64,
        }
    }

    fn from_name(name: &str) -> Option<Self> {
        [Self::Sha256, Self::Sha384, Self::Sha512].into_iter().find(|hash| hash.as_str().eq_ignore_ascii_case(name))
    }
}

impl Fingerprint {
    /// `None` when the digest has not the length of the hash function.
    #[must_use]
    pub fn new(hash: HashFunction, digest: &[u8]) -> Option<Self> {
        (digest.len() == hash.digest_bytes()).then(|| Self { hash, digest: digest.to_vec() })
    }

    /// Reads `sha-256 AB:CD:…`; `None` for an unknown hash function or a digest that is none.
    #[must_use]
    pub fn parse(value: &str) -> Option<Self> {
        let (name, hex) = value.trim().split_once(' ')?;
        let hash = HashFunction::from_name(name)?;
        let digest: Option<Vec<u8>> = hex.trim().split(':').map(hex_byte).collect();
        Self::new(hash, &digest?)
    }

    /// Which hash function made it.
    #[must_use]
    pub fn hash(&self) -> HashFunction {
        self.hash
    }

    /// The hash itself.
    #[must_use]
    pub fn digest(&self) -> &[u8] {
        &self.digest
    }
}

impl fmt::Display for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ", self.hash.as_str())?;
        for (index, byte) in self.digest.iter().enumerate() {
            let separator = if index == 0 { "" } else { ":" };
            write!(f, "{separator}{byte:02X}")?;
        }
        Ok(())
    }
}

impl fmt::Debug for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

fn hex_byte(text: &str) -> Option<u8> {
    let valid = text.len() == 2 && text.bytes().all(|byte| byte.is_ascii_hexdigit());
    valid.then(|| u8::from_str_radix(text, 16).ok()).flatten()
}
