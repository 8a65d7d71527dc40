//! Which layers of simulcast somebody wants: the publisher switches the others off.

use std::time::{Duration, Instant};

use crate::allocator::fills;
use crate::layer::Layer;
use crate::slot::Wish;
use crate::track::LAYERS_MAX;

/// Up to which layer a track is wanted. The smallest is always wanted, so that who comes sees something at once.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Interest {
    /// The layers above this one are off at the publisher.
    told: usize,
    /// That has been said: a publisher may begin with fewer layers than it has, and waits to hear that somebody wants the rest.
    is_said: bool,
    /// Since when a lower layer than that would be enough.
    enough_since: Option<Instant>,
}

impl Default for Interest {
    /// A publisher is taken to begin with all its layers.
    fn default() -> Self {
        Self { told: LAYERS_MAX, is_said: false, enough_since: None }
    }
}

impl Interest {
    /// A track on another worker of which nothing was asked for yet.
    pub(crate) const NOTHING: Self = Self { told: 0, is_said: true, enough_since: None };

    /// What was told last.
    pub(crate) fn told(&self) -> usize {
        self.told
    }

    /// The largest layer that anybody wants is `wanted`; `None` when nobody looks. Returns the layers above which the publisher is to
    /// switch off, if that has changed or has never been said: more at once, less when it has lasted for `linger`. Who comes first is not
    /// kept waiting, neither for a layer nor for the end of one that takes the room of theirs.
    pub(crate) fn update(&mut self, now: Instant, wanted: Option<usize>, linger: Duration) -> Option<usize> {
        let linger = if wanted.is_none() || self.is_said { linger } else { Duration::ZERO };
        let wanted = wanted.unwrap_or(0);
        if wanted >= self.told {
            self.enough_since = None;
            if wanted == self.told && self.is_said {
                return None;
            }
            return Some(self.say(wanted));
        }
        let since = *self.enough_since.get_or_insert(now);
        if now.saturating_duration_since(since) < linger {
            return None;
        }
        self.enough_since = None;
        Some(self.say(wanted))
    }

    fn say(&mut self, wanted: usize) -> usize {
        self.is_said = true;
        self.told = wanted;
        wanted
    }
}

/// The smallest layer that fills the tile of a wish; the largest where sizes are not known.
pub(crate) fn wanted_layer(wish: Option<&Wish>, layers: &[Layer]) -> usize {
    let largest = layers.len().saturating_sub(1);
    let Some(wish) = wish else { return largest };
    let largest = wish.layer_max.map_or(largest, |layer| largest.min(layer.into()));
    let tile = (wish.width_px, wish.height_px);
    let suffices = |index: &usize| size_of(layers, *index).is_some_and(|picture| fills(picture, tile));
    (0..largest).find(suffices).unwrap_or(largest)
}

/// The picture's size in a layer, also of one that is off: each layer is taken for half of the one above.
fn size_of(layers: &[Layer], index: usize) -> Option<(u32, u32)> {
    let known = |other: usize| layers.get(other).and_then(|layer| layer.size_px);
    if let Some(size) = known(index) {
        return Some(size);
    }
    let (other, (width, height)) = (0..layers.len()).find_map(|other| Some((other, known(other)?)))?;
    let scaled = |pixels: u32| match u32::try_from(other.abs_diff(index)).unwrap_or(0) {
        steps if other > index => pixels.checked_shr(steps).unwrap_or(0),
        steps => pixels.checked_shl(steps).unwrap_or(0),
    };
    Some((scaled(width), scaled(height)))
}

#[cfg(test)]
mod tests;
