//! One outgoing stream: decides which packets of the incoming streams go into it, and gives them numbers that make it one continuous
//! stream whatever is switched, dropped or lost.
//!
//! - A stream is entered and changed only at the start of a key picture; until it comes, the one before goes on. Where nobody can tell
//!   key pictures, as they are encrypted, a stream is entered at the start of any picture, and none is left that flows.
//! - Within a stream, levels (temporal and spatial layers) rise where the codec allows it and fall at the next picture.
//! - Places that are lost on the way in stay reserved: if the packet comes late, it goes out under its own number.
//! - What goes out long after it came is stamped as if it were made when it goes out.

mod epoch;
mod retimed;
mod segment;
mod sent;
mod timing;

use std::time::Instant;

use epoch::{Epoch, Epochs};
use retimed::Retimed;
use rtp::sequence::is_newer_timestamp;
use segment::{Segment, Segments};
use sent::SentPackets;
pub(crate) use sent::{Lookup, SentPacket};

use crate::frame::{Frame, Level, PictureNumbers};
use crate::id::PeerId;
use crate::tally::StandstillWatch;
use crate::timeline::{SenderClock, units};

/// One incoming stream, under a name that is never used again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct StreamId(pub(crate) u32);

/// What is to go into the outgoing stream.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Target {
    pub(crate) stream: StreamId,
    pub(crate) level: Level,
}

/// A packet of an incoming stream.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Input<'a> {
    pub(crate) stream: StreamId,
    pub(crate) publisher: PeerId,
    /// Its unwrapped sequence number.
    pub(crate) place: u64,
    pub(crate) timestamp: u32,
    pub(crate) marker: bool,
    pub(crate) frame: &'a Frame,
    /// From the stream's last sender report.
    pub(crate) clock: Option<SenderClock>,
    /// It goes out later than it came: the timestamp that a picture made at this moment would have.
    pub(crate) live: Option<u32>,
}

/// The numbers of a packet in the outgoing stream.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Rewrite {
    /// Its unwrapped sequence number.
    pub(crate) index: u64,
    pub(crate) timestamp: u32,
    pub(crate) marker: bool,
    pub(crate) picture: Option<PictureNumbers>,
    /// The frame's number in the dependency descriptor.
    pub(crate) number: Option<u16>,
    /// Up to which level the stream goes out there; `None` when that is forgotten.
    pub(crate) level: Option<Level>,
    /// Another stream begins with it.
    pub(crate) begins: bool,
}

/// One outgoing stream.
#[derive(Debug)]
pub(crate) struct Forwarder {
    rate_hz: u32,
    target: Option<Target>,
    current: Option<Epoch>,
    /// What went out in them can be sent again.
    epochs: Epochs,
    /// How many epochs have begun.
    begun: u8,
    segments: Segments,
    /// The highest place of the current stream that was looked at.
    highest: u64,
    /// The index of the next packet.
    next: u64,
    last: Option<Last>,
    /// The highest numbers that went out.
    picture: PictureNumbers,
    number: u16,
    /// A picture that is being skipped.
    skipped_picture: Option<u16>,
    /// The frames that went out lately: bit `n` is the frame whose incoming number is `newest_number - n`.
    forwarded: u64,
    newest_number: u16,
    /// How many packets can be found again.
    history: u64,
    sent: SentPackets,
    retimed: Retimed,
    standstills: StandstillWatch,
}

/// The latest packet that went out.
#[derive(Debug, Clone, Copy)]
struct Last {
    timestamp: u32,
    /// What belongs to that on the publisher's timeline.
    incoming_timestamp: u32,
    at: Instant,
}

impl Forwarder {
    /// Sends nothing yet. `first` is the sequence number to begin with; `history` the number of packets that can be found again, a power of
    /// two, or 0.
    pub(crate) fn new(first: u16, rate_hz: u32, history: usize) -> Self {
        Self {
            rate_hz,
            target: None,
            current: None,
            epochs: Epochs::default(),
            begun: 0,
            segments: Segments::default(),
            highest: 0,
            next: u64::from(first & 0x7fff),
            last: None,
            picture: PictureNumbers::default(),
            number: 0,
            skipped_picture: None,
            forwarded: 0,
            newest_number: 0,
            history: history as u64,
            sent: SentPackets::new(history),
            retimed: Retimed::default(),
            standstills: StandstillWatch::default(),
        }
    }

    /// What goes in from here on; with `None` nothing, at once.
    pub(crate) fn set_target(&mut self, target: Option<Target>) {
        self.target = target;
        if target.is_none() {
            self.current = None;
            self.standstills.pause();
        }
    }

