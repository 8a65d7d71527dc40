//! One cipher with its session key: RTP and RTCP packets sealed and opened in place.

use aws_lc_rs::aead::{AES_128_GCM, AES_256_GCM, Aad, LessSafeKey, Nonce, UnboundKey};
use aws_lc_rs::cipher::{AES_128, EncryptingKey, EncryptionContext, UnboundCipherKey};
use aws_lc_rs::constant_time::verify_slices_are_equal;
use aws_lc_rs::hmac;
use aws_lc_rs::iv::FixedLength;

use super::derivation::{MasterKey, Purpose, SessionKeys};
use super::{Profile, RTCP_HEADER_BYTES};

/// Boxed: a peer holds four of them, and moves.
#[derive(Debug)]
pub(super) enum Cipher {
    Gcm(Box<Gcm>),
    Cm(Box<Cm>),
}

/// AES in Galois/counter mode (RFC 7714).
#[derive(Debug)]
pub(super) struct Gcm {
    key: LessSafeKey,
    salt: [u8; 12],
}

/// AES in counter mode with HMAC-SHA1 (RFC 3711 §4.1.1, §4.2.1).
pub(super) struct Cm {
    key: EncryptingKey,
    auth: hmac::Key,
    salt: [u8; 14],
}

impl Cipher {
    pub(super) fn new(master: &MasterKey<'_>, purpose: Purpose) -> Self {
        Self::with_keys(master.profile, &master.session_keys(purpose))
    }

    pub(super) fn with_keys(profile: Profile, keys: &SessionKeys) -> Self {
        let key = keys.key.get(..profile.key_len()).unwrap_or_default();
        match profile {
            Profile::AeadAes128Gcm | Profile::AeadAes256Gcm => {
                let algorithm = if key.len() == 32 { &AES_256_GCM } else { &AES_128_GCM };
                let key = UnboundKey::new(algorithm, key).expect("the key has the length of its cipher");
                let mut salt = [0; 12];
                salt.copy_from_slice(&keys.salt[..12]);
                Self::Gcm(Box::new(Gcm { key: LessSafeKey::new(key), salt }))
            }
            Profile::Aes128CmHmacSha1 => {
                let key = UnboundCipherKey::new(&AES_128, key).and_then(EncryptingKey::ctr);
                let key = key.expect("the key has the length of its cipher");
                let auth = hmac::Key::new(hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY, &keys.auth);
                Self::Cm(Box::new(Cm { key, auth, salt: keys.salt }))
            }
        }
    }

    pub(super) fn tag_len(&self) -> usize {
        match self {
            Self::Gcm(_) => GCM_TAG_BYTES,
            Self::Cm(_) => CM_TAG_BYTES,
        }
    }

    /// Seals a packet whose last [`Self::tag_len`] bytes are free. `header_len` plus the tag does not exceed the packet.
    pub(super) fn seal_rtp(&self, ssrc: u32, index: u64, packet: &mut [u8], header_len: usize) {
        let (plain, tag) = packet.split_at_mut(packet.len() - self.tag_len());
        match self {
            Self::Gcm(gcm) => {
                let (header, payload) = plain.split_at_mut(header_len);
                gcm.seal(gcm.nonce(ssrc, index), header, payload, tag);
            }
            Self::Cm(cm) => {
                let plain_len = plain.len();
                cm.apply(ssrc, index, plain.get_mut(header_len..).unwrap_or_default());
                let computed = cm.rtp_tag(packet, plain_len, index);
                packet[plain_len..].copy_from_slice(&computed);
            }
        }
    }

    /// Opens a packet that is at least `header_len` and the tag long; `false` when it is not authentic.
    #[must_use]
    pub(super) fn open_rtp(&self, ssrc: u32, index: u64, packet: &mut [u8], header_len: usize) -> bool {
        match self {
            Self::Gcm(gcm) => {
                let (header, sealed) = packet.split_at_mut(header_len);
                gcm.open(gcm.nonce(ssrc, index), header, sealed)
            }
            Self::Cm(cm) => {
                let plain_len = packet.len() - CM_TAG_BYTES;
                let mut received = [0; CM_TAG_BYTES];
                received.copy_from_slice(&packet[plain_len..]);
                let authentic = verify_slices_are_equal(&cm.rtp_tag(packet, plain_len, index), &received).is_ok();
                if authentic {
                    cm.apply(ssrc, index, &mut packet[header_len..plain_len]);
                }
                authentic
            }
        }
    }

    /// Seals a compound of at least [`RTCP_HEADER_BYTES`] (RFC 3711 §3.4, RFC 7714 §9.2).
    pub(super) fn seal_rtcp(&self, ssrc: u32, index: u32, compound: &mut Vec<u8>) {
        let word = (RTCP_ENCRYPTED | index).to_be_bytes();
        match self {
            Self::Gcm(gcm) => {
                let plain_len = compound.len();
                compound.resize(plain_len + GCM_TAG_BYTES, 0);
                let (plain, tag) = compound.split_at_mut(plain_len);
                let (header, payload) = plain.split_at_mut(RTCP_HEADER_BYTES);
                gcm.seal(gcm.nonce(ssrc, u64::from(index)), &rtcp_associated(header, word), payload, tag);
                compound.extend_from_slice(&word);
            }
            Self::Cm(cm) => {
                cm.apply(ssrc, u64::from(index), compound.get_mut(RTCP_HEADER_BYTES..).unwrap_or_default());
                compound.extend_from_slice(&word);
                let tag = truncated(hmac::sign(&cm.auth, compound));
                compound.extend_from_slice(&tag);
            }
        }
    }

