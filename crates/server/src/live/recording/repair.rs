//! After a crash: recordings that nobody writes any more are shortened to what plays, and their entries are made true.

use std::fs::{File, OpenOptions};
use std::io;
use std::os::unix::fs::FileExt as _;
use std::path::Path;

use live::record::{Format, PART_HEAD_BYTES};

use super::index::{Filter, Index, Progress, State};
use super::manifest;

/// Looks after every recording that was being written when the server ended.
pub(super) fn repair(folder: &Path, index: &Index) -> rusqlite::Result<()> {
    let filter = Filter { state: Some(State::Recording), ..Filter::default() };
    for recording in index.list(&filter, usize::MAX)? {
        let path = folder.join(&recording.path);
        let bytes = match shorten(&path, recording.format) {
            Ok(bytes) => bytes,
            Err(error) => {
                tracing::warn!(
                    "the recording {} was being written when the server ended, and cannot be read: {error}",
                    path.display()
                );
                0
            }
        };
        tracing::info!(stream = %recording.name, path = %path.display(), bytes, "a recording was interrupted");
        index.progress(&[(recording.id, Progress { bytes, ..recording.progress })])?;
        index.end(recording.id, State::Interrupted, Some(CRASH))?;
    }
    // Their entries are true, but the server may have ended before it said so beside the files.
    for take in index.youngest_takes(MANIFESTS_REPAIRED)? {
        manifest::write(folder, index, take);
    }
    Ok(())
}

/// Cuts off what was begun and not finished; returns how long the file is then.
fn shorten(path: &Path, format: Format) -> io::Result<u64> {
    let file = OpenOptions::new().read(true).write(true).open(path)?;
    let length = file.metadata()?.len();
    let whole = whole_bytes(&file, length, format)?;
    if whole < length {
        file.set_len(whole)?;
    }
    Ok(whole)
}

/// How much of the file plays.
fn whole_bytes(file: &File, length: u64, format: Format) -> io::Result<u64> {
    let (mut at, mut whole) = (0, 0);
    let mut head = [0; PART_HEAD_BYTES];
    while at < length {
        let count = usize::try_from(length - at).unwrap_or(usize::MAX).min(PART_HEAD_BYTES);
        let head = head.get_mut(..count).unwrap_or_default();
        file.read_exact_at(head, at)?;
        let Some((bytes, plays)) = format.part(head) else { break };
        let end = at.saturating_add(bytes);
        if end > length {
            break;
        }
        at = end;
        if plays {
            whole = end;
        }
    }
    Ok(whole)
}

/// Recordings of rooms whose manifests are written again: more than go on at once.
const MANIFESTS_REPAIRED: usize = 64;
/// Why such a recording is not whole.
const CRASH: &str = "server-crashed";

#[cfg(test)]
mod tests;
