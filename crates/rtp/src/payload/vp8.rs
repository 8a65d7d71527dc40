//! VP8 (RFC 7741).

use super::{Head, PictureId};
use crate::ParseError;
use crate::reader::Reader;

/// The payload descriptor (RFC 7741 §4.2) and what the first byte behind it tells.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Descriptor {
    /// N: no other frame refers to this one.
    pub non_reference: bool,
    /// S: a partition of the frame starts here.
    pub start_of_partition: bool,
    /// Which partition, 0 to 7.
    pub partition: u8,
    /// Goes up by one with each frame.
    pub picture_id: Option<PictureId>,
    /// Counts the frames of the lowest temporal layer, modulo 256.
    pub tl0_picture_index: Option<u8>,
    /// The temporal layer.
    pub temporal: Option<Temporal>,
    /// Counts the key frames, modulo 32.
    pub key_index: Option<u8>,
    /// Bytes of the descriptor.
    pub length: usize,
    key_frame: bool,
}

/// Where a frame is among the temporal layers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Temporal {
    /// TID, 0 to 3.
    pub id: u8,
    /// Y: refers only to the lowest layer, so that one can go up here.
    pub layer_sync: bool,
}

impl Descriptor {
    /// Reads the descriptor at the start of a payload.
    ///
    /// # Errors
    /// When the payload ends inside it.
    pub fn parse(payload: &[u8]) -> Result<Self, ParseError> {
        let mut reader = Reader::new(payload);
        let first = reader.u8()?;
        let extended = if first & 0x80 == 0 { 0 } else { reader.u8()? };
        let picture_id = if extended & 0x80 == 0 { None } else { Some(PictureId::read(&mut reader)?) };
        let tl0_picture_index = if extended & 0x40 == 0 { None } else { Some(reader.u8()?) };
        let (mut temporal, mut key_index) = (None, None);
        if extended & 0x30 != 0 {
            let byte = reader.u8()?;
            temporal = (extended & 0x20 != 0).then_some(Temporal { id: byte >> 6, layer_sync: byte & 0x20 != 0 });
            key_index = (extended & 0x10 != 0).then_some(byte & 0x1f);
        }
        let start_of_partition = first & 0x10 != 0;
        let partition = first & 0x07;
        let frame = reader.rest();
        // RFC 7741 §4.3: the payload header is there in the first packet of a frame only; P is 0 in key frames.
        let key_frame = start_of_partition && partition == 0 && frame.first().is_some_and(|byte| byte & 1 == 0);
        Ok(Self {
            non_reference: first & 0x20 != 0,
            start_of_partition,
            partition,
            picture_id,
            tl0_picture_index,
            temporal,
            key_index,
            length: payload.len().saturating_sub(frame.len()),
            key_frame,
        })
    }

    /// Whether a frame starts here.
    #[must_use]
    pub fn is_start_of_frame(&self) -> bool {
        self.start_of_partition && self.partition == 0
    }

    /// Whether a key frame starts here. Of an encrypted frame whose first byte is encrypted, too, this is a guess.
    #[must_use]
    pub fn is_key_frame(&self) -> bool {
        self.key_frame
    }

    /// The descriptor as its fields say, in the place of the one that was read. A picture id may have another length than
    /// before. Reserved bits become 0.
    #[must_use]
    pub fn write(&self) -> Head {
        let flag = |set: bool, bit: u8| if set { bit } else { 0 };
        let mut head = Head::new(self.length);
        let extended = flag(self.picture_id.is_some(), 0x80)
            | flag(self.tl0_picture_index.is_some(), 0x40)
            | flag(self.temporal.is_some(), 0x20)
            | flag(self.key_index.is_some(), 0x10);
        head.push(
            flag(extended != 0, 0x80)
                | flag(self.non_reference, 0x20)
                | flag(self.start_of_partition, 0x10)
                | (self.partition & 0x07),
        );
        if extended == 0 {
            return head;
        }
        head.push(extended);
        if let Some(id) = self.picture_id {
            id.write(&mut head);
        }
        if let Some(index) = self.tl0_picture_index {
            head.push(index);
        }
        if extended & 0x30 != 0 {
            let temporal = self.temporal.map_or(0, |t| t.id << 6 | flag(t.layer_sync, 0x20));
            head.push(temporal | (self.key_index.unwrap_or(0) & 0x1f));
        }
        head
    }
}

/// The size of the picture in pixels, width and height, from the bytes of a key frame behind the descriptor (RFC 6386 §9.1).
#[must_use]
pub fn key_frame_size(frame: &[u8]) -> Option<(u16, u16)> {
    let [tag, _, _, 0x9d, 0x01, 0x2a, a, b, c, d] = *frame.first_chunk()? else { return None };
    // Two bits of scaling above fourteen of size.
    let size = |low, high| u16::from_le_bytes([low, high]) & 0x3fff;
    (tag & 1 == 0).then(|| (size(a, b), size(c, d)))
}

#[cfg(test)]
mod tests;
