//! What has to go, and whether there is room for more.

use std::fs;
use std::io;
use std::path::Path;
use std::time::Duration;

use super::index::{Index, Recording};
use super::manifest;

/// How much is kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Retention {
    /// Older recordings go.
    pub(super) age_max: Option<Duration>,
    /// Of all recordings together; the oldest go first.
    pub(super) bytes_max: Option<u64>,
}

impl Retention {
    /// Deletes what must go, the oldest first. What is being written stays.
    ///
    /// # Errors
    /// When the index cannot be read or written. A file that cannot be deleted stops it as well: the next one would not do better.
    pub(super) fn apply(self, folder: &Path, index: &Index, unix_now: Duration) -> rusqlite::Result<()> {
        if self.age_max.is_none() && self.bytes_max.is_none() {
            return Ok(());
        }
        let mut bytes = index.bytes()?;
        while let Some(oldest) = index.oldest()? {
            let ended_at = Duration::from_millis(oldest.started_at_ms.saturating_add(oldest.progress.duration_ms));
            let is_old = self.age_max.is_some_and(|age| unix_now.saturating_sub(ended_at) > age);
            if !is_old && self.bytes_max.is_none_or(|limit| bytes <= limit) {
                return Ok(());
            }
            if let Err(error) = delete(folder, index, &oldest)? {
                tracing::warn!("the recording {} cannot be deleted: {error}", oldest.path);
                return Ok(());
            }
            tracing::info!(stream = %oldest.name, path = %oldest.path, "an old recording is deleted");
            bytes = bytes.saturating_sub(oldest.progress.bytes);
        }
        Ok(())
    }
}

/// Deletes the file, then the entry. A file that is gone already is as good.
pub(super) fn delete(folder: &Path, index: &Index, recording: &Recording) -> rusqlite::Result<io::Result<()>> {
    match fs::remove_file(folder.join(&recording.path)) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Ok(Err(error)),
        Ok(()) | Err(_) => {
            index.remove(recording.id)?;
            manifest::follow(folder, index, recording);
            Ok(Ok(()))
        }
    }
}

/// The bytes that are free for this process where the folder is.
pub(super) fn free_bytes(folder: &Path) -> io::Result<u64> {
    let found = rustix::fs::statvfs(folder)?;
    Ok(found.f_bavail.saturating_mul(found.f_frsize))
}

#[cfg(test)]
mod tests;
