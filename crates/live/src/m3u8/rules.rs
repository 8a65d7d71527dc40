//! Whether a text is a playlist that a player may be given: the rules of RFC 8216 and of its second edition for parts. A reader of its own, which shares
//! nothing with the writer beside it, and which is strict where players are lenient: an unknown tag is a violation, since we write none.

use std::collections::BTreeSet;

mod renditions;
mod tag;

pub use renditions::{SeenReport, renditions};

use tag::{Attributes, Line};

/// A rule that a playlist breaks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Violation {
    /// The line that shows it, from 1; 0: the playlist as a whole.
    pub line: usize,
    /// What must be so, with the section where it is said.
    pub rule: &'static str,
}

/// What a player sees of a media playlist. Times are microseconds.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Seen {
    /// EXT-X-TARGETDURATION, seconds.
    pub target_duration_s: u64,
    /// EXT-X-MEDIA-SEQUENCE.
    pub media_sequence: u64,
    /// EXT-X-DISCONTINUITY-SEQUENCE.
    pub discontinuity_sequence: u64,
    /// How many segments EXT-X-SKIP leaves out.
    pub skipped_segments: u64,
    /// PART-TARGET of EXT-X-PART-INF.
    pub part_target_us: Option<u64>,
    /// CAN-SKIP-UNTIL of EXT-X-SERVER-CONTROL.
    pub can_skip_until_us: Option<u64>,
    /// The listed segments, the oldest first.
    pub segments: Vec<SeenSegment>,
    /// Parts after the last segment: URI and duration.
    pub open_parts: Vec<(String, u64)>,
    /// The first of these is said to begin with a key frame.
    pub open_begins_independent: bool,
    /// URI of EXT-X-PRELOAD-HINT.
    pub preload_hint: Option<String>,
    /// EXT-X-INDEPENDENT-SEGMENTS.
    pub is_independent: bool,
    /// EXT-X-RENDITION-REPORT of other renditions.
    pub reports: Vec<SeenReport>,
    /// EXT-X-ENDLIST.
    pub is_ended: bool,
}

/// What a player sees of a segment.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct SeenSegment {
    /// Its URI.
    pub uri: String,
    /// EXTINF, microseconds.
    pub duration_us: u64,
    /// EXT-X-DISCONTINUITY.
    pub is_discontinuous: bool,
    /// EXT-X-PROGRAM-DATE-TIME.
    pub date_time: Option<String>,
    /// The URI of the EXT-X-MAP that applies.
    pub map_uri: Option<String>,
    /// URIs and durations of its parts.
    pub parts: Vec<(String, u64)>,
    /// Its first part is listed, and is said to begin with a key frame (INDEPENDENT).
    pub begins_independent: bool,
}

/// Reads a media playlist.
///
/// # Errors
/// The first rule that it breaks.
pub fn media_playlist(text: &str) -> Result<Seen, Violation> {
    let mut reader = Reader::default();
    for line in tag::lines(text)? {
        reader.read(&line)?;
    }
    reader.finish()
}

/// Reads a multivariant playlist; returns the URIs of its variants.
///
/// # Errors
/// The first rule that it breaks.
pub fn multivariant_playlist(text: &str) -> Result<Vec<String>, Violation> {
    let mut uris = Vec::new();
    let mut is_variant_open = false;
    for line in tag::lines(text)? {
        match line.name {
            "EXTM3U" | "EXT-X-INDEPENDENT-SEGMENTS" | "EXT-X-VERSION" if !is_variant_open => {}
            "EXT-X-STREAM-INF" if !is_variant_open => {
                let attributes = Attributes::parse(&line)?;
                let bandwidth = attributes.integer("BANDWIDTH")?;
                line.ensure(
                    bandwidth.is_some_and(|bps| bps > 0),
                    "every EXT-X-STREAM-INF has a BANDWIDTH (8216 §4.3.4.2)",
                )?;
                let average = attributes.integer("AVERAGE-BANDWIDTH")?;
                line.ensure(average <= bandwidth, "no average is above the peak (8216 §4.3.4.2)")?;
                is_variant_open = true;
            }
            "" if is_variant_open => {
                uris.push(line.value.to_owned());
                is_variant_open = false;
            }
            _ => line.broken("an EXT-X-STREAM-INF is followed by its URI (8216 §4.3.4.2)")?,
        }
    }
    whole(!uris.is_empty() && !is_variant_open, "a multivariant playlist names a variant (8216 §4.3.4)")?;
    Ok(uris)
}

