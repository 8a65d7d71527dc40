//! What the hellos say (RFC 5246 §7.4.1), as far as it concerns a WebRTC association.

use super::identity::{ECDSA_SHA256, schemes};
use super::key_share::Group;
use super::record::VERSION;
use super::schedule::RANDOM_BYTES;
use super::wire::{Reader, lists, put_u16, put_vector8, put_vector16};
use crate::srtp::Profile;

/// What of a ClientHello decides about the answer.
#[derive(Debug, Clone)]
pub(super) struct ClientHello {
    pub(super) random: [u8; RANDOM_BYTES],
    /// 1.2 or newer.
    pub(super) version: bool,
    /// ECDHE_ECDSA with AES-128-GCM, and no compression.
    pub(super) suite: bool,
    /// SHA-256 with ECDSA.
    pub(super) scheme: bool,
    pub(super) extended_master_secret: bool,
    /// The most wanted of the groups that were offered.
    pub(super) group: Option<Group>,
    /// The most wanted of the profiles that were offered.
    pub(super) profile: Option<Profile>,
    renegotiation_info: bool,
    point_formats: bool,
}

/// What of a ServerHello concerns us.
#[derive(Debug, Clone)]
pub(super) struct ServerHello {
    pub(super) random: [u8; RANDOM_BYTES],
    /// Version, suite and compression are ours, and the master secret is bound to the handshake.
    pub(super) acceptable: bool,
    pub(super) profile: Option<Profile>,
}

impl ClientHello {
    /// `None` when it cannot be read.
    pub(super) fn parse(body: &[u8]) -> Option<Self> {
        let mut reader = Reader::new(body);
        let (version, random) = (reader.u16()?, reader.array()?);
        let (_session, _cookie) = (reader.vector8()?, reader.vector8()?);
        let (suites, compressions) = (reader.vector16()?, reader.vector8()?);
        let mut hello = Self {
            random,
            // Versions of DTLS count downwards.
            version: version <= VERSION && version >> 8 == VERSION >> 8,
            suite: lists(suites, ECDHE_ECDSA_AES_128_GCM_SHA256) && compressions.contains(&NO_COMPRESSION),
            scheme: false,
            extended_master_secret: false,
            group: None,
            profile: None,
            renegotiation_info: lists(suites, RENEGOTIATION_INFO_SUITE),
            point_formats: false,
        };
        if !reader.is_empty() {
            for_each_extension(reader.vector16()?, |kind, content| hello.handle_extension(kind, content))?;
        }
        Some(hello)
    }

    fn handle_extension(&mut self, kind: u16, content: &[u8]) -> Option<()> {
        let mut reader = Reader::new(content);
        match kind {
            SUPPORTED_GROUPS => {
                let offered = reader.vector16()?;
                self.group = Group::ALL.into_iter().find(|group| lists(offered, group.code()));
            }
            SIGNATURE_ALGORITHMS => self.scheme = lists(reader.vector16()?, ECDSA_SHA256.0),
            USE_SRTP => {
                let offered = reader.vector16()?;
                self.profile = PROFILES.iter().find(|(_, code)| lists(offered, *code)).map(|(profile, _)| *profile);
            }
            EXTENDED_MASTER_SECRET => self.extended_master_secret = true,
            RENEGOTIATION_INFO => self.renegotiation_info = true,
            EC_POINT_FORMATS => self.point_formats = true,
            _ => {}
        }
        Some(())
    }

    /// The ServerHello that answers it.
    pub(super) fn answer(&self, random: &[u8; RANDOM_BYTES]) -> Vec<u8> {
        let mut out = Vec::new();
        put_u16(&mut out, VERSION);
        out.extend_from_slice(random);
        // No session to resume.
        put_vector8(&mut out, &[]);
        put_u16(&mut out, ECDHE_ECDSA_AES_128_GCM_SHA256);
        out.push(NO_COMPRESSION);
        let mut extensions = Vec::new();
        put_extension(&mut extensions, EXTENDED_MASTER_SECRET, &[]);
        if self.renegotiation_info {
            put_extension(&mut extensions, RENEGOTIATION_INFO, &[0]);
        }
        if self.point_formats {
            put_extension(&mut extensions, EC_POINT_FORMATS, &[1, UNCOMPRESSED]);
        }
        if let Some(profile) = self.profile {
            put_extension(&mut extensions, USE_SRTP, &use_srtp(&[profile]));
        }
        put_vector16(&mut out, &extensions);
        out
    }

