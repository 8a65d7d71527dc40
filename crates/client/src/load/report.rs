//! What a load came to, in figures.

use std::collections::BTreeMap;
use std::time::Duration;

use serde::Serialize;

use super::Plan;
use crate::{DataFigures, Figures, Histogram, Outcome, PeerKey};

/// What was counted in the window of a measurement.
#[derive(Debug, Clone, Default, Serialize)]
pub struct Report {
    /// How long was measured.
    pub window_s: f64,
    /// Members who should be there.
    pub members: u32,
    /// Peer connections that stand.
    pub joined: u64,
    /// Members who could not join, or were thrown out.
    pub failed: u64,
    /// Peer connections that were lost after they stood.
    pub lost_connections: u64,
    /// Why the first one failed.
    pub first_error: Option<String>,
    /// From the start of a join to the connection, in milliseconds.
    pub join_ms: Quantiles,
    /// From the start of a join to the first frame of all that is received, in milliseconds.
    pub first_frame_ms: Quantiles,
    /// Streams that should arrive somewhere.
    pub streams_expected: u64,
    /// Streams that did.
    pub streams: u64,
    /// Packets sent.
    pub sent: u64,
    /// Packets that should have come.
    pub expected: u64,
    /// Packets that came.
    pub received: u64,
    /// Bytes of payload that came.
    pub bytes: u64,
    /// `received / expected`; `null` with layers, of which the server chooses.
    pub delivered: Option<f64>,
    /// Packets missing in the sequence numbers of what came.
    pub lost: u64,
    /// From the source to the watcher, in microseconds; both are this process.
    pub delay_us: Quantiles,
    /// How late the packets of who sends here left, in microseconds: from the time at which their frame was due, those before them of the
    /// same frame included. What leaves late leaves in bursts, which wait for each other at the server.
    pub late_us: Quantiles,
    /// How often a picture stood still.
    pub freezes: u64,
    /// For how long in all, in milliseconds.
    pub frozen_ms: u64,
    /// The longest time, in milliseconds.
    pub longest_freeze_ms: u64,
    /// Of the data channels; `null` when nobody says anything on one.
    pub data: Option<DataReport>,
}

/// What was counted on data channels.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize)]
pub struct DataReport {
    /// Messages said.
    pub sent: u64,
    /// Messages that should have come: each at everybody else.
    pub expected: u64,
    /// Messages that came.
    pub received: u64,
    /// `received / expected`; `null` when nothing was said.
    pub delivered: Option<f64>,
    /// From who said it to who heard it, in microseconds; both are this process.
    pub delay_us: Quantiles,
}

/// A distribution.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize)]
pub struct Quantiles {
    /// The median.
    pub p50: f64,
    /// 95 of a hundred are below.
    pub p95: f64,
    /// 99 of a hundred are below.
    pub p99: f64,
    /// The largest.
    pub max: f64,
}

/// How a load goes, every second.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Progress {
    /// `joining`, `settling` or `measuring`.
    pub phase: &'static str,
    /// Members who should be there.
    pub members: u32,
    /// Peer connections that stand.
    pub joined: u64,
    /// Streams that arrive, of those that should.
    pub streams: (u64, u64),
    /// Packets that came in the last second.
    pub packets_per_second: f64,
    /// Payload that came in the last second.
    pub megabits_per_second: f64,
    /// Since the last reset.
    pub delivered: Option<f64>,
    /// Since the last reset.
    pub delay_us: Quantiles,
    /// Since the last reset.
    pub freezes: u64,
}

impl Report {
    /// One JSON object with the names of the fields.
    #[must_use]
    pub fn to_json(&self) -> String {
        serde_json::to_string(self).expect("numbers and texts can be written")
    }

    /// `plain` has the packets that each camera without a peer connection has sent.
    pub(super) fn new(plan: &Plan, outcomes: &BTreeMap<PeerKey, Outcome>, plain: &[u64], window: Duration) -> Self {
        let mut total = Outcome::default();
        let (mut joins, mut first_frames) = (Histogram::default(), Histogram::default());
        let mut figures = Figures::default();
        for outcome in outcomes.values() {
            total.merge(outcome);
            figures.merge(&outcome.audio);
            figures.merge(&outcome.video);
            let micros = |time: Duration| u64::try_from(time.as_micros()).unwrap_or(u64::MAX);
            outcome.connected_after.map(micros).into_iter().for_each(|us| joins.add(us));
            outcome.first_frame_after.map(micros).into_iter().for_each(|us| first_frames.add(us));
        }
        total.sent += plain.iter().sum::<u64>();
        let expected = total.sent * u64::from(plan.watchers());
        let whole = plan.layers.is_empty() && expected > 0;
        Self {
            window_s: window.as_secs_f64(),
            members: plan.members(),
            joined: joins.count() + plain.len() as u64,
            lost_connections: outcomes.values().filter(|outcome| outcome.lost).count() as u64,
            join_ms: Quantiles::new(&joins, 1000.0),
            first_frame_ms: Quantiles::new(&first_frames, 1000.0),
            streams_expected: plan.streams(),
            streams: figures.streams,
            sent: total.sent,
            expected: if whole { expected } else { 0 },
            received: figures.packets,
            bytes: figures.bytes,
            delivered: whole.then(|| figures.stamped as f64 / expected as f64),
            lost: figures.lost,
            delay_us: Quantiles::new(&figures.delay, 1.0),
            late_us: Quantiles::new(&total.lateness, 1.0),
            freezes: figures.freezes,
            frozen_ms: u64::try_from(figures.frozen.as_millis()).unwrap_or(u64::MAX),
            longest_freeze_ms: u64::try_from(figures.longest_freeze.as_millis()).unwrap_or(u64::MAX),
            data: plan.data.map(|_| DataReport::new(plan, &total.data)),
            ..Self::default()
        }
    }
}

impl DataReport {
    fn new(plan: &Plan, figures: &DataFigures) -> Self {
        let expected = figures.sent * u64::from(plan.hearers());
        Self {
            sent: figures.sent,
            expected,
            received: figures.stamped,
            delivered: (expected > 0).then(|| figures.stamped as f64 / expected as f64),
            delay_us: Quantiles::new(&figures.delay, 1.0),
        }
    }
}

impl Quantiles {
    pub(crate) fn new(histogram: &Histogram, unit_us: f64) -> Self {
        let at = |fraction| histogram.quantile_us(fraction).unwrap_or(0) as f64 / unit_us;
        Self { p50: at(0.5), p95: at(0.95), p99: at(0.99), max: histogram.max_us() as f64 / unit_us }
    }
}

impl Progress {
    pub(super) fn new(phase: &'static str, plan: &Plan, report: &Report) -> Self {
        Self {
            phase,
            members: plan.members(),
            joined: report.joined,
            streams: (report.streams, report.streams_expected),
            packets_per_second: 0.0,
            megabits_per_second: 0.0,
            delivered: report.delivered,
            delay_us: report.delay_us,
            freezes: report.freezes,
        }
    }
}