/// Checks what a playlist may change (RFC 8216 §6.2.1, §6.2.2; rfc8216bis §6.2.1): `after` was served later than `before` from the same URL.
///
/// # Errors
/// The first rule that the change breaks.
pub fn succession(before: &Seen, after: &Seen) -> Result<(), Violation> {
    whole(before.target_duration_s == after.target_duration_s, "the target duration stays (8216 §6.2.1)")?;
    whole(before.part_target_us == after.part_target_us, "the part target stays (bis §4.4.3.7)")?;
    whole(before.media_sequence <= after.media_sequence, "the media sequence number never decreases (8216 §6.2.2)")?;
    whole(before.end() <= after.end(), "segments are only added at the end (8216 §6.2.1)")?;
    whole(!before.is_ended || before.end() == after.end(), "nothing follows the end (8216 §4.3.3.4)")?;
    let mut removed_discontinuities = 0;
    for (number, old) in before.numbered() {
        match after.segment(number) {
            Some(new) => unchanged(old, new)?,
            None if number < after.media_sequence => removed_discontinuities += u64::from(old.is_discontinuous),
            None => {}
        }
    }
    if before.skipped_segments == 0 && after.media_sequence <= before.end() {
        let counted = before.discontinuity_sequence + removed_discontinuities;
        whole(after.discontinuity_sequence == counted, "removed discontinuities are counted (8216 §6.2.2)")?;
    }
    if after.end() == before.end() {
        let kept = after.open_parts.starts_with(&before.open_parts);
        whole(kept, "parts are only added at the end (bis §6.2.1)")?;
    }
    let added = after.parts_from(before.end()).skip(before.open_parts.len()).map(|(uri, _)| uri);
    let mut added = added.peekable();
    // The parts of a segment that has become old are not listed any more.
    let lists_next = after.segment(before.end()).is_none_or(|segment| !segment.parts.is_empty());
    let lists_next = lists_next && after.media_sequence <= before.end();
    if let Some(hint) = before.preload_hint.as_ref().filter(|_| added.peek().is_some() && lists_next) {
        whole(added.any(|uri| uri == hint), "what was hinted comes (bis §4.4.5.3)")?;
    }
    Ok(())
}

fn unchanged(old: &SeenSegment, new: &SeenSegment) -> Result<(), Violation> {
    let same = old.uri == new.uri && old.duration_us == new.duration_us && old.date_time == new.date_time;
    whole(same && old.is_discontinuous == new.is_discontinuous, "a segment stays what it was (8216 §6.2.1)")?;
    whole(new.parts.is_empty() || new.parts == old.parts, "parts of a segment stay, or go together (bis §6.2.2)")
}

impl Seen {
    /// The number of the segment after the last.
    #[must_use]
    pub fn end(&self) -> u64 {
        self.media_sequence + self.skipped_segments + self.segments.len() as u64
    }

    /// The listed segments with their numbers.
    pub fn numbered(&self) -> impl Iterator<Item = (u64, &SeenSegment)> {
        (self.media_sequence + self.skipped_segments..).zip(&self.segments)
    }

    /// The segment of that number, if it is listed.
    #[must_use]
    pub fn segment(&self, number: u64) -> Option<&SeenSegment> {
        let index = number.checked_sub(self.media_sequence + self.skipped_segments)?;
        self.segments.get(usize::try_from(index).ok()?)
    }

    /// The listed parts of that segment and of all that follow.
    fn parts_from(&self, number: u64) -> impl Iterator<Item = &(String, u64)> {
        let closed = self.numbered().filter(move |&(each, _)| each >= number);
        closed.flat_map(|(_, segment)| &segment.parts).chain(&self.open_parts)
    }
}

/// What was read so far of a media playlist.
#[derive(Default)]
struct Reader {
    seen: Seen,
    /// Tags that stand once in a playlist, and stood.
    once: BTreeSet<String>,
    /// The segment whose tags are being read.
    segment: SeenSegment,
    has_extinf: bool,
    map_uri: Option<String>,
    version: u64,
    part_hold_back_us: Option<u64>,
    has_server_control: bool,
}

impl Reader {
    fn read(&mut self, line: &Line<'_>) -> Result<(), Violation> {
        match line.name {
            "" => self.read_uri(line),
            "EXTINF" | "EXT-X-DISCONTINUITY" | "EXT-X-PROGRAM-DATE-TIME" | "EXT-X-MAP" | "EXT-X-PART" => {
                self.read_segment_tag(line)
            }
            _ => self.read_playlist_tag(line),
        }
    }

    fn read_uri(&mut self, line: &Line<'_>) -> Result<(), Violation> {
        line.ensure(self.has_extinf, "every segment has an EXTINF (8216 §4.3.2.1)")?;
        self.has_extinf = false;
        let mut segment = std::mem::take(&mut self.segment);
        line.value.clone_into(&mut segment.uri);
        segment.map_uri.clone_from(&self.map_uri);
        let rounded = (segment.duration_us + 500_000) / 1_000_000;
        line.ensure(
            rounded <= self.seen.target_duration_s,
            "no segment is longer than the target duration (8216 §4.3.3.1)",
        )?;
        line.ensure(segment.duration_us > 0, "a segment has a duration (8216 §4.3.2.1)")?;
        let parts: u64 = segment.parts.iter().map(|(_, duration_us)| duration_us).sum();
        let sums_up = segment.parts.is_empty() || parts <= segment.duration_us;
        line.ensure(sums_up, "parts are no longer than their segment (bis §4.4.4.9)")?;
        self.check_parts(line, &segment.parts, true)?;
        self.seen.segments.push(segment);
        Ok(())
    }

