use std::time::Instant;

use crate::{
    config::Limits,
    history::{HISTORY_BYTES_MAX, HISTORY_LINES_MAX},
    id::Uid,
};

use super::{Absence, Full, Kept};

fn uid(text: &str) -> Uid {
    Uid::new(text).unwrap()
}

fn absence() -> Absence {
    #[expect(clippy::disallowed_methods, reason = "a test needs one instant to start from")]
    Absence::new(Instant::now())
}

fn limits(resume_messages: u32, resume_bytes: u32) -> Limits {
    Limits { resume_messages, resume_bytes, ..Limits::default() }
}

fn speak(absence: &mut Absence, of: &str, text: &str, limits: &Limits) -> Result<(), Full> {
    absence.keep(Kept::Speech(uid(of)), text.to_owned(), limits)
}

#[test]
fn one_sender_has_a_quarter_of_the_messages_and_others_have_theirs() {
    let (mut absence, limits) = (absence(), limits(8, 0));
    for sender in ["a", "b", "c", "d"] {
        for _ in 0..2 {
            assert_eq!(speak(&mut absence, sender, "x", &limits), Ok(()));
        }
        assert_eq!(speak(&mut absence, sender, "x", &limits), Err(Full), "the third of {sender}");
    }
    assert_eq!(speak(&mut absence, "e", "x", &limits), Err(Full), "all together are as many as may be");
    assert_eq!(absence.into_queue().count(), 8);
}

#[test]
fn one_sender_has_a_quarter_of_the_bytes() {
    for (bytes, kept) in [(10, Ok(())), (11, Err(Full))] {
        let (mut absence, limits) = (absence(), limits(0, 40));
        assert_eq!(speak(&mut absence, "a", &"x".repeat(bytes), &limits), kept);
    }
}

#[test]
fn who_has_gone_takes_along_what_it_negotiated_and_frees_its_share() {
    let (mut absence, limits) = (absence(), limits(4, 0));
    let offer = |absence: &mut Absence| absence.keep(Kept::Negotiation(uid("a")), "offer".to_owned(), &limits);
    assert_eq!((offer(&mut absence), offer(&mut absence)), (Ok(()), Err(Full)));
    absence.keep(Kept::Left(uid("a")), "left".to_owned(), &limits).unwrap();
    absence.keep(Kept::Came(uid("a")), "came".to_owned(), &limits).unwrap();
    assert_eq!(offer(&mut absence), Ok(()));
    assert_eq!(absence.into_queue().collect::<Vec<_>>(), ["left", "came", "offer"]);
}

#[test]
fn coming_and_going_a_thousand_times_is_kept_as_where_it_ends() {
    for was_there in [true, false] {
        let (mut absence, limits) = (absence(), Limits::default());
        if was_there {
            absence.keep(Kept::Left(uid("a")), "left".to_owned(), &limits).unwrap();
        }
        for _ in 0..1000 {
            absence.keep(Kept::Came(uid("a")), "came".to_owned(), &limits).unwrap();
            absence.keep(Kept::Left(uid("a")), "left again".to_owned(), &limits).unwrap();
        }
        let kept: Vec<_> = absence.into_queue().collect();
        assert_eq!(kept, if was_there { vec!["left"] } else { Vec::new() });
    }
}

#[test]
fn of_lines_to_all_as_many_are_kept_as_later_joiners_read() {
    let (mut absence, limits) = (absence(), Limits::default());
    for number in 0..=HISTORY_LINES_MAX {
        absence.keep(Kept::Line, number.to_string(), &limits).unwrap();
    }
    assert_eq!(absence.into_queue().next().unwrap(), "1", "the oldest is forgotten");
    for (bytes, kept) in [(HISTORY_BYTES_MAX, 2), (HISTORY_BYTES_MAX + 1, 1)] {
        let mut absence = self::absence();
        for half in [bytes / 2, bytes - bytes / 2] {
            absence.keep(Kept::Line, "x".repeat(half), &limits).unwrap();
        }
        assert_eq!(absence.into_queue().count(), kept, "{bytes} bytes");
    }
}
