use bytes::Bytes;
use media::MediaTime;

use super::{Clock, Content, Incoming, ON_META_DATA, SET_DATA_FRAME};
use crate::flv::{Packet, TagKind, tag};
use crate::rtmp::{Message, RtmpError, kind};

fn message(kind: u8, timestamp_ms: u32, payload: &[u8]) -> Message {
    Message { kind, timestamp_ms, stream: 1, payload: Bytes::copy_from_slice(payload) }
}

#[test]
fn times_go_on_where_timestamps_start_again_and_may_step_back() {
    let mut clock = Clock::default();
    let times = [u32::MAX - 9, 10, u32::MAX, 30].map(|timestamp| clock.time_of(timestamp).millis());
    let start = i64::from(u32::MAX) - 9;
    assert_eq!(times, [start, start + 20, start + 9, start + 40]);
}

#[test]
fn metadata_is_what_stands_behind_the_command_to_keep_it() {
    let value = [ON_META_DATA, b"\x03\0\0\x09"].concat();
    let set = [SET_DATA_FRAME, &value[..]].concat();
    for (kind, payload) in [(kind::DATA, &value), (kind::DATA, &set), (kind::DATA_AMF3, &[&[0][..], &set].concat())] {
        let contents = Incoming::default().read(&message(kind, 0, payload)).expect("metadata");
        assert_eq!(contents, [Content::Metadata(Bytes::from(value.clone()))]);
    }
    assert_eq!(Incoming::default().read(&message(kind::DATA, 0, b"\x02\0\x01a")), Ok(vec![]));
}

#[test]
fn tags_in_an_aggregate_have_times_that_count_from_its_own() {
    let sound = |ms| tag(TagKind::Audio, MediaTime::from_millis(ms), &[0x2f, 0xff, 0xfb, 0x90, 0x40]);
    let payload = [sound(700), sound(726)].concat();
    let contents = Incoming::default().read(&message(kind::AGGREGATE, 100, &payload)).expect("sounds");
    let times: Vec<i64> = contents
        .iter()
        .filter_map(|content| match content {
            Content::Packet(Packet::Frame(frame)) => Some(frame.dts.millis()),
            Content::Packet(Packet::Parameters(_)) | Content::Metadata(_) => None,
        })
        .collect();
    assert_eq!(times, [100, 126]);
    let cut = Incoming::default().read(&message(kind::AGGREGATE, 0, &payload[..13]));
    assert_eq!(cut, Err(RtmpError::Truncated(kind::AGGREGATE)));
}
