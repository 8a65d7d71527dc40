use std::fs;
use std::path::Path;
use std::time::Duration;

use super::Retention;
use crate::live::recording::index::tests::{enter, index};
use crate::live::recording::index::{Filter, Index};

/// Three recordings of 100 bytes, that ended at 2, 3 and 4 s.
fn three(folder: &Path, index: &Index) {
    for at in [1000, 2000, 3000] {
        enter(index, "live", "a", at, 100);
        fs::create_dir_all(folder.join("live")).unwrap();
        fs::write(folder.join(format!("live/a.{at}.mp4")), "x").unwrap();
    }
}

/// The recordings that are left, of which each has its file and no other has one.
fn left(folder: &Path, index: &Index) -> Vec<i64> {
    let found = index.list(&Filter::default(), 9).unwrap();
    assert_eq!(fs::read_dir(folder.join("live")).unwrap().count(), found.len());
    assert!(found.iter().all(|recording| folder.join(&recording.path).exists()));
    found.iter().map(|recording| recording.id.0).collect()
}

#[test]
fn recordings_are_kept_to_the_bytes_and_not_one_more() {
    for (limit, expected) in [(300, vec![3, 2, 1]), (299, vec![3, 2]), (200, vec![3, 2]), (199, vec![3]), (99, vec![])]
    {
        let (folder, index) = index();
        three(folder.path(), &index);
        let retention = Retention { age_max: None, bytes_max: Some(limit) };
        retention.apply(folder.path(), &index, Duration::ZERO).unwrap();
        assert_eq!(left(folder.path(), &index), expected, "{limit} bytes");
    }
}

#[test]
fn recordings_are_kept_to_their_age_and_not_longer() {
    for (now_ms, expected) in [(12_000, vec![3, 2, 1]), (12_001, vec![3, 2]), (14_000, vec![3]), (14_001, vec![])] {
        let (folder, index) = index();
        three(folder.path(), &index);
        let retention = Retention { age_max: Some(Duration::from_secs(10)), bytes_max: None };
        retention.apply(folder.path(), &index, Duration::from_millis(now_ms)).unwrap();
        assert_eq!(left(folder.path(), &index), expected, "at {now_ms} ms");
    }
}

#[test]
fn a_recording_whose_file_is_gone_is_forgotten_as_well() {
    let (folder, index) = index();
    three(folder.path(), &index);
    fs::remove_file(folder.path().join("live/a.1000.mp4")).unwrap();
    Retention { age_max: None, bytes_max: Some(200) }.apply(folder.path(), &index, Duration::ZERO).unwrap();
    assert_eq!(left(folder.path(), &index), [3, 2]);
}

#[test]
fn without_limits_everything_is_kept() {
    let (folder, index) = index();
    three(folder.path(), &index);
    Retention { age_max: None, bytes_max: None }.apply(folder.path(), &index, Duration::MAX).unwrap();
    assert_eq!(left(folder.path(), &index), [3, 2, 1]);
}
