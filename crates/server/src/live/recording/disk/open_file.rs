//! A recording in the making, on the disk and in the index.

use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{self, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, FileExt as _, OpenOptionsExt as _};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use live::record::{Fill, Format};
use media::{MediaTime, Parameters};

use super::{Session, Settings};
use crate::clock;
use crate::live::recording::file_name::file_name;
use crate::live::recording::index::{Opening, PartOpening, Progress, RecordingId};
use crate::live::recording::manifest;

#[derive(Debug)]
pub(super) struct OpenFile {
    file: File,
    session: Arc<Session>,
    id: RecordingId,
    progress: Progress,
    /// What the index knows.
    entered: Progress,
}

impl OpenFile {
    /// Makes the file, under a name that no other has, and enters it.
    pub(super) fn create(
        settings: &Settings,
        session: &Arc<Session>,
        format: Format,
        (video, audio): (Option<&Parameters>, Option<&Parameters>),
        at: Option<Instant>,
    ) -> io::Result<Self> {
        let since = at.map(|at| clock::now().saturating_duration_since(at)).unwrap_or_default();
        let started_at = clock::unix_time().saturating_sub(since);
        let part =
            session.taken().map(|taken| PartOpening { taken, offset_ms: at.map(|at| millis_between(taken.since, at)) });
        for attempt in 1..=ATTEMPTS_MAX {
            let path = file_name(&session.name, started_at, format, attempt);
            let full = settings.folder.join(&path);
            if let Some(parent) = full.parent() {
                DirBuilder::new().recursive(true).mode(0o700).create(parent)?;
            }
            let file = match OpenOptions::new().write(true).create_new(true).mode(0o600).open(&full) {
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => continue,
                opened => opened?,
            };
            let opening = Opening { name: &session.name, path: &path, format, started_at, video, audio, part };
            let id = settings.index.begin(&opening).map_err(|error| {
                // Nobody would find the file; and that it cannot be deleted says nothing new.
                let _ = fs::remove_file(&full);
                let is_full = error.sqlite_error_code() == Some(rusqlite::ErrorCode::DiskFull);
                if is_full { io::ErrorKind::StorageFull.into() } else { io::Error::other(error) }
            })?;
            if let Ok(Some(recording)) = settings.index.find(id) {
                manifest::follow(&settings.folder, &settings.index, &recording);
            }
            tracing::info!(stream = %session.name, path, "recording");
            let (progress, entered) = (Progress::default(), Progress::default());
            return Ok(Self { file, session: Arc::clone(session), id, progress, entered });
        }
        Err(io::ErrorKind::AlreadyExists.into())
    }

    pub(super) fn append(&mut self, bytes: &[u8], duration: MediaTime) -> io::Result<()> {
        self.file.write_all(bytes)?;
        self.progress.bytes = self.progress.bytes.saturating_add(u64::try_from(bytes.len()).unwrap_or(u64::MAX));
        self.progress.duration_ms = u64::try_from(duration.millis()).unwrap_or_default();
        self.progress.gaps = self.session.gaps.load(Ordering::Relaxed);
        Ok(())
    }

    pub(super) fn fill(&self, fill: &Fill) -> io::Result<()> {
        self.file.write_all_at(&fill.bytes, fill.offset)
    }

    /// Cuts off what was written of a part after the last that is whole.
    pub(super) fn cut(&self) -> io::Result<()> {
        self.file.set_len(self.progress.bytes)
    }

    /// Waits until the disk has it.
    pub(super) fn sync(&self) -> io::Result<()> {
        self.file.sync_data()
    }

    pub(super) fn id(&self) -> RecordingId {
        self.id
    }

    pub(super) fn session(&self) -> &Arc<Session> {
        &self.session
    }

    pub(super) fn progress(&self) -> Progress {
        self.progress
    }

    /// What the index does not know yet.
    pub(super) fn take_progress(&mut self) -> Option<(RecordingId, Progress)> {
        let is_new = self.progress != self.entered;
        self.entered = self.progress;
        is_new.then_some((self.id, self.progress))
    }
}

/// From the one moment to the other; less than 0 if that was before.
fn millis_between(from: Instant, to: Instant) -> i64 {
    let millis = |span: Duration| i64::try_from(span.as_millis()).unwrap_or(i64::MAX);
    if to >= from { millis(to - from) } else { -millis(from - to) }
}

/// Recordings of one stream that begin within a millisecond.
const ATTEMPTS_MAX: u32 = 100;
