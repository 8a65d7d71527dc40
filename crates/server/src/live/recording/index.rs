//! What was recorded, in SQLite, beside the files. Every call may wait for the disk.

pub(super) mod take;

use std::path::Path;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use live::StreamName;
use live::record::Format;
use media::{Parameters, Shape};
use rusqlite::types::Type;
use rusqlite::{Connection, OptionalExtension as _, Row, params};
use serde::{Deserialize, Serialize};

pub(super) use self::take::PartOpening;
pub(crate) use self::take::{Part, Take, TakeEntry, TakeId};

/// All recordings.
#[derive(Debug)]
pub(crate) struct Index(Mutex<Connection>);

/// A recording: one file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Recording {
    pub(crate) id: RecordingId,
    pub(crate) name: StreamName,
    /// From the folder of recordings.
    pub(crate) path: String,
    pub(crate) format: Format,
    pub(crate) state: State,
    /// Why it is not whole.
    pub(crate) reason: Option<String>,
    pub(crate) started_at_ms: u64,
    pub(crate) progress: Progress,
    pub(crate) video: Option<VideoTrack>,
    pub(crate) audio: Option<AudioTrack>,
    /// What it is a part of.
    pub(crate) part: Option<Part>,
}

/// Grows from recording to recording, and is never used twice.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct RecordingId(pub(crate) i64);

/// How far it is.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Progress {
    pub(crate) bytes: u64,
    pub(crate) duration_ms: u64,
    /// How often pictures are missing, because the disk was too slow.
    pub(crate) gaps: u64,
}

/// Whether it goes on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum State {
    /// It is being written.
    Recording,
    /// It is whole.
    Finished,
    /// It plays, but ended before the stream did.
    Interrupted,
}

/// What it shows.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct VideoTrack {
    codec: String,
    width: u32,
    height: u32,
}

/// What it lets hear.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct AudioTrack {
    codec: String,
    sample_rate_hz: u32,
    channels: u8,
}

/// What is known when a recording begins.
#[derive(Debug)]
pub(super) struct Opening<'a> {
    pub(super) name: &'a StreamName,
    pub(super) path: &'a str,
    pub(super) format: Format,
    pub(super) started_at: Duration,
    pub(super) video: Option<&'a Parameters>,
    pub(super) audio: Option<&'a Parameters>,
    pub(super) part: Option<PartOpening<'a>>,
}

/// Which recordings are asked for.
#[derive(Debug, Clone, Default)]
pub(crate) struct Filter {
    /// Of this app.
    pub(crate) app: Option<String>,
    /// Of this stream.
    pub(crate) stream: Option<String>,
    pub(crate) state: Option<State>,
    /// Of this room.
    pub(crate) room: Option<String>,
    /// Of this recording of a room.
    pub(crate) take: Option<TakeId>,
    /// Older than this one.
    pub(crate) after: Option<RecordingId>,
}

impl Index {
    /// Opens the index in that file, and makes it if it is missing.
    ///
    /// # Errors
    /// When it cannot be, or is none.
    pub(super) fn open(path: &Path) -> rusqlite::Result<Self> {
        let mut connection = Connection::open(path)?;
        // The log is written along with the recordings, so what a crash leaves in it is younger than a second.
        connection.pragma_update(None, "journal_mode", "WAL")?;
        connection.pragma_update(None, "synchronous", "NORMAL")?;
        migrate(&mut connection)?;
        Ok(Self(Mutex::new(connection)))
    }

    /// Enters a recording that begins.
    pub(super) fn begin(&self, opening: &Opening<'_>) -> rusqlite::Result<RecordingId> {
        let mut connection = self.connection();
        let transaction = connection.transaction()?;
        let take = opening.part.as_ref().map(|part| take::enter(&transaction, opening.name, part.taken)).transpose()?;
        transaction.execute(
            "INSERT INTO recordings (app, stream, path, format, state, started_at_ms, video, audio, take, member, offset_ms) \
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)",
            params![
                opening.name.app(),
                opening.name.stream(),
                opening.path,
                opening.format.extension(),
                word(&State::Recording),
                i64::try_from(opening.started_at.as_millis()).unwrap_or(i64::MAX),
                opening.video.and_then(VideoTrack::of).map(|track| word(&track)),
                opening.audio.and_then(AudioTrack::of).map(|track| word(&track)),
                take.map(|take| take.0),
                opening.part.as_ref().map(|part| part.taken.name.as_str()),
                opening.part.as_ref().and_then(|part| part.offset_ms),
            ],
        )?;
        let id = RecordingId(transaction.last_insert_rowid());
        transaction.commit()?;
        Ok(id)
    }

