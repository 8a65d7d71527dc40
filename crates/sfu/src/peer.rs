//! A peer: the streams that it sends, the slots that it receives in, and the path to it.

mod outbound;
mod send;

use std::time::{Duration, Instant};

use rtp::parameters::ExtensionIds;

pub(crate) use outbound::{Outbound, Waiting, What};
pub(crate) use send::{Context, Outgoing};

use crate::allowance::Allowance;
use crate::bandwidth::incoming::Incoming;
use crate::config::Config;
use crate::feedback::ArrivalLog;
use crate::id::PeerId;
use crate::output::QualityReason;
use crate::slot::Slot;
use crate::tally::PeerTally;
use crate::timeline::NtpTime;

/// A peer of the room.
#[derive(Debug)]
pub(crate) struct Peer {
    pub(crate) id: PeerId,
    /// It is connected to another worker, which repairs and reports; here are only its packets.
    pub(crate) is_remote: bool,
    /// It is in this process: there is no path to it that could be full.
    pub(crate) is_local: bool,
    /// Whose packets belong to which layer, sorted by SSRC; at most [`STREAMS_MAX`].
    streams: Vec<(u32, StreamPlace)>,
    /// The ids of all media descriptions in which it sends: within one transport an id has one meaning (RFC 9143 §15.2).
    pub(crate) extensions: ExtensionIds,
    pub(crate) slots: Vec<Slot>,
    pub(crate) outbound: Outbound,
    /// What arrived from it, to be told back.
    pub(crate) arrivals: ArrivalLog,
    /// What it may send, where it takes no feedback about each packet but a REMB.
    pub(crate) incoming: Option<Box<Incoming>>,
    /// When the next reports are due.
    pub(crate) report_at: Instant,
    /// The estimate of its path at the last allocation.
    pub(crate) allocated_bps: u64,
    /// When to allocate.
    pub(crate) allocate_at: Option<Instant>,
    /// When something came from it.
    pub(crate) heard_at: Instant,
    /// The SSRC of its latest packet; 0 before the first. Feedback names it: browsers pass over feedback to a stream that is not theirs.
    pub(crate) heard_ssrc: u32,
    /// What its slots want and get, by the last allocation.
    pub(crate) wanted_bps: u64,
    pub(crate) granted_bps: u64,
    pub(crate) is_starved: bool,
    /// How much its path carries of each picture that adapts, by the last allocation; [`u64::MAX`] where that is not known.
    pub(crate) share_bps: u64,
    /// The share that it says was lost of what was sent to it, in 1/256, smoothed.
    pub(crate) loss_256: u8,
    /// Its quality as told last.
    pub(crate) quality: (u8, Option<QualityReason>),
    /// Between this peer and us, smoothed.
    pub(crate) round_trip: Option<Duration>,
    /// What to add to the peer's NTP times to get ours: the least that was seen, which is the fastest way here.
    pub(crate) clock_offset: Option<i64>,
    /// All streams that flowed were on its clock at once: from then on they are reported by it.
    pub(crate) is_told_whole: bool,
    /// It is to be shown a picture, so its path is estimated. Sound alone is sent whatever the path carries.
    pub(crate) is_estimated: bool,
    /// What it publishes is made within this process, by an encoder that nobody can ask for a key picture.
    pub(crate) is_fed: bool,
    /// Some of its slots may have something to replay.
    pub(crate) replays: bool,
    /// What its slots show may have changed.
    pub(crate) slots_changed: bool,
    pub(crate) tally: PeerTally,
    /// Its automatic slots are to be filled anew.
    pub(crate) wants_voices: bool,
    /// Streams that may begin, each of which is news to everybody who watches.
    pub(crate) beginnings: Allowance,
    /// RTCP compounds that are read.
    pub(crate) reports: Allowance,
    /// What the packets in them make us do, in steps.
    pub(crate) report_steps: Allowance,
}

/// Which layer of which track a stream is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct StreamPlace {
    /// The track's key.
    pub(crate) track: usize,
    pub(crate) layer: usize,
    /// Retransmissions (RFC 4588).
    pub(crate) rtx: bool,
}

impl Peer {
    pub(crate) fn new(config: &Config, id: PeerId, now: Instant) -> Self {
        Self {
            id,
            is_remote: false,
            is_local: false,
            is_fed: false,
            streams: Vec::new(),
            extensions: ExtensionIds::default(),
            slots: Vec::new(),
            outbound: Outbound::new(config, now),
            arrivals: ArrivalLog::new(now),
            incoming: None,
            report_at: now + REPORT_INTERVAL,
            allocated_bps: 0,
            allocate_at: None,
            heard_at: now,
            heard_ssrc: 0,
            wanted_bps: 0,
            granted_bps: 0,
            is_starved: false,
            share_bps: u64::MAX,
            loss_256: 0,
            quality: (5, None),
            round_trip: None,
            clock_offset: None,
            is_told_whole: false,
            is_estimated: false,
            replays: false,
            slots_changed: false,
            tally: PeerTally::default(),
            wants_voices: false,
            beginnings: Allowance::new(now, BEGINNINGS_PER_SECOND_MAX),
            reports: Allowance::new(now, REPORTS_PER_SECOND_MAX),
            report_steps: Allowance::new(now, REPORT_STEPS_PER_SECOND_MAX),
        }
    }

