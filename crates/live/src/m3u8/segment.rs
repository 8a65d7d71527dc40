//! Segments of a media playlist, and parts of them.

use std::fmt::{self, Display as _};
use std::time::Duration;

use media::MediaTime;

use super::{Quoted, Seconds};

/// A media segment (RFC 8216 §3) with what its tags say (§4.3.2).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Segment {
    /// Where it is, relative to the playlist.
    pub uri: String,
    /// How long it plays (EXTINF).
    pub duration: MediaTime,
    /// Whether its timestamps, its tracks or their encoding do not go on from the segment before (EXT-X-DISCONTINUITY).
    pub is_discontinuous: bool,
    /// When its first sample was made, since 1970 (EXT-X-PROGRAM-DATE-TIME).
    pub date_time: Option<Duration>,
    /// Where its initialization section is, when it is another one than that of the segment before (EXT-X-MAP).
    pub map_uri: Option<String>,
    /// Its parts, while players may still want them one by one.
    pub parts: Vec<Part>,
}

/// A partial segment (rfc8216bis §4.4.4.9).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Part {
    /// Where it is, relative to the playlist.
    pub uri: String,
    /// How long it plays.
    pub duration: MediaTime,
    /// Whether it begins with a key frame.
    pub is_independent: bool,
}

impl Segment {
    /// Writes what applies to the segment before its parts: they need it as well.
    pub(super) fn write_start(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.is_discontinuous {
            writeln!(f, "#EXT-X-DISCONTINUITY")?;
        }
        if let Some(uri) = &self.map_uri {
            writeln!(f, "#EXT-X-MAP:URI={}", Quoted(uri))?;
        }
        if let Some(at) = self.date_time {
            writeln!(f, "#EXT-X-PROGRAM-DATE-TIME:{}", DateTime(at))?;
        }
        self.parts.iter().try_for_each(|part| part.fmt(f))
    }
}

impl fmt::Display for Segment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.write_start(f)?;
        writeln!(f, "#EXTINF:{},", Seconds(self.duration))?;
        writeln!(f, "{}", self.uri)
    }
}

impl fmt::Display for Part {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let independent = if self.is_independent { ",INDEPENDENT=YES" } else { "" };
        writeln!(f, "#EXT-X-PART:DURATION={},URI={}{independent}", Seconds(self.duration), Quoted(&self.uri))
    }
}

/// A time since 1970 as ISO 8601 writes it, in UTC and to the millisecond.
struct DateTime(Duration);

impl fmt::Display for DateTime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let seconds = self.0.as_secs();
        let (year, month, day) = date(seconds / 86_400);
        let (hour, minute, second) = (seconds / 3600 % 24, seconds / 60 % 60, seconds % 60);
        write!(f, "{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}.{:03}Z", self.0.subsec_millis())
    }
}

/// The date in the Gregorian calendar, so many days after the first of January 1970. Counted in years that begin in March, so that the leap day is the
/// last day of a year, and in spans of 400 years, which are all as long.
fn date(days_since_1970: u64) -> (u64, u64, u64) {
    const DAYS_FROM_MARCH_OF_YEAR_0_TO_1970: u64 = 719_468;
    const DAYS_IN_400_YEARS: u64 = 146_097;
    let days = days_since_1970.saturating_add(DAYS_FROM_MARCH_OF_YEAR_0_TO_1970);
    let (span, day_of_span) = (days / DAYS_IN_400_YEARS, days % DAYS_IN_400_YEARS);
    let leap_days = day_of_span / 1460 - day_of_span / 36_524 + day_of_span / 146_096;
    let year_of_span = (day_of_span - leap_days) / 365;
    let day_of_year = day_of_span - (365 * year_of_span + year_of_span / 4 - year_of_span / 100);
    // From March on, months of 31 and 30 days take turns so that five of them make 153 days.
    let month_from_march = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * month_from_march + 2) / 5 + 1;
    let month = if month_from_march < 10 { month_from_march + 3 } else { month_from_march - 9 };
    (400 * span + year_of_span + u64::from(month <= 2), month, day)
}
