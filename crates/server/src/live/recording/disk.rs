//! The thread that writes. Sessions hand it what is to be written over a queue of limited bytes: a slow disk makes them wait, while the stream goes on, and so
//! they lose pictures up to the next key frame; viewers notice nothing.

mod open_file;
mod reserve;

use std::collections::BTreeMap;
use std::io;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::sync::{Arc, OnceLock};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use bytes::Bytes;
use live::StreamName;
use live::record::{Fill, Format, Output};
use media::{MediaTime, Parameters};
use room::show::Taken;
use tokio::sync::{Notify, OwnedSemaphorePermit, Semaphore};

use self::open_file::OpenFile;
use self::reserve::Reserve;
use super::index::{Index, Progress, Recording, RecordingId, State};
use super::manifest;
use super::retention::{Retention, delete, free_bytes};
use crate::clock;
use crate::live::hooks::Hooks;

/// The way to the thread.
#[derive(Debug, Clone)]
pub(super) struct Disk {
    jobs: Sender<Job>,
    /// KiB that may still be queued.
    room: Arc<Semaphore>,
    is_full: Arc<AtomicBool>,
}

/// One recording of a stream, from its start to its stop: as many files as it takes.
#[derive(Debug)]
pub(super) struct Session {
    pub(super) name: StreamName,
    /// The recording of a room that it is a part of.
    taken: Option<Arc<Taken>>,
    /// How often pictures were lost so far.
    pub(super) gaps: AtomicU64,
    failure: OnceLock<Failure>,
    failed: Notify,
}

/// Why nothing more of a session is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Failure {
    /// The guard over the free space, or the disk itself.
    DiskFull,
    /// Anything else the system says.
    Write,
}

/// What the thread works by.
#[derive(Debug)]
pub(super) struct Settings {
    pub(super) folder: PathBuf,
    pub(super) index: Arc<Index>,
    pub(super) retention: Retention,
    /// So many bytes stay free.
    pub(super) free_bytes_min: u64,
    /// The operator's programs, who are told of files.
    pub(super) hooks: Option<Hooks>,
}

/// What is to be done for a session, and its share of the queue, which is given back when it is done.
#[derive(Debug)]
struct Job {
    session: Arc<Session>,
    work: Work,
    _room: OwnedSemaphorePermit,
}

#[derive(Debug)]
enum Work {
    /// `at` is the moment of the file's time 0, if it is known.
    Begin {
        format: Format,
        video: Option<Parameters>,
        audio: Option<Parameters>,
        at: Option<Instant>,
    },
    Append {
        bytes: Bytes,
        duration: MediaTime,
    },
    Fill(Fill),
    End,
}

impl Session {
    pub(super) fn new(name: StreamName, taken: Option<Arc<Taken>>) -> Arc<Self> {
        let (failure, failed) = (OnceLock::new(), Notify::new());
        Arc::new(Self { name, taken, gaps: AtomicU64::new(0), failure, failed })
    }

    pub(super) fn taken(&self) -> Option<&Taken> {
        self.taken.as_deref()
    }

    pub(super) fn failure(&self) -> Option<Failure> {
        self.failure.get().copied()
    }

    /// Waits until nothing more can be written.
    pub(super) async fn failed(&self) {
        while self.failure.get().is_none() {
            self.failed.notified().await;
        }
    }

    fn fail(&self, failure: Failure) {
        // The first reason is the true one.
        let _ = self.failure.set(failure);
        self.failed.notify_one();
    }
}

impl Failure {
    fn of(error: &io::Error) -> Self {
        let is_full = matches!(error.kind(), io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded);
        if is_full { Self::DiskFull } else { Self::Write }
    }

    /// What the index says of it.
    fn word(self) -> &'static str {
        match self {
            Self::DiskFull => "disk-full",
            Self::Write => "write-failed",
        }
    }
}

impl Disk {
    /// Starts the thread, which ends with the last clone of the way to it.
    pub(super) fn spawn(settings: Settings) -> io::Result<(Self, JoinHandle<()>)> {
        let (disk, queue) = Self::new();
        let mut thread = Thread {
            reserve: Reserve::new(&settings.folder),
            settings,
            files: BTreeMap::new(),
            closed: Vec::new(),
            is_full: Arc::clone(&disk.is_full),
            tick_at: clock::now(),
        };
        thread.tick();
        let handle = thread::Builder::new().name("recorder".to_owned()).spawn(move || thread.run(&queue))?;
        Ok((disk, handle))
    }

