//! SRTP and SRTCP (RFC 3711, RFC 7714), in place and without allocation. What is sent is protected under an index from the caller;
//! what comes is checked for replays, per stream.

use std::ops::Range;

use crate::error::ProtectError;

mod cipher;
mod derivation;
pub(crate) mod replay;
mod streams;

use cipher::Cipher;
use derivation::{MasterKey, Purpose};
use streams::Streams;

/// A protection profile (RFC 5764 §4.1.2, RFC 7714 §14.2).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Profile {
    /// `SRTP_AEAD_AES_128_GCM`
    AeadAes128Gcm,
    /// `SRTP_AEAD_AES_256_GCM`
    AeadAes256Gcm,
    /// `SRTP_AES128_CM_HMAC_SHA1_80`
    Aes128CmHmacSha1,
}

/// Master keys and salts of both directions, as the DTLS handshake exported them (RFC 5764 §4.2).
pub struct KeyingMaterial<'a> {
    client: MasterKey<'a>,
    server: MasterKey<'a>,
}

/// Protects what this end sends.
#[derive(Debug)]
pub struct Protector {
    rtp: Cipher,
    rtcp: Cipher,
    /// Of the next SRTCP packet. One count for all SSRCs: an index never comes twice under one key.
    rtcp_index: u32,
}

/// Checks and decrypts what the other end sent.
#[derive(Debug)]
pub struct Unprotector {
    rtp: Cipher,
    rtcp: Cipher,
    rtp_streams: Streams<RTP_WINDOW_WORDS>,
    rtcp_streams: Streams<RTCP_WINDOW_WORDS>,
}

/// Why a packet that came is dropped.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum UnprotectError {
    /// Too short for its header and tag, or of another version.
    #[error("the packet is malformed")]
    Malformed,
    /// It came before, or is older than the window.
    #[error("the packet is a replay")]
    Replay,
    /// It was not protected with the keys of this connection.
    #[error("the packet is not authentic")]
    NotAuthentic,
}

impl Profile {
    /// Bytes of a master key.
    #[must_use]
    pub fn key_len(self) -> usize {
        match self {
            Self::AeadAes128Gcm | Self::Aes128CmHmacSha1 => 16,
            Self::AeadAes256Gcm => 32,
        }
    }

    /// Bytes of a master salt.
    #[must_use]
    pub fn salt_len(self) -> usize {
        match self {
            Self::AeadAes128Gcm | Self::AeadAes256Gcm => 12,
            Self::Aes128CmHmacSha1 => 14,
        }
    }

    /// What protection adds to an RTP packet.
    #[must_use]
    pub fn tag_len(self) -> usize {
        match self {
            Self::AeadAes128Gcm | Self::AeadAes256Gcm => 16,
            Self::Aes128CmHmacSha1 => 10,
        }
    }

    /// Its name in the registry of RFC 5764.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::AeadAes128Gcm => "SRTP_AEAD_AES_128_GCM",
            Self::AeadAes256Gcm => "SRTP_AEAD_AES_256_GCM",
            Self::Aes128CmHmacSha1 => "SRTP_AES128_CM_HMAC_SHA1_80",
        }
    }
}

impl<'a> KeyingMaterial<'a> {
    /// Client key, server key, client salt, server salt, in this order; `None` when the length is not that of the profile.
    #[must_use]
    pub fn new(profile: Profile, exported: &'a [u8]) -> Option<Self> {
        let (keys, salts) = exported.split_at_checked(2 * profile.key_len())?;
        let (client_key, server_key) = keys.split_at_checked(profile.key_len())?;
        let (client_salt, server_salt) = salts.split_at_checked(profile.salt_len())?;
        (server_salt.len() == profile.salt_len()).then_some(Self {
            client: MasterKey { profile, key: client_key, salt: client_salt },
            server: MasterKey { profile, key: server_key, salt: server_salt },
        })
    }

    /// The two directions of the DTLS server.
    #[must_use]
    pub fn of_server(&self) -> (Protector, Unprotector) {
        (Protector::new(&self.server), Unprotector::new(&self.client))
    }

    /// The two directions of the DTLS client.
    #[must_use]
    pub fn of_client(&self) -> (Protector, Unprotector) {
        (Protector::new(&self.client), Unprotector::new(&self.server))
    }
}

impl Protector {
    fn new(master: &MasterKey<'_>) -> Self {
        Self { rtp: Cipher::new(master, Purpose::Rtp), rtcp: Cipher::new(master, Purpose::Rtcp), rtcp_index: 0 }
    }

    /// Protects the RTP packet in the first `plain_len` bytes of `buffer` and returns its new length.
    ///
    /// `index` is the rollover counter and the packet's sequence number, `ROC << 16 | SEQ` (RFC 3711 §3.3.1). The caller must
    /// never give one index of one SSRC to two different packets.
    ///
    /// # Errors
    /// When there is no RTP header, no room for the tag, or the index does not fit the packet. Nothing has been written then.
    pub fn protect_rtp(&self, index: u64, buffer: &mut [u8], plain_len: usize) -> Result<usize, ProtectError> {
        let header = RtpHeader::parse(buffer.get(..plain_len).unwrap_or_default())
            .ok_or(ProtectError::Malformed { plain_len })?;
        if index as u16 != header.sequence {
            return Err(ProtectError::Index { index, sequence: header.sequence });
        }
        if index > RTP_INDEX_MAX {
            return Err(ProtectError::KeysUsedUp);
        }
        let needed = plain_len + self.rtp.tag_len();
        let buffer_len = buffer.len();
        let packet = buffer.get_mut(..needed).ok_or(ProtectError::BufferTooSmall { buffer_len, needed })?;
        self.rtp.seal_rtp(header.ssrc, index, packet, header.len);
        Ok(needed)
    }

