//! What a lite agent answers, and which path it takes.

use super::message::tests::Check;
use super::*;
use crate::candidate::Transport;

mod consent;

const USERNAME: &str = "server:client";
const PASSWORD: &str = "a-password-of-22-chars";
const REMOTE_PASSWORD: &str = "the+password+of+the+client";

fn path(port: u16) -> Path {
    Path {
        transport: Transport::Udp,
        local: "192.0.2.1:3478".parse().unwrap(),
        remote: ([198, 51, 100, 1], port).into(),
    }
}

fn credentials(ufrag: &str) -> IceCredentials {
    IceCredentials::new(ufrag, PASSWORD.replace('-', "+")).unwrap()
}

fn remote(ufrag: &str) -> RemoteCredentials {
    RemoteCredentials { ufrag: ufrag.to_owned(), pwd: REMOTE_PASSWORD.to_owned() }
}

#[expect(clippy::disallowed_methods, reason = "the one start of virtual time")]
fn start() -> Instant {
    Instant::now()
}

fn agent(now: Instant) -> Agent {
    let mut agent = Agent::new([7; 32], now);
    agent.handle_session(&credentials("server"), remote("client"));
    agent
}

fn check(agent: &mut Agent, now: Instant, path: Path, check: &Check<'_>) -> Checked {
    agent.handle_check(now, path, &Binding::parse(&check.build()).unwrap()).unwrap()
}

/// The STUN error code, or 0 of a success.
fn code(checked: &Checked) -> u16 {
    match checked.answer.get(1) {
        Some(1) => 0,
        _ => u16::from(checked.answer[26]) * 100 + u16::from(checked.answer[27]),
    }
}

fn password() -> String {
    PASSWORD.replace('-', "+")
}

#[test]
fn before_the_first_offer_checks_are_dropped() {
    let now = start();
    let mut agent = Agent::new([7; 32], now);
    assert!(
        agent
            .handle_check(now, path(1), &Binding::parse(&Check::new(USERNAME, &password()).build()).unwrap())
            .is_none()
    );
}

#[test]
fn refused_checks_name_the_fault_and_make_no_path_valid() {
    let (now, right) = (start(), password());
    let mut agent = agent(now);
    let wrong = "b".repeat(22);
    let cases = [
        (Check { username: None, ..Check::new(USERNAME, &right) }, 400),
        (Check { password: None, ..Check::new(USERNAME, &right) }, 400),
        (Check::new(USERNAME, &wrong), 401),
        (Check::new("server:other", &right), 401),
        (Check::new("other:client", &right), 401),
        (Check::new("server", &right), 401),
        (Check { unknown: Some(0x7F), ..Check::new(USERNAME, &right) }, 420),
        (Check { controlled: true, ..Check::new(USERNAME, &right) }, 487),
    ];
    for (index, (refused, expected)) in cases.iter().enumerate() {
        assert_eq!(code(&check(&mut agent, now, path(1), refused)), *expected, "case {index}");
        assert!(!agent.is_valid(&path(1)) && agent.selected().is_none());
        assert_eq!(agent.refused() as usize, index + 1);
    }
    let optional = Check { unknown: Some(0x8077), ..Check::new(USERNAME, &right) };
    assert_eq!(code(&check(&mut agent, now, path(1), &optional)), 0);
}

#[test]
fn the_first_valid_path_serves_until_one_is_nominated_and_the_newest_nomination_counts() {
    let (now, right) = (start(), password());
    let mut agent = agent(now);
    assert!(check(&mut agent, now, path(1), &Check::new(USERNAME, &right)).moved);
    assert!(!check(&mut agent, now, path(2), &Check::new(USERNAME, &right)).moved);
    assert_eq!(agent.selected(), Some(path(1)));
    assert!(check(&mut agent, now, path(2), &Check::nominating(USERNAME, &right)).moved);
    assert!(!check(&mut agent, now, path(2), &Check::nominating(USERNAME, &right)).moved);
    assert_eq!(agent.selected(), Some(path(2)));
    assert!(!check(&mut agent, now, path(1), &Check::new(USERNAME, &right)).moved, "a check alone does not move it");
    check(&mut agent, now, path(3), &Check::nominating(USERNAME, &right));
    assert_eq!(agent.selected(), Some(path(3)), "an address that nobody had heard of");
}

#[test]
fn a_silent_path_is_left_after_thirty_seconds_for_one_that_is_not() {
    let (now, right) = (start(), password());
    let mut agent = agent(now);
    check(&mut agent, now, path(1), &Check::nominating(USERNAME, &right));
    let later = now + Duration::from_secs(10);
    check(&mut agent, later, path(2), &Check::new(USERNAME, &right));
    assert!(agent.look_at <= now + CONSENT_EXPIRY);
    assert!(agent.handle_timeout(now + CONSENT_EXPIRY));
    assert_eq!(agent.selected(), Some(path(2)));
    assert!(!agent.is_valid(&path(1)));
    let end = agent.look_at;
    assert_eq!(end, later + CONSENT_EXPIRY);
    assert!(!agent.handle_timeout(end), "no path is left");
}