    /// When pictures stood still although some were to be sent.
    pub(crate) fn standstills(&self) -> &StandstillWatch {
        &self.standstills
    }

    /// What goes out ends here, without a change of what is wanted: it is entered again at a key picture.
    pub(crate) fn leave(&mut self) {
        self.current = None;
    }

    /// The clock rate of the timestamps.
    pub(crate) fn rate_hz(&self) -> u32 {
        self.rate_hz
    }

    /// The clock rate of the codec that goes in from here on.
    pub(crate) fn set_rate(&mut self, rate_hz: u32) {
        self.rate_hz = rate_hz;
    }

    /// What is wanted.
    pub(crate) fn target(&self) -> Option<Target> {
        self.target
    }

    /// Whether nothing goes out.
    pub(crate) fn is_idle(&self) -> bool {
        self.current.is_none()
    }

    /// What goes out: the stream, and up to which level.
    pub(crate) fn current(&self) -> Option<Target> {
        Some(Target { stream: self.current?.stream, level: self.segments.newest()?.level })
    }

    /// Which stream waits for a key picture to be entered.
    pub(crate) fn awaited(&self) -> Option<StreamId> {
        let target = self.target?;
        (self.current.map(|epoch| epoch.stream) != Some(target.stream)).then_some(target.stream)
    }

    /// Whether larger pictures are wanted of the stream that goes out, which has spatial layers up to `widest`. They refer to pictures
    /// before them that the viewer has not got, so a key picture is waited for.
    pub(crate) fn awaits_width(&self, widest: u8) -> bool {
        let levels = self.wanted_level().zip(self.segments.newest());
        levels.is_some_and(|(wanted, current)| current.level.spatial < wanted.spatial.min(widest))
    }

    /// The moment on the publisher's clock and the outgoing timestamp that belong together, if the publisher has told.
    pub(crate) fn clock(&self) -> Option<(PeerId, SenderClock)> {
        let epoch = self.current?;
        let clock = epoch.clock?;
        let last = self.last?;
        let ntp = clock.ntp_of(last.incoming_timestamp, self.rate_hz);
        Some((epoch.publisher, SenderClock { ntp, timestamp: last.timestamp }))
    }

    /// The timestamp that a packet sampled now would have, by the arrival of the last one.
    pub(crate) fn timestamp_at(&self, now: Instant) -> Option<u32> {
        let last = self.last?;
        Some(last.timestamp.wrapping_add(units(now.saturating_duration_since(last.at), self.rate_hz)))
    }

    /// Decides about a packet: its numbers if it goes out.
    pub(crate) fn handle_packet(&mut self, now: Instant, input: &Input<'_>) -> Option<Rewrite> {
        match &mut self.current {
            Some(epoch) if epoch.stream == input.stream => {
                epoch.clock = input.clock;
                let ahead = input.place.saturating_sub(self.highest);
                match ahead {
                    0 => self.handle_late(now, input),
                    1..=GAP_MAX => self.advance(now, input),
                    _ => self.handle_discontinuity(now, input),
                }
            }
            Some(_) | None => self.enter(now, input),
        }
    }

    /// The numbers of a packet that went out before, from what came in.
    pub(crate) fn rewrite_again(&self, packet: &SentPacket, timestamp: u32, frame: &Frame) -> Option<Rewrite> {
        let epoch = self.epochs.find(packet.epoch)?;
        let delay = self.retimed.delay_of(packet.epoch, timestamp).unwrap_or(0);
        Some(Rewrite {
            index: packet.index,
            timestamp: timestamp.wrapping_sub(epoch.timestamp_shift).wrapping_add(delay),
            marker: packet.marker,
            picture: frame.picture.map(|picture| epoch.picture(picture, packet.picture_shift)),
            number: frame.number.map(|number| number.wrapping_sub(epoch.number_shift)),
            level: self.segments.find(packet.place).filter(|_| self.is_current(packet)).map(|segment| segment.level),
            begins: false,
        })
    }

    /// Which packet went out under a number.
    pub(crate) fn find(&self, number: u16) -> Lookup {
        let lookup = self.sent.find(number, self.next);
        match lookup {
            Lookup::Sent(packet) if self.epochs.find(packet.epoch).is_none() => Lookup::Unknown,
            Lookup::Sent(_) | Lookup::Reserved(_) | Lookup::Unknown => lookup,
        }
    }

