//! The template structure of a dependency descriptor: what the layers of a stream are and how its frames repeat.

use super::{DECODE_TARGETS_MAX, Dependencies, Indications};
use crate::ParseError;
use crate::bits::BitReader;

/// The templates and decode targets that come with a key frame and hold until the next one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Structure {
    /// The id of the first template; they count on from there modulo 64.
    first_id: u32,
    decode_target_count: u8,
    chain_count: u8,
    template_count: u8,
    templates: [Template; TEMPLATES_MAX],
    decode_targets: [DecodeTarget; DECODE_TARGETS_MAX],
    resolutions: Option<[Resolution; SPATIAL_LAYERS_MAX]>,
}

/// What frames of one kind have in common.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Template {
    /// The spatial layer.
    pub spatial_id: u8,
    /// The temporal layer.
    pub temporal_id: u8,
    /// What each decode target wants with it.
    pub indications: Indications,
    /// Which frames it needs.
    pub dependencies: Dependencies,
    /// How many frames back the previous frame of each chain is.
    pub chains: [u8; DECODE_TARGETS_MAX],
}

/// A set of frames that can be decoded without the others.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct DecodeTarget {
    /// Its highest spatial layer.
    pub spatial_id: u8,
    /// Its highest temporal layer.
    pub temporal_id: u8,
    /// The chain that tells whether all of it came; `None` where nothing does.
    pub protected_by: Option<u8>,
}

/// The size of the pictures of one spatial layer.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Resolution {
    /// In pixels, 1 to 65,536.
    pub width_px: u32,
    /// In pixels, 1 to 65,536.
    pub height_px: u32,
}

impl Structure {
    /// `template_dependency_structure` (A.8.2).
    pub(super) fn read(reader: &mut BitReader<'_>) -> Result<Self, ParseError> {
        let first_id = reader.bits(6)?;
        let decode_target_count = reader.bits(5)?.to_le_bytes()[0].saturating_add(1);
        let mut structure = Self {
            first_id,
            decode_target_count,
            chain_count: 0,
            template_count: 0,
            templates: [Template::default(); TEMPLATES_MAX],
            decode_targets: [DecodeTarget::default(); DECODE_TARGETS_MAX],
            resolutions: None,
        };
        structure.read_layers(reader)?;
        structure.read_indications(reader)?;
        structure.read_dependencies(reader)?;
        structure.read_chains(reader)?;
        structure.derive_decode_targets();
        structure.read_resolutions(reader)?;
        Ok(structure)
    }

    /// How many decode targets there are, 1 to 32.
    #[must_use]
    pub fn decode_target_count(&self) -> u8 {
        self.decode_target_count
    }