    /// Protects the compound RTCP packet in `buffer`, which grows by the index and the tag.
    ///
    /// # Errors
    /// When there is no RTCP header, or after 2^31 packets.
    pub fn protect_rtcp(&mut self, buffer: &mut Vec<u8>) -> Result<(), ProtectError> {
        let plain_len = buffer.len();
        let ssrc = rtcp_ssrc(buffer).ok_or(ProtectError::Malformed { plain_len })?;
        if self.rtcp_index > RTCP_INDEX_MAX {
            return Err(ProtectError::KeysUsedUp);
        }
        self.rtcp.seal_rtcp(ssrc, self.rtcp_index, buffer);
        self.rtcp_index += 1;
        Ok(())
    }
}

impl Unprotector {
    fn new(master: &MasterKey<'_>) -> Self {
        Self {
            rtp: Cipher::new(master, Purpose::Rtp),
            rtcp: Cipher::new(master, Purpose::Rtcp),
            rtp_streams: Streams::default(),
            rtcp_streams: Streams::default(),
        }
    }

    /// Checks and decrypts an SRTP packet in place, and says where the RTP packet stands.
    ///
    /// # Errors
    /// When the packet is to be dropped; its bytes are of no use then.
    pub fn unprotect_rtp(&mut self, packet: &mut [u8]) -> Result<Range<usize>, UnprotectError> {
        let header = RtpHeader::parse(packet).ok_or(UnprotectError::Malformed)?;
        let plain_len = packet.len().checked_sub(self.rtp.tag_len()).filter(|&len| len >= header.len);
        let plain_len = plain_len.ok_or(UnprotectError::Malformed)?;
        let index = self.rtp_streams.rtp_index(header.ssrc, header.sequence).ok_or(UnprotectError::Replay)?;
        self.rtp_streams.check(header.ssrc, index)?;
        if !self.rtp.open_rtp(header.ssrc, index, packet, header.len) {
            return Err(UnprotectError::NotAuthentic);
        }
        self.rtp_streams.accept(header.ssrc, index);
        Ok(0..plain_len)
    }

    /// Checks and decrypts an SRTCP packet in place, and says where the RTCP packet stands.
    ///
    /// # Errors
    /// When the packet is to be dropped; its bytes are of no use then.
    pub fn unprotect_rtcp(&mut self, packet: &mut [u8]) -> Result<Range<usize>, UnprotectError> {
        let ssrc = rtcp_ssrc(packet).ok_or(UnprotectError::Malformed)?;
        let index = self.rtcp.srtcp_index(packet).ok_or(UnprotectError::Malformed)?;
        self.rtcp_streams.check(ssrc, u64::from(index))?;
        let plain_len = self.rtcp.open_rtcp(ssrc, index, packet).ok_or(UnprotectError::NotAuthentic)?;
        self.rtcp_streams.accept(ssrc, u64::from(index));
        Ok(0..plain_len)
    }
}

/// What protection needs of an RTP header (RFC 3550 §5.1).
#[derive(Debug, Clone, Copy)]
struct RtpHeader {
    sequence: u16,
    ssrc: u32,
    /// With contributing sources and extension: what is authenticated and not encrypted.
    len: usize,
}

impl RtpHeader {
    fn parse(packet: &[u8]) -> Option<Self> {
        let &[first, _, s0, s1, _, _, _, _, c0, c1, c2, c3] = packet.first_chunk::<12>()?;
        let mut len = 12 + 4 * usize::from(first & 0x0F);
        if first & 0x10 != 0 {
            let &[_, _, w0, w1] = packet.get(len..)?.first_chunk::<4>()?;
            len += 4 + 4 * usize::from(u16::from_be_bytes([w0, w1]));
        }
        let sound = first >> 6 == 2 && len <= packet.len();
        sound.then_some(Self {
            sequence: u16::from_be_bytes([s0, s1]),
            ssrc: u32::from_be_bytes([c0, c1, c2, c3]),
            len,
        })
    }
}

/// The SSRC of the first packet of a compound (RFC 3550 §6.4).
fn rtcp_ssrc(packet: &[u8]) -> Option<u32> {
    let &[first, _, _, _, c0, c1, c2, c3] = packet.first_chunk::<RTCP_HEADER_BYTES>()?;
    (first >> 6 == 2).then_some(u32::from_be_bytes([c0, c1, c2, c3]))
}

/// What of an RTCP packet is authenticated and not encrypted (RFC 3711 §3.4).
const RTCP_HEADER_BYTES: usize = 8;
/// RFC 3711 §9.2: 2^48 packets under one key.
const RTP_INDEX_MAX: u64 = (1 << 48) - 1;
/// RFC 3711 §9.2: 2^31 packets under one key.
const RTCP_INDEX_MAX: u32 = (1 << 31) - 1;
/// 1024 packets: at 4 Mbit/s a packet may be two seconds late, as retransmissions under the media's own SSRC are.
const RTP_WINDOW_WORDS: usize = 16;
/// 128 packets: RTCP comes some ten times a second.
const RTCP_WINDOW_WORDS: usize = 2;

#[cfg(test)]
mod tests;
