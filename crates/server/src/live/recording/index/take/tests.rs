use std::time::{Duration, Instant};

use live::StreamName;
use live::record::Format;
use room::show::Taken;

use super::super::tests::index;
use super::super::{Filter, Index, Opening, Progress, RecordingId, State};
use super::{PARTS_MAX, PartOpening, TakeEntry, TakeId};
use crate::clock;

/// Who begins to record that room.
pub(in crate::live::recording) fn taken(since: Instant, since_ms: u64) -> Taken {
    let (by, by_name, name) = ("anna".to_owned(), "Anna".to_owned(), "Bo".to_owned());
    Taken { since, since_ms, by, by_name, name }
}

/// Enters a part that is being written.
pub(in crate::live::recording) fn enter(
    index: &Index,
    (app, stream): (&str, &str),
    taken: &Taken,
    number: u64,
) -> RecordingId {
    let name = StreamName::new(app, stream).unwrap();
    let path = format!("{app}/{stream}.{number}.mp4");
    let part = Some(PartOpening { taken, offset_ms: Some(-40) });
    let started_at = Duration::from_millis(taken.since_ms + number);
    index
        .begin(&Opening { name: &name, path: &path, format: Format::Mp4, started_at, video: None, audio: None, part })
        .unwrap()
}

#[test]
fn parts_are_found_by_their_take_and_by_their_room_and_others_are_not() {
    let (_folder, index) = index();
    let (first, second) = (taken(clock::now(), 1_000), taken(clock::now(), 2_000));
    let face = enter(&index, ("room/standup", "bo"), &first, 1);
    let screen = enter(&index, ("room/standup/bo", "screen"), &first, 2);
    let again = enter(&index, ("room/standup", "bo"), &second, 3);
    let other = enter(&index, ("room/standup-2", "bo"), &first, 4);
    let found = |filter: Filter| -> Vec<RecordingId> {
        index.list(&filter, 9).unwrap().iter().map(|recording| recording.id).collect()
    };
    let part = index.find(face).unwrap().unwrap().part.unwrap();
    assert_eq!((part.name.as_str(), part.offset_ms, part.take.by_name.as_str()), ("Bo", Some(-40), "Anna"));
    assert_eq!(found(Filter { take: Some(part.take.id), ..Filter::default() }), [screen, face]);
    let of_room = |room: &str| Filter { room: Some(room.to_owned()), ..Filter::default() };
    assert_eq!(found(of_room("standup")), [again, screen, face]);
    assert_eq!(found(of_room("standup-2")), [other]);
    assert_eq!(found(of_room("stand%")), []);
}

#[test]
fn a_take_is_forgotten_with_its_last_part_and_its_number_is_not_used_again() {
    let (_folder, index) = index();
    let take = taken(clock::now(), 1_000);
    let part = enter(&index, ("room/standup", "bo"), &take, 1);
    let count = |id: TakeId| index.with_take(id, |_, parts| parts.len()).unwrap();
    assert_eq!(count(TakeId(1)), Some(1));
    index.remove(part).unwrap();
    assert_eq!((count(TakeId(1)), count(TakeId(1))), (Some(0), None));
    enter(&index, ("room/standup", "bo"), &take, 2);
    assert_eq!(index.youngest_takes(9).unwrap(), [TakeId(2)]);
}

#[test]
fn no_more_parts_of_a_take_are_told_of_than_the_limit() {
    let (_folder, index) = index();
    let (take, parts_max) = (taken(clock::now(), 1_000), u64::try_from(PARTS_MAX).unwrap());
    let count = || index.with_take(TakeId(1), |_, parts| parts.len() as u64).unwrap();
    for number in 0..parts_max {
        enter(&index, ("room/standup", "bo"), &take, number);
    }
    assert_eq!(count(), Some(parts_max));
    enter(&index, ("room/standup", "bo"), &take, parts_max);
    assert_eq!(count(), Some(parts_max));
}

#[test]
fn an_index_of_a_server_that_knew_no_takes_is_brought_up_to_date() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("index.sqlite");
    let old = rusqlite::Connection::open(&path).unwrap();
    old.execute_batch(super::super::MIGRATIONS[0]).unwrap();
    old.execute_batch(
        "PRAGMA user_version = 1;
         INSERT INTO recordings (app, stream, path, format, state, started_at_ms)
         VALUES ('room/standup', 'bo', 'room/standup/bo.1.mp4', 'mp4', 'finished', 1);",
    )
    .unwrap();
    drop(old);
    for _ in 0..2 {
        let index = Index::open(&path).unwrap();
        let known = index.find(RecordingId(1)).unwrap().unwrap();
        assert_eq!((known.path.as_str(), known.part), ("room/standup/bo.1.mp4", None));
        enter(&index, ("room/standup", "bo"), &taken(clock::now(), 1_000), 7);
        index.remove(RecordingId(2)).unwrap();
        std::fs::copy(&path, folder.path().join("copy")).unwrap();
    }
}

#[test]
fn takes_are_listed_by_room_with_what_all_their_parts_amount_to() {
    let (_folder, index) = index();
    let (first, second) = (taken(clock::now(), 1_000), taken(clock::now(), 2_000));
    let face = enter(&index, ("room/standup", "bo"), &first, 1);
    let screen = enter(&index, ("room/standup/bo", "screen"), &first, 2);
    enter(&index, ("room/other", "bo"), &first, 3);
    let again = enter(&index, ("room/standup", "bo"), &second, 4);
    let progress = |bytes, duration_ms| Progress { bytes, duration_ms, gaps: 0 };
    index.progress(&[(face, progress(7, 500)), (screen, progress(8, 900)), (again, progress(9, 20))]).unwrap();
    index.end(face, State::Interrupted, Some("disk-full")).unwrap();
    let listed = |room: Option<&str>, after: Option<TakeId>, limit| index.takes(room, after, limit).unwrap();
    let told = |entry: &TakeEntry| (entry.parts, entry.bytes, entry.duration_ms, entry.state);
    let [young, old] = listed(Some("standup"), None, 9).try_into().unwrap();
    assert_eq!(told(&young), (1, 9, 0, State::Recording));
    assert_eq!(told(&old), (2, 15, 860, State::Recording));
    assert_eq!((old.take.by.as_str(), old.take.since_ms), ("anna", 1_000));
    assert_eq!(listed(Some("standup"), None, 1).len(), 1);
    assert_eq!(listed(Some("standup"), Some(young.take.id), 9), [old]);
    let rooms: Vec<_> = listed(None, None, 9).into_iter().map(|entry| entry.take.room).collect();
    assert_eq!(rooms, ["standup", "other", "standup"]);
    index.end(screen, State::Finished, None).unwrap();
    assert_eq!(listed(Some("standup"), Some(young.take.id), 9)[0].state, State::Interrupted);
    index.end(face, State::Finished, None).unwrap();
    assert_eq!(listed(Some("standup"), Some(young.take.id), 9)[0].state, State::Finished);
}
