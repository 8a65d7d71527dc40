//! The record layer (RFC 6347 §4.1): headers, sequence numbers, and AES-128-GCM (RFC 5288), the one cipher that is spoken here and by
//! every WebRTC client (RFC 8827 §6.5).

use aws_lc_rs::aead::{AES_128_GCM, Aad, LessSafeKey, Nonce, UnboundKey};

use super::wire::{Reader, put_u16};
use crate::srtp::replay::Window;

/// What a record carries.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub(super) enum ContentType {
    ChangeCipherSpec = 20,
    Alert = 21,
    Handshake = 22,
    ApplicationData = 23,
}

/// A record as it came.
#[derive(Debug, Clone, Copy)]
pub(super) struct Record<'a> {
    pub(super) content: ContentType,
    /// 16 bits of epoch, 48 of sequence number.
    pub(super) number: u64,
    pub(super) fragment: &'a [u8],
}

impl Record<'_> {
    /// 0 until the keys of the handshake hold, then 1.
    pub(super) fn epoch(&self) -> u16 {
        (self.number >> SEQUENCE_BITS) as u16
    }
}

/// The records of a datagram, as far as they can be read. Those of an unknown type or version are left out (RFC 6347 §4.1.2.7).
pub(super) fn records(datagram: &[u8]) -> impl Iterator<Item = Record<'_>> {
    let mut reader = Reader::new(datagram);
    std::iter::from_fn(move || Some((reader.u8()?, reader.u16()?, reader.array()?, reader.vector16()?))).filter_map(
        |(content, version, number, fragment)| {
            // The first hello may come in a record of version 1.0.
            let known = version == VERSION || version == VERSION_1_0;
            let content = ContentType::from_wire(content).filter(|_| known)?;
            Some(Record { content, number: u64::from_be_bytes(number), fragment })
        },
    )
}

impl ContentType {
    fn from_wire(value: u8) -> Option<Self> {
        [Self::ChangeCipherSpec, Self::Alert, Self::Handshake, Self::ApplicationData]
            .into_iter()
            .find(|content| *content as u8 == value)
    }
}

/// The key of one direction.
pub(super) struct RecordKey {
    key: LessSafeKey,
    /// The part of the nonce that is not sent (RFC 5288 §3).
    salt: [u8; SALT_BYTES],
}

impl RecordKey {
    pub(super) fn new(key: &[u8; KEY_BYTES], salt: [u8; SALT_BYTES]) -> Self {
        let key = UnboundKey::new(&AES_128_GCM, key).expect("the key has the length of its cipher");
        Self { key: LessSafeKey::new(key), salt }
    }

    fn nonce(&self, explicit: [u8; EXPLICIT_BYTES]) -> Nonce {
        let mut nonce = [0; SALT_BYTES + EXPLICIT_BYTES];
        nonce[..SALT_BYTES].copy_from_slice(&self.salt);
        nonce[SALT_BYTES..].copy_from_slice(&explicit);
        Nonce::assume_unique_for_key(nonce)
    }
}

/// RFC 5246 §6.2.3.3: number, type, version and length of the plain text.
fn associated(number: u64, content: ContentType, length: usize) -> Aad<[u8; 13]> {
    let mut bytes = [0; 13];
    bytes[..8].copy_from_slice(&number.to_be_bytes());
    bytes[8] = content as u8;
    bytes[9..11].copy_from_slice(&VERSION.to_be_bytes());
    bytes[11..].copy_from_slice(&(length as u16).to_be_bytes());
    Aad::from(bytes)
}

/// Both directions of an association.
#[derive(Default)]
pub(super) struct RecordLayer {
    /// Of the next record of each epoch.
    next: [u64; 2],
    sealing: Option<RecordKey>,
    opening: Option<RecordKey>,
    /// Records of epoch 1 that came.
    window: Option<Window<WINDOW_WORDS>>,
}

impl RecordLayer {
    /// The keys of epoch 1 are known.
    pub(super) fn handle_keys(&mut self, sealing: RecordKey, opening: RecordKey) {
        self.sealing = Some(sealing);
        self.opening = Some(opening);
    }

    /// Whether records of epoch 1 can be opened.
    pub(super) fn has_keys(&self) -> bool {
        self.opening.is_some()
    }

    /// What a record adds to its content.
    pub(super) fn overhead(epoch: u16) -> usize {
        HEADER_BYTES + if epoch == 0 { 0 } else { EXPLICIT_BYTES + TAG_BYTES }
    }

    /// Appends a record. Nothing in epoch 1 before there are keys, or when its numbers are used up.
    pub(super) fn write(&mut self, epoch: u16, content: ContentType, plain: &[u8], out: &mut Vec<u8>) {
        let Some(next) = self.next.get_mut(usize::from(epoch)).filter(|next| **next < 1 << SEQUENCE_BITS) else {
            return;
        };
        let number = u64::from(epoch) << SEQUENCE_BITS | *next;
        *next += 1;
        let mut sealed = plain.to_vec();
        if epoch > 0 {
            let Some(sealing) = &self.sealing else { return };
            let nonce = sealing.nonce(number.to_be_bytes());
            let done =
                sealing.key.seal_in_place_append_tag(nonce, associated(number, content, plain.len()), &mut sealed);
            done.expect("a record is shorter than the cipher's limit");
            sealed.splice(..0, number.to_be_bytes());
        }
        out.push(content as u8);
        put_u16(out, VERSION);
        out.extend_from_slice(&number.to_be_bytes());
        put_u16(out, sealed.len() as u16);
        out.extend_from_slice(&sealed);
    }

    /// The content of a record of epoch 1; `None` when it is not authentic, or came before (RFC 6347 §4.1.2.6).
    pub(super) fn open(&mut self, record: &Record<'_>) -> Option<Vec<u8>> {
        let opening = self.opening.as_ref()?;
        let sequence = record.number & ((1 << SEQUENCE_BITS) - 1);
        if record.epoch() != 1 || self.window.as_ref().is_some_and(|window| !window.is_fresh(sequence)) {
            return None;
        }
        let (explicit, sealed) = record.fragment.split_first_chunk::<EXPLICIT_BYTES>()?;
        let length = sealed.len().checked_sub(TAG_BYTES)?;
        let mut opened = sealed.to_vec();
        let associated = associated(record.number, record.content, length);
        opening.key.open_in_place(opening.nonce(*explicit), associated, &mut opened).ok()?;
        opened.truncate(length);
        match &mut self.window {
            Some(window) => window.accept(sequence),
            None => self.window = Some(Window::new(sequence)),
        }
        Some(opened)
    }
}

/// DTLS 1.2.
pub(super) const VERSION: u16 = 0xFEFD;
const VERSION_1_0: u16 = 0xFEFF;
/// Type, version, epoch, sequence number, length.
pub(super) const HEADER_BYTES: usize = 13;
const SEQUENCE_BITS: u32 = 48;
pub(super) const KEY_BYTES: usize = 16;
pub(super) const SALT_BYTES: usize = 4;
/// The part of the nonce that is sent: of ours, the number of the record.
const EXPLICIT_BYTES: usize = 8;
const TAG_BYTES: usize = 16;
/// The window of RFC 6347 §4.1.2.6 has 64 records; SCTP sends bursts.
const WINDOW_WORDS: usize = 2;