#[test]
fn consent_lasts_as_long_as_something_authentic_comes() {
    let (now, right) = (start(), password());
    let mut agent = agent(now);
    check(&mut agent, now, path(1), &Check::nominating(USERNAME, &right));
    for seconds in 1..100 {
        let at = now + Duration::from_secs(seconds);
        agent.handle_authentic(at, &path(1));
        assert!(agent.handle_timeout(at));
    }
    let last = now + Duration::from_secs(99);
    assert!(agent.handle_timeout(last + CONSENT_EXPIRY - Duration::from_nanos(1)));
    assert!(!agent.handle_timeout(last + CONSENT_EXPIRY));
}

#[test]
fn a_client_that_never_checks_is_given_up_after_thirty_seconds() {
    let now = start();
    let mut agent = agent(now);
    assert_eq!(agent.poll_timeout(), now + CONSENT_EXPIRY);
    assert!(agent.handle_timeout(now + CONSENT_EXPIRY - Duration::from_nanos(1)));
    assert!(!agent.handle_timeout(now + CONSENT_EXPIRY));
}

#[test]
fn after_a_restart_the_old_path_serves_until_the_new_session_nominates() {
    let (now, right) = (start(), password());
    let mut agent = agent(now);
    check(&mut agent, now, path(1), &Check::nominating(USERNAME, &right));
    agent.handle_session(&credentials("server+2"), remote("client2"));
    assert_eq!(code(&check(&mut agent, now, path(1), &Check::nominating(USERNAME, &right))), 0, "consent goes on");
    assert_eq!(agent.selected(), Some(path(1)));
    check(&mut agent, now, path(2), &Check::new("server+2:client2", &right));
    assert_eq!(agent.selected(), Some(path(1)));
    check(&mut agent, now, path(2), &Check::nominating("server+2:client2", &right));
    assert_eq!(agent.selected(), Some(path(2)));
    assert_eq!(
        code(&check(&mut agent, now, path(1), &Check::nominating(USERNAME, &right))),
        401,
        "the old session is over"
    );
    assert_eq!(agent.selected(), Some(path(2)));
}

#[test]
fn an_offer_that_does_not_restart_changes_nothing() {
    let (now, right) = (start(), password());
    let mut agent = agent(now);
    agent.handle_session(&credentials("server"), remote("client"));
    assert!(agent.previous.is_none());
    assert_eq!(code(&check(&mut agent, now, path(1), &Check::new(USERNAME, &right))), 0);
}

#[test]
fn as_many_paths_as_the_limit_are_kept_and_one_more_takes_the_place_of_the_most_silent() {
    let (now, right) = (start(), password());
    let mut agent = agent(now);
    for port in 0..PATHS_MAX as u16 {
        let at = now + Duration::from_millis(u64::from(port));
        check(&mut agent, at, path(port), &Check::new(USERNAME, &right));
    }
    assert!((0..PATHS_MAX as u16).all(|port| agent.is_valid(&path(port))));
    let at = now + Duration::from_secs(1);
    check(&mut agent, at, path(100), &Check::new(USERNAME, &right));
    assert_eq!((0..=100).filter(|&port| agent.is_valid(&path(port))).count(), PATHS_MAX);
    assert!(agent.is_valid(&path(0)), "the selected path stays");
    assert!(!agent.is_valid(&path(1)) && agent.is_valid(&path(100)));
    assert_eq!(agent.selected(), Some(path(0)));
}

#[test]
fn another_transport_between_the_same_addresses_is_another_path() {
    let (now, right) = (start(), password());
    let mut agent = agent(now);
    check(&mut agent, now, path(1), &Check::nominating(USERNAME, &right));
    assert!(!agent.is_valid(&Path { transport: Transport::Tcp, ..path(1) }));
}

#[test]
fn a_path_that_is_closed_gives_way_at_once_and_the_last_one_leaves_time_to_come_back() {
    let (now, right) = (start(), password());
    let mut agent = agent(now);
    for port in [1, 2, 3] {
        check(&mut agent, now, path(port), &Check::nominating(USERNAME, &right));
    }
    agent.handle_closed(now, &path(1));
    assert_eq!(agent.selected(), Some(path(3)), "another than the selected one");
    agent.handle_closed(now, &path(3));
    assert_eq!(agent.selected(), Some(path(2)));
    let later = now + Duration::from_secs(20);
    agent.handle_closed(later, &path(2));
    assert_eq!(agent.selected(), None);
    assert_eq!(agent.poll_timeout(), later + CONSENT_EXPIRY);
    assert!(check(&mut agent, later, path(4), &Check::new(USERNAME, &right)).moved, "it comes back");
    agent.handle_closed(later, &path(4));
    assert!(!agent.handle_timeout(later + CONSENT_EXPIRY));
}
