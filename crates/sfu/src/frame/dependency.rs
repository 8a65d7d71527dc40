//! Frames by their dependency descriptors: any codec, encrypted or not.

use rtp::extension::dependency_descriptor::{Descriptor, Indication, Structure};

use super::{Frame, Level, Levels};

/// What the descriptors before told: the structure that explains the ones behind.
#[derive(Debug, Default)]
pub(crate) struct DependencyState {
    structure: Option<Box<Structure>>,
    /// The decode target for each level, the one nearest below.
    targets: [Option<u8>; 16],
    /// The decode targets that the publisher sends, bit 0 for the first.
    active: u32,
    /// The stream brings the parameters of H.264 or H.265 itself: without them its key frames are of no use.
    has_parameters: bool,
    /// Key frames without parameters before any came.
    bare_key_frames: u8,
}

impl DependencyState {
    /// What a descriptor says; `None` when it is malformed or its structure has not come.
    pub(super) fn read(&mut self, data: &[u8], is_new_picture: bool) -> Option<(Frame, Option<(u32, u32)>)> {
        let descriptor = Descriptor::parse(data, &mut self.structure).ok()?;
        let has_structure = has_structure(data);
        if has_structure {
            self.map_targets();
        }
        self.active = descriptor.active_decode_targets.unwrap_or(self.active);
        let wants = |level: Level, wanted: fn(Indication) -> bool| {
            let target = self.targets.get(level.index()).copied().flatten();
            target.is_some_and(|target| wanted(descriptor.indications.of(target)))
        };
        let needed =
            Level::all().filter(|level| wants(*level, |indication| indication != Indication::NotPresent)).collect();
        let switch: Levels =
            Level::all().filter(|level| wants(*level, |indication| indication == Indication::Switch)).collect();
        let frame = Frame {
            starts_picture: descriptor.start_of_frame && is_new_picture,
            starts: descriptor.start_of_frame,
            ends: descriptor.end_of_frame,
            key: has_structure,
            level: Level { spatial: descriptor.spatial_id.min(3), temporal: descriptor.temporal_id.min(3) },
            needed,
            climb: switch,
            widen: switch,
            descend: switch,
            number: Some(descriptor.frame_number),
            dependencies: descriptor.dependencies.iter().fold(0, |mask, back| mask | bit(back)),
            picture: None,
            is_blind: false,
            is_dense: false,
        };
        let size = descriptor.resolution.filter(|_| has_structure).map(|size| (size.width_px, size.height_px));
        Some((frame, size))
    }

    /// Whether a viewer can begin at this packet of H.264 or H.265: with the parameters, or with the picture where the stream leaves them to
    /// the signalling. That it does so is believed only after some key frames; the parameters of the first may be lost.
    pub(super) fn is_entry(&mut self, has_parameters: bool, has_key_start: bool) -> bool {
        self.has_parameters |= has_parameters;
        if has_parameters || self.has_parameters || !has_key_start {
            return has_parameters;
        }
        self.bare_key_frames = self.bare_key_frames.saturating_add(1);
        self.bare_key_frames > BARE_KEY_FRAMES
    }

    /// Which decode targets a subscriber gets that gets this level.
    pub(crate) fn active_targets(&self, level: Level) -> ActiveTargets {
        let Some(structure) = &self.structure else { return ActiveTargets { mask: 0, is_cut: false } };
        let within = structure
            .decode_targets()
            .zip(0_u32..)
            .filter(|(target, _)| target.spatial_id <= level.spatial && target.temporal_id <= level.temporal);
        let mask = within.fold(0, |mask, (_, index)| mask | 1_u32.wrapping_shl(index)) & self.active;
        ActiveTargets { mask, is_cut: mask != self.active }
    }

    /// The descriptor `data` with another mask of active decode targets; `None` when it cannot be read.
    pub(crate) fn write_active(&self, data: &[u8], mask: u32) -> Option<RewrittenDescriptor> {
        let mut rewritten = RewrittenDescriptor { bytes: [0; DESCRIPTOR_BYTES_MAX], length: 0 };
        rewritten.length = Descriptor::rewrite_active(data, self.structure.as_deref()?, mask, &mut rewritten.bytes)?;
        Some(rewritten)
    }

    fn map_targets(&mut self) {
        let Some(structure) = &self.structure else { return };
        for (level, slot) in Level::all().zip(&mut self.targets) {
            let below = structure
                .decode_targets()
                .zip(0_u8..)
                .filter(|(target, _)| target.spatial_id <= level.spatial && target.temporal_id <= level.temporal);
            *slot = below.max_by_key(|(target, _)| (target.spatial_id, target.temporal_id)).map(|(_, index)| index);
        }
    }
}

/// The decode targets that somebody gets.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct ActiveTargets {
    /// Bit 0 for the first.
    pub(crate) mask: u32,
    /// Some that the publisher sends are not among them.
    pub(crate) is_cut: bool,
}

/// A dependency descriptor that says something else than the publisher's.
#[derive(Debug)]
pub(crate) struct RewrittenDescriptor {
    bytes: [u8; DESCRIPTOR_BYTES_MAX],
    length: usize,
}

impl RewrittenDescriptor {
    pub(crate) fn bytes(&self) -> &[u8] {
        self.bytes.get(..self.length).unwrap_or_default()
    }
}

/// Whether a descriptor brings the structure of its stream.
pub(crate) fn has_structure(data: &[u8]) -> bool {
    data.get(3).is_some_and(|flags| flags & STRUCTURE_PRESENT != 0)
}

/// What a two-byte header extension holds (RFC 8285 §4.3).
const DESCRIPTOR_BYTES_MAX: usize = 255;

/// The bit of a frame so many frames back; one that is further back than is remembered is bit 63, which is never there for long.
fn bit(back: u16) -> u64 {
    1 << u32::from(back.min(63))
}

/// So many key frames without parameters may be accidents.
const BARE_KEY_FRAMES: u8 = 3;

/// `template_dependency_structure_present_flag` in the fourth byte (A.8.2).
const STRUCTURE_PRESENT: u8 = 0x80;
