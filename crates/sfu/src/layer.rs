//! One incoming stream of a track: the only one, or a layer of simulcast. What came, what is missing, how much it is.

mod reception;
mod window;

use std::time::{Duration, Instant};

use rtp::parameters::{Kind, Rid};
use rtp::sequence::SequenceUnwrapper;

use crate::cache::{Limits, PacketCache};
use crate::forwarder::StreamId;
use crate::frame::DependencyState;
use crate::keyframe::KeyFrameRequests;
use crate::nack::MissingPackets;
use crate::rate::LevelRates;
use crate::tally::LayerTally;
use crate::timeline::{NtpTime, SenderClock};
use reception::Reception;
use window::Window;

/// One incoming stream.
#[derive(Debug)]
pub(crate) struct Layer {
    /// Its name in simulcast.
    pub(crate) rid: Option<Rid>,
    /// Changes when the publisher begins anew.
    pub(crate) id: StreamId,
    /// `None` until the first packet, unless it was announced.
    pub(crate) ssrc: Option<u32>,
    pub(crate) missing: MissingPackets,
    pub(crate) cache: PacketCache,
    pub(crate) key_frames: KeyFrameRequests,
    /// When the latest key picture began to come.
    pub(crate) key_picture_at: Option<Instant>,
    /// Counts full intra requests (RFC 5104 §4.3.1.1).
    pub(crate) intra_requests: u8,
    pub(crate) rates: LevelRates,
    /// What explains the dependency descriptors.
    pub(crate) dependencies: DependencyState,
    /// The latest packet in order, for those codecs that do not say where a picture begins.
    pub(crate) previous: Option<Previous>,
    /// The picture's width and height, as far as key frames told.
    pub(crate) size_px: Option<(u32, u32)>,
    /// When the last packet came.
    pub(crate) last_at: Option<Instant>,
    pub(crate) tally: LayerTally,
    /// It comes from another worker, and did not for a while: the next packet begins it anew.
    pub(crate) resumes: bool,
    /// It comes from another worker, which is still sending what was before.
    pub(crate) is_filling: bool,
    /// When the last frame began.
    frame_at: Option<Instant>,
    /// Between frames, smoothed.
    frame_interval: Duration,
    unwrapper: SequenceUnwrapper,
    window: Window,
    reception: Reception,
    report: Option<Report>,
    /// Packets in a row that are far behind: the publisher has begun anew under the same SSRC.
    far_behind: u8,
}

/// The packet before.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Previous {
    pub(crate) place: u64,
    pub(crate) timestamp: u32,
}

/// What a new packet is to the stream.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Arrival {
    /// At this place, which is the highest so far.
    Newest(u64),
    /// At this place, behind the highest.
    Late(u64),
    /// It had come before, or is too old to tell.
    Duplicate,
    /// The stream begins anew; the place of its first packet.
    Restart(u64),
}

/// The last sender report.
#[derive(Debug, Clone, Copy)]
struct Report {
    clock: SenderClock,
    arrived: Instant,
}

impl Layer {
    pub(crate) fn new(kind: Kind, rid: Option<Rid>, id: StreamId) -> Self {
        let limits = if kind == Kind::Audio { Limits::AUDIO } else { Limits::VIDEO };
        Self {
            rid,
            id,
            ssrc: None,
            missing: MissingPackets::default(),
            cache: PacketCache::new(limits),
            key_frames: KeyFrameRequests::default(),
            key_picture_at: None,
            intra_requests: 0,
            rates: LevelRates::default(),
            dependencies: DependencyState::default(),
            previous: None,
            size_px: None,
            last_at: None,
            tally: LayerTally::default(),
            resumes: false,
            is_filling: false,
            frame_at: None,
            frame_interval: FRAME_INTERVAL_START,
            unwrapper: SequenceUnwrapper::default(),
            window: Window::default(),
            reception: Reception::default(),
            report: None,
            far_behind: 0,
        }
    }

    /// Who comes later gets what came since the latest key picture.
    pub(crate) fn replaying(self) -> Self {
        Self { cache: self.cache.replaying(Limits::REPLAY), ..self }
    }

    /// The publisher sends under another SSRC, or begins anew: nothing of before counts.
    pub(crate) fn restart(&mut self, id: StreamId, ssrc: u32) {
        self.id = id;
        self.ssrc = Some(ssrc);
        self.missing.clear();
        self.cache.clear();
        self.dependencies = DependencyState::default();
        self.previous = None;
        self.unwrapper = SequenceUnwrapper::default();
        self.window = Window::default();
        self.reception = Reception::default();
        self.report = None;
        self.far_behind = 0;
        self.resumes = false;
        self.is_filling = false;
    }

    /// The publisher has another connection: whatever comes next is another stream.
    pub(crate) fn handle_reconnect(&mut self) {
        self.ssrc = None;
        self.missing.clear();
        self.report = None;
    }

