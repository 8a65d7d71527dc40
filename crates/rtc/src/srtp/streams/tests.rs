//! Limits of what is remembered of streams.

use super::*;

#[test]
fn every_stream_has_its_own_indices() {
    let mut streams = Streams::<2>::default();
    streams.accept(1, 0x1_0005);
    assert_eq!(streams.rtp_index(1, 6), Some(0x1_0006));
    assert_eq!(streams.rtp_index(1, 0xFFFF), Some(0xFFFF));
    assert_eq!(streams.rtp_index(2, 6), Some(6));
    assert_eq!(streams.check(1, 0x1_0005), Err(UnprotectError::Replay));
    assert_eq!(streams.check(2, 0x1_0005), Ok(()));
}

#[test]
fn as_many_streams_as_the_limit_are_remembered_and_one_more_takes_the_place_of_the_most_silent() {
    let mut streams = Streams::<2>::default();
    for ssrc in 0..STREAMS_MAX as u32 {
        streams.accept(ssrc, 7);
    }
    streams.accept(0, 8);
    assert!((0..STREAMS_MAX as u32).all(|ssrc| streams.check(ssrc, 7).is_err()));
    streams.accept(1000, 7);
    assert_eq!(streams.streams.len(), STREAMS_MAX);
    assert_eq!(streams.check(1, 7), Ok(()), "stream 1 was silent for longest");
    assert!((0..STREAMS_MAX as u32).filter(|&ssrc| ssrc != 1).all(|ssrc| streams.check(ssrc, 7).is_err()));
    assert_eq!(streams.check(1000, 7), Err(UnprotectError::Replay));
}
