use stun_types::attribute::XorMappedAddress;
use stun_types::prelude::MessageWriteExt as _;

use super::*;
use crate::{ClientAddr, Config, Output, Server, Transport};

const FIRST: &str = "192.0.2.1:3478";
const SECOND: &str = "192.0.2.2:3478";
const OURS: &str = "10.0.0.2:3478";
const PUBLIC: &str = "198.51.100.7:40001";

fn address(text: &str) -> SocketAddr {
    text.parse().unwrap()
}

#[expect(clippy::disallowed_methods, reason = "the clock of this test starts anywhere")]
fn start() -> Instant {
    Instant::now()
}

fn inquiry(now: Instant, servers: &[&str]) -> Inquiry {
    Inquiry::new(now, servers.iter().map(|text| address(text)).zip(7..))
}

/// Our STUN server sees `request` come from `source`, and answers.
fn answered(now: Instant, source: &str, request: &[u8]) -> Vec<u8> {
    let mut server = Server::new(Config::new("test"), [1; 32], now, Duration::ZERO).unwrap();
    let client = ClientAddr { transport: Transport::Udp, local: address(FIRST), remote: address(source) };
    server.handle_client(now, client, request);
    match server.poll_output() {
        Some(Output::Send { message, .. }) => message,
        other => panic!("it answers: {other:?}"),
    }
}

/// A success response to `request` that claims `mapped`.
fn claim(request: &[u8], mapped: &str) -> Vec<u8> {
    let request = Message::from_bytes(request).unwrap();
    let mut response = Message::builder_success(&request, MessageWriteVec::new());
    response.add_attribute(&XorMappedAddress::new(address(mapped), request.transaction_id())).unwrap();
    response.finish()
}

#[test]
fn behind_a_nat_the_address_of_the_nat_is_found_and_without_one_our_own() {
    for source in [PUBLIC, OURS] {
        let now = start();
        let mut inquiry = inquiry(now, &[FIRST, SECOND]);
        let (to, request) = inquiry.poll_transmit(now).unwrap();
        assert_eq!(to, address(FIRST));
        let answer = answered(now, source, &request);
        assert_eq!(inquiry.handle_answer(now, to, &answer), Some(address(source)));
        assert_eq!(inquiry.poll_timeout(), None, "the round is over");
        assert_eq!(inquiry.handle_answer(now, to, &answer), None, "once is enough");
    }
}

#[test]
fn an_answer_is_believed_only_from_the_server_that_was_asked_and_with_its_transaction() {
    let now = start();
    let mut inquiry = inquiry(now, &[FIRST, SECOND]);
    let (to, request) = inquiry.poll_transmit(now).unwrap();
    let answer = claim(&request, "203.0.113.66:1");
    assert_eq!(inquiry.handle_answer(now, address(SECOND), &answer), None, "it has not been asked yet");
    assert_eq!(inquiry.handle_answer(now, address("192.0.2.1:3479"), &answer), None, "another port");
    let (mut guessed, mut other) = (answer.clone(), answer.clone());
    guessed[19] ^= 1;
    // Method ALLOCATE.
    other[1] = 0x03;
    for forged in [guessed, other, request.clone(), answer[..answer.len() - 4].to_vec(), Vec::new()] {
        assert_eq!(inquiry.handle_answer(now, to, &forged), None);
    }
    assert_eq!(inquiry.handle_answer(now, to, &claim(&request, PUBLIC)), Some(address(PUBLIC)));
}

#[test]
fn addresses_that_no_client_could_use_are_passed_over_and_the_next_server_is_asked() {
    for useless in ["0.0.0.0:1", "224.0.0.1:1", "255.255.255.255:1", "127.0.0.1:1", "198.51.100.7:0", "[2001:db8::1]:1"]
    {
        let now = start();
        let mut inquiry = inquiry(now, &[FIRST, SECOND]);
        let (to, request) = inquiry.poll_transmit(now).unwrap();
        assert_eq!(inquiry.handle_answer(now, to, &claim(&request, useless)), None, "{useless}");
        assert_eq!(inquiry.poll_transmit(now).unwrap().0, address(SECOND), "{useless}");
    }
}

#[test]
fn a_silent_server_is_asked_five_times_in_ever_longer_pauses_then_the_next() {
    let started_at = start();
    let mut inquiry = inquiry(started_at, &[FIRST, SECOND]);
    let mut sent = Vec::new();
    let mut now = started_at;
    while let Some(due) = inquiry.poll_timeout() {
        now = due;
        inquiry.handle_timeout(now);
        while let Some((to, _)) = inquiry.poll_transmit(now) {
            sent.push((to, (now - started_at).as_millis()));
        }
    }
    let to_first = [0, 500, 1_500, 3_500, 7_500].map(|at| (address(FIRST), at));
    let to_second = [15_500, 16_000, 17_000, 19_000, 23_000].map(|at| (address(SECOND), at));
    assert_eq!(sent, [to_first, to_second].concat());
    assert_eq!((now - started_at).as_millis(), 31_000);
}

#[test]
fn no_more_servers_are_asked_than_eight() {
    let now = start();
    let servers = (0..20).map(|last| (SocketAddr::from(([192, 0, 2, last], 3478)), u128::from(last)));
    let mut inquiry = Inquiry::new(now, servers);
    let mut asked = std::collections::BTreeSet::new();
    while let Some(due) = inquiry.poll_timeout() {
        inquiry.handle_timeout(due);
        asked.extend(inquiry.poll_transmit(due).map(|(to, _)| to));
    }
    assert_eq!(asked.len(), Inquiry::SERVERS_MAX);
}