    /// The ClientHello of this end; `cookie` is empty in the first.
    pub(super) fn ours(random: &[u8; RANDOM_BYTES], cookie: &[u8]) -> Vec<u8> {
        let mut out = Vec::new();
        put_u16(&mut out, VERSION);
        out.extend_from_slice(random);
        put_vector8(&mut out, &[]);
        put_vector8(&mut out, cookie);
        let suites = [ECDHE_ECDSA_AES_128_GCM_SHA256, ECDHE_RSA_AES_128_GCM_SHA256];
        put_vector16(&mut out, suites.map(u16::to_be_bytes).as_flattened());
        put_vector8(&mut out, &[NO_COMPRESSION]);
        let mut extensions = Vec::new();
        let list = |items: &[u8]| {
            let mut list = Vec::new();
            put_vector16(&mut list, items);
            list
        };
        let groups = Group::ALL.map(|group| group.code().to_be_bytes());
        put_extension(&mut extensions, SUPPORTED_GROUPS, &list(groups.as_flattened()));
        put_extension(&mut extensions, EC_POINT_FORMATS, &[1, UNCOMPRESSED]);
        put_extension(&mut extensions, SIGNATURE_ALGORITHMS, &list(&schemes()));
        put_extension(&mut extensions, EXTENDED_MASTER_SECRET, &[]);
        put_extension(&mut extensions, RENEGOTIATION_INFO, &[0]);
        put_extension(&mut extensions, USE_SRTP, &use_srtp(&OFFERED));
        put_vector16(&mut out, &extensions);
        out
    }
}

impl ServerHello {
    /// `None` when it cannot be read.
    pub(super) fn parse(body: &[u8]) -> Option<Self> {
        let mut reader = Reader::new(body);
        let (version, random) = (reader.u16()?, reader.array()?);
        let _session = reader.vector8()?;
        let (suite, compression) = (reader.u16()?, reader.u8()?);
        let (mut extended, mut profile) = (false, None);
        if !reader.is_empty() {
            for_each_extension(reader.vector16()?, |kind, content| {
                extended |= kind == EXTENDED_MASTER_SECRET;
                if kind == USE_SRTP {
                    let chosen = Reader::new(content).vector16()?;
                    profile = PROFILES.iter().find(|(_, code)| chosen == code.to_be_bytes()).map(|known| known.0);
                }
                Some(())
            })?;
        }
        let suites = [ECDHE_ECDSA_AES_128_GCM_SHA256, ECDHE_RSA_AES_128_GCM_SHA256];
        let acceptable = version == VERSION && suites.contains(&suite) && compression == NO_COMPRESSION && extended;
        Some(Self { random, acceptable, profile })
    }
}

fn for_each_extension(list: &[u8], mut each: impl FnMut(u16, &[u8]) -> Option<()>) -> Option<()> {
    let mut reader = Reader::new(list);
    while !reader.is_empty() {
        each(reader.u16()?, reader.vector16()?)?;
    }
    Some(())
}

fn put_extension(out: &mut Vec<u8>, kind: u16, content: &[u8]) {
    put_u16(out, kind);
    put_vector16(out, content);
}

/// The profiles, and no MKI (RFC 5764 §4.1.1).
fn use_srtp(profiles: &[Profile]) -> Vec<u8> {
    let codes: Vec<u8> = PROFILES
        .iter()
        .filter(|(profile, _)| profiles.contains(profile))
        .flat_map(|(_, code)| code.to_be_bytes())
        .collect();
    let mut content = Vec::new();
    put_vector16(&mut content, &codes);
    put_vector8(&mut content, &[]);
    content
}

/// By what a packet costs: AES-128 in GCM is the cheapest (RFC 7714 §14.2, RFC 5764 §4.1.2).
const PROFILES: [(Profile, u16); 3] =
    [(Profile::AeadAes128Gcm, 0x0007), (Profile::AeadAes256Gcm, 0x0008), (Profile::Aes128CmHmacSha1, 0x0001)];

/// Some servers choose the longest key, which costs both ends more for every packet.
const OFFERED: [Profile; 2] = [Profile::AeadAes128Gcm, Profile::Aes128CmHmacSha1];

/// RFC 5289 §3.2: every WebRTC client has it (RFC 8827 §6.5), and certificates of this end have ECDSA keys.
const ECDHE_ECDSA_AES_128_GCM_SHA256: u16 = 0xC02B;
/// Where this end is the client, the other end's certificate may have an RSA key.
const ECDHE_RSA_AES_128_GCM_SHA256: u16 = 0xC02F;
/// RFC 5746 §3.3.
const RENEGOTIATION_INFO_SUITE: u16 = 0x00FF;
const NO_COMPRESSION: u8 = 0;
/// RFC 8422 §5.1.2.
const UNCOMPRESSED: u8 = 0;
const SUPPORTED_GROUPS: u16 = 10;
const EC_POINT_FORMATS: u16 = 11;
const SIGNATURE_ALGORITHMS: u16 = 13;
const USE_SRTP: u16 = 14;
const EXTENDED_MASTER_SECRET: u16 = 23;
const RENEGOTIATION_INFO: u16 = 0xFF01;

#[cfg(test)]
mod tests;
