use std::io::Read as _;
use std::net::TcpListener;

use super::*;

/// A connection and its other end, which blocks.
fn pair() -> (Framed, std::net::TcpStream) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let remote = listener.local_addr().unwrap();
    let framed = Framed::new(TcpStream::connect(remote).unwrap(), remote);
    (framed, listener.accept().unwrap().0)
}

/// Reads until there is a datagram or the end; loopback needs a moment.
fn next(framed: &mut Framed) -> io::Result<Vec<u8>> {
    let clock = crate::Clock::start();
    while clock.elapsed() < Duration::from_secs(20) {
        if framed.fill()? {
            return framed.take().map(|receipt| receipt.bytes.to_vec());
        }
        std::thread::yield_now();
    }
    panic!("nothing within 20 s")
}

#[test]
fn datagrams_are_cut_out_wherever_the_stream_is_cut() {
    let (mut framed, mut other) = pair();
    let mut stream = Vec::new();
    for length in [1_u16, 0, 1200, 65_535] {
        stream.extend(length.to_be_bytes());
        stream.extend(vec![7; usize::from(length)]);
    }
    let writer = std::thread::spawn(move || {
        let (head, tail) = stream.split_at(900);
        head.iter().for_each(|byte| other.write_all(&[*byte]).unwrap());
        other.write_all(tail).unwrap();
        other
    });
    for length in [1, 0, 1200, 65_535] {
        assert_eq!(next(&mut framed).unwrap(), vec![7; length]);
    }
    let _other = writer.join().unwrap();
    assert!(!framed.fill().unwrap(), "nothing more");
    assert_eq!(framed.take().unwrap_err().kind(), ErrorKind::WouldBlock);
}

#[test]
fn datagrams_are_written_with_their_length_before_them() {
    let (mut framed, mut other) = pair();
    framed.push(b"one");
    framed.push(b"");
    framed.push(b"three");
    framed.flush();
    let mut bytes = [0; 14];
    other.read_exact(&mut bytes).unwrap();
    assert_eq!(&bytes, b"\x00\x03one\x00\x00\x00\x05three");
}

#[test]
fn what_is_beyond_the_limit_is_dropped_whole() {
    let (mut framed, _other) = pair();
    let datagram = vec![7; OUTGOING_BYTES_MAX / 8 - HEADER_BYTES];
    for _ in 0..8 {
        framed.push(&datagram);
    }
    assert_eq!(framed.outgoing.len(), OUTGOING_BYTES_MAX);
    framed.push(b"");
    assert_eq!(framed.outgoing.len(), OUTGOING_BYTES_MAX);
}

#[test]
fn the_end_of_a_connection_is_told_once_after_what_came_before() {
    let (mut framed, mut other) = pair();
    other.write_all(b"\x00\x04last\x00\x09half").unwrap();
    drop(other);
    assert_eq!(next(&mut framed).unwrap(), b"last");
    assert_eq!(next(&mut framed).unwrap_err().kind(), ErrorKind::UnexpectedEof);
    assert!(!framed.fill().unwrap());
    framed.push(b"nobody hears this");
    assert!(framed.outgoing.is_empty());
}
