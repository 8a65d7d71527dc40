use super::*;

const BINDING: [u8; 20] = [0, 1, 0, 0, 0x21, 0x12, 0xA4, 0x42, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12];

/// Pushes `pieces` one by one and collects the frames.
fn split(pieces: &[&[u8]]) -> Result<Vec<Vec<u8>>, StreamError> {
    let mut splitter = Splitter::new();
    let mut frames = Vec::new();
    for piece in pieces {
        splitter.handle_bytes(piece, |frame| frames.push(frame.to_vec()))?;
    }
    Ok(frames)
}

fn channel_data(payload: &[u8]) -> Vec<u8> {
    let mut frame = vec![0x40, 0x00];
    frame.extend_from_slice(&(payload.len() as u16).to_be_bytes());
    frame.extend_from_slice(payload);
    frame.resize(4 + payload.len().next_multiple_of(4), 0);
    frame
}

#[test]
fn frames_come_out_the_same_however_the_stream_is_cut() {
    let stream = [&BINDING[..], &channel_data(b"hello"), &BINDING[..], &channel_data(b"")].concat();
    let whole = split(&[&stream]).unwrap();
    assert_eq!(whole.len(), 4);
    assert_eq!(whole[1], b"\x40\x00\x00\x05hello", "the padding is no part of the message");
    for at in 0..stream.len() {
        assert_eq!(split(&[&stream[..at], &stream[at..]]).unwrap(), whole, "cut at {at}");
    }
    let bytes: Vec<&[u8]> = stream.chunks(1).collect();
    assert_eq!(split(&bytes).unwrap(), whole);
}

#[test]
fn the_longest_frames_pass() {
    let longest = channel_data(&[7; 0xFFFF]);
    assert_eq!(split(&[&BINDING, &longest]).unwrap()[1].len(), 4 + 0xFFFF);
    let mut stun = BINDING.to_vec();
    stun[2..4].copy_from_slice(&0xFFFC_u16.to_be_bytes());
    stun.resize(FRAME_BYTES_MAX, 0);
    assert_eq!(split(&[&stun]).unwrap()[0].len(), FRAME_BYTES_MAX);
}

#[test]
fn a_frame_is_never_held_longer_than_the_longest_one() {
    let mut splitter = Splitter::new();
    let mut stream = BINDING.to_vec();
    stream.extend(channel_data(&[7; 0xFFFF]));
    for piece in stream.repeat(3).chunks(1000) {
        splitter.handle_bytes(piece, |_| {}).unwrap();
        assert!(splitter.pending() < FRAME_BYTES_MAX);
    }
    assert_eq!(splitter.pending(), 0);
}

#[test]
fn bytes_of_other_protocols_are_refused_at_once() {
    for foreign in
        [&b"\x16\x03\x01\x02\x00"[..], b"\x80", b"\xff", b"\x00\x01\x00\x00\x21\x13", b"\x05\x01\x00\x00\x00"]
    {
        assert_eq!(split(&[foreign]), Err(StreamError::NotStun), "{foreign:x?}");
    }
    // The G of HTTP looks like a channel.
    assert_eq!(split(&[b"GET / HTTP/1.1\r\n\r\n"]), Err(StreamError::ChannelFirst));
}

#[test]
fn a_stun_message_whose_length_is_no_multiple_of_four_is_refused() {
    let mut odd = BINDING;
    odd[3] = 2;
    assert_eq!(split(&[&odd]), Err(StreamError::Length { bytes: 22 }));
}

#[test]
fn the_kind_of_error_does_not_depend_on_how_the_stream_is_cut() {
    // Both the length and the magic cookie are wrong.
    let wrong = b"\x00\x03\x00\x02\x2c\x21\x12\xa4";
    let bytes: Vec<&[u8]> = wrong.chunks(1).collect();
    assert_eq!(split(&bytes), Err(StreamError::Length { bytes: 22 }));
    assert_eq!(split(&[wrong]), split(&bytes));
}

#[test]
fn an_error_stays_an_error() {
    let mut splitter = Splitter::new();
    assert!(splitter.handle_bytes(b"GET / HTTP/1.1\r\n", |_| {}).is_err());
    assert!(splitter.handle_bytes(&BINDING, |_| {}).is_err());
}
