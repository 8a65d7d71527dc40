//! The dependency descriptor (appendix A of the AV1 RTP payload format): which frames a frame needs and which decode targets need
//! it, readable without the payload. It makes layers of any codec, also of encrypted payloads, forwardable.

mod structure;

use crate::ParseError;
use crate::bits::{BitReader, BitWriter};

pub use structure::{DecodeTarget, Resolution, Structure, Template};

/// What the descriptor says about one packet and its frame. A plain value of fixed size.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Descriptor {
    /// The first packet of the frame.
    pub start_of_frame: bool,
    /// The last packet of the frame.
    pub end_of_frame: bool,
    /// Counts the frames of all layers, modulo 2^16.
    pub frame_number: u16,
    /// The spatial layer.
    pub spatial_id: u8,
    /// The temporal layer.
    pub temporal_id: u8,
    /// What each decode target wants with this frame.
    pub indications: Indications,
    /// How many frames back the frames are that this one needs.
    pub dependencies: Dependencies,
    /// How many frames back the previous frame of each chain is; 0 where there is none.
    pub chains: [u8; DECODE_TARGETS_MAX],
    /// Which decode targets exist from here on, bit 0 for the first; `None` where it stays as it was.
    pub active_decode_targets: Option<u32>,
    /// The frame's size, where the structure tells it.
    pub resolution: Option<Resolution>,
    /// Where the mask of active decode targets is or would be.
    layout: Layout,
}

/// What a decode target wants with a frame (`DTI`, A.4).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Indication {
    /// The frame does not belong to it.
    NotPresent,
    /// Nothing in the target needs it.
    Discardable,
    /// One can start the target here.
    Switch,
    /// It needs it.
    Required,
}

/// The indications for all decode targets of a frame: two bits each.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Indications(u64);

/// The distances of the frames that a frame needs. A codec has no more than seven references.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Dependencies {
    count: u8,
    distances: [u16; DEPENDENCIES_MAX],
}

/// The bits around the mask of active decode targets.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
struct Layout {
    /// Whether there is anything behind the first three bytes.
    extended: bool,
    /// The first bit of the mask, or the one before which it belongs.
    mask_at: u16,
    /// Bits of the mask that is there; 0 without one.
    mask_bits: u8,
    /// Bits behind the mask that are not padding.
    end: u16,
}

impl Descriptor {
    /// Reads a descriptor. Where it brings a new template structure this is left in `structure`, which also explains the
    /// descriptors behind it; frames that come out of order across a new structure are read with the newer one.
    ///
    /// # Errors
    /// When it is cut off, says what cannot be, or refers to a structure or template that is not there. `structure` is then
    /// as it was before.
    pub fn parse(data: &[u8], structure: &mut Option<Box<Structure>>) -> Result<Self, ParseError> {
        let (descriptor, fresh) = Self::read(data, structure.as_deref())?;
        if let Some(fresh) = fresh {
            *structure = Some(fresh);
        }
        Ok(descriptor)
    }

    /// The descriptor, and the structure that it brings.
    fn read(data: &[u8], structure: Option<&Structure>) -> Result<(Self, Option<Box<Structure>>), ParseError> {
        let mut reader = BitReader::new(data);
        let start_of_frame = reader.flag()?;
        let end_of_frame = reader.flag()?;
        let template_id = reader.bits(6)?;
        let frame_number = reader.bits(16)?.to_le_bytes();
        let frame_number = u16::from_le_bytes([frame_number[0], frame_number[1]]);
        let flags = if data.len() > MANDATORY_BYTES { Flags::read(&mut reader)? } else { Flags::default() };
        let fresh = if flags.structure { Some(Box::new(Structure::read(&mut reader)?)) } else { None };
        let known = fresh.as_deref().or(structure).ok_or(ParseError::NoStructure)?;
        let mut layout = Layout { extended: data.len() > MANDATORY_BYTES, ..Layout::default() };
        layout.mask_at = u16::try_from(reader.position()).map_err(|_| ParseError::Truncated)?;
        let mut active_decode_targets = flags.structure.then(|| known.all_decode_targets());
        if flags.active {
            let count = u32::from(known.decode_target_count());
            active_decode_targets = Some(reader.bits(count)?);
            layout.mask_bits = known.decode_target_count();
        }
        let template = known.template(template_id)?;
        let mut descriptor = Self {
            start_of_frame,
            end_of_frame,
            frame_number,
            spatial_id: template.spatial_id,
            temporal_id: template.temporal_id,
            indications: template.indications,
            dependencies: template.dependencies,
            chains: template.chains,
            active_decode_targets,
            resolution: known.resolution(template.spatial_id),
            layout,
        };
        descriptor.read_custom(&mut reader, flags, known)?;
        descriptor.layout.end = u16::try_from(reader.position()).map_err(|_| ParseError::Truncated)?;
        Ok((descriptor, fresh))
    }