    /// A way, and its end.
    fn new() -> (Self, Receiver<Job>) {
        let (jobs, queue) = channel();
        let (room, is_full) = (Arc::new(Semaphore::new(QUEUE_KIB)), Arc::new(AtomicBool::new(false)));
        (Self { jobs, room, is_full }, queue)
    }

    /// Whether there is too little room to begin anything.
    pub(super) fn is_full(&self) -> bool {
        self.is_full.load(Ordering::Relaxed)
    }

    /// Hands over what a recorder wants done, as soon as the queue has room for it. `origin` is the moment of the stream's time 0, if it is known.
    pub(super) async fn write(&self, session: &Arc<Session>, output: Output, origin: Option<Instant>) {
        let (work, bytes) = match output {
            Output::Begin { format, video, audio, origin: time } => {
                let at = origin.and_then(|origin| later(origin, time));
                (Work::Begin { format, video, audio, at }, 0)
            }
            Output::Append { bytes, duration } => {
                let length = bytes.len();
                (Work::Append { bytes, duration }, length)
            }
            Output::Fill(fill) => {
                let length = fill.bytes.len();
                (Work::Fill(fill), length)
            }
            Output::End => (Work::End, 0),
        };
        let kib = u32::try_from((bytes / 1024 + 1).min(QUEUE_KIB)).unwrap_or(u32::MAX);
        // The semaphore is never closed, and the thread outlives the ways to it.
        let Ok(room) = Arc::clone(&self.room).acquire_many_owned(kib).await else { return };
        let _ = self.jobs.send(Job { session: Arc::clone(session), work, _room: room });
    }
}

/// What the thread knows.
struct Thread {
    settings: Settings,
    /// The file of each session that has one, by the address of the session.
    files: BTreeMap<usize, OpenFile>,
    /// Files that have ended, of which the index could not be told: as many as were open when that began, since no other begins meanwhile.
    closed: Vec<Closed>,
    /// Room for the index.
    reserve: Reserve,
    is_full: Arc<AtomicBool>,
    /// When it looks at the free space, and enters what was written, again.
    tick_at: Instant,
}

/// A file that is not written any more.
struct Closed {
    id: RecordingId,
    progress: Progress,
    state: State,
    reason: Option<&'static str>,
}

impl Thread {
    fn run(mut self, queue: &Receiver<Job>) {
        loop {
            let wait = self.tick_at.saturating_duration_since(clock::now());
            match queue.recv_timeout(wait) {
                Ok(job) => self.handle(job),
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => break,
            }
            if clock::now() >= self.tick_at {
                self.tick();
            }
        }
        // What is open was cut off in the middle.
        for file in std::mem::take(&mut self.files).into_values() {
            self.close(&file, State::Interrupted, Some(STOPPED));
        }
    }

    fn handle(&mut self, job: Job) {
        let Job { session, work, .. } = job;
        if session.failure().is_some() {
            return;
        }
        let key = key(&session);
        let done = match work {
            Work::Begin { format, video, audio, at } => {
                let tracks = (video.as_ref(), audio.as_ref());
                OpenFile::create(&self.settings, &session, format, tracks, at).map(|file| {
                    self.files.insert(key, file);
                })
            }
            Work::Append { bytes, duration } => {
                self.files.get_mut(&key).map_or(Ok(()), |file| file.append(&bytes, duration))
            }
            Work::Fill(fill) => self.files.get(&key).map_or(Ok(()), |file| file.fill(&fill)),
            Work::End => self.files.get(&key).map_or(Ok(()), OpenFile::sync).map(|()| {
                if let Some(file) = self.files.remove(&key) {
                    self.close(&file, State::Finished, None);
                }
            }),
        };
        if let Err(error) = done {
            let failure = Failure::of(&error);
            tracing::error!(stream = %session.name, "the recording ends: {error}");
            self.fail(&session, failure);
        }
    }

    fn fail(&mut self, session: &Arc<Session>, failure: Failure) {
        session.fail(failure);
        let Some(file) = self.files.remove(&key(session)) else { return };
        // A part that is not whole is of no use, and the index needs room.
        if let Err(error) = file.cut() {
            tracing::warn!(stream = %session.name, "what is not whole of a recording cannot be cut off: {error}");
        }
        self.close(&file, State::Interrupted, Some(failure.word()));
    }

    fn tick(&mut self) {
        self.tick_at = clock::now() + TICK;
        self.guard();
        let changed: Vec<(RecordingId, Progress)> =
            self.files.values_mut().filter_map(OpenFile::take_progress).collect();
        if let Err(error) = self.settings.index.progress(&changed) {
            tracing::warn!("the index of recordings cannot be written: {error}");
        }
        self.retain();
        let closed = std::mem::take(&mut self.closed);
        self.closed = closed.into_iter().filter_map(|closed| self.enter(closed).err()).collect();
        if self.closed.is_empty() && !self.is_full.load(Ordering::Relaxed) {
            self.reserve.refill();
        }
    }