    /// Which place of the stream that goes out belongs to a number.
    pub(crate) fn place_of(&self, index: u64) -> Option<u64> {
        self.current?;
        self.segments.place_of(index)
    }

    /// From which stream a packet came.
    pub(crate) fn stream_of(&self, packet: &SentPacket) -> Option<StreamId> {
        self.epochs.find(packet.epoch).map(|epoch| epoch.stream)
    }

    /// Whether nothing has been switched since the packet went out.
    pub(crate) fn is_current(&self, packet: &SentPacket) -> bool {
        self.current.is_some_and(|epoch| epoch.ordinal == packet.epoch)
    }

    /// The latest packet that went out, if it can be found again.
    pub(crate) fn latest(&self) -> Option<SentPacket> {
        let before = self.next.checked_sub(1)?;
        #[expect(clippy::cast_possible_truncation, reason = "the lower 16 bits are the number")]
        match self.find(before as u16) {
            Lookup::Sent(packet) => Some(packet),
            Lookup::Reserved(_) | Lookup::Unknown => None,
        }
    }

    /// Goes over to another stream if this packet lets it.
    fn enter(&mut self, now: Instant, input: &Input<'_>) -> Option<Rewrite> {
        let target = self.target.filter(|target| target.stream == input.stream)?;
        if !((input.frame.key || input.frame.is_blind) && input.frame.starts_picture) {
            return None;
        }
        let live = Input { timestamp: input.live.unwrap_or(input.timestamp), ..*input };
        let expected = self.expected_timestamp(now, &live);
        let picture = input.frame.picture.unwrap_or_default();
        let fresh = self.last.is_none();
        let following = |incoming: u16, last: u16| if fresh { 0 } else { incoming.wrapping_sub(last.wrapping_add(1)) };
        let following_byte =
            |incoming: u8, last: u8| if fresh { 0 } else { incoming.wrapping_sub(last.wrapping_add(1)) };
        let epoch = Epoch {
            ordinal: self.begun,
            stream: input.stream,
            publisher: input.publisher,
            clock: input.clock,
            timestamp_shift: live.timestamp.wrapping_sub(expected),
            base_shift: following_byte(picture.base, self.picture.base),
            key_shift: following_byte(picture.key, self.picture.key),
            number_shift: following(input.frame.number.unwrap_or(0), self.number),
        };
        self.begun = self.begun.wrapping_add(1);
        self.epochs.push(epoch);
        self.current = Some(epoch);
        self.highest = input.place.saturating_sub(1);
        self.forwarded = 0;
        self.skipped_picture = None;
        self.segments.restart(Segment {
            from: input.place,
            shift: input.place.wrapping_sub(self.next),
            picture_shift: following(picture.id, self.picture.id),
            level: target.level,
        });
        self.advance(now, input).map(|rewrite| Rewrite { begins: true, ..rewrite })
    }

    /// A packet beyond the highest place so far.
    fn advance(&mut self, now: Instant, input: &Input<'_>) -> Option<Rewrite> {
        let epoch = self.current?;
        let mut segment = self.segments.newest()?;
        if input.frame.starts {
            let level = self.level_from(segment.level, input.frame);
            if level != segment.level {
                segment = Segment { from: input.place, level, ..segment };
                self.segments.push(segment);
            }
        }
        self.highest = input.place;
        if !input.frame.needed.contains(segment.level) {
            self.skip(segment, input);
            return None;
        }
        self.skipped_picture = None;
        let rewrite = self.number_packet(&epoch, &segment, input);
        self.next = rewrite.index.wrapping_add(1);
        self.note_highest(now, &epoch, &rewrite);
        self.note_frame(input.frame);
        Some(rewrite)
    }

    /// A packet that comes after a later one: it has a number of its own if it was not skipped.
    fn handle_late(&mut self, now: Instant, input: &Input<'_>) -> Option<Rewrite> {
        let epoch = self.current?;
        let segment = self.segments.find(input.place)?;
        let index = input.place.wrapping_sub(segment.shift);
        if !input.frame.needed.contains(segment.level) || !self.sent.is_reserved(index, self.next) {
            return None;
        }
        let rewrite = self.number_packet(&epoch, &segment, input);
        // Only skipped packets came after it: what follows has to go on behind it.
        if self.last.is_none_or(|last| is_newer_timestamp(rewrite.timestamp, last.timestamp)) {
            self.note_highest(now, &epoch, &rewrite);
        }
        Some(rewrite)
    }