    /// The decode targets in their order.
    pub fn decode_targets(&self) -> impl Iterator<Item = DecodeTarget> + '_ {
        self.decode_targets.iter().copied().take(usize::from(self.decode_target_count))
    }

    /// How many chains there are, 0 to 32.
    #[must_use]
    pub fn chain_count(&self) -> u8 {
        self.chain_count
    }

    /// The templates in their order.
    #[must_use]
    pub fn templates(&self) -> &[Template] {
        self.templates.get(..usize::from(self.template_count)).unwrap_or_default()
    }

    /// The size of a spatial layer, where told.
    #[must_use]
    pub fn resolution(&self, spatial_id: u8) -> Option<Resolution> {
        self.resolutions.as_ref()?.get(usize::from(spatial_id)).copied()
    }

    /// The mask in which all decode targets are active.
    #[must_use]
    pub fn all_decode_targets(&self) -> u32 {
        u32::MAX.wrapping_shr(u32::BITS.saturating_sub(u32::from(self.decode_target_count)))
    }

    /// `frame_dependency_definition` (A.8.2): which template an id means.
    pub(super) fn template(&self, id: u32) -> Result<&Template, ParseError> {
        // Six bits count the ids around.
        let index = id.wrapping_sub(self.first_id) & 0x3f;
        self.templates().get(index as usize).ok_or(ParseError::Value { field: "template id", value: id })
    }

    fn templates_mut(&mut self) -> &mut [Template] {
        self.templates.get_mut(..usize::from(self.template_count)).unwrap_or_default()
    }

    /// `template_layers`: the layers go up by steps of one.
    fn read_layers(&mut self, reader: &mut BitReader<'_>) -> Result<(), ParseError> {
        let (mut spatial_id, mut temporal_id) = (0_u8, 0_u8);
        for template in &mut self.templates {
            (template.spatial_id, template.temporal_id) = (spatial_id, temporal_id);
            self.template_count = self.template_count.saturating_add(1);
            match reader.bits(2)? {
                0 => {}
                1 => temporal_id = temporal_id.saturating_add(1),
                2 => (spatial_id, temporal_id) = (spatial_id.saturating_add(1), 0),
                _ => return Ok(()),
            }
            if usize::from(spatial_id) >= SPATIAL_LAYERS_MAX || temporal_id >= TEMPORAL_LAYERS_MAX {
                return Err(ParseError::TooMany { what: "layers", limit: SPATIAL_LAYERS_MAX });
            }
        }
        Err(ParseError::TooMany { what: "templates", limit: TEMPLATES_MAX })
    }

    /// `template_dtis`.
    fn read_indications(&mut self, reader: &mut BitReader<'_>) -> Result<(), ParseError> {
        let count = self.decode_target_count;
        for template in self.templates_mut() {
            template.indications = Indications::read(reader, count)?;
        }
        Ok(())
    }

    /// `template_fdiffs`.
    fn read_dependencies(&mut self, reader: &mut BitReader<'_>) -> Result<(), ParseError> {
        for template in self.templates_mut() {
            while reader.flag()? {
                template.dependencies.push(reader.bits(4)?.saturating_add(1))?;
            }
        }
        Ok(())
    }

    /// `template_chains`.
    fn read_chains(&mut self, reader: &mut BitReader<'_>) -> Result<(), ParseError> {
        self.chain_count = reader.below(u32::from(self.decode_target_count).saturating_add(1))?.to_le_bytes()[0];
        let (targets, chains) = (usize::from(self.decode_target_count), usize::from(self.chain_count));
        if chains == 0 {
            return Ok(());
        }
        for target in self.decode_targets.iter_mut().take(targets) {
            target.protected_by = Some(reader.below(u32::from(self.chain_count))?.to_le_bytes()[0]);
        }
        for template in self.templates_mut() {
            for chain in template.chains.iter_mut().take(chains) {
                *chain = reader.bits(4)?.to_le_bytes()[0];
            }
        }
        Ok(())
    }

    /// `decode_target_layers`: a target reaches as high as the highest frame that belongs to it.
    fn derive_decode_targets(&mut self) {
        let templates = self.templates.get(..usize::from(self.template_count)).unwrap_or_default();
        for (index, target) in (0..self.decode_target_count).zip(&mut self.decode_targets) {
            for template in templates {
                if template.indications.of(index) != super::Indication::NotPresent {
                    target.spatial_id = target.spatial_id.max(template.spatial_id);
                    target.temporal_id = target.temporal_id.max(template.temporal_id);
                }
            }
        }
    }

    /// `render_resolutions`.
    fn read_resolutions(&mut self, reader: &mut BitReader<'_>) -> Result<(), ParseError> {
        if !reader.flag()? {
            return Ok(());
        }
        let highest = self.templates().last().map_or(0, |template| template.spatial_id);
        let mut resolutions = [Resolution::default(); SPATIAL_LAYERS_MAX];
        for resolution in resolutions.iter_mut().take(usize::from(highest).saturating_add(1)) {
            resolution.width_px = reader.bits(16)?.saturating_add(1);
            resolution.height_px = reader.bits(16)?.saturating_add(1);
        }
        self.resolutions = Some(resolutions);
        Ok(())
    }
}

/// A template id has six bits.
const TEMPLATES_MAX: usize = 64;

/// AV1 has at most four spatial layers in use; its syntax (`spatial_id`) allows four, its operating points eight.
const SPATIAL_LAYERS_MAX: usize = 8;

/// AV1's `temporal_id` has three bits.
const TEMPORAL_LAYERS_MAX: u8 = 8;
