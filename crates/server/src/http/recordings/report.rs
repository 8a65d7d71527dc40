//! A recording as the API tells of it.

use serde::Serialize;

use crate::live::recording::{AudioTrack, Member, Part, Recording, Recordings, State, TakeEntry, VideoTrack, place};

/// `RecordingList` of the document.
#[derive(Debug, Serialize)]
pub(super) struct RecordingList {
    recordings: Vec<RecordingReport>,
    /// What to send as `after`; null at the end.
    next: Option<i64>,
}

/// `Recording` of the document.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct RecordingReport {
    id: i64,
    app: String,
    stream: String,
    state: State,
    reason: Option<String>,
    started_at: u64,
    duration_ms: u64,
    bytes: u64,
    gaps: u64,
    format: &'static str,
    video: Option<VideoTrack>,
    audio: Option<AudioTrack>,
    file: String,
    url: String,
    part: Option<PartReport>,
}

/// `RecordingPart` of the document.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct PartReport {
    take: i64,
    room: String,
    take_started_at: u64,
    uid: String,
    name: String,
    source: &'static str,
    offset_ms: Option<i64>,
}

/// `TakeList` of the document.
#[derive(Debug, Serialize)]
pub(super) struct TakeList {
    takes: Vec<TakeReport>,
    /// What to send as `after`; null at the end.
    next: Option<i64>,
}

/// `TakeEntry` of the document.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct TakeReport {
    id: i64,
    room: String,
    started_at: u64,
    started_by: Member,
    state: State,
    parts: u64,
    duration_ms: u64,
    bytes: u64,
}

impl TakeList {
    pub(super) fn new(found: Vec<TakeEntry>, has_more: bool) -> Self {
        let next = found.last().filter(|_| has_more).map(|last| last.take.id.0);
        Self { takes: found.into_iter().map(TakeReport::new).collect(), next }
    }
}

impl TakeReport {
    fn new(TakeEntry { take, parts, bytes, duration_ms, state }: TakeEntry) -> Self {
        let started_by = Member { uid: take.by, name: take.by_name };
        Self { id: take.id.0, room: take.room, started_at: take.since_ms, started_by, state, parts, duration_ms, bytes }
    }
}

impl RecordingList {
    pub(super) fn new(found: &[Recording], has_more: bool, recordings: &Recordings) -> Self {
        Self {
            recordings: found.iter().map(|recording| RecordingReport::new(recording, recordings)).collect(),
            next: found.last().filter(|_| has_more).map(|last| last.id.0),
        }
    }
}

impl RecordingReport {
    pub(super) fn new(recording: &Recording, recordings: &Recordings) -> Self {
        let id = recording.id;
        Self {
            id: id.0,
            app: recording.name.app().to_owned(),
            stream: recording.name.stream().to_owned(),
            state: recording.state,
            reason: recording.reason.clone(),
            started_at: recording.started_at_ms,
            duration_ms: recording.progress.duration_ms,
            bytes: recording.progress.bytes,
            gaps: recording.progress.gaps,
            format: recording.format.extension(),
            video: recording.video.clone(),
            audio: recording.audio.clone(),
            file: recording.path.clone(),
            url: format!("/api/v1/recordings/{}/file?key={}", id.0, recordings.key(id)),
            part: recording.part.as_ref().map(|part| PartReport::new(recording, part)),
        }
    }
}

impl PartReport {
    fn new(recording: &Recording, part: &Part) -> Self {
        let (uid, source) = place(recording);
        Self {
            take: part.take.id.0,
            room: part.take.room.clone(),
            take_started_at: part.take.since_ms,
            uid,
            name: part.name.clone(),
            source,
            offset_ms: part.offset_ms,
        }
    }
}