    /// Ends every recording before the disk is full.
    fn guard(&mut self) {
        let free = match free_bytes(&self.settings.folder) {
            Ok(free) => free,
            Err(error) => {
                tracing::warn!("how much room there is for recordings cannot be told: {error}");
                return;
            }
        };
        let was_full = self.is_full.load(Ordering::Relaxed);
        let limit = self.settings.free_bytes_min;
        // What has ended is not begun again for a few bytes.
        let is_full = free < if was_full { limit.saturating_add(limit / 8) } else { limit };
        self.is_full.store(is_full, Ordering::Relaxed);
        if is_full && !was_full {
            tracing::error!(
                free_bytes = free,
                "the disk of {} is nearly full: recordings end (recording.free_megabytes)",
                self.settings.folder.display()
            );
            for session in self.files.values().map(|file| Arc::clone(file.session())).collect::<Vec<_>>() {
                self.fail(&session, Failure::DiskFull);
            }
        } else if was_full && !is_full {
            tracing::info!(free_bytes = free, "there is room for recordings again");
        }
    }

    fn retain(&self) {
        let Settings { folder, index, retention, .. } = &self.settings;
        if let Err(error) = retention.apply(folder, index, clock::unix_time()) {
            tracing::warn!("old recordings cannot be looked after: {error}");
        }
    }

    /// Makes the entry of a file true that is not written any more, now or as soon as the index can be written.
    fn close(&mut self, file: &OpenFile, state: State, reason: Option<&'static str>) {
        let closed = Closed { id: file.id(), progress: file.progress(), state, reason };
        let Err(closed) = self.enter(closed) else { return };
        self.reserve.spend();
        self.closed.extend(self.enter(closed).err());
    }

    /// Gives it back if the index cannot be written.
    fn enter(&self, closed: Closed) -> Result<(), Closed> {
        let index = &self.settings.index;
        let Closed { id, progress, state, reason } = closed;
        let entered = if state == State::Interrupted && progress.duration_ms == 0 {
            self.remove_empty(id)
        } else {
            index.progress(&[(id, progress)]).and_then(|()| index.end(id, state, reason))
        };
        match entered.and_then(|()| index.find(id)) {
            Ok(Some(recording)) => {
                manifest::follow(&self.settings.folder, index, &recording);
                self.report(&recording);
                Ok(())
            }
            Ok(None) => Ok(()),
            Err(error) => {
                tracing::warn!("the index of recordings cannot be written: {error}");
                Err(closed)
            }
        }
    }

    /// A file of which nothing could be written is no recording.
    fn remove_empty(&self, id: RecordingId) -> rusqlite::Result<()> {
        let Settings { folder, index, .. } = &self.settings;
        let Some(recording) = index.find(id)? else { return Ok(()) };
        if let Err(error) = delete(folder, index, &recording)? {
            tracing::warn!(path = recording.path, "an empty recording cannot be deleted: {error}");
        }
        Ok(())
    }

    fn report(&self, recording: &Recording) {
        let Progress { bytes, duration_ms, gaps } = recording.progress;
        let reason = recording.reason.as_deref().unwrap_or("ended");
        tracing::info!(stream = %recording.name, path = %recording.path, bytes, duration_ms, gaps, reason, "recorded");
        if let Some(hooks) = &self.settings.hooks {
            hooks.tell_recorded(&recording.name, &self.settings.folder, &recording.path);
        }
    }
}

/// The moment at which a stream that began at `origin` is at this time.
fn later(origin: Instant, time: MediaTime) -> Option<Instant> {
    let span = Duration::from_micros(time.micros().unsigned_abs());
    if time < MediaTime::ZERO { origin.checked_sub(span) } else { origin.checked_add(span) }
}

/// Sessions are told apart by where they are, which no two are while they live.
fn key(session: &Arc<Session>) -> usize {
    Arc::as_ptr(session).addr()
}

/// KiB that may wait for the disk, of all recordings together: three seconds of sixteen streams of 4 Mbit/s. What no longer fits waits in the hub of its stream,
/// which keeps that anyhow.
const QUEUE_KIB: usize = 24 * 1024;
/// How often the free space is looked at, and how much of an entry in the index a crash loses.
const TICK: Duration = Duration::from_secs(1);
/// Why such a recording is not whole.
const STOPPED: &str = "server-stopped";

#[cfg(test)]
mod tests;
