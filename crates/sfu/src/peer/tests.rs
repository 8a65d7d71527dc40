use std::time::Duration;

use super::{Peer, STREAMS_MAX, StreamPlace};
use crate::Config;
use crate::id::PeerId;
use crate::tests::epoch;
use crate::timeline::NtpTime;

fn peer() -> Peer {
    Peer::new(&Config::default(), PeerId(1), epoch())
}

fn place(track: usize, rtx: bool) -> StreamPlace {
    StreamPlace { track, layer: 0, rtx }
}

#[test]
fn a_stream_is_found_by_its_ssrc_and_a_new_one_takes_the_place_of_the_old() {
    let mut peer = peer();
    assert!(peer.learn_stream(9, place(1, false)));
    assert!(peer.learn_stream(5, place(1, true)));
    assert_eq!(peer.stream(9), Some(place(1, false)));
    assert!(peer.learn_stream(7, place(1, false)));
    assert_eq!((peer.stream(9), peer.stream(7)), (None, Some(place(1, false))));
    peer.forget_streams(1);
    assert_eq!((peer.stream(5), peer.stream(7)), (None, None));
}

#[test]
fn at_the_limit_streams_are_learnt_and_beyond_it_they_are_not() {
    let mut peer = peer();
    for track in 0..STREAMS_MAX {
        assert!(peer.learn_stream(u32::try_from(track).unwrap(), place(track, false)));
    }
    assert!(!peer.learn_stream(9_999, place(9_999, false)));
    assert_eq!(peer.stream(9_999), None);
}

#[test]
fn the_round_trip_is_smoothed() {
    let mut peer = peer();
    peer.handle_round_trip(Duration::from_millis(100));
    peer.handle_round_trip(Duration::from_millis(180));
    assert_eq!(peer.round_trip, Some(Duration::from_millis(110)));
}

#[test]
fn the_offset_of_clocks_is_that_of_the_fastest_way() {
    let mut peer = peer();
    peer.handle_clock(NtpTime(1_000 << 32), NtpTime(1_500 << 32));
    peer.handle_clock(NtpTime(1_001 << 32), NtpTime(1_502 << 32));
    let offset = peer.clock_offset.unwrap();
    assert!((offset - (500_i64 << 32)).abs() < 1 << 20);
    peer.handle_clock(NtpTime(1_002 << 32), NtpTime(1_501 << 32));
    assert_eq!(peer.clock_offset, Some(499 << 32));
}