    fn check_parts(&self, line: &Line<'_>, parts: &[(String, u64)], is_closed: bool) -> Result<(), Violation> {
        let target = self.seen.part_target_us.unwrap_or(0);
        for (index, &(_, duration_us)) in parts.iter().enumerate() {
            line.ensure(duration_us <= target, "no part is longer than the part target (bis §4.4.4.9)")?;
            let is_last = is_closed && index + 1 == parts.len();
            let long_enough = is_last || duration_us * 100 >= target * 85;
            line.ensure(long_enough, "a part other than the last has 85 % of the part target (bis §4.4.4.9)")?;
        }
        Ok(())
    }

    fn read_segment_tag(&mut self, line: &Line<'_>) -> Result<(), Violation> {
        line.ensure(self.once.contains("EXT-X-TARGETDURATION"), "the head comes before the segments (house rule)")?;
        match line.name {
            "EXTINF" => {
                line.ensure(!self.has_extinf, "a segment has one EXTINF (8216 §4.3.2.1)")?;
                self.has_extinf = true;
                let (duration, _title) = line.value.split_once(',').unwrap_or((line.value, ""));
                self.segment.duration_us =
                    tag::micros(duration).ok_or_else(|| line.violation("EXTINF is a number (8216 §4.3.2.1)"))?;
            }
            "EXT-X-DISCONTINUITY" => {
                let first = !self.segment.is_discontinuous && self.segment.parts.is_empty();
                line.ensure(first, "a discontinuity stands once, before the parts (bis §4.4.4.3)")?;
                self.segment.is_discontinuous = true;
            }
            "EXT-X-PROGRAM-DATE-TIME" => {
                line.ensure(tag::is_date_time(line.value), "a date is written as ISO 8601 has it (8216 §4.3.2.6)")?;
                self.segment.date_time = Some(line.value.to_owned());
            }
            "EXT-X-MAP" => {
                line.ensure(self.version >= 6, "EXT-X-MAP needs version 6 (8216 §7)")?;
                line.ensure(
                    self.segment.parts.is_empty(),
                    "a map stands before the parts it applies to (bis §4.4.4.5)",
                )?;
                self.map_uri = Some(Attributes::parse(line)?.quoted("URI")?);
            }
            _ => {
                line.ensure(self.seen.part_target_us.is_some(), "parts need EXT-X-PART-INF (bis §4.4.3.7)")?;
                let attributes = Attributes::parse(line)?;
                let duration = attributes.micros("DURATION")?;
                let duration = duration.ok_or_else(|| line.violation("a part has a DURATION (bis §4.4.4.9)"))?;
                let is_independent = attributes.text("INDEPENDENT") == Some("YES");
                self.segment.begins_independent |= is_independent && self.segment.parts.is_empty();
                self.segment.parts.push((attributes.quoted("URI")?, duration));
            }
        }
        Ok(())
    }

    fn read_playlist_tag(&mut self, line: &Line<'_>) -> Result<(), Violation> {
        let is_report = line.name == "EXT-X-RENDITION-REPORT";
        line.ensure(self.once.insert(line.name.to_owned()) || is_report, "this tag stands once (8216 §4.3.3)")?;
        let is_tail = is_report || matches!(line.name, "EXT-X-PRELOAD-HINT" | "EXT-X-ENDLIST");
        line.ensure(is_tail || self.seen.segments.is_empty(), "the head comes before the segments (8216 §4.3.3)")?;
        let number = || line.value.parse::<u64>().map_err(|_| line.violation("this is a decimal integer (8216 §4.2)"));
        match line.name {
            "EXTM3U" => {}
            "EXT-X-INDEPENDENT-SEGMENTS" => self.seen.is_independent = true,
            "EXT-X-RENDITION-REPORT" => self.seen.reports.push(SeenReport::read(line)?),
            "EXT-X-VERSION" => self.version = number()?,
            "EXT-X-TARGETDURATION" => self.seen.target_duration_s = number()?,
            "EXT-X-MEDIA-SEQUENCE" => self.seen.media_sequence = number()?,
            "EXT-X-DISCONTINUITY-SEQUENCE" => self.seen.discontinuity_sequence = number()?,
            "EXT-X-ENDLIST" => self.seen.is_ended = true,
            "EXT-X-PART-INF" => {
                self.seen.part_target_us = Attributes::parse(line)?.micros("PART-TARGET")?;
                line.ensure(self.seen.part_target_us > Some(0), "PART-TARGET is there (bis §4.4.3.7)")?;
            }
            "EXT-X-SERVER-CONTROL" => self.read_server_control(line)?,
            "EXT-X-SKIP" => {
                line.ensure(self.version >= 9, "EXT-X-SKIP needs version 9 (bis §8)")?;
                let skipped = Attributes::parse(line)?.integer("SKIPPED-SEGMENTS")?;
                self.seen.skipped_segments = skipped.unwrap_or(0);
                line.ensure(self.seen.skipped_segments > 0, "SKIPPED-SEGMENTS is there (bis §4.4.5.2)")?;
                line.ensure(self.seen.can_skip_until_us.is_some(), "delta updates need CAN-SKIP-UNTIL (bis §6.2.5.1)")?;
            }
            "EXT-X-PRELOAD-HINT" => {
                let attributes = Attributes::parse(line)?;
                line.ensure(attributes.text("TYPE") == Some("PART"), "TYPE is PART or MAP (bis §4.4.5.3)")?;
                self.seen.preload_hint = Some(attributes.quoted("URI")?);
            }
            _ => return line.broken("no tags that we do not write (house rule)"),
        }
        Ok(())
    }

