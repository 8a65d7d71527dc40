//! Where a recording lies in the folder. Names of streams are strangers' words: what is left of them means nothing to a file system or a shell.

use std::time::Duration;

use live::StreamName;
use live::record::Format;
use time::OffsetDateTime;

/// `app/stream.2026-11-23T04-15-00.123Z.mp4`; the `attempt`s after the first have their number in it, for a name that is taken.
pub(super) fn file_name(name: &StreamName, started_at: Duration, format: Format, attempt: u32) -> String {
    let app: Vec<String> = name.app().split('/').map(safe).collect();
    let again = if attempt > 1 { format!("-{attempt}") } else { String::new() };
    let (app, stream, start) = (app.join("/"), safe(name.stream()), stamp(started_at));
    format!("{app}/{stream}.{start}{again}.{}", format.extension())
}

/// Where the manifest of a recording of a room lies: `room/standup/2026-11-23T04-15-00.123Z-3.json`.
pub(super) fn manifest_name(room: &str, since: Duration, number: i64) -> String {
    format!("room/{}/{}-{number}.json", safe(room), stamp(since))
}

fn stamp(at: Duration) -> String {
    let start = OffsetDateTime::UNIX_EPOCH + at;
    let (date, time) = (start.date(), start.time());
    format!(
        "{:04}-{:02}-{:02}T{:02}-{:02}-{:02}.{:03}Z",
        date.year(),
        u8::from(date.month()),
        date.day(),
        time.hour(),
        time.minute(),
        time.second(),
        time.millisecond(),
    )
}

/// Letters, digits and a few signs stay, no dot comes first, and it fits with what follows into what a file name may have.
fn safe(segment: &str) -> String {
    let mut safe = String::new();
    for char in segment.chars() {
        let stays =
            char.is_alphanumeric() || matches!(char, '-' | '_' | '+' | '@' | '=') || (char == '.' && !safe.is_empty());
        let char = if stays { char } else { '_' };
        if safe.len() + char.len_utf8() > SEGMENT_BYTES_MAX {
            break;
        }
        safe.push(char);
    }
    safe
}

/// Of the 255 that file systems give.
const SEGMENT_BYTES_MAX: usize = 200;

#[cfg(test)]
mod tests;
