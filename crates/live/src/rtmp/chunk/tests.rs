use bytes::{Bytes, BytesMut};
use proptest::prelude::*;

use super::{
    CHUNK_BYTES, CHUNK_STREAMS_MAX, COMMAND_BYTES_MAX, ChunkReader, MESSAGE_BYTES_MAX, Message, UNFINISHED_BYTES_MAX,
    append, for_stream, message,
};
use crate::rtmp::{RtmpError, kind};

fn read(bytes: &[u8]) -> Result<Vec<Message>, RtmpError> {
    let mut reader = ChunkReader::new();
    reader.handle_bytes(bytes);
    let mut messages = Vec::new();
    while let Some(message) = reader.next_message()? {
        messages.push(message);
    }
    Ok(messages)
}

fn chunked(chunk_bytes: usize, kind: u8, timestamp_ms: u32, payload: &[u8]) -> Vec<u8> {
    let mut bytes = BytesMut::new();
    append(&mut bytes, chunk_bytes, kind, timestamp_ms, 1, payload);
    bytes.to_vec()
}

fn set_chunk_size(size: u32) -> Vec<u8> {
    chunked(128, kind::SET_CHUNK_SIZE, 0, &size.to_be_bytes())
}

#[track_caller]
fn check(bytes: &[u8], expected: &[(u8, u32, &[u8])]) {
    let messages = read(bytes).expect("messages");
    let found: Vec<_> = messages.iter().map(|m| (m.kind, m.timestamp_ms, &m.payload[..])).collect();
    assert_eq!(found, expected);
}

#[test]
fn headers_leave_out_what_is_as_before() {
    let mut bytes = vec![4, 0, 0, 100, 0, 0, 2, 8, 1, 0, 0, 0, 1, 2]; // whole
    bytes.extend([0x44, 0, 0, 20, 0, 0, 1, 8, 3]); // without stream
    bytes.extend([0x84, 0, 0, 21, 4]); // time alone
    bytes.extend([0xc4, 5]); // nothing
    check(&bytes, &[(8, 100, &[1, 2]), (8, 120, &[3]), (8, 141, &[4]), (8, 162, &[5])]);
}

#[test]
fn chunks_of_several_messages_may_come_in_turn() {
    let mut bytes = set_chunk_size(2);
    bytes.extend([6, 0, 0, 1, 0, 0, 3, 9, 1, 0, 0, 0, 1, 2]);
    bytes.extend([4, 0, 0, 1, 0, 0, 1, 8, 1, 0, 0, 0, 9]);
    bytes.extend([0xc6, 3]);
    check(&bytes, &[(8, 1, &[9]), (9, 1, &[1, 2, 3])]);
}

#[test]
fn long_chunk_stream_ids_are_read() {
    let mut bytes = vec![0, 6, 0, 0, 1, 0, 0, 1, 8, 1, 0, 0, 0, 7];
    bytes.extend([1, 0, 1, 0, 0, 2, 0, 0, 1, 8, 1, 0, 0, 0, 8]);
    bytes.extend([0xc0, 6, 9]);
    check(&bytes, &[(8, 1, &[7]), (8, 2, &[8]), (8, 2, &[9])]);
}

#[test]
fn extended_timestamps_are_repeated_or_not() {
    let time = 0x0123_4567;
    let repeated = [set_chunk_size(2), chunked(2, kind::VIDEO, time, &[1, 2, 3])].concat();
    check(&repeated, &[(9, time, &[1, 2, 3])]);
    let mut unrepeated = set_chunk_size(2);
    unrepeated.extend(chunked(2, kind::VIDEO, time, &[1, 2]));
    unrepeated[16 + 4..16 + 7].copy_from_slice(&[0, 0, 7]);
    unrepeated.extend([0xc6, 3, 4, 0xc6, 5, 6, 0xc6, 7]);
    check(&unrepeated, &[(9, time, &[1, 2, 3, 4, 5, 6, 7])]);
}

#[test]
fn an_aborted_message_is_forgotten() {
    let mut bytes = set_chunk_size(2);
    bytes.extend([6, 0, 0, 1, 0, 0, 3, 9, 1, 0, 0, 0, 1, 2]);
    bytes.extend(chunked(2, kind::ABORT, 0, &6_u32.to_be_bytes()));
    bytes.extend([6, 0, 0, 2, 0, 0, 1, 9, 1, 0, 0, 0, 9]);
    check(&bytes, &[(9, 2, &[9])]);
}