    /// It has another connection: nothing holds that was learned from the one before. What it may send is no more for it.
    pub(crate) fn handle_reconnect(&mut self, config: &Config, now: Instant) {
        let (is_remote, quality, slots) = (self.is_remote, self.quality, std::mem::take(&mut self.slots));
        let (beginnings, reports, report_steps) = (self.beginnings, self.reports, self.report_steps);
        let kept = Self {
            is_remote,
            is_local: self.is_local,
            is_fed: self.is_fed,
            quality,
            slots,
            replays: self.replays,
            tally: self.tally,
            ..Self::new(config, self.id, now)
        };
        *self = Self { beginnings, reports, report_steps, ..kept };
        self.allocate_at = Some(now);
    }

    /// Which layer an SSRC is.
    pub(crate) fn stream(&self, ssrc: u32) -> Option<StreamPlace> {
        let index = self.streams.binary_search_by_key(&ssrc, |(ssrc, _)| *ssrc).ok()?;
        self.streams.get(index).map(|(_, place)| *place)
    }

    /// Learns whose packets an SSRC has; the one that had that place before is forgotten. `false` when there are too many.
    pub(crate) fn learn_stream(&mut self, ssrc: u32, place: StreamPlace) -> bool {
        self.streams.retain(|(known, there)| *there != place && *known != ssrc);
        if self.streams.len() >= STREAMS_MAX {
            return false;
        }
        let index = self.streams.partition_point(|(known, _)| *known < ssrc);
        self.streams.insert(index, (ssrc, place));
        true
    }

    /// Forgets the streams of a track.
    pub(crate) fn forget_streams(&mut self, track: usize) {
        self.streams.retain(|(_, place)| place.track != track);
    }

    /// A report of what it lacks of one stream.
    pub(crate) fn handle_loss(&mut self, fraction_256: u8) {
        let smoothed = u16::from(self.loss_256).saturating_mul(3).saturating_add(u16::from(fraction_256)) / 4;
        self.loss_256 = u8::try_from(smoothed).unwrap_or(u8::MAX);
    }

    /// A sample of the round trip.
    pub(crate) fn handle_round_trip(&mut self, sample: Duration) {
        let sample = sample.min(ROUND_TRIP_MAX);
        self.round_trip =
            Some(self.round_trip.map_or(sample, |before| before.saturating_mul(7).saturating_add(sample) / 8));
    }

    /// The peer's NTP time `theirs` was sent before `ours`.
    pub(crate) fn handle_clock(&mut self, theirs: NtpTime, ours: NtpTime) {
        let offset = ours.0.wrapping_sub(theirs.0).cast_signed();
        // Clocks drift: the least offset ages.
        let aged = self.clock_offset.map(|before| before.saturating_add(CLOCK_DRIFT));
        self.clock_offset = Some(aged.map_or(offset, |aged| aged.min(offset)));
    }

    /// The SSRC under which RTCP is sent to this peer.
    pub(crate) fn rtcp_ssrc(&self) -> u32 {
        self.slots.first().map_or(RTCP_SSRC, |slot| slot.parameters.ssrc)
    }

    /// When it is to be told what arrived from it, or what it may send.
    pub(crate) fn feedback_due(&self) -> Option<Instant> {
        let allowance = self.incoming.as_ref().and_then(|incoming| incoming.poll_timeout());
        [self.arrivals.poll_timeout(), allowance].into_iter().flatten().min()
    }

    /// When something more of a replay may go out.
    fn replay_due(&self) -> Option<Instant> {
        if !self.replays {
            return None;
        }
        let due = self.slots.iter().filter_map(|slot| slot.replay.as_ref()).map(|replay| replay.due()).min()?;
        let pacer = &self.outbound.pacer;
        Some(due.max(pacer.poll_timeout().unwrap_or_else(|| pacer.room_at())))
    }

    /// Whether somebody looks at what it gets: neither this process nor another worker.
    pub(crate) fn is_watched(&self) -> bool {
        !self.is_local && !self.is_remote
    }

    /// Whose share of key frames its requests are of: nobody's if it is in this process, where many read what one asks for, of all layers at once.
    pub(crate) fn sharer(&self) -> Option<PeerId> {
        (!self.is_local).then_some(self.id)
    }

    /// When something is due.
    pub(crate) fn poll_timeout(&self) -> Instant {
        let due = [self.allocate_at, self.outbound.poll_timeout(), self.feedback_due(), self.replay_due()];
        due.into_iter().flatten().fold(self.report_at, Instant::min)
    }
}

/// Reports of one peer are so far apart (RFC 3550 §6.2 asks for less than 5 % of the bandwidth).
pub(crate) const REPORT_INTERVAL: Duration = Duration::from_secs(1);

/// SSRCs of one peer: four tracks of three layers with retransmissions, and as many again while a new negotiation replaces them.
pub(crate) const STREAMS_MAX: usize = 48;

/// Streams of one peer that may begin in a second: as many as [`STREAMS_MAX`] are known for, all replaced every two seconds.
pub(crate) const BEGINNINGS_PER_SECOND_MAX: u32 = 24;

/// RTCP compounds of one peer in a second: browsers send feedback every 50 ms, and reports and requests besides.
pub(crate) const REPORTS_PER_SECOND_MAX: u32 = 1_000;

/// Packets that the RTCP of one peer may speak about in a second: five times those of 50 Mbit/s, and all that are remembered of what was
/// sent at once.
pub(crate) const REPORT_STEPS_PER_SECOND_MAX: u32 = 30_000;

/// A longer round trip is a wrong report.
const ROUND_TRIP_MAX: Duration = Duration::from_secs(5);

/// The SSRC of a side that sends no media.
const RTCP_SSRC: u32 = 1;

/// Per sender report, in units of NTP: 50 microseconds, more than clocks drift in a second.
const CLOCK_DRIFT: i64 = 214_748;

#[cfg(test)]
mod tests;