    /// What the frame has in place of its template's (A.8.2, `frame_dtis`, `frame_fdiffs`, `frame_chains`).
    fn read_custom(&mut self, reader: &mut BitReader<'_>, flags: Flags, known: &Structure) -> Result<(), ParseError> {
        if flags.custom_indications {
            self.indications = Indications::read(reader, known.decode_target_count())?;
        }
        if flags.custom_dependencies {
            self.dependencies = Dependencies::default();
            loop {
                let size = reader.bits(2)?;
                if size == 0 {
                    break;
                }
                self.dependencies.push(reader.bits(size.saturating_mul(4))?.saturating_add(1))?;
            }
        }
        if flags.custom_chains {
            for chain in self.chains.iter_mut().take(usize::from(known.chain_count())) {
                *chain = reader.bits(8)?.to_le_bytes()[0];
            }
        }
        Ok(())
    }

    /// Writes the descriptor `data` with another mask of active decode targets into `output`, and returns its length: what a
    /// receiver must hear when it gets fewer layers than were sent. `structure` is the one before, which explains `data` where that
    /// brings none. `None` when `data` cannot be read, or `output` is too small; a few bytes more than `data` are enough.
    #[must_use]
    pub fn rewrite_active(data: &[u8], structure: &Structure, mask: u32, output: &mut [u8]) -> Option<usize> {
        let (descriptor, fresh) = Self::read(data, Some(structure)).ok()?;
        descriptor.write_with_active(data, fresh.as_deref().unwrap_or(structure), mask, output)
    }

    fn write_with_active(&self, data: &[u8], structure: &Structure, mask: u32, output: &mut [u8]) -> Option<usize> {
        let mut source = BitReader::new(data);
        let mut writer = BitWriter::new(output);
        writer.copy(&mut source, MANDATORY_BYTES.checked_mul(8)?)?;
        if self.layout.extended {
            let structure_present = source.flag().ok()?;
            source.flag().ok()?;
            writer.bits(u32::from(structure_present) << 1 | 1, 2)?;
        } else {
            // No structure, a mask, nothing of its own.
            writer.bits(0b01000, 5)?;
        }
        let mask_at = if self.layout.extended { usize::from(self.layout.mask_at) } else { source.position() };
        let before_mask = mask_at.checked_sub(source.position())?;
        writer.copy(&mut source, before_mask)?;
        source.bits(u32::from(self.layout.mask_bits)).ok()?;
        writer.bits(mask, u32::from(structure.decode_target_count()))?;
        let behind_mask = usize::from(self.layout.end).checked_sub(source.position())?;
        writer.copy(&mut source, behind_mask)?;
        writer.finish()
    }
}

/// `extended_descriptor_fields` (A.8.2).
#[derive(Debug, Clone, Copy, Default)]
struct Flags {
    structure: bool,
    active: bool,
    custom_indications: bool,
    custom_dependencies: bool,
    custom_chains: bool,
}

impl Flags {
    fn read(reader: &mut BitReader<'_>) -> Result<Self, ParseError> {
        Ok(Self {
            structure: reader.flag()?,
            active: reader.flag()?,
            custom_indications: reader.flag()?,
            custom_dependencies: reader.flag()?,
            custom_chains: reader.flag()?,
        })
    }
}

impl Indications {
    fn read(reader: &mut BitReader<'_>, count: u8) -> Result<Self, ParseError> {
        let mut all = 0;
        for index in 0..u32::from(count) {
            all |= u64::from(reader.bits(2)?).wrapping_shl(index.saturating_mul(2));
        }
        Ok(Self(all))
    }

    /// What decode target `index` wants with the frame; one that there is not does not want it.
    #[must_use]
    pub fn of(self, index: u8) -> Indication {
        match self.0.checked_shr(u32::from(index).saturating_mul(2)).unwrap_or(0) & 3 {
            0 => Indication::NotPresent,
            1 => Indication::Discardable,
            2 => Indication::Switch,
            _ => Indication::Required,
        }
    }
}

impl Dependencies {
    /// How many frames back each is, 1 to 4096.
    pub fn iter(&self) -> impl Iterator<Item = u16> + '_ {
        self.distances.iter().copied().take(usize::from(self.count))
    }

    fn push(&mut self, distance: u32) -> Result<(), ParseError> {
        let free = self.distances.get_mut(usize::from(self.count));
        let free = free.ok_or(ParseError::TooMany { what: "dependencies", limit: DEPENDENCIES_MAX })?;
        *free = u16::try_from(distance).map_err(|_| ParseError::Value { field: "frame distance", value: distance })?;
        self.count = self.count.saturating_add(1);
        Ok(())
    }
}

/// A.8.2: the bytes that every descriptor has.
const MANDATORY_BYTES: usize = 3;

/// A.8.2: five bits count them.
pub const DECODE_TARGETS_MAX: usize = 32;

/// AV1 and VP9 have at most seven references per frame; one more is spared for odd encoders.
pub const DEPENDENCIES_MAX: usize = 8;

#[cfg(test)]
mod tests;
