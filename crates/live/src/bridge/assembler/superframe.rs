//! A picture of VP9 in the making: the frames of all its spatial layers (RFC 9628 §4).

use media::Shape;
use media::vp9::{KeyFrame, superframe};
use rtp::payload::units::ACCESS_UNIT_BYTES_MAX;
use rtp::payload::vp9::{Descriptor, Scalability};

use super::picture::{Broken, Whole};

/// The frames so far.
#[derive(Debug, Default)]
pub(super) struct Superframe {
    data: Vec<u8>,
    /// Where each frame begins.
    starts: Vec<usize>,
    /// Whether the end of the last one is still to come.
    is_open: bool,
    is_key: bool,
    scalability: Option<Scalability>,
}

impl Superframe {
    pub(super) fn add(&mut self, payload: &[u8]) -> Result<(), Broken> {
        let head = Descriptor::parse(payload)?;
        let part = payload.get(head.length..).ok_or(Broken)?;
        if head.start_of_frame == self.is_open || self.data.len().saturating_add(part.len()) > ACCESS_UNIT_BYTES_MAX {
            return Err(Broken);
        }
        if head.start_of_frame {
            if self.starts.len() == FRAMES_MAX {
                return Err(Broken);
            }
            self.is_key |= self.starts.is_empty() && head.is_key_frame();
            self.starts.push(self.data.len());
        }
        self.scalability = self.scalability.or(head.scalability);
        self.data.extend_from_slice(part);
        self.is_open = !head.end_of_frame;
        Ok(())
    }

    pub(super) fn clear(&mut self) {
        *self = Self::default();
    }

    /// `None` if nothing is there or its end is missing.
    pub(super) fn take(&mut self) -> Option<Whole> {
        let Self { data, starts, is_open, is_key, scalability } = std::mem::take(self);
        if data.is_empty() || is_open {
            return None;
        }
        let ends = starts.iter().skip(1).copied().chain([data.len()]);
        let frames: Vec<&[u8]> = starts.iter().zip(ends).filter_map(|(start, end)| data.get(*start..end)).collect();
        let key = if is_key { KeyFrame::parse(frames.first()?).ok()? } else { None };
        // What is shown is the highest layer, whose size the lowest does not say.
        let told = || scalability?.sizes_px.get(frames.len().checked_sub(1)?).copied();
        let told = told().filter(|size| *size != (0, 0));
        let parameters = key.map(|key| {
            let (width, height) = told.map_or((key.width, key.height), |(width, height)| (width.into(), height.into()));
            let key = KeyFrame { width, height, ..key };
            (key.record().to_vec().into(), Shape::Video { width, height })
        });
        Some(Whole { is_key, data: superframe(&frames), parameters })
    }
}

/// What a superframe can have.
const FRAMES_MAX: usize = 8;

#[cfg(test)]
mod tests;
