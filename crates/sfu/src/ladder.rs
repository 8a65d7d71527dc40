//! What can be sent of a track, from the cheapest to the best: layers of simulcast, spatial and temporal layers within them.

use std::time::Instant;

use crate::allocator::{RUNGS_MAX, Rung};
use crate::frame::Level;
use crate::layer::{self, Layer};

/// What is known of the frames of a track.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Sight {
    /// It has none.
    Sound,
    /// Which of them are key frames.
    Clear,
    /// Where they begin.
    Blind,
}

/// The rungs of one track. Each costs more than the one before.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Ladder {
    rungs: [Rung; RUNGS_MAX],
    steps: [Step; RUNGS_MAX],
    length: usize,
}

/// What a rung means.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Step {
    pub(crate) layer: usize,
    pub(crate) level: Level,
}

impl Ladder {
    /// From what flows. What has never flowed is there with its usual rate if nothing else is.
    ///
    /// Of a blind track only the smallest layer that flows: nobody could go over to another one at a key frame.
    pub(crate) fn of(now: Instant, sight: Sight, layers: &mut [Layer]) -> Self {
        let mut ladder = Self::default();
        if sight == Sight::Sound {
            ladder.push(Rung { bitrate_bps: AUDIO_BPS, ..Rung::default() }, Step { layer: 0, level: Level::HIGHEST });
            return ladder;
        }
        let latest = layer::latest(layers);
        for (index, layer) in layers.iter_mut().enumerate() {
            let is_active = latest.is_some_and(|latest| layer.is_active(latest));
            if is_active && (sight == Sight::Clear || ladder.length == 0) {
                ladder.push_layer(now, index, layer);
            }
        }
        if ladder.length == 0 {
            let usual = Rung { bitrate_bps: USUAL_BPS, ..Rung::default() };
            ladder.push(usual, Step { layer: 0, level: Level::HIGHEST });
        }
        ladder
    }

    /// For the allocator.
    pub(crate) fn rungs(&self) -> &[Rung] {
        self.rungs.get(..self.length).unwrap_or_default()
    }

    /// The same without what is above a layer; if all is, of the smallest that there is.
    pub(crate) fn rungs_up_to(&self, layer: u8) -> &[Rung] {
        let steps = self.steps.get(..self.length).unwrap_or_default();
        let lowest = steps.first().map_or(0, |step| step.layer);
        let limit = usize::from(layer).max(lowest);
        let within = steps.partition_point(|step| step.layer <= limit);
        self.rungs.get(..within).unwrap_or_default()
    }

    /// What the rung of that index means.
    pub(crate) fn step(&self, rung: usize) -> Option<Step> {
        self.steps.get(..self.length)?.get(rung).copied()
    }

    fn push_layer(&mut self, now: Instant, index: usize, layer: &mut Layer) {
        let highest = layer.rates.highest();
        for spatial in 0..=highest.spatial {
            let is_lowest = index == 0 && spatial == 0;
            // Above the lowest, a quarter of the frames is worse than the whole layer below.
            let slowest = if is_lowest { 0 } else { highest.temporal.saturating_sub(1) };
            for temporal in slowest..=highest.temporal {
                let bitrate_bps = layer.rates.up_to_bps(now, Level { spatial, temporal }).max(1);
                let halvings = u32::from(highest.spatial.saturating_sub(spatial));
                let (width, height) = layer.size_px.unwrap_or_default();
                let rung = Rung {
                    bitrate_bps,
                    width_px: width.checked_shr(halvings).unwrap_or(0),
                    height_px: height.checked_shr(halvings).unwrap_or(0),
                };
                let is_top = spatial == highest.spatial && temporal == highest.temporal;
                // The last rung of a layer takes what is still to come: layers that were not seen yet.
                let level = if is_top { Level::HIGHEST } else { Level { spatial, temporal } };
                self.push(rung, Step { layer: index, level });
            }
        }
    }

    /// Takes a rung unless it costs no more than the one before; a better one at no more cost replaces it.
    fn push(&mut self, rung: Rung, step: Step) {
        let replaces = self.rungs().last().is_some_and(|last| last.bitrate_bps >= rung.bitrate_bps);
        let place = if replaces { self.length.saturating_sub(1) } else { self.length };
        let (Some(free), Some(meaning)) = (self.rungs.get_mut(place), self.steps.get_mut(place)) else { return };
        let cost = if replaces { free.bitrate_bps } else { rung.bitrate_bps };
        *free = Rung { bitrate_bps: cost, ..rung };
        *meaning = step;
        self.length = place.saturating_add(1);
    }
}

/// What a voice costs.
const AUDIO_BPS: u32 = 40_000;

/// What the smallest layer of a camera costs, before it is known.
const USUAL_BPS: u32 = 150_000;

#[cfg(test)]
mod tests;
