//! Claims about the history of a room.

use crate::{id::Uid, reply::Line};

use super::{HISTORY_BYTES_MAX, HISTORY_LINES_MAX, History};

fn line(at: u64, bytes: usize) -> Line {
    Line { uid: Uid::new("ana").unwrap(), name: String::new(), text: "t".repeat(bytes), at }
}

fn times(history: &History) -> Vec<u64> {
    history.lines().iter().map(|line| line.at).collect()
}

#[test]
fn the_last_hundred_messages_are_kept() {
    let mut history = History::default();
    let limit = u64::try_from(HISTORY_LINES_MAX).unwrap();
    (0..limit).for_each(|at| history.keep(line(at, 1)));
    assert_eq!(times(&history), (0..limit).collect::<Vec<_>>());
    history.keep(line(limit, 1));
    assert_eq!(times(&history), (1..=limit).collect::<Vec<_>>());
}

#[test]
fn as_many_bytes_are_kept_as_the_limit_says() {
    let mut history = History::default();
    history.keep(line(0, HISTORY_BYTES_MAX / 2));
    history.keep(line(1, HISTORY_BYTES_MAX / 2));
    assert_eq!(times(&history), [0, 1]);
    history.keep(line(2, 1));
    assert_eq!(times(&history), [1, 2]);
    history.keep(line(3, HISTORY_BYTES_MAX));
    assert_eq!(times(&history), [3]);
    history.keep(line(4, HISTORY_BYTES_MAX + 1));
    assert_eq!(times(&history), Vec::<u64>::new(), "longer than all that is kept");
}
