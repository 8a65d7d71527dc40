//! How well a peer is connected, as people understand it: 0 to 5, and why.

use std::time::Duration;

use crate::output::QualityReason;

/// What is measured of a connection.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(crate) struct Measured {
    /// Since something came from the peer.
    pub(crate) silence: Duration,
    /// The share of packets lost in the worse direction, 0 to 1.
    pub(crate) loss: f32,
    pub(crate) round_trip: Duration,
    /// It sent more than it may.
    pub(crate) excess: bool,
    /// Slots that get nothing for want of bandwidth.
    pub(crate) starved: bool,
    /// What is sent, as a share of what is wanted, 0 to 1.
    pub(crate) served: f32,
}

impl Measured {
    /// The level and what pulls it down most.
    pub(crate) fn level(&self) -> (u8, Option<QualityReason>) {
        if self.silence > SILENCE {
            return (0, Some(QualityReason::Loss));
        }
        if self.excess {
            return (1, Some(QualityReason::Bandwidth));
        }
        let served = if self.starved { 0.0 } else { self.served };
        let levels = [
            (steps_below(&LOSS, self.loss), QualityReason::Loss),
            (steps_below(&ROUND_TRIP_S, self.round_trip.as_secs_f32()), QualityReason::Delay),
            (steps_below(&MISSING, 1.0 - served), QualityReason::Bandwidth),
        ];
        let (level, reason) = levels.into_iter().min_by_key(|(level, _)| *level).unwrap_or((5, QualityReason::Loss));
        (level, (level < 5).then_some(reason))
    }
}

/// 5 below the first step, one less for each that is reached.
fn steps_below(steps: &[f32; 4], value: f32) -> u8 {
    let reached = steps.iter().filter(|step| value >= **step).count();
    5_u8.saturating_sub(u8::try_from(reached).unwrap_or(5))
}

/// Nothing came for so long: not even reports, which come every few seconds.
const SILENCE: Duration = Duration::from_secs(8);

/// Repaired unnoticed, noticed by experts, annoying, hardly usable.
const LOSS: [f32; 4] = [0.02, 0.05, 0.12, 0.25];

/// The limits of ITU-T G.114 for one way, times two: talk becomes hesitant, then alternating.
const ROUND_TRIP_S: [f32; 4] = [0.2, 0.35, 0.6, 1.0];

/// How much of the wished bits is not sent: a layer less is hardly seen, small pictures are, none at all is bad.
const MISSING: [f32; 4] = [0.4, 0.7, 0.9, 1.0];

#[cfg(test)]
mod tests;
