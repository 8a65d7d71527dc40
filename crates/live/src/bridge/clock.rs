//! The times of a publisher's tracks on one timeline.

use media::MediaTime;

/// Timestamps of one RTP stream as times of its stream.
///
/// By arrival at first; when both tracks have told by sender reports what their timestamps are on the publisher's clock (RFC 3550 §6.4.1),
/// the second one moves to where it belongs: at once with its first report, later a little with each frame, so that no player jumps.
#[derive(Debug)]
pub struct TrackClock {
    rate_hz: u32,
    /// The highest timestamp so far, as it came and in the endless count.
    newest: Option<(u32, i64)>,
    /// Time of the stream minus time of the track.
    shift: MediaTime,
    target: MediaTime,
    has_report: bool,
}

/// What the tracks of one publisher share: the publisher's clock minus the time of the stream, in microseconds.
#[derive(Debug, Default)]
pub struct Alignment {
    offset: Option<i64>,
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
    pub fn new(rate_hz: u32) -> Self {
        Self { rate_hz, newest: None, shift: MediaTime::ZERO, target: MediaTime::ZERO, has_report: false }
    }

    /// The time of a packet that comes in at `arrival`, both counted from the beginning of the stream.
    pub fn time_of(&mut self, timestamp: u32, arrival: MediaTime) -> MediaTime {
        let first = self.newest.is_none();
        let ticks = self.unwrap(timestamp);
        let time = MediaTime::from_ticks(ticks, self.rate_hz);
        if first {
            (self.shift, self.target) = (arrival - time, arrival - time);
        }
        let missing = (self.target - self.shift).micros().clamp(-STEP_US_MAX, STEP_US_MAX);
        self.shift = self.shift + MediaTime::from_micros(missing);
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
        if !std::mem::replace(&mut self.has_report, true) {
            self.shift = self.target;
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

/// How far a track moves with each frame.
const STEP_US_MAX: i64 = 2_000;

/// Tracks of one publisher that are further apart by their reports are not moved.
const ERROR_US_MAX: i64 = 2_000_000;

#[cfg(test)]
mod tests;
