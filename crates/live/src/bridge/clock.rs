//! The times of a publisher's tracks on one timeline.

use media::{Kind, MediaTime};

/// Timestamps of one RTP stream as times of its stream.
///
/// By arrival at first; when sender reports tell what its timestamps are on the publisher's clock (RFC 3550 §6.4.1), a track moves to where
/// it belongs: at once with its first report, if only its first packet has a time by then; later a little with each frame, so that times
/// always grow. Sound moves so slowly that nobody hears it, and pictures move to where the sound is: they are in step long before both are
/// where they belong.
#[derive(Debug)]
pub struct TrackClock {
    kind: Kind,
    rate_hz: u32,
    /// The highest timestamp so far, as it came and in the endless count.
    newest: Option<(u32, i64)>,
    /// Time of the stream minus time of the track.
    shift: MediaTime,
    target: MediaTime,
    /// A report has told its place, or more packets than the first have times.
    is_placed: bool,
}

/// What the tracks of one publisher share.
#[derive(Debug, Clone, Copy, Default)]
pub struct Alignment {
    /// The publisher's clock minus the time of the stream, in microseconds.
    offset: Option<i64>,
    /// By how much sound is still to move: so much the pictures stay away from where they belong, too.
    sound_lacks: MediaTime,
}

impl Alignment {
    /// Where the moment `ntp` (32.32 seconds) of that clock is known on the stream, the tracks are brought there, instead of to the first of them.
    pub fn anchor(&mut self, ntp: u64, on_stream: MediaTime) {
        self.offset.get_or_insert(micros(ntp).saturating_sub(on_stream.micros()));
    }
}

impl TrackClock {
    /// A stream whose timestamps count `rate_hz` a second.
    #[must_use]
    pub fn new(kind: Kind, rate_hz: u32) -> Self {
        Self { kind, rate_hz, newest: None, shift: MediaTime::ZERO, target: MediaTime::ZERO, is_placed: false }
    }

    /// The time of a packet that comes in at `arrival`, both counted from the beginning of the stream.
    pub fn time_of(&mut self, timestamp: u32, arrival: MediaTime, alignment: &mut Alignment) -> MediaTime {
        let before = self.newest;
        let ticks = self.unwrap(timestamp);
        let time = MediaTime::from_ticks(ticks, self.rate_hz);
        match before {
            None => (self.shift, self.target) = (arrival - time, arrival - time),
            Some((_, before)) if ticks > before => {
                self.is_placed = true;
                self.approach(MediaTime::from_ticks(ticks.saturating_sub(before), self.rate_hz), alignment);
            }
            Some(_) => {}
        }
        time + self.shift
    }

    /// A sender report says which timestamp belongs to `ntp` (32.32 seconds). Nothing is known of a track before its first packet.
    pub fn handle_sender_report(&mut self, ntp: u64, timestamp: u32, alignment: &mut Alignment) {
        if self.newest.is_none() {
            return;
        }
        let ticks = self.peek(timestamp);
        let of_track = MediaTime::from_ticks(ticks, self.rate_hz).micros();
        let on_publisher = micros(ntp);
        let on_stream = of_track.saturating_add(self.shift.micros());
        let offset = *alignment.offset.get_or_insert(on_publisher.saturating_sub(on_stream));
        let error = on_publisher.saturating_sub(offset).saturating_sub(on_stream);
        // A clock that was set, or a report that lies: the packets themselves are believed.
        if error.saturating_abs() > ERROR_US_MAX {
            alignment.offset = Some(on_publisher.saturating_sub(on_stream));
        } else {
            self.target = self.shift + MediaTime::from_micros(error);
        }
        if !std::mem::replace(&mut self.is_placed, true) {
            self.shift = self.goal(alignment);
        }
        self.tell(alignment);
    }

    /// Moves by a share of the `elapsed` time of the track, whatever the length of its frames: tracks that lack the same stay in step.
    fn approach(&mut self, elapsed: MediaTime, alignment: &mut Alignment) {
        let share = match self.kind {
            Kind::Audio => SOUND_SHARE,
            Kind::Video => PICTURE_SHARE,
        };
        let most = elapsed.micros() / share;
        let missing = (self.goal(alignment) - self.shift).micros().clamp(-most, most);
        self.shift = self.shift + MediaTime::from_micros(missing);
        self.tell(alignment);
    }

    /// Where it is to be now: pictures where the sound is.
    fn goal(&self, alignment: &Alignment) -> MediaTime {
        match self.kind {
            Kind::Audio => self.target,
            Kind::Video => self.target - alignment.sound_lacks,
        }
    }

    fn tell(&self, alignment: &mut Alignment) {
        if self.kind == Kind::Audio {
            alignment.sound_lacks = self.target - self.shift;
        }
    }

    fn unwrap(&mut self, timestamp: u32) -> i64 {
        let ticks = self.peek(timestamp);
        if self.newest.is_none_or(|(_, newest)| ticks > newest) {
            self.newest = Some((timestamp, ticks));
        }
        ticks
    }

    fn peek(&self, timestamp: u32) -> i64 {
        let Some((newest, ticks)) = self.newest else { return timestamp.into() };
        ticks.saturating_add(timestamp.wrapping_sub(newest).cast_signed().into())
    }
}

/// A moment in NTP format.
fn micros(ntp: u64) -> i64 {
    let seconds = i64::try_from(ntp >> 32).unwrap_or(i64::MAX);
    let fraction = i64::try_from((ntp & 0xffff_ffff).saturating_mul(1_000_000) >> 32).unwrap_or(0);
    seconds.saturating_mul(1_000_000).saturating_add(fraction)
}

/// The part of the time that goes by on the track which it moves by at most: sound by a hundredth, as writers of files place pieces of sound
/// one behind the other and follow slowly.
const SOUND_SHARE: i64 = 100;

/// Pictures by a tenth: 100 ms are made up in a second, and a report that is wrong for once moves them by no more.
const PICTURE_SHARE: i64 = 10;

/// Tracks of one publisher that are further apart by their reports are not moved.
const ERROR_US_MAX: i64 = 2_000_000;

#[cfg(test)]
mod tests;
