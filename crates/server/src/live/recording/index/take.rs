//! Which recordings are parts of one recording of a room: a take.

use std::time::Duration;

use live::StreamName;
use room::show::Taken;
use rusqlite::{Connection, OptionalExtension as _, Row, Transaction, params};

use super::{Index, Recording, SELECT, State, read, signed, unsigned};
use crate::live::shows::room_of;

/// A recording of a room, from when somebody began it until it ends.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Take {
    pub(crate) id: TakeId,
    pub(crate) room: String,
    /// When it began.
    pub(crate) since_ms: u64,
    /// The uid of who has begun it.
    pub(crate) by: String,
    /// What that one was called.
    pub(crate) by_name: String,
}

/// Grows from take to take, and is never used twice.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct TakeId(pub(crate) i64);

/// A take as a list tells of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct TakeEntry {
    pub(crate) take: Take,
    /// How many files.
    pub(crate) parts: u64,
    /// Of all parts.
    pub(crate) bytes: u64,
    /// From its beginning to the end of the last part.
    pub(crate) duration_ms: u64,
    /// It is being written as long as one of its parts is, and whole only if all are.
    pub(crate) state: State,
}

/// As what a recording is a part of a take.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Part {
    pub(crate) take: Take,
    /// What the member was called.
    pub(crate) name: String,
    /// From the beginning of the take to the time 0 of the file; `None` if it is not known.
    pub(crate) offset_ms: Option<i64>,
}

/// What is known of a part when it begins.
#[derive(Debug)]
pub(in crate::live::recording) struct PartOpening<'a> {
    pub(in crate::live::recording) taken: &'a Taken,
    pub(in crate::live::recording) offset_ms: Option<i64>,
}

impl Index {
    /// Shows a take and its parts, the first [`PARTS_MAX`] of them, while nothing changes them; `None` if there is none of that number. Without parts it is
    /// forgotten then.
    pub(in crate::live::recording) fn with_take<T>(
        &self,
        id: TakeId,
        show: impl FnOnce(&Take, &[Recording]) -> T,
    ) -> rusqlite::Result<Option<T>> {
        let connection = self.connection();
        let Some(take) = find(&connection, id)? else { return Ok(None) };
        let query = format!("{SELECT} WHERE r.take = ?1 ORDER BY r.id LIMIT ?2");
        let mut statement = connection.prepare_cached(&query)?;
        let parts: Vec<Recording> =
            statement.query_map(params![id.0, PARTS_MAX], read)?.collect::<rusqlite::Result<_>>()?;
        let shown = show(&take, &parts);
        if parts.is_empty() {
            connection.execute("DELETE FROM takes WHERE id = ?1", [id.0])?;
        }
        Ok(Some(shown))
    }

    /// The takes, or those of one room, the youngest first, older than `after`: so many at most.
    pub(in crate::live::recording) fn takes(
        &self,
        room: Option<&str>,
        after: Option<TakeId>,
        limit: usize,
    ) -> rusqlite::Result<Vec<TakeEntry>> {
        let query = "SELECT t.id, t.room, t.started_at_ms, t.uid, t.name, COUNT(r.id), SUM(r.bytes), \
             MAX(MAX(COALESCE(r.offset_ms, 0) + r.duration_ms, 0)), \
             MAX(CASE r.state WHEN 'recording' THEN 2 WHEN 'interrupted' THEN 1 ELSE 0 END) \
             FROM takes t JOIN recordings r ON r.take = t.id \
             WHERE (?1 IS NULL OR t.room = ?1) AND (?2 IS NULL OR t.id < ?2) \
             GROUP BY t.id ORDER BY t.id DESC LIMIT ?3";
        let limit = i64::try_from(limit).unwrap_or(i64::MAX);
        let connection = self.connection();
        let mut statement = connection.prepare_cached(query)?;
        statement.query_map(params![room, after.map(|after| after.0), limit], read_entry)?.collect()
    }

    /// The takes that began last: so many at most.
    pub(in crate::live::recording) fn youngest_takes(&self, limit: usize) -> rusqlite::Result<Vec<TakeId>> {
        let connection = self.connection();
        let mut statement = connection.prepare("SELECT id FROM takes ORDER BY id DESC LIMIT ?1")?;
        statement.query_map([i64::try_from(limit).unwrap_or(i64::MAX)], |row| row.get(0).map(TakeId))?.collect()
    }
}

impl Take {
    /// When it began, since the Unix epoch.
    pub(in crate::live::recording) fn since(&self) -> Duration {
        Duration::from_millis(self.since_ms)
    }
}

fn find(connection: &Connection, id: TakeId) -> rusqlite::Result<Option<Take>> {
    let query = "SELECT id, room, started_at_ms, uid, name FROM takes WHERE id = ?1";
    connection.query_row(query, [id.0], |row| read_take(row, 0)).optional()
}

/// The number of the take that a part of this name belongs to, which is entered with its first part.
pub(super) fn enter(transaction: &Transaction<'_>, name: &StreamName, taken: &Taken) -> rusqlite::Result<TakeId> {
    let (room, since) = (room_of(name).unwrap_or_default(), signed(taken.since_ms));
    transaction.execute(
        "INSERT INTO takes (room, started_at_ms, uid, name) VALUES (?1, ?2, ?3, ?4) ON CONFLICT DO NOTHING",
        params![room, since, taken.by, taken.by_name],
    )?;
    let query = "SELECT id FROM takes WHERE room = ?1 AND started_at_ms = ?2";
    transaction.query_row(query, params![room, since], |row| row.get(0).map(TakeId))
}

/// Reads a part from this column on.
pub(super) fn read_part(row: &Row<'_>, column: usize) -> rusqlite::Result<Option<Part>> {
    if row.get::<_, Option<i64>>(column)?.is_none() {
        return Ok(None);
    }
    let name: Option<String> = row.get(column + 5)?;
    let take = read_take(row, column)?;
    Ok(Some(Part { take, name: name.unwrap_or_default(), offset_ms: row.get(column + 6)? }))
}

fn read_entry(row: &Row<'_>) -> rusqlite::Result<TakeEntry> {
    let state = match row.get::<_, i64>(8)? {
        0 => State::Finished,
        1 => State::Interrupted,
        _ => State::Recording,
    };
    let (parts, bytes, duration_ms) = (unsigned(row, 5)?, unsigned(row, 6)?, unsigned(row, 7)?);
    Ok(TakeEntry { take: read_take(row, 0)?, parts, bytes, duration_ms, state })
}

fn read_take(row: &Row<'_>, column: usize) -> rusqlite::Result<Take> {
    Ok(Take {
        id: TakeId(row.get(column)?),
        room: row.get(column + 1)?,
        since_ms: unsigned(row, column + 2)?,
        by: row.get(column + 3)?,
        by_name: row.get(column + 4)?,
    })
}

/// Parts that are told of: a member who comes and goes all the time must not make every change dearer than the last.
const PARTS_MAX: i64 = 4096;

pub(super) const SCHEMA: &str = "
CREATE TABLE takes (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    room TEXT NOT NULL,
    started_at_ms INTEGER NOT NULL,
    uid TEXT NOT NULL,
    name TEXT NOT NULL,
    UNIQUE (room, started_at_ms)
) STRICT;
ALTER TABLE recordings ADD COLUMN take INTEGER REFERENCES takes (id);
ALTER TABLE recordings ADD COLUMN member TEXT;
ALTER TABLE recordings ADD COLUMN offset_ms INTEGER;
CREATE INDEX recordings_by_take ON recordings (take, id);
";

#[cfg(test)]
pub(in crate::live::recording) mod tests;
