//! What belongs together in the recording of a room: a JSON file beside the parts, for whoever lines them up.

use std::fs::{self, DirBuilder, OpenOptions};
use std::io::{self, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::Path;

use room::show::Part as Place;
use serde::Serialize;

use super::file_name::manifest_name;
use super::index::{AudioTrack, Index, Recording, State, Take, TakeId, VideoTrack};
use crate::live::shows::part_of;

/// `Take` of the API's document: a recording of a room, with its parts, the oldest first.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Manifest {
    id: i64,
    room: String,
    started_at: u64,
    started_by: Member,
    parts: Vec<Piece>,
}

/// Who somebody was, and was called.
#[derive(Debug, Serialize)]
pub(crate) struct Member {
    pub(crate) uid: String,
    pub(crate) name: String,
}

/// `TakePart` of the document.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Piece {
    /// That of the recording.
    id: i64,
    #[serde(flatten)]
    member: Member,
    source: &'static str,
    offset_ms: Option<i64>,
    /// `None` while it is written: the file would tell what was when the part began.
    duration_ms: Option<u64>,
    state: State,
    reason: Option<String>,
    bytes: Option<u64>,
    video: Option<VideoTrack>,
    audio: Option<AudioTrack>,
    file: String,
}

impl Manifest {
    pub(super) fn of(take: &Take, parts: &[Recording]) -> Self {
        Self {
            id: take.id.0,
            room: take.room.clone(),
            started_at: take.since_ms,
            started_by: Member { uid: take.by.clone(), name: take.by_name.clone() },
            parts: parts.iter().map(Piece::of).collect(),
        }
    }
}

impl Piece {
    fn of(recording: &Recording) -> Self {
        let part = recording.part.as_ref();
        let (uid, source) = place(recording);
        let has_ended = recording.state != State::Recording;
        Self {
            id: recording.id.0,
            member: Member { uid, name: part.map(|part| part.name.clone()).unwrap_or_default() },
            source,
            offset_ms: part.and_then(|part| part.offset_ms),
            duration_ms: has_ended.then_some(recording.progress.duration_ms),
            state: recording.state,
            reason: recording.reason.clone(),
            bytes: has_ended.then_some(recording.progress.bytes),
            video: recording.video.clone(),
            audio: recording.audio.clone(),
            file: recording.path.clone(),
        }
    }
}

/// Whose it is, and what of that member.
pub(crate) fn place(recording: &Recording) -> (String, &'static str) {
    match part_of(&recording.name) {
        Some(Place::Member(uid)) => (uid, "camera"),
        Some(Place::Screen(uid)) => (uid, "screen"),
        Some(Place::Stage) | None => (String::new(), "stage"),
    }
}

/// Writes the manifest of the take that a recording is a part of, if it is one: it has changed.
pub(super) fn follow(folder: &Path, index: &Index, recording: &Recording) {
    if let Some(part) = &recording.part {
        write(folder, index, part.take.id);
    }
}

/// Writes the manifest of a take as it is at this moment, and deletes that of one without parts. A reader finds the former one or this one, whole.
pub(super) fn write(folder: &Path, index: &Index, take: TakeId) {
    // The index is held meanwhile, or an older state could be written over a younger one.
    match index.with_take(take, |take, parts| store(folder, take, parts)) {
        Ok(Some(Ok(())) | None) => {}
        Ok(Some(Err(error))) => tracing::warn!("the manifest of a recording cannot be written: {error}"),
        Err(error) => tracing::warn!("the index of recordings cannot be read: {error}"),
    }
}

fn store(folder: &Path, take: &Take, parts: &[Recording]) -> io::Result<()> {
    let path = folder.join(manifest_name(&take.room, take.since(), take.id.0));
    if parts.is_empty() {
        return match fs::remove_file(&path) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
            Ok(()) | Err(_) => Ok(()),
        };
    }
    if let Some(parent) = path.parent() {
        DirBuilder::new().recursive(true).mode(0o700).create(parent)?;
    }
    let draft = path.with_extension("json.new");
    let mut file = OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&draft)?;
    file.write_all(&serde_json::to_vec_pretty(&Manifest::of(take, parts))?)?;
    file.sync_data()?;
    fs::rename(&draft, &path)
}

#[cfg(test)]
mod tests;
