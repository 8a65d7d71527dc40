//! Frames of VP8, VP9 and AV1 cut into payloads. `send` gets each, and whether it is the last one.

use media::ParseError;
use media::av1::{Obu, Obus, SequenceHeader, write_leb128};
use rtp::payload::PictureId;

/// The number that the next picture gets.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct PictureCount(u16);

impl PictureCount {
    fn next(&mut self) -> [u8; 2] {
        let id = PictureId::Long(self.0);
        self.0 = self.0.wrapping_add(1) & PICTURE_ID_MAX;
        (id.value() | 0x8000).to_be_bytes()
    }

    /// VP8 (RFC 7741 §4.2): whether a partition begins, and the number of the picture.
    pub(super) fn vp8(&mut self, frame: &[u8], payload_bytes_max: usize, send: impl FnMut(&[u8], bool)) {
        let [high, low] = self.next();
        let head = |is_first: bool, _: bool| [0x80 | u8::from(is_first) << 4, 0x80, high, low];
        cut(frame, payload_bytes_max, head, send);
    }

    /// VP9 (RFC 9628 §4.2) without layers: whether it refers to others, where it begins and ends, and the number of the picture.
    pub(super) fn vp9(&mut self, frame: &[u8], is_key: bool, payload_bytes_max: usize, send: impl FnMut(&[u8], bool)) {
        let [high, low] = self.next();
        let inter = u8::from(!is_key) << 6;
        let head = |is_first, is_last| [0x80 | inter | u8::from(is_first) << 3 | u8::from(is_last) << 2, high, low];
        cut(frame, payload_bytes_max, head, send);
    }
}

/// Pieces of equal size, each behind its head.
fn cut<const N: usize>(
    frame: &[u8],
    payload_bytes_max: usize,
    head: impl Fn(bool, bool) -> [u8; N],
    mut send: impl FnMut(&[u8], bool),
) {
    let room = payload_bytes_max.saturating_sub(N).max(1);
    let count = frame.len().div_ceil(room);
    let size = frame.len().div_ceil(count.max(1)).max(1);
    for (at, part) in frame.chunks(size).enumerate() {
        let is_last = at + 1 == count;
        send(&[&head(at == 0, is_last), part].concat(), is_last);
    }
}

/// AV1 (RTP Payload Format For AV1, §4): the OBUs of a temporal unit without delimiters and without lengths of their own. A key picture that lacks its
/// sequence header gets that of `record`.
///
/// # Errors
/// If the temporal unit is broken. Nothing is sent then.
pub(super) fn av1(
    unit: &[u8],
    is_key: bool,
    record: &[u8],
    payload_bytes_max: usize,
    mut send: impl FnMut(&[u8], bool),
) -> Result<(), ParseError> {
    let obus = Obus::new(unit).collect::<Result<Vec<_>, _>>()?;
    let lacks_header = is_key && obus.iter().all(|obu| obu.obu_type() != Obu::SEQUENCE_HEADER);
    let header = SequenceHeader::find(media::av1::record_obus(record)).filter(|_| lacks_header);
    let kept = obus.into_iter().filter(Obu::is_carried);
    let mut packer = Packer { payload: vec![if is_key { NEW_SEQUENCE } else { 0 }], limit: payload_bytes_max };
    let (mut element, mut is_first) = (Vec::new(), true);
    for obu in header.map(|(obu, _)| obu).into_iter().chain(kept) {
        is_first = false;
        element.clear();
        obu.write_without_size(&mut element);
        packer.add(&element, &mut |payload| send(payload, false));
    }
    if !is_first {
        send(&packer.payload, true);
    }
    Ok(())
}

/// The payload in the making: the aggregation header, and elements behind their lengths.
struct Packer {
    payload: Vec<u8>,
    limit: usize,
}

impl Packer {
    fn add(&mut self, element: &[u8], send: &mut dyn FnMut(&[u8])) {
        let mut rest = element;
        loop {
            let room = self.limit.saturating_sub(self.payload.len());
            // A piece that is hardly more than its length is not worth it, unless it is all.
            let fits = rest.len() + LENGTH_BYTES_MAX <= room;
            if !fits && room < PIECE_BYTES_MIN && self.payload.len() > 1 {
                self.flush(0, 0, send);
                continue;
            }
            let (part, behind) = if fits {
                (rest, &[][..])
            } else {
                rest.split_at(room.saturating_sub(LENGTH_BYTES_MAX).clamp(1, rest.len()))
            };
            write_leb128(part.len(), &mut self.payload);
            self.payload.extend_from_slice(part);
            rest = behind;
            if rest.is_empty() {
                return;
            }
            self.flush(GOES_ON, CONTINUES, send);
        }
    }

    /// The payload is full: `ends` is told in its header, and `begins` in that of the next.
    fn flush(&mut self, ends: u8, begins: u8, send: &mut dyn FnMut(&[u8])) {
        if let Some(head) = self.payload.first_mut() {
            *head |= ends;
        }
        send(&self.payload);
        self.payload.clear();
        self.payload.push(begins);
    }
}

const PICTURE_ID_MAX: u16 = 0x7fff;
/// N, Y and Z of the aggregation header.
const NEW_SEQUENCE: u8 = 0x08;
const GOES_ON: u8 = 0x40;
const CONTINUES: u8 = 0x80;
/// Of lengths below 16,384.
const LENGTH_BYTES_MAX: usize = 2;
const PIECE_BYTES_MIN: usize = 32;