    /// Finds a packet's place. Retransmissions do not count for reception statistics.
    pub(crate) fn handle_number(&mut self, number: u16) -> Arrival {
        let Some(highest) = self.unwrapper.highest() else {
            let place = self.unwrapper.unwrap(number);
            self.window.begin(place);
            return Arrival::Newest(place);
        };
        let place = self.unwrapper.peek(number);
        if highest.saturating_sub(place) > FAR_BEHIND {
            self.far_behind = self.far_behind.saturating_add(1);
            if self.far_behind < FAR_BEHIND_MAX {
                return Arrival::Duplicate;
            }
            return Arrival::Restart(SequenceUnwrapper::default().unwrap(number));
        }
        self.far_behind = 0;
        self.unwrapper.unwrap(number);
        if !self.window.insert(place) {
            return Arrival::Duplicate;
        }
        if place > highest { Arrival::Newest(place) } else { Arrival::Late(place) }
    }

    /// As [`Self::restart`], with the number of the first packet, which was counted already.
    pub(crate) fn restart_at(&mut self, id: StreamId, ssrc: u32, number: u16) {
        self.restart(id, ssrc);
        let place = self.unwrapper.unwrap(number);
        self.window.begin(place);
    }

    /// The highest place so far.
    pub(crate) fn highest(&self) -> Option<u64> {
        self.unwrapper.highest()
    }

    /// Counts a packet for the receiver reports.
    pub(crate) fn handle_reception(&mut self, now: Instant, place: u64, timestamp: u32, rate_hz: u32) {
        self.reception.handle_packet(now, place, timestamp, rate_hz);
    }

    /// A sender report about this stream.
    pub(crate) fn handle_sender_report(&mut self, now: Instant, ntp: NtpTime, timestamp: u32) {
        self.report = Some(Report { clock: SenderClock { ntp, timestamp }, arrived: now });
    }

    /// Which place a number belongs to, by the highest so far.
    pub(crate) fn place_of(&self, number: u16) -> Option<u64> {
        self.highest().map(|_| self.unwrapper.peek(number))
    }

    /// The last sender report, and how old it is.
    pub(crate) fn report(&self, now: Instant) -> Option<(SenderClock, Duration)> {
        self.report.map(|report| (report.clock, now.saturating_duration_since(report.arrived)))
    }

    /// The timestamp that a picture made at this moment would have, by the arrival of the newest.
    pub(crate) fn live_timestamp(&self, now: Instant, rate_hz: u32) -> Option<u32> {
        let since = now.saturating_duration_since(self.last_at?);
        Some(self.previous?.timestamp.wrapping_add(crate::timeline::units(since, rate_hz)))
    }

    /// From the last sender report.
    pub(crate) fn clock(&self) -> Option<SenderClock> {
        self.report.map(|report| report.clock)
    }

    /// What is to be reported about this stream (RFC 3550 §6.4.2).
    pub(crate) fn report_block(&mut self, now: Instant) -> Option<rtp::rtcp::ReportBlock> {
        let mut block = self.reception.report_block(self.ssrc?)?;
        if let Some(report) = self.report {
            block.last_sender_report = report.clock.ntp.compact();
            let delay = now.saturating_duration_since(report.arrived);
            block.delay_since_last = crate::timeline::units(delay, 65_536);
        }
        Some(block)
    }

    /// The share lost on the way in by the last report, in 1/256.
    pub(crate) fn fraction_lost(&self) -> u8 {
        self.reception.fraction_lost()
    }

    /// A frame begins.
    pub(crate) fn handle_frame(&mut self, now: Instant) {
        let Some(before) = self.frame_at.replace(now) else { return };
        let interval = now.saturating_duration_since(before).min(FRAME_INTERVAL_MAX);
        self.frame_interval = self.frame_interval.saturating_mul(7).saturating_add(interval) / 8;
    }

    /// Whether it flows at a moment: frames come at their usual pace. Compare with the latest packet of the track, be it of another
    /// layer: a publisher that is silent altogether shows something that does not move, or is not there, and has switched no layer off.
    pub(crate) fn is_active(&self, at: Instant) -> bool {
        let silence = self.frame_interval.saturating_mul(FRAMES_MISSING).clamp(SILENCE_MIN, SILENCE_MAX);
        self.last_at.is_some_and(|last| at.saturating_duration_since(last) < silence)
    }
}

/// When the last packet of any of these layers came.
pub(crate) fn latest(layers: &[Layer]) -> Option<Instant> {
    layers.iter().filter_map(|layer| layer.last_at).max()
}

/// A packet further behind is not late: it is of another count.
const FAR_BEHIND: u64 = 3_000;

/// So many of them in a row are a new beginning (RFC 3550 appendix A.1 wants two; stray packets of an old path are more).
const FAR_BEHIND_MAX: u8 = 8;

/// So many frames do not come: the layer is off.
const FRAMES_MISSING: u32 = 8;

/// What that is in time, at least, as encoders leave frames out, and at most.
const SILENCE_MIN: Duration = Duration::from_millis(750);
const SILENCE_MAX: Duration = Duration::from_millis(1_500);

/// Of a usual camera, until it is known.
const FRAME_INTERVAL_START: Duration = Duration::from_millis(90);

/// A pause between frames is not their pace.
const FRAME_INTERVAL_MAX: Duration = Duration::from_millis(400);

#[cfg(test)]
mod tests;
