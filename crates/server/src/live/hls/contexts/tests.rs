use std::time::{Duration, Instant};

use live::StreamName;

use super::{CONTEXTS_MAX, Contexts, Full};

fn name(stream: &str) -> StreamName {
    StreamName::new("live", stream).unwrap()
}

#[expect(clippy::disallowed_methods, reason = "the one moment from which a test counts")]
fn start() -> Instant {
    Instant::now()
}

#[test]
fn a_session_is_good_for_its_stream_while_it_is_used() {
    let start = start();
    let mut contexts = Contexts::new(start);
    contexts.open(start, 7, name("a")).unwrap();
    for seconds in (0..600).step_by(50) {
        let now = start + Duration::from_secs(seconds);
        assert!(contexts.knows(now, 7, &name("a")), "after {seconds} s");
        assert!(!contexts.knows(now, 7, &name("b")));
        assert!(!contexts.knows(now, 8, &name("a")));
    }
}

#[test]
fn a_session_that_nobody_uses_is_forgotten() {
    let start = start();
    let mut contexts = Contexts::new(start);
    contexts.open(start, 7, name("a")).unwrap();
    assert!(!contexts.knows(start + Duration::from_secs(120), 7, &name("a")));
}

#[test]
fn sessions_are_limited_and_the_limit_lasts_a_generation() {
    let start = start();
    let mut contexts = Contexts::new(start);
    for id in 0..CONTEXTS_MAX as u128 {
        contexts.open(start, id, name("a")).unwrap();
    }
    assert_eq!(contexts.open(start, u128::MAX, name("a")), Err(Full));
    assert_eq!(contexts.open(start + Duration::from_secs(60), u128::MAX, name("a")), Ok(()));
}
