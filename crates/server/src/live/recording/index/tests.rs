use std::time::Duration;

use live::StreamName;
use live::record::Format;

use super::{Filter, Index, Opening, Progress, RecordingId, State};

/// Enters a recording that has ended, of so many bytes.
pub(in crate::live::recording) fn enter(index: &Index, app: &str, stream: &str, at: u64, bytes: u64) -> RecordingId {
    let name = StreamName::new(app, stream).unwrap();
    let path = format!("{app}/{stream}.{at}.mp4");
    let started_at = Duration::from_millis(at);
    let opening =
        Opening { name: &name, path: &path, format: Format::Mp4, started_at, video: None, audio: None, part: None };
    let id = index.begin(&opening).unwrap();
    index.progress(&[(id, Progress { bytes, duration_ms: 1000, gaps: 0 })]).unwrap();
    index.end(id, State::Finished, None).unwrap();
    id
}

pub(in crate::live::recording) fn index() -> (tempfile::TempDir, Index) {
    let folder = tempfile::tempdir().unwrap();
    let index = Index::open(&folder.path().join("index.sqlite")).unwrap();
    (folder, index)
}

fn ids(index: &Index, filter: &Filter, limit: usize) -> Vec<i64> {
    index.list(filter, limit).unwrap().iter().map(|recording| recording.id.0).collect()
}

#[test]
fn what_was_entered_is_found_by_what_it_is() {
    let (_folder, index) = index();
    for (app, stream) in [("live", "a"), ("live", "b"), ("class", "a"), ("live", "a")] {
        enter(&index, app, stream, ids(&index, &Filter::default(), 9).len() as u64, 7);
    }
    let of = |app: Option<&str>, stream: Option<&str>| Filter {
        app: app.map(str::to_owned),
        stream: stream.map(str::to_owned),
        ..Filter::default()
    };
    assert_eq!(ids(&index, &of(None, None), 9), [4, 3, 2, 1]);
    assert_eq!(ids(&index, &of(Some("live"), None), 9), [4, 2, 1]);
    assert_eq!(ids(&index, &of(Some("live"), Some("a")), 9), [4, 1]);
    assert_eq!(ids(&index, &of(None, Some("a")), 2), [4, 3]);
    assert_eq!(ids(&index, &Filter { after: Some(RecordingId(3)), ..of(None, Some("a")) }, 9), [1]);
    let running = Filter { state: Some(State::Recording), ..Filter::default() };
    assert!(ids(&index, &running, 9).is_empty());
    assert_eq!(index.bytes().unwrap(), 28);
}

#[test]
fn a_number_is_never_used_twice() {
    let (_folder, index) = index();
    let first = enter(&index, "live", "a", 1, 1);
    index.remove(first).unwrap();
    assert!(index.find(first).unwrap().is_none());
    assert!(enter(&index, "live", "a", 2, 1) > first);
}

#[test]
fn it_is_there_after_a_restart() {
    let (folder, index) = index();
    let id = enter(&index, "live", "a", 1, 5);
    drop(index);
    let index = Index::open(&folder.path().join("index.sqlite")).unwrap();
    let recording = index.find(id).unwrap().unwrap();
    assert_eq!((recording.state, recording.progress.bytes, recording.reason), (State::Finished, 5, None));
}

#[test]
fn what_is_no_index_is_said_to_be_none() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("index.sqlite");
    std::fs::write(&path, "this is a text and no database at all, as anybody can see").unwrap();
    assert!(Index::open(&path).is_err());
}
