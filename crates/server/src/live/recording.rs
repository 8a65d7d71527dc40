//! Recordings of live streams: which streams are recorded, the files, their index, and how long they are kept.
//!
//! ```text
//! hub ─▶ session (a task per stream, live::record) ─▶ queue ─▶ disk (one thread) ─▶ files, index
//!           ▲ watch (one task): who is on air, who has started what
//! ```

mod disk;
mod file_name;
mod index;
mod link;
mod manifest;
mod repair;
mod retention;
mod session;
mod watch;

use std::collections::BTreeMap;
use std::fs::{DirBuilder, File};
use std::io;
use std::os::unix::fs::DirBuilderExt as _;
use std::path::PathBuf;
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::Duration;

use live::StreamName;
use live::record;
use media::MediaTime;
use tokio::sync::{Mutex, mpsc, oneshot};
use tokio::task::{JoinSet, spawn_blocking};

pub(crate) use self::index::{AudioTrack, Filter, Part, Recording, RecordingId, State, TakeEntry, TakeId, VideoTrack};
pub(crate) use self::manifest::{Manifest, Member, place};

use self::disk::{Disk, Settings};
use self::index::Index;
use self::link::Links;
use self::retention::Retention;
use self::watch::{Command, Watch};
use super::directory::Directory;
use super::hooks::Hooks;
use super::shows::Shows;
use crate::clock;
use crate::config::{Config, Limit};
use crate::data_dir::DataDir;
use crate::signal::Signal;

/// The way to all recordings.
#[derive(Debug)]
pub(crate) struct Recordings {
    folder: PathBuf,
    index: Arc<Index>,
    links: Links,
    commands: mpsc::Sender<Command>,
    /// The watch over the streams, and the thread of the disk; taken when the server stops.
    running: Mutex<Option<(JoinSet<()>, JoinHandle<()>)>>,
}

/// Why there can be no recordings.
#[derive(Debug, thiserror::Error)]
pub enum RecordingsError {
    /// The folder.
    #[error("it cannot be made, or nothing can be written there: {0}")]
    Folder(io::Error),
    /// The index in it.
    #[error("its index.sqlite cannot be used: {0}")]
    Index(#[from] rusqlite::Error),
    /// Threads or randomness.
    #[error("the system gives no thread or no randomness: {0}")]
    System(io::Error),
}

/// Why something is not done.
#[derive(Debug, thiserror::Error)]
pub(crate) enum RecordingRefusal {
    #[error("this server does not record; its operator can switch it on with recording.folder")]
    Off,
    #[error("there is no such recording")]
    NoRecording,
    #[error("nobody publishes this stream")]
    NotOnAir,
    #[error("this stream belongs to a room: record that")]
    OfRoom,
    #[error("this stream is being recorded already")]
    AlreadyRecording,
    #[error("this stream is not being recorded")]
    NotRecording,
    #[error("this recording is still being written; stop it first")]
    BeingWritten,
    #[error("the disk is nearly full")]
    DiskFull,
    #[error("what was recorded cannot be reached; the log says why")]
    Unreachable,
    #[error("the link is not valid any more")]
    LinkRefused,
}

impl Recordings {
    /// Opens the folder, makes its index true, and begins to record; `None` if there is no folder.
    ///
    /// # Errors
    /// [`RecordingsError`].
    pub(crate) fn spawn(
        config: &Config,
        directory: Directory,
        (shows, signal): (Shows, Signal),
        hooks: Option<Hooks>,
    ) -> Result<Option<Arc<Self>>, RecordingsError> {
        let Some(folder) = config.recording_folder.clone() else { return Ok(None) };
        DirBuilder::new().recursive(true).mode(0o700).create(&folder).map_err(RecordingsError::Folder)?;
        // Proves that files can be written there.
        DataDir::open(&folder).map_err(RecordingsError::Folder)?;
        let index = Arc::new(Index::open(&folder.join(INDEX))?);
        repair::repair(&folder, &index)?;
        let links = Links::new().map_err(|error| RecordingsError::System(io::Error::other(error)))?;
        let settings = Settings {
            folder: folder.clone(),
            index: Arc::clone(&index),
            retention: Retention {
                age_max: config.recording_keep_days.bound().map(|days| Duration::from_secs(days * 86_400)),
                bytes_max: bytes(config.recording_keep_megabytes),
            },
            free_bytes_min: bytes(config.recording_free_megabytes).unwrap_or(0),
            hooks,
        };
        let (disk, thread) = Disk::spawn(settings).map_err(RecordingsError::System)?;
        let (commands, heard) = mpsc::channel(COMMANDS_MAX);
        let watch = Watch {
            directory,
            shows,
            signal,
            patterns: config.recording_streams.clone(),
            config: record::Config {
                format: config.recording_format.0,
                file_duration_max: MediaTime::from_millis(
                    i64::try_from(config.recording_file_seconds.0 * 1000).unwrap_or(i64::MAX),
                ),
                file_bytes_max: bytes(config.recording_file_megabytes),
            },
            disk,
            commands: heard,
            active: BTreeMap::new(),
            held: BTreeMap::new(),
            tasks: JoinSet::new(),
        };
        let mut watching = JoinSet::new();
        watching.spawn(watch.run());
        let running = Mutex::new(Some((watching, thread)));
        Ok(Some(Arc::new(Self { folder, index, links, commands, running })))
    }

    /// Begins to record a stream that is on air.
    ///
    /// # Errors
    /// [`RecordingRefusal`].
    pub(crate) async fn start(&self, name: StreamName) -> Result<(), RecordingRefusal> {
        self.command(|answer| Command::Start(name, answer)).await
    }