    /// Enters how far recordings are, all at once.
    pub(super) fn progress(&self, all: &[(RecordingId, Progress)]) -> rusqlite::Result<()> {
        let mut connection = self.connection();
        let transaction = connection.transaction()?;
        for (id, progress) in all {
            transaction.execute(
                "UPDATE recordings SET bytes = ?2, duration_ms = ?3, gaps = ?4 WHERE id = ?1",
                params![id.0, signed(progress.bytes), signed(progress.duration_ms), signed(progress.gaps)],
            )?;
        }
        transaction.commit()
    }

    /// Enters that a recording does not go on.
    pub(super) fn end(&self, id: RecordingId, state: State, reason: Option<&str>) -> rusqlite::Result<()> {
        let query = "UPDATE recordings SET state = ?2, reason = ?3 WHERE id = ?1";
        self.connection().execute(query, params![id.0, word(&state), reason]).map(|_| ())
    }

    /// One recording.
    pub(crate) fn find(&self, id: RecordingId) -> rusqlite::Result<Option<Recording>> {
        let query = format!("{SELECT} WHERE r.id = ?1");
        self.connection().query_row(&query, [id.0], read).optional()
    }

    /// The recordings that pass the filter, the youngest first: so many at most.
    pub(crate) fn list(&self, filter: &Filter, limit: usize) -> rusqlite::Result<Vec<Recording>> {
        let query = format!(
            "{SELECT} WHERE (?1 IS NULL OR r.app = ?1) AND (?2 IS NULL OR r.stream = ?2) \
             AND (?3 IS NULL OR r.state = ?3) AND (?4 IS NULL OR r.id < ?4) AND (?6 IS NULL OR r.take = ?6) \
             AND (?7 IS NULL OR r.app = 'room/' || ?7 OR substr(r.app, 1, length(?7) + 6) = 'room/' || ?7 || '/') \
             ORDER BY r.id DESC LIMIT ?5"
        );
        let limit = i64::try_from(limit).unwrap_or(i64::MAX);
        let state = filter.state.map(|state| word(&state));
        let (after, take) = (filter.after.map(|after| after.0), filter.take.map(|take| take.0));
        let connection = self.connection();
        let mut statement = connection.prepare_cached(&query)?;
        let asked = params![filter.app, filter.stream, state, after, limit, take, filter.room];
        statement.query_map(asked, read)?.collect()
    }

    /// The oldest recording that has ended.
    pub(super) fn oldest(&self) -> rusqlite::Result<Option<Recording>> {
        let query = format!("{SELECT} WHERE r.state <> ?1 ORDER BY r.started_at_ms, r.id LIMIT 1");
        self.connection().query_row(&query, [word(&State::Recording)], read).optional()
    }

    /// The bytes of all recordings.
    pub(super) fn bytes(&self) -> rusqlite::Result<u64> {
        let query = "SELECT COALESCE(SUM(bytes), 0) FROM recordings";
        self.connection().query_row(query, [], |row| unsigned(row, 0))
    }

    /// Forgets a recording.
    pub(super) fn remove(&self, id: RecordingId) -> rusqlite::Result<()> {
        self.connection().execute("DELETE FROM recordings WHERE id = ?1", [id.0]).map(|_| ())
    }

    fn connection(&self) -> MutexGuard<'_, Connection> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl VideoTrack {
    fn of(parameters: &Parameters) -> Option<Self> {
        let Shape::Video { width, height } = parameters.shape else { return None };
        Some(Self { codec: parameters.codec.name().to_owned(), width, height })
    }
}

