use std::time::{Duration, Instant};

use live::StreamName;

use super::{CONTEXTS_MAX, Contexts, Full};
use crate::live::clients::{Clients, Kind, Presence, Visit};

fn name(stream: &str) -> StreamName {
    StreamName::new("live", stream).unwrap()
}

fn visit(stream: &str) -> Visit {
    Visit {
        name: name(stream),
        kind: Kind::HlsPlay,
        address: [192, 0, 2, 1].into(),
        query: String::new(),
        tc_url: String::new(),
        page_url: String::new(),
    }
}

fn presence(stream: &str) -> Presence {
    Clients::new(1, 0).enter(visit(stream), start()).unwrap()
}

#[expect(clippy::disallowed_methods, reason = "the one moment from which a test counts")]
fn start() -> Instant {
    Instant::now()
}

#[test]
fn a_session_is_good_for_its_stream_while_it_is_used() {
    let start = start();
    let mut contexts = Contexts::new(start);
    contexts.open(start, 7, presence("a")).unwrap();
    for seconds in (0..600).step_by(50) {
        let now = start + Duration::from_secs(seconds);
        assert!(contexts.client(now, 7, &name("a")).is_some(), "after {seconds} s");
        assert!(contexts.client(now, 7, &name("b")).is_none());
        assert!(contexts.client(now, 8, &name("a")).is_none());
    }
}

#[test]
fn a_session_that_nobody_uses_is_forgotten() {
    let start = start();
    let mut contexts = Contexts::new(start);
    contexts.open(start, 7, presence("a")).unwrap();
    assert!(contexts.client(start + Duration::from_secs(120), 7, &name("a")).is_none());
}

#[test]
fn sessions_are_limited_and_the_limit_lasts_a_generation() {
    let start = start();
    let mut contexts = Contexts::new(start);
    let clients = Clients::new(CONTEXTS_MAX, 0);
    for id in 0..CONTEXTS_MAX as u128 {
        contexts.open(start, id, clients.enter(visit("a"), start).unwrap()).unwrap();
    }
    assert_eq!(contexts.open(start, u128::MAX, presence("a")), Err(Full));
    assert_eq!(contexts.open(start + Duration::from_secs(60), u128::MAX, presence("a")), Ok(()));
}

#[test]
fn a_session_counts_as_a_client_until_it_is_forgotten() {
    let start = start();
    let mut contexts = Contexts::new(start);
    let clients = Clients::new(1, 0);
    contexts.open(start, 7, clients.enter(visit("a"), start).unwrap()).unwrap();
    contexts.turn(start + Duration::from_secs(60));
    assert_eq!(clients.audience(&name("a")).viewers, 1);
    contexts.turn(start + Duration::from_secs(120));
    assert_eq!(clients.audience(&name("a")).viewers, 0);
}
