//! How a flight is packed, and when it is sent again.

use super::super::record::records;
use super::*;
use crate::testing::start;

fn message(sequence: u16, length: usize) -> Message {
    Message { kind: 11, sequence, epoch: 0, body: vec![7; length] }
}

fn written(flight: &Flight) -> Vec<Vec<u8>> {
    let mut datagrams = Vec::new();
    flight.write(&mut RecordLayer::default(), |datagram| datagrams.push(datagram));
    datagrams
}

#[test]
fn messages_of_any_length_come_out_whole_and_no_datagram_is_too_long() {
    for length in [0, 1, 63, 64, 1100, 1206, 1207, 1208, 1232, 5000, 20_000] {
        let mut flight = Flight::default();
        for sequence in 0..3 {
            flight.push(message(sequence, length));
        }
        flight.push_change_cipher_spec();
        let mut inbound = super::super::reassembly::Reassembly::default();
        for datagram in written(&flight) {
            assert!(datagram.len() <= DATAGRAM_BYTES, "{}", datagram.len());
            for record in records(&datagram).filter(|record| record.content == ContentType::Handshake) {
                inbound.handle_content(0, record.fragment, |_| {}).unwrap();
            }
            while let Some(whole) = inbound.poll_message() {
                assert_eq!(whole.body, vec![7; length]);
            }
        }
        assert_eq!(inbound.poll_message(), None);
        let last = written(&flight).pop().unwrap();
        assert!(records(&last).any(|record| record.content == ContentType::ChangeCipherSpec));
    }
}

#[test]
fn a_small_flight_is_one_datagram() {
    let mut flight = Flight::default();
    for sequence in 0..5 {
        flight.push(message(sequence, 150));
    }
    assert_eq!(written(&flight).len(), 1);
}

#[test]
fn repetitions_come_at_doubled_intervals_until_the_limit_and_the_handshake_ends_at_its_deadline() {
    let begun = start();
    let mut timer = Timer::new(begun);
    let mut times = Vec::new();
    loop {
        let at = timer.poll_timeout();
        assert_eq!(timer.handle_timeout(at - Duration::from_nanos(1)), Due::Nothing);
        match timer.handle_timeout(at) {
            Due::Repetition => times.push((at - begun).as_millis()),
            Due::End => break assert_eq!(at - begun, HANDSHAKE_MAX),
            Due::Nothing => panic!("it was due"),
        }
    }
    assert_eq!(times, [100, 300, 700, 1500, 3100, 6300, 12_700, 25_500]);
}

#[test]
fn the_next_flight_has_its_own_intervals_under_the_same_deadline() {
    let begun = start();
    let mut timer = Timer::new(begun);
    let later = begun + Duration::from_millis(100);
    assert_eq!(timer.handle_timeout(later), Due::Repetition);
    timer.handle_flight(later);
    assert_eq!(timer.poll_timeout(), later + RETRANSMISSION_FIRST);
    assert_eq!(timer.handle_timeout(begun + HANDSHAKE_MAX), Due::End);
}