impl AudioTrack {
    fn of(parameters: &Parameters) -> Option<Self> {
        let Shape::Audio { sample_rate_hz, channels } = parameters.shape else { return None };
        Some(Self { codec: parameters.codec.name().to_owned(), sample_rate_hz, channels })
    }
}

/// Brings the schema to what this server knows, whole or not at all.
fn migrate(connection: &mut Connection) -> rusqlite::Result<()> {
    let known: i64 = connection.pragma_query_value(None, "user_version", |row| row.get(0))?;
    let transaction = connection.transaction()?;
    for (migration, version) in MIGRATIONS.into_iter().zip(1_i64..).filter(|(_, version)| *version > known) {
        transaction.execute_batch(migration)?;
        transaction.pragma_update(None, "user_version", version)?;
    }
    transaction.commit()
}

/// A value as JSON; of an enum the bare word.
fn word(value: &impl Serialize) -> String {
    let json = serde_json::to_string(value).unwrap_or_default();
    json.trim_matches('"').to_owned()
}

fn read(row: &Row<'_>) -> rusqlite::Result<Recording> {
    let (app, stream): (String, String) = (row.get(1)?, row.get(2)?);
    let name = StreamName::new(&app, &stream).map_err(|error| damaged(1, error))?;
    let extension: String = row.get(4)?;
    let format = Format::of_extension(&extension).ok_or_else(|| damaged(4, "no format"))?;
    let state: String = row.get(5)?;
    let state = serde_json::from_value(state.into()).map_err(|error| damaged(5, error))?;
    let progress = Progress { bytes: unsigned(row, 8)?, duration_ms: unsigned(row, 9)?, gaps: unsigned(row, 10)? };
    Ok(Recording {
        id: RecordingId(row.get(0)?),
        name,
        path: row.get(3)?,
        format,
        state,
        reason: row.get(6)?,
        started_at_ms: unsigned(row, 7)?,
        progress,
        video: json(row, 11)?,
        audio: json(row, 12)?,
        part: take::read_part(row, 13)?,
    })
}

fn json<T: serde::de::DeserializeOwned>(row: &Row<'_>, column: usize) -> rusqlite::Result<Option<T>> {
    let text: Option<String> = row.get(column)?;
    text.map(|text| serde_json::from_str(&text).map_err(|error| damaged(column, error))).transpose()
}

fn damaged(column: usize, error: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> rusqlite::Error {
    rusqlite::Error::FromSqlConversionFailure(column, Type::Text, error.into())
}

fn unsigned(row: &Row<'_>, column: usize) -> rusqlite::Result<u64> {
    row.get::<_, i64>(column).map(|value| u64::try_from(value).unwrap_or_default())
}

fn signed(value: u64) -> i64 {
    i64::try_from(value).unwrap_or(i64::MAX)
}

/// As [`read`] reads them.
const SELECT: &str = "
SELECT r.id, r.app, r.stream, r.path, r.format, r.state, r.reason, r.started_at_ms, r.bytes, r.duration_ms, r.gaps, r.video, r.audio,
    t.id, t.room, t.started_at_ms, t.uid, t.name, r.member, r.offset_ms
FROM recordings r LEFT JOIN takes t ON t.id = r.take";

/// From each version of the schema to the next; the first is also what there was before there were versions.
const MIGRATIONS: [&str; 2] = [
    "
CREATE TABLE IF NOT EXISTS recordings (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    app TEXT NOT NULL,
    stream TEXT NOT NULL,
    path TEXT NOT NULL UNIQUE,
    format TEXT NOT NULL,
    state TEXT NOT NULL,
    reason TEXT,
    started_at_ms INTEGER NOT NULL,
    bytes INTEGER NOT NULL DEFAULT 0,
    duration_ms INTEGER NOT NULL DEFAULT 0,
    gaps INTEGER NOT NULL DEFAULT 0,
    video TEXT,
    audio TEXT
) STRICT;
CREATE INDEX IF NOT EXISTS recordings_by_stream ON recordings (app, stream, id);
CREATE INDEX IF NOT EXISTS recordings_by_start ON recordings (started_at_ms, id);
",
    take::SCHEMA,
];

#[cfg(test)]
pub(super) mod tests;
