//! Claims about the choice of what is on the stage.

use std::time::{Duration, Instant};

use super::{HOLD, Shot, Stage};
use crate::{id::Uid, media::Source};

fn uid(text: &str) -> Uid {
    Uid::new(text).unwrap()
}

fn face(of: &str) -> Shot {
    (uid(of), Source::Camera)
}

fn screen(of: &str) -> Shot {
    (uid(of), Source::Screen)
}

#[expect(clippy::disallowed_methods, reason = "a test needs one instant to start from")]
fn start() -> Instant {
    Instant::now()
}

/// What is on the stage after each step of seconds, shots and voices.
fn run(steps: &[(u64, &[Shot], &[&str])]) -> Vec<Option<Shot>> {
    let (mut stage, start) = (Stage::default(), start());
    let mut seen = Vec::new();
    for (seconds, shots, voices) in steps {
        stage.hear(voices.iter().map(|voice| uid(voice)).collect());
        stage.review(start + Duration::from_secs(*seconds), shots);
        seen.push(stage.on().cloned());
    }
    seen
}

#[test]
fn the_stage_is_with_who_speaks_and_stays_there_in_silence() {
    let both = [face("ana"), face("bo")];
    let seen = run(&[(0, &both, &[]), (5, &both, &["bo", "ana"]), (10, &both, &[]), (15, &both, &["ana"])]);
    assert_eq!(seen, [face("ana"), face("bo"), face("bo"), face("ana")].map(Some));
}

#[test]
fn a_voice_without_a_camera_leaves_the_stage_to_the_next_one_with() {
    let both = [face("ana"), face("bo")];
    assert_eq!(run(&[(0, &both, &["cy", "bo"])]), [Some(face("bo"))]);
}

#[test]
fn a_screen_is_on_the_stage_before_every_voice_and_the_first_one_stays() {
    let shots = [face("ana"), screen("bo"), face("bo")];
    let more = [screen("ana"), face("ana"), screen("bo"), face("bo")];
    let seen = run(&[(0, &[face("ana")], &["ana"]), (5, &shots, &["ana"]), (9, &more, &[]), (12, &[face("ana")], &[])]);
    assert_eq!(seen, [face("ana"), screen("bo"), screen("bo"), face("ana")].map(Some));
}

#[test]
fn a_picture_stays_for_two_seconds_unless_it_ends() {
    let (mut stage, start) = (Stage::default(), start());
    let both = [face("ana"), face("bo")];
    assert_eq!(stage.review(start, &both), None);
    stage.hear(vec![uid("bo")]);
    let early = start + HOLD - Duration::from_millis(1);
    assert_eq!(stage.review(early, &both), Some(start + HOLD), "to be looked at again");
    assert_eq!(stage.on(), Some(&face("ana")));
    assert_eq!(stage.review(start + HOLD, &both), None);
    assert_eq!(stage.on(), Some(&face("bo")));
    assert_eq!(stage.review(start + HOLD, &[face("ana")]), None);
    assert_eq!(stage.on(), Some(&face("ana")), "who has gone is not waited for");
    stage.review(start + HOLD, &[]);
    assert_eq!(stage.on(), None);
}

#[test]
fn what_a_moderator_shows_comes_at_once_before_screens_and_voices_for_as_long_as_it_is_there() {
    let (mut stage, start) = (Stage::default(), start());
    let seen = |stage: &mut Stage, seconds: u64, shots: &[Shot]| {
        stage.review(start + Duration::from_secs(seconds), shots);
        stage.on().cloned()
    };
    let all = [face("ana"), face("bo"), screen("cy")];
    stage.hear(vec![uid("ana")]);
    assert_eq!(seen(&mut stage, 0, &all), Some(screen("cy")));
    stage.pin(Some(face("bo")));
    assert_eq!(seen(&mut stage, 1, &all), Some(face("bo")));
    assert_eq!(seen(&mut stage, 9, &all[..1]), Some(face("ana")), "it is not there");
    assert_eq!(seen(&mut stage, 10, &all), Some(face("bo")), "it is again");
    stage.forget(&uid("ana"));
    assert_eq!(stage.pinned(), Some(&face("bo")));
    stage.forget(&uid("bo"));
    assert_eq!(seen(&mut stage, 20, &all), Some(screen("cy")));
}