#[test]
fn what_breaks_the_rules_is_refused() {
    assert_eq!(read(&[0xc4]), Err(RtmpError::NoMessage(4)));
    assert_eq!(read(&set_chunk_size(0)), Err(RtmpError::ChunkSize(0)));
    assert_eq!(read(&set_chunk_size(1 << 31)), Err(RtmpError::ChunkSize(1 << 31)));
    assert_eq!(read(&chunked(128, kind::ABORT, 0, &[1])), Err(RtmpError::Truncated(kind::ABORT)));
}

#[test]
fn a_message_may_be_as_long_as_the_limit_and_no_longer() {
    for (kind, limit) in [(kind::VIDEO, MESSAGE_BYTES_MAX), (kind::COMMAND, COMMAND_BYTES_MAX)] {
        assert_eq!(read(&chunked(128, kind, 0, &vec![0; limit])).expect("a message").len(), 1);
        let longer = read(&chunked(128, kind, 0, &vec![0; limit + 1]));
        assert_eq!(longer, Err(RtmpError::MessageTooLong { bytes: limit + 1, limit }));
    }
}

#[test]
fn there_may_be_chunk_streams_up_to_the_limit_and_no_more() {
    let on = |id: u8| [id, 0, 0, 0, 0, 0, 1, 8, 1, 0, 0, 0, 0];
    let most: Vec<u8> = (3..).take(CHUNK_STREAMS_MAX).flat_map(on).collect();
    assert_eq!(read(&most).expect("messages").len(), CHUNK_STREAMS_MAX);
    let more: Vec<u8> = (3..).take(CHUNK_STREAMS_MAX + 1).flat_map(on).collect();
    assert_eq!(read(&more), Err(RtmpError::ChunkStreams(CHUNK_STREAMS_MAX)));
}

#[test]
fn unfinished_messages_may_have_bytes_up_to_the_limit_and_no_more() {
    // Each begins a message of the greatest length and leaves one byte of it open.
    let part = MESSAGE_BYTES_MAX - 1;
    let begin = |id: u8, bytes: usize| {
        let [_, length @ ..] = u32::try_from(MESSAGE_BYTES_MAX).expect("it fits").to_be_bytes();
        let size = set_chunk_size(u32::try_from(bytes).expect("it fits"));
        [&size[..], &[id, 0, 0, 0], &length, &[9, 1, 0, 0, 0], &vec![0; bytes]].concat()
    };
    // The message that sets the size counts while it is read.
    let rest = UNFINISHED_BYTES_MAX - part;
    assert_eq!(read(&[begin(4, part), begin(5, rest)].concat()), Ok(vec![]));
    let more = read(&[begin(4, part), begin(5, rest + 1)].concat());
    assert_eq!(more, Err(RtmpError::Unfinished(UNFINISHED_BYTES_MAX)));
}

#[test]
fn what_is_written_once_is_read_by_all_on_their_own_stream() {
    let payload = vec![7; CHUNK_BYTES * 2 + 1];
    for time in [5, 0xff_ffff, u32::MAX] {
        let written = message(kind::VIDEO, time, 1, &payload);
        for stream in [1, 2, 300] {
            let bytes = [set_chunk_size(60_000), for_stream(&written, stream).to_vec()].concat();
            let expected =
                Message { kind: kind::VIDEO, timestamp_ms: time, stream, payload: Bytes::from(payload.clone()) };
            assert_eq!(read(&bytes), Ok(vec![expected]));
        }
    }
}

proptest! {
    #[test]
    fn how_the_bytes_are_cut_does_not_matter(payload in proptest::collection::vec(any::<u8>(), 0..600), time: u32, cut in 1_usize..50) {
        let bytes = [chunked(128, kind::AUDIO, time, &payload), chunked(128, kind::VIDEO, time, &payload)].concat();
        let mut reader = ChunkReader::new();
        let mut messages = Vec::new();
        for part in bytes.chunks(cut) {
            reader.handle_bytes(part);
            while let Some(message) = reader.next_message().expect("messages") {
                messages.push(message);
            }
        }
        prop_assert_eq!(Ok(messages), read(&bytes));
    }

    #[test]
    fn no_bytes_make_it_panic(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
        let _ = read(&bytes);
    }
}
