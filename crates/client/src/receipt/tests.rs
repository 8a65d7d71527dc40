use super::*;

#[test]
fn a_datagram_says_who_sent_it_and_how_long_it_has_waited() {
    let local = "127.0.0.1:0".parse().unwrap();
    let (sender, receiver) = (UdpSocket::bind(local).unwrap(), UdpSocket::bind(local).unwrap());
    note_arrivals(&receiver);
    let before_ns = wall_clock_ns();
    sender.send_to(b"hello", receiver.local_addr().unwrap()).unwrap();
    let mut buffer = ReceiveBuffer::default();
    let receipt = buffer.receive(&receiver).unwrap();
    assert_eq!((receipt.bytes, receipt.source), (&b"hello"[..], sender.local_addr().unwrap()));
    let bound = Duration::from_nanos((wall_clock_ns() - before_ns).unsigned_abs());
    assert!(receipt.waited > Duration::ZERO && receipt.waited <= bound, "{:?} of {bound:?}", receipt.waited);
}

#[test]
fn an_empty_socket_would_block() {
    let socket = UdpSocket::bind("[::1]:0".parse().unwrap()).unwrap();
    let error = ReceiveBuffer::default().receive(&socket).unwrap_err();
    assert_eq!(error.kind(), io::ErrorKind::WouldBlock);
}

#[test]
fn a_byte_stream_says_how_long_it_has_waited_and_is_taken_from_the_beginning() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let stream = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
    let (mut other, _) = listener.accept().unwrap();
    note_arrivals(&stream);
    let mut buffer = StreamBuffer::default();
    let before_ns = wall_clock_ns();
    io::Write::write_all(&mut other, b"hello").unwrap();
    let waited = buffer.fill(&stream).unwrap();
    let bound = Duration::from_nanos((wall_clock_ns() - before_ns).unsigned_abs());
    assert!(waited > Duration::ZERO && waited <= bound, "{waited:?} of {bound:?}");
    assert_eq!(buffer.take(2), Some(&b"he"[..]));
    assert_eq!(buffer.take(4), None);
    assert_eq!(buffer.bytes(), b"llo");
    assert_eq!(buffer.fill(&stream).unwrap_err().kind(), io::ErrorKind::WouldBlock);
    drop(other);
    assert_eq!(buffer.fill(&stream).unwrap_err().kind(), io::ErrorKind::UnexpectedEof);
    assert_eq!(buffer.take(3), Some(&b"llo"[..]));
}
