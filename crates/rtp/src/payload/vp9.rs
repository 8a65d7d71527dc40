//! VP9 (RFC 9628).

use super::{Head, PictureId};
use crate::ParseError;
use crate::reader::Reader;

/// The payload descriptor (RFC 9628 §4.2).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Descriptor {
    /// Goes up by one with each picture, which is all spatial layers of one instant.
    pub picture_id: Option<PictureId>,
    /// P: refers to other pictures.
    pub inter_picture: bool,
    /// F: names its references instead of following the scalability structure.
    pub flexible: bool,
    /// B: a frame of one layer starts here.
    pub start_of_frame: bool,
    /// E: a frame of one layer ends here.
    pub end_of_frame: bool,
    /// Z: no higher spatial layer refers to this frame.
    pub not_inter_layer_reference: bool,
    /// The layer; `None` in streams without layers.
    pub layer: Option<Layer>,
    /// Counts the pictures of the lowest temporal layer, modulo 256; not in flexible mode.
    pub tl0_picture_index: Option<u8>,
    /// What the layers are; comes with key frames.
    pub scalability: Option<Scalability>,
    /// Bytes of the descriptor.
    pub length: usize,
    /// The first byte, its flags as they came.
    first: u8,
}

/// Where a frame is among the layers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Layer {
    /// TID, 0 to 7.
    pub temporal_id: u8,
    /// U: from here on one can go up to this temporal layer.
    pub switching_up_point: bool,
    /// SID, 0 to 7.
    pub spatial_id: u8,
    /// D: refers to the spatial layer below.
    pub inter_layer_dependency: bool,
}

/// The spatial part of the scalability structure.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Scalability {
    /// 1 to 8.
    pub spatial_layers: u8,
    /// Width and height in pixels of each layer, the lowest first; 0 where not told.
    pub sizes_px: [(u16, u16); SPATIAL_LAYERS_MAX],
}

impl Descriptor {
    /// Reads the descriptor at the start of a payload.
    ///
    /// # Errors
    /// When the payload ends inside it, or a frame has more than three references.
    pub fn parse(payload: &[u8]) -> Result<Self, ParseError> {
        let mut reader = Reader::new(payload);
        let first = reader.u8()?;
        let has = |bit: u8| first & bit != 0;
        let (inter_picture, flexible) = (has(0x40), has(0x10));
        let picture_id = if has(0x80) { Some(PictureId::read(&mut reader)?) } else { None };
        let layer = if has(0x20) { Some(Layer::from_byte(reader.u8()?)) } else { None };
        let tl0_picture_index = if layer.is_some() && !flexible { Some(reader.u8()?) } else { None };
        if flexible && inter_picture {
            skip_references(&mut reader)?;
        }
        let scalability = if has(0x02) { Some(Scalability::read(&mut reader)?) } else { None };
        Ok(Self {
            picture_id,
            inter_picture,
            flexible,
            start_of_frame: has(0x08),
            end_of_frame: has(0x04),
            not_inter_layer_reference: has(0x01),
            layer,
            tl0_picture_index,
            scalability,
            length: payload.len().saturating_sub(reader.rest().len()),
            first,
        })
    }

    /// The spatial layer, 0 without layers.
    #[must_use]
    pub fn spatial_id(&self) -> u8 {
        self.layer.map_or(0, |layer| layer.spatial_id)
    }

    /// The temporal layer, 0 without layers.
    #[must_use]
    pub fn temporal_id(&self) -> u8 {
        self.layer.map_or(0, |layer| layer.temporal_id)
    }

    /// Whether a key picture starts here: its lowest layer, which refers to nothing.
    #[must_use]
    pub fn is_key_frame(&self) -> bool {
        let independent = self.layer.is_none_or(|layer| layer.spatial_id == 0 && !layer.inter_layer_dependency);
        !self.inter_picture && self.start_of_frame && independent
    }

    /// Whether one can start to forward this spatial layer here: the frame refers to no other picture, only to the layer below.
    #[must_use]
    pub fn is_spatial_switching_point(&self) -> bool {
        !self.inter_picture && self.start_of_frame
    }

    /// The start of the descriptor with `picture_id` and `tl0_picture_index` as they stand here; what follows them stays as it
    /// was read. A picture id may have another length than before, but not come or go.
    #[must_use]
    pub fn write(&self, read: &Self) -> Head {
        let id_length = |id: Option<PictureId>| match id {
            None => 0_usize,
            Some(PictureId::Short(_)) => 1,
            Some(PictureId::Long(_)) => 2,
        };
        let layer_length =
            usize::from(self.layer.is_some()).saturating_add(usize::from(self.tl0_picture_index.is_some()));
        let mut head = Head::new(id_length(read.picture_id).saturating_add(layer_length).saturating_add(1));
        head.push(self.first);
        if let Some(id) = self.picture_id {
            id.write(&mut head);
        }
        if let Some(layer) = self.layer {
            head.push(layer.to_byte());
        }
        if let Some(index) = self.tl0_picture_index {
            head.push(index);
        }
        head
    }
}

impl Layer {
    fn from_byte(byte: u8) -> Self {
        Self {
            temporal_id: byte >> 5,
            switching_up_point: byte & 0x10 != 0,
            spatial_id: (byte >> 1) & 0x07,
            inter_layer_dependency: byte & 0x01 != 0,
        }
    }

    fn to_byte(self) -> u8 {
        (self.temporal_id << 5)
            | (u8::from(self.switching_up_point) << 4)
            | ((self.spatial_id & 0x07) << 1)
            | u8::from(self.inter_layer_dependency)
    }
}

impl Scalability {
    /// RFC 9628 §4.2.1.
    fn read(reader: &mut Reader<'_>) -> Result<Self, ParseError> {
        let first = reader.u8()?;
        let spatial_layers = (first >> 5).saturating_add(1);
        let mut sizes_px = [(0, 0); SPATIAL_LAYERS_MAX];
        if first & 0x10 != 0 {
            for size in sizes_px.iter_mut().take(usize::from(spatial_layers)) {
                *size = (reader.u16()?, reader.u16()?);
            }
        }
        if first & 0x08 != 0 {
            for _ in 0..reader.u8()? {
                let references = (reader.u8()? >> 2) & 0x03;
                reader.take(usize::from(references))?;
            }
        }
        Ok(Self { spatial_layers, sizes_px })
    }
}

/// RFC 9628 §4.2: up to three differences of picture ids, each with a bit that says whether another follows.
fn skip_references(reader: &mut Reader<'_>) -> Result<(), ParseError> {
    for _ in 0..REFERENCES_MAX {
        if reader.u8()? & 0x01 == 0 {
            return Ok(());
        }
    }
    Err(ParseError::TooMany { what: "references", limit: REFERENCES_MAX })
}

/// N_S has three bits.
const SPATIAL_LAYERS_MAX: usize = 8;

/// RFC 9628 §4.2.
const REFERENCES_MAX: usize = 3;

#[cfg(test)]
mod tests;