    /// Ends the recording of a stream; one that the operator has named is recorded again when its next publisher comes.
    ///
    /// # Errors
    /// [`RecordingRefusal`].
    pub(crate) async fn stop(&self, name: StreamName) -> Result<(), RecordingRefusal> {
        self.command(|answer| Command::Stop(name, answer)).await
    }

    /// The recordings that pass the filter, the youngest first: so many at most.
    ///
    /// # Errors
    /// [`RecordingRefusal::Unreachable`].
    pub(crate) async fn list(&self, filter: Filter, limit: usize) -> Result<Vec<Recording>, RecordingRefusal> {
        let index = Arc::clone(&self.index);
        blocking(move || index.list(&filter, limit).map_err(unreachable)).await
    }

    /// One recording.
    ///
    /// # Errors
    /// [`RecordingRefusal`].
    pub(crate) async fn find(&self, id: RecordingId) -> Result<Recording, RecordingRefusal> {
        let index = Arc::clone(&self.index);
        blocking(move || index.find(id).map_err(unreachable)?.ok_or(RecordingRefusal::NoRecording)).await
    }

    /// The recordings of rooms, or of one, the youngest first, older than `after`: so many at most.
    ///
    /// # Errors
    /// [`RecordingRefusal::Unreachable`].
    pub(crate) async fn takes(
        &self,
        room: Option<String>,
        after: Option<TakeId>,
        limit: usize,
    ) -> Result<Vec<TakeEntry>, RecordingRefusal> {
        let index = Arc::clone(&self.index);
        blocking(move || index.takes(room.as_deref(), after, limit).map_err(unreachable)).await
    }

    /// A recording of a room, with its parts; `None` for whom `may_see` not all of it.
    ///
    /// # Errors
    /// [`RecordingRefusal`].
    pub(crate) async fn manifest(
        &self,
        id: TakeId,
        may_see: impl FnOnce(&str) -> bool + Send + 'static,
    ) -> Result<Manifest, RecordingRefusal> {
        let index = Arc::clone(&self.index);
        blocking(move || {
            let found = index.with_take(id, |take, parts| may_see(&take.room).then(|| Manifest::of(take, parts)));
            found.map_err(unreachable)?.flatten().ok_or(RecordingRefusal::NoRecording)
        })
        .await
    }

    /// Deletes a recording that is not being written.
    ///
    /// # Errors
    /// [`RecordingRefusal`].
    pub(crate) async fn delete(&self, id: RecordingId) -> Result<(), RecordingRefusal> {
        let (folder, index) = (self.folder.clone(), Arc::clone(&self.index));
        blocking(move || {
            let recording = index.find(id).map_err(unreachable)?.ok_or(RecordingRefusal::NoRecording)?;
            if recording.state == State::Recording {
                return Err(RecordingRefusal::BeingWritten);
            }
            retention::delete(&folder, &index, &recording).map_err(unreachable)?.map_err(unreachable)
        })
        .await
    }

    /// The file of a recording, and how long it is at this moment.
    ///
    /// # Errors
    /// [`RecordingRefusal`].
    pub(crate) async fn open(&self, recording: &Recording) -> Result<(File, u64), RecordingRefusal> {
        let path = self.folder.join(&recording.path);
        blocking(move || {
            let file = File::open(&path).map_err(unreachable)?;
            let length = file.metadata().map_err(unreachable)?.len();
            Ok((file, length))
        })
        .await
    }

    /// What opens the file of this recording without a token, for half a day.
    pub(crate) fn key(&self, id: RecordingId) -> String {
        self.links.key(id, clock::unix_time())
    }

    /// Whether the key opens the file of this recording.
    pub(crate) fn key_opens(&self, key: &str, id: RecordingId) -> bool {
        self.links.opens(key, id, clock::unix_time())
    }

    /// Completes every file, which takes a few seconds at most.
    pub(crate) async fn shutdown(&self) {
        let Some((mut watching, thread)) = self.running.lock().await.take() else { return };
        // It has ended by itself if it does not hear.
        let _ = self.commands.send(Command::Shutdown).await;
        while watching.join_next().await.is_some() {}
        // Its last sender went with the watch. A disk that does not answer must not keep the server from ending.
        let joined = spawn_blocking(move || thread.join());
        if tokio::time::timeout(DISK_FAREWELL, joined).await.is_err() {
            tracing::warn!("the disk is too slow: the end of some recordings is lost");
        }
    }

    async fn command(
        &self,
        command: impl FnOnce(oneshot::Sender<Result<(), RecordingRefusal>>) -> Command,
    ) -> Result<(), RecordingRefusal> {
        let (answer, answered) = oneshot::channel();
        self.commands.send(command(answer)).await.map_err(|_| RecordingRefusal::Off)?;
        answered.await.unwrap_or(Err(RecordingRefusal::Off))
    }
}

/// The disk may take its time.
async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, RecordingRefusal> + Send + 'static,
) -> Result<T, RecordingRefusal> {
    spawn_blocking(work).await.unwrap_or(Err(RecordingRefusal::Unreachable))
}

/// The log has what the asker need not know.
fn unreachable(error: impl std::fmt::Display) -> RecordingRefusal {
    tracing::warn!("a recording cannot be reached: {error}");
    RecordingRefusal::Unreachable
}

fn bytes(megabytes: Limit) -> Option<u64> {
    megabytes.bound().map(|megabytes| megabytes * 1_000_000)
}

/// In the folder of recordings.
const INDEX: &str = "index.sqlite";
/// Orders that wait.
const COMMANDS_MAX: usize = 64;
/// How long the last writes may take.
const DISK_FAREWELL: Duration = Duration::from_secs(5);
