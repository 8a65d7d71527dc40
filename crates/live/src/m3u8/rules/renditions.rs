//! What playlists say of each other: the renditions of one stream, as a player sees them at one moment.

use super::tag::{Attributes, Line};
use super::{Seen, Violation, whole};

/// What a player sees of an EXT-X-RENDITION-REPORT.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct SeenReport {
    /// Where the other playlist is.
    pub uri: String,
    /// LAST-MSN.
    pub last_msn: u64,
    /// LAST-PART.
    pub last_part: Option<u64>,
}

impl SeenReport {
    pub(super) fn read(line: &Line<'_>) -> Result<Self, Violation> {
        let attributes = Attributes::parse(line)?;
        let uri = attributes.quoted("URI")?;
        // A colon in the first segment of the path would be that of a scheme (RFC 3986 §4.2).
        let path = uri.split(['/', '?', '#']).next().unwrap_or_default();
        let is_relative = !uri.starts_with("//") && !path.contains(':');
        line.ensure(is_relative, "the URI of a rendition report is relative (bis §4.4.5.4)")?;
        let last_msn = attributes.integer("LAST-MSN")?;
        let last_msn = last_msn.ok_or_else(|| line.violation("a rendition report has a LAST-MSN (bis §4.4.5.4)"))?;
        Ok(Self { uri, last_msn, last_part: attributes.integer("LAST-PART")? })
    }
}

/// Checks the playlists of all renditions that were served at one moment, each with the URI by which the others know it: each that has parts and goes on
/// tells how far every other one is (rfc8216bis §4.4.5.4, §6.2.2), and they are in step (RFC 8216 §6.2.4).
///
/// # Errors
/// The first rule that they break.
pub fn renditions(all: &[(String, Seen)]) -> Result<(), Violation> {
    for (own_uri, own) in all {
        let others = || all.iter().filter(|(uri, _)| uri != own_uri);
        for (_, other) in others() {
            let same = own.target_duration_s == other.target_duration_s;
            whole(same, "all renditions have the same target duration (8216 §6.2.4)")?;
        }
        if own.part_target_us.is_none() || own.is_ended {
            continue;
        }
        for (uri, other) in others() {
            let mut reports = own.reports.iter().filter(|report| report.uri == *uri);
            let report = reports.next();
            whole(report.is_some() && reports.next().is_none(), "each other rendition is reported once (bis §6.2.2)")?;
            let (msn, part) = (report.map(|report| report.last_msn), report.and_then(|report| report.last_part));
            whole(msn == other.last().map(|(msn, _)| msn), "LAST-MSN is that of the last part (bis §4.4.5.4)")?;
            let is_last = part == other.last().and_then(|(_, part)| part);
            whole(is_last, "LAST-PART is the last part of that segment (bis §4.4.5.4)")?;
        }
        let is_foreign = |uri: &str| others().all(|(other, _)| other != uri);
        let stranger = own.reports.iter().any(|report| is_foreign(&report.uri));
        whole(!stranger, "what is reported is a rendition of this stream (bis §4.4.5.4)")?;
    }
    Ok(())
}

impl Seen {
    /// The last segment, or the one in the making if it has parts, and its last part. `None`: there is nothing yet.
    #[must_use]
    pub fn last(&self) -> Option<(u64, Option<u64>)> {
        let last_part = |parts: &[(String, u64)]| (parts.len() as u64).checked_sub(1);
        if !self.open_parts.is_empty() {
            return Some((self.end(), last_part(&self.open_parts)));
        }
        let last = self.segments.last()?;
        Some((self.end().checked_sub(1)?, last_part(&last.parts)))
    }

    /// EXT-X-INDEPENDENT-SEGMENTS stands where the parts say that every segment begins with a key frame, and only there. Segments whose parts are not
    /// listed any more say nothing.
    pub(super) fn check_independence(&self) -> Result<(), Violation> {
        let mut told = self.segments.iter().filter(|segment| !segment.parts.is_empty());
        let is_told = self.segments.iter().all(|segment| !segment.parts.is_empty()) && !self.segments.is_empty();
        let open = self.open_parts.is_empty() || self.open_begins_independent;
        let is_so = told.all(|segment| segment.begins_independent) && open;
        whole(is_so || !self.is_independent, "independent segments begin with key frames (bis §4.4.2.1)")?;
        let is_due = self.part_target_us.is_some() && is_told && is_so;
        whole(self.is_independent || !is_due, "EXT-X-INDEPENDENT-SEGMENTS stands where it is true (house rule)")
    }
}
