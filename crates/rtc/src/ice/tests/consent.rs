//! Where a client may have media sent to.

use super::*;
use crate::ice::message::{finish, key, push_attribute};

/// What a client says to a request of ours, signed with `password`.
fn answer(request: &[u8], password: &str) -> Vec<u8> {
    let mut answer = vec![1, 1, 0, 0];
    answer.extend_from_slice(&request[4..20]);
    push_attribute(&mut answer, 0x0020, &[0, 1, 0x11, 0x22, 1, 2, 3, 4]);
    finish(answer, Some(&key(password)))
}

fn consent(agent: &mut Agent, now: Instant, path: Path, answer: &[u8]) -> bool {
    agent.handle_consent(now, path, &Consent::parse(answer).unwrap())
}

/// An agent in a call on path 1.
fn connected(now: Instant) -> Agent {
    let mut agent = agent(now);
    check(&mut agent, now, path(1), &Check::nominating(USERNAME, &password()));
    agent.poll_request().unwrap();
    agent.handle_connected(Some(path(1)));
    assert_eq!(agent.consenting(), Some(path(1)));
    agent
}

#[test]
fn a_request_for_consent_is_a_check_that_the_client_takes_for_its_peers() {
    let (now, right) = (start(), password());
    let mut agent = agent(now);
    check(&mut agent, now, path(1), &Check::new(USERNAME, &right));
    let (asked, request) = agent.poll_request().unwrap();
    let request = Binding::parse(&request).unwrap();
    assert_eq!(asked, path(1));
    assert_eq!(request.username, Some(&b"client:server"[..]));
    assert!(request.controlled && !request.nominates && request.unknown.is_none());
    assert!(request.is_authentic(&key(REMOTE_PASSWORD)));
    assert_eq!(agent.poll_request(), None);
}

#[test]
fn media_goes_where_the_handshake_went_or_where_a_request_was_answered_and_nowhere_else() {
    let (now, right) = (start(), password());
    let mut agent = agent(now);
    check(&mut agent, now, path(1), &Check::nominating(USERNAME, &right));
    assert_eq!((agent.selected(), agent.consenting()), (Some(path(1)), None));
    let (_, request) = agent.poll_request().unwrap();
    agent.handle_connected(None);
    assert_eq!(agent.consenting(), None, "the handshake proved nothing");
    consent(&mut agent, now, path(1), &answer(&request, REMOTE_PASSWORD));
    assert_eq!(agent.consenting(), Some(path(1)));
}

#[test]
fn in_a_call_a_nomination_moves_media_only_when_the_new_path_has_consented() {
    let (now, right) = (start(), password());
    let mut agent = connected(now);
    let moved = check(&mut agent, now, path(2), &Check::nominating(USERNAME, &right)).moved;
    let (asked, request) = agent.poll_request().unwrap();
    assert!(!moved && asked == path(2));
    assert_eq!(agent.consenting(), Some(path(1)), "the source of a check may be forged");
    assert!(consent(&mut agent, now, path(2), &answer(&request, REMOTE_PASSWORD)));
    assert_eq!(agent.consenting(), Some(path(2)));
    assert!(check(&mut agent, now, path(1), &Check::nominating(USERNAME, &right)).moved, "it consented before");
    assert_eq!(agent.consenting(), Some(path(1)));
}

#[test]
fn an_answer_counts_on_its_own_path_and_under_the_clients_password_only() {
    let (now, right) = (start(), password());
    let mut agent = connected(now);
    check(&mut agent, now, path(2), &Check::nominating(USERNAME, &right));
    let (_, request) = agent.poll_request().unwrap();
    check(&mut agent, now, path(3), &Check::new(USERNAME, &right));
    let (_, other) = agent.poll_request().unwrap();
    let good = answer(&request, REMOTE_PASSWORD);
    assert!(!consent(&mut agent, now, path(2), &answer(&request, &right)), "signed with our own password");
    assert!(!consent(&mut agent, now, path(2), &answer(&other, REMOTE_PASSWORD)), "the answer of another path");
    assert!(!consent(&mut agent, now, path(3), &good), "on another path");
    assert!(!consent(&mut agent, now, path(9), &good), "on a path that no check came from");
    assert_eq!(agent.consenting(), Some(path(1)));
    for cut in 0..good.len() {
        assert!(Consent::parse(&good[..cut]).is_none());
    }
    assert!(Consent::parse(&request).is_none(), "a request is no answer");
}

