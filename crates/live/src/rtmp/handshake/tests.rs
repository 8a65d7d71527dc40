use bytes::Bytes;

use super::{Handshake, KEY_TAIL, PACKET_BYTES, SERVER_KEY, Scheme, Side, find_digest, hmac, put, sign_middle};
use crate::rtmp::RtmpError;

fn noise() -> [u8; PACKET_BYTES] {
    std::array::from_fn(|index| (index * 7 % 251).to_le_bytes()[0])
}

fn reply(handshake: &mut Handshake, bytes: &[u8]) -> Bytes {
    handshake.handle_bytes(bytes).expect("a handshake").expect("a reply")
}

#[test]
fn client_and_server_agree_and_keep_what_comes_behind() {
    let (mut client, mut server) = (Handshake::new(Side::Client, noise()), Handshake::new(Side::Server, noise()));
    let answer = reply(&mut server, &client.hello());
    assert_eq!(answer.len(), 1 + 2 * PACKET_BYTES);
    let mut second = reply(&mut client, &answer).to_vec();
    assert!(client.is_done());
    second.extend_from_slice(b"connect");
    assert_eq!(server.handle_bytes(&second), Ok(None));
    assert!(server.is_done());
    assert_eq!(&server.rest()[..], b"connect");
}

#[test]
fn a_byte_at_a_time_is_the_same_handshake() {
    let client = Handshake::new(Side::Client, noise());
    let mut server = Handshake::new(Side::Server, noise());
    let hello = client.hello();
    let replies: Vec<Bytes> =
        hello.chunks(1).filter_map(|byte| server.handle_bytes(byte).expect("a handshake")).collect();
    assert_eq!(replies, [reply(&mut Handshake::new(Side::Server, noise()), &hello)]);
}

#[test]
fn a_plain_client_gets_its_own_packet_back() {
    let mut hello = vec![3];
    hello.extend_from_slice(&noise());
    put(&mut hello, 1, &[0; 8]);
    let answer = reply(&mut Handshake::new(Side::Server, noise()), &hello);
    assert_eq!(answer[1 + PACKET_BYTES..], hello[1..]);
    assert_eq!(answer[5..9], [0; 4], "nothing is signed");
}

#[test]
fn a_signed_client_gets_signatures_in_the_order_it_chose() {
    for scheme in [Scheme::AfterKey, Scheme::BeforeKey] {
        let mut first = noise();
        sign_middle(&mut first, scheme, super::PLAYER_KEY);
        let (_, digest) = find_digest(&first, super::PLAYER_KEY).expect("it is signed");
        let hello = [&[3][..], &first].concat();
        let answer = reply(&mut Handshake::new(Side::Server, noise()), &hello);
        let theirs: [u8; PACKET_BYTES] = answer[1..=PACKET_BYTES].try_into().expect("a packet");
        assert_eq!(find_digest(&theirs, SERVER_KEY).map(|(found, _)| found), Some(scheme));
        let (body, signature) = answer[1 + PACKET_BYTES..].split_at(PACKET_BYTES - 32);
        assert_eq!(signature, hmac(&hmac(&[SERVER_KEY, &KEY_TAIL].concat(), &[&digest]), &[body]));
    }
}

#[test]
fn another_version_is_refused_at_its_first_byte() {
    let refused = Handshake::new(Side::Server, noise()).handle_bytes(b"GET / HTTP/1.1");
    assert_eq!(refused, Err(RtmpError::Version(b'G')));
}