    fn read_server_control(&mut self, line: &Line<'_>) -> Result<(), Violation> {
        self.has_server_control = true;
        let attributes = Attributes::parse(line)?;
        line.ensure(
            attributes.text("CAN-BLOCK-RELOAD") == Some("YES"),
            "low latency needs blocking reloads (bis §4.4.3.8)",
        )?;
        let target_us = self.seen.target_duration_s * 1_000_000;
        self.seen.can_skip_until_us = attributes.micros("CAN-SKIP-UNTIL")?;
        let skip = self.seen.can_skip_until_us.is_none_or(|skip| skip >= 6 * target_us);
        line.ensure(skip, "CAN-SKIP-UNTIL is at least six target durations (bis §4.4.3.8)")?;
        let hold = attributes.micros("HOLD-BACK")?.is_none_or(|hold| hold >= 3 * target_us);
        line.ensure(hold, "HOLD-BACK is at least three target durations (bis §4.4.3.8)")?;
        self.part_hold_back_us = attributes.micros("PART-HOLD-BACK")?;
        Ok(())
    }

    fn finish(mut self) -> Result<Seen, Violation> {
        whole(self.once.contains("EXT-X-TARGETDURATION"), "EXT-X-TARGETDURATION is there (8216 §4.3.3.1)")?;
        whole(!self.has_extinf, "an EXTINF is followed by its URI (8216 §4.3.2.1)")?;
        if let Some(part_target_us) = self.seen.part_target_us {
            let hold_back = self.part_hold_back_us.unwrap_or(0);
            whole(hold_back >= 3 * part_target_us, "PART-HOLD-BACK is three part targets (bis §4.4.3.8)")?;
            whole(self.has_server_control, "parts need EXT-X-SERVER-CONTROL (bis §4.4.3.8)")?;
            whole(part_target_us <= self.seen.target_duration_s * 1_000_000, "a part is no longer than a segment")?;
            let has_last_parts = self.seen.reports.iter().all(|report| report.last_part.is_some());
            whole(has_last_parts, "a report of a rendition with parts has a LAST-PART (bis §4.4.5.4)")?;
            let hints = self.seen.is_ended != self.seen.preload_hint.is_some();
            whole(hints, "the next part is hinted until the end (bis §6.2.2)")?;
        }
        self.seen.open_parts = std::mem::take(&mut self.segment.parts);
        self.seen.open_begins_independent = self.segment.begins_independent;
        let end = Line { number: 0, name: "", value: "" };
        self.check_parts(&end, &self.seen.open_parts, self.seen.is_ended)?;
        self.check_names()?;
        self.seen.check_independence()?;
        Ok(self.seen)
    }

    /// A URI stands for one resource, and a live playlist is long enough to play from.
    fn check_names(&self) -> Result<(), Violation> {
        let mut uris = BTreeSet::new();
        let parts = self.seen.segments.iter().flat_map(|segment| &segment.parts).chain(&self.seen.open_parts);
        let segments = self.seen.segments.iter().map(|segment| &segment.uri);
        let names = parts.map(|(uri, _)| uri).chain(segments).chain(&self.seen.preload_hint);
        for name in names {
            whole(uris.insert(name), "every segment and part has a URI of its own")?;
        }
        Ok(())
    }
}

fn whole(keeps: bool, rule: &'static str) -> Result<(), Violation> {
    if keeps { Ok(()) } else { Err(Violation { line: 0, rule }) }
}

#[cfg(test)]
mod tests;