#[test]
fn a_path_that_never_answers_is_asked_six_times_and_then_when_it_checks_again() {
    let (now, right) = (start(), password());
    let mut agent = connected(now);
    check(&mut agent, now, path(2), &Check::nominating(USERNAME, &right));
    let mut asked = 1;
    agent.poll_request().unwrap();
    while agent.poll_timeout() < now + Duration::from_secs(20) {
        let at = agent.poll_timeout();
        assert!(agent.handle_timeout(at));
        asked += u32::from(agent.poll_request().is_some());
    }
    assert_eq!(asked, 1 + REQUESTS_PER_NOMINATION_MAX);
    let later = now + Duration::from_secs(20);
    check(&mut agent, later, path(2), &Check::nominating(USERNAME, &right));
    assert!(agent.poll_request().is_some());
    assert_eq!(agent.consenting(), Some(path(1)));
}

#[test]
fn requests_of_a_second_end_at_their_limit_and_begin_anew_with_the_next() {
    let (now, right) = (start(), password());
    let mut agent = connected(now);
    let later = now + Duration::from_secs(1);
    let mut asked = |at: Instant, checks: u32| {
        let asks = (0..checks).filter(|port| {
            check(&mut agent, at, path(1000 + *port as u16), &Check::nominating(USERNAME, &right));
            agent.poll_request().is_some()
        });
        asks.count() as u32
    };
    assert_eq!(asked(later, REQUESTS_PER_SECOND_MAX), REQUESTS_PER_SECOND_MAX);
    assert_eq!(asked(later, 1), 0);
    assert_eq!(asked(later + Duration::from_secs(1), 1), 1);
}

#[test]
fn when_the_path_of_a_call_falls_silent_only_one_that_has_consented_takes_its_place() {
    let (now, right) = (start(), password());
    let mut agent = connected(now);
    let later = now + Duration::from_secs(20);
    check(&mut agent, later, path(2), &Check::new(USERNAME, &right));
    assert!(!agent.handle_timeout(now + CONSENT_EXPIRY), "none is left: nobody answered on path 2");
    let mut agent = connected(now);
    check(&mut agent, later, path(2), &Check::new(USERNAME, &right));
    let (_, request) = agent.poll_request().unwrap();
    consent(&mut agent, later, path(2), &answer(&request, REMOTE_PASSWORD));
    assert_eq!(agent.consenting(), Some(path(1)), "consent alone does not move it");
    assert!(agent.handle_timeout(now + CONSENT_EXPIRY));
    assert_eq!(agent.consenting(), Some(path(2)));
}

#[test]
fn a_tcp_connection_is_consent() {
    let (now, right) = (start(), password());
    let mut agent = connected(now);
    let tcp = Path { transport: Transport::Tcp, ..path(2) };
    assert!(check(&mut agent, now, tcp, &Check::nominating(USERNAME, &right)).moved);
    assert_eq!(agent.consenting(), Some(tcp));
    assert_eq!(agent.poll_request(), None);
}

#[test]
fn forged_paths_never_push_out_one_that_has_consented() {
    let (now, right) = (start(), password());
    let mut agent = connected(now);
    check(&mut agent, now, path(2), &Check::new(USERNAME, &right));
    let (_, request) = agent.poll_request().unwrap();
    consent(&mut agent, now, path(2), &answer(&request, REMOTE_PASSWORD));
    for port in 100..200 {
        let at = now + Duration::from_millis(u64::from(port));
        check(&mut agent, at, path(port), &Check::nominating(USERNAME, &right));
    }
    assert!(agent.is_valid(&path(1)) && agent.is_valid(&path(2)));
    assert_eq!(agent.consenting(), Some(path(1)));
}

#[test]
fn what_a_stranger_sends_is_answered_with_no_more_than_it_was() {
    let now = start();
    let mut agent = connected(now);
    let right = password();
    let strangers = [
        Check { username: Some(USERNAME), ..Check::new(USERNAME, "wrong") },
        Check { password: None, ..Check::new(USERNAME, &right) },
        Check { username: None, ..Check::new(USERNAME, &right) },
        Check { username: None, password: None, ..Check::new(USERNAME, &right) },
        Check::nominating("server:other", &right),
    ];
    for stranger in &strangers {
        let refused = check(&mut agent, now, path(50), stranger);
        let (sent, answered) = (stranger.build().len(), refused.answer.len());
        assert!(!refused.accepted && answered <= sent, "{answered} bytes for {sent}");
        assert_eq!(agent.poll_request(), None);
    }
}