    /// The index that an SRTCP packet claims; `None` when it is too short, or not encrypted, which RFC 5764 §4.1.2 rules out.
    pub(super) fn srtcp_index(&self, packet: &[u8]) -> Option<u32> {
        let end = match self {
            Self::Gcm(_) => packet.len(),
            Self::Cm(_) => packet.len().checked_sub(CM_TAG_BYTES)?,
        };
        if packet.len() < RTCP_HEADER_BYTES + RTCP_INDEX_BYTES + self.tag_len() {
            return None;
        }
        let word = u32::from_be_bytes(*packet.get(..end)?.last_chunk::<RTCP_INDEX_BYTES>()?);
        (word & RTCP_ENCRYPTED != 0).then_some(word & !RTCP_ENCRYPTED)
    }

    /// Opens a packet whose [`Self::srtcp_index`] is `index`, and returns the length of the compound; `None` when it is not authentic.
    #[must_use]
    pub(super) fn open_rtcp(&self, ssrc: u32, index: u32, packet: &mut [u8]) -> Option<usize> {
        let plain_len = packet.len().checked_sub(RTCP_INDEX_BYTES + self.tag_len())?;
        match self {
            Self::Gcm(gcm) => {
                let (sealed, word) = packet.split_last_chunk_mut::<RTCP_INDEX_BYTES>()?;
                let (header, sealed) = sealed.split_at_mut_checked(RTCP_HEADER_BYTES)?;
                let associated = rtcp_associated(header, *word);
                gcm.open(gcm.nonce(ssrc, u64::from(index)), &associated, sealed).then_some(plain_len)
            }
            Self::Cm(cm) => {
                let (signed, tag) = packet.split_last_chunk_mut::<CM_TAG_BYTES>()?;
                verify_slices_are_equal(&truncated(hmac::sign(&cm.auth, signed)), tag).ok()?;
                cm.apply(ssrc, u64::from(index), signed.get_mut(RTCP_HEADER_BYTES..plain_len)?);
                Some(plain_len)
            }
        }
    }
}

impl Gcm {
    /// RFC 7714 §8.1 and §9.1: two zero bytes, SSRC, 48 bits of index.
    fn nonce(&self, ssrc: u32, index: u64) -> Nonce {
        let salt = u128::from_be_bytes(padded(&self.salt)) >> 32;
        let nonce = salt ^ u128::from(ssrc) << 48 ^ u128::from(index);
        let [_, _, _, _, nonce @ ..] = nonce.to_be_bytes();
        Nonce::assume_unique_for_key(nonce)
    }

    fn seal(&self, nonce: Nonce, associated: &[u8], payload: &mut [u8], tag: &mut [u8]) {
        let computed = self.key.seal_in_place_separate_tag(nonce, Aad::from(associated), payload);
        tag.copy_from_slice(computed.expect("a packet is shorter than the cipher's limit").as_ref());
    }

    fn open(&self, nonce: Nonce, associated: &[u8], sealed: &mut [u8]) -> bool {
        self.key.open_in_place(nonce, Aad::from(associated), sealed).is_ok()
    }
}

impl Cm {
    /// Encrypts or decrypts (RFC 3711 §4.1.1).
    fn apply(&self, ssrc: u32, index: u64, payload: &mut [u8]) {
        let iv = u128::from_be_bytes(padded(&self.salt)) ^ u128::from(ssrc) << 64 ^ u128::from(index) << 16;
        let context = EncryptionContext::Iv128(FixedLength::from(iv.to_be_bytes()));
        let applied = self.key.less_safe_encrypt(payload, context);
        applied.expect("counter mode takes any text");
    }

    /// The tag over packet and rollover counter (RFC 3711 §4.2). The counter is written where the tag stands: nothing is copied.
    fn rtp_tag(&self, packet: &mut [u8], plain_len: usize, index: u64) -> [u8; CM_TAG_BYTES] {
        let signed = &mut packet[..plain_len + ROC_BYTES];
        signed[plain_len..].copy_from_slice(&((index >> 16) as u32).to_be_bytes());
        truncated(hmac::sign(&self.auth, signed))
    }
}

impl std::fmt::Debug for Cm {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Cm").finish_non_exhaustive()
    }
}

/// RFC 7714 §9.2: the header, and the word with the index.
fn rtcp_associated(header: &[u8], word: [u8; RTCP_INDEX_BYTES]) -> [u8; RTCP_HEADER_BYTES + RTCP_INDEX_BYTES] {
    let mut associated = [0; RTCP_HEADER_BYTES + RTCP_INDEX_BYTES];
    associated[..RTCP_HEADER_BYTES].copy_from_slice(header);
    associated[RTCP_HEADER_BYTES..].copy_from_slice(&word);
    associated
}

/// The first 80 bits (RFC 3711 §5.2).
fn truncated(tag: hmac::Tag) -> [u8; CM_TAG_BYTES] {
    let mut truncated = [0; CM_TAG_BYTES];
    truncated.copy_from_slice(&tag.as_ref()[..CM_TAG_BYTES]);
    truncated
}

/// With zeros behind it.
fn padded<const N: usize>(salt: &[u8; N]) -> [u8; 16] {
    let mut padded = [0; 16];
    padded[..N].copy_from_slice(salt);
    padded
}

/// RFC 7714 §5.
const GCM_TAG_BYTES: usize = 16;
/// RFC 3711 §5.2.
const CM_TAG_BYTES: usize = 10;
/// The rollover counter.
const ROC_BYTES: usize = 4;
/// RFC 3711 §3.4.
const RTCP_INDEX_BYTES: usize = 4;
/// The E flag (RFC 3711 §3.4).
const RTCP_ENCRYPTED: u32 = 1 << 31;