    /// The numbers behind which the next stream begins.
    fn note_highest(&mut self, now: Instant, epoch: &Epoch, rewrite: &Rewrite) {
        let incoming_timestamp = rewrite.timestamp.wrapping_add(epoch.timestamp_shift);
        self.last = Some(Last { timestamp: rewrite.timestamp, incoming_timestamp, at: now });
        self.standstills.handle_packet(now);
        self.picture = rewrite.picture.unwrap_or(self.picture);
        self.number = rewrite.number.unwrap_or(self.number);
    }

    /// The stream jumps further than anybody asks for: what follows is a new beginning.
    fn handle_discontinuity(&mut self, now: Instant, input: &Input<'_>) -> Option<Rewrite> {
        self.current = None;
        self.enter(now, input)
    }

    fn number_packet(&mut self, epoch: &Epoch, segment: &Segment, input: &Input<'_>) -> Rewrite {
        let index = input.place.wrapping_sub(segment.shift);
        let delay = self.delay(epoch, input, index);
        let marker = input.marker || (input.frame.ends && input.frame.level.spatial == segment.level.spatial);
        let packet = SentPacket {
            index,
            place: input.place,
            picture_shift: segment.picture_shift,
            epoch: epoch.ordinal,
            marker,
        };
        self.sent.insert(packet, self.next);
        Rewrite {
            index,
            timestamp: input.timestamp.wrapping_sub(epoch.timestamp_shift).wrapping_add(delay),
            marker,
            picture: input.frame.picture.map(|picture| epoch.picture(picture, segment.picture_shift)),
            number: input.frame.number.map(|number| number.wrapping_sub(epoch.number_shift)),
            level: Some(segment.level),
            begins: false,
        }
    }

    /// Closes the ranks behind a packet that nobody needs.
    fn skip(&mut self, segment: Segment, input: &Input<'_>) {
        let picture = input.frame.picture.map(|picture| picture.id);
        let is_another = input.frame.is_dense && picture.is_some() && picture != self.skipped_picture;
        let following = Segment {
            from: input.place.saturating_add(1),
            shift: segment.shift.wrapping_add(1),
            picture_shift: segment.picture_shift.wrapping_add(u16::from(is_another)),
            level: segment.level,
        };
        self.skipped_picture = picture;
        self.segments.push_or_replace(following, input.place);
        let next = following.from.wrapping_sub(following.shift);
        self.sent.reserve(self.next, next);
        self.next = next;
    }

    /// Which level to go on with at the start of a frame.
    fn level_from(&self, current: Level, frame: &Frame) -> Level {
        let Some(wanted) = self.wanted_level() else { return current };
        if frame.key && frame.starts_picture {
            return wanted;
        }
        let mut level = current;
        if frame.starts_picture {
            level.temporal = level.temporal.min(wanted.temporal);
            let lower = Level { spatial: wanted.spatial, ..level };
            // Where the lower layers went out as part of the higher ones, they can be gone on with alone.
            if lower.spatial < level.spatial && frame.descend.contains(lower) && frame.needed.contains(level) {
                level = lower;
            }
        }
        if !self.is_decodable(frame) {
            return level;
        }
        loop {
            let wider = Level { spatial: level.spatial.saturating_add(1), ..level };
            let faster = Level { temporal: level.temporal.saturating_add(1), ..level };
            if wider.spatial <= wanted.spatial && frame.widen.contains(wider) {
                level = wider;
            } else if faster.temporal <= wanted.temporal && frame.climb.contains(faster) {
                level = faster;
            } else {
                return level;
            }
        }
    }

    fn wanted_level(&self) -> Option<Level> {
        let (target, epoch) = (self.target?, self.current?);
        (target.stream == epoch.stream).then_some(target.level)
    }

    /// Whether all frames that this one refers to went out.
    fn is_decodable(&self, frame: &Frame) -> bool {
        let Some(number) = frame.number else { return true };
        let ahead = u32::from(number.wrapping_sub(self.newest_number));
        let forwarded = self.forwarded.checked_shl(ahead).unwrap_or(0);
        frame.dependencies & !forwarded == 0
    }

    fn note_frame(&mut self, frame: &Frame) {
        let Some(number) = frame.number else { return };
        let ahead = u32::from(number.wrapping_sub(self.newest_number));
        if ahead < 1 << 15 {
            self.forwarded = self.forwarded.checked_shl(ahead).unwrap_or(0) | 1;
            self.newest_number = number;
        }
    }
}

/// A larger jump is a new beginning: nobody asks for so many packets.
pub(crate) const GAP_MAX: u64 = 512;

#[cfg(test)]
mod tests;
