use super::*;

#[test]
fn a_datagram_says_who_sent_it_and_how_long_it_has_waited() {
    let local = "127.0.0.1:0".parse().unwrap();
    let (sender, receiver) = (UdpSocket::bind(local).unwrap(), UdpSocket::bind(local).unwrap());
    note_arrivals(&receiver);
    let before_ns = wall_clock_ns();
    sender.send_to(b"hello", receiver.local_addr().unwrap()).unwrap();
    let mut buffer = ReceiveBuffer::new();
    let receipt = buffer.receive(&receiver).unwrap();
    assert_eq!((receipt.bytes, receipt.source), (&b"hello"[..], sender.local_addr().unwrap()));
    let bound = Duration::from_nanos((wall_clock_ns() - before_ns).unsigned_abs());
    assert!(receipt.waited > Duration::ZERO && receipt.waited <= bound, "{:?} of {bound:?}", receipt.waited);
}

#[test]
fn an_empty_socket_would_block() {
    let socket = UdpSocket::bind("[::1]:0".parse().unwrap()).unwrap();
    let error = ReceiveBuffer::new().receive(&socket).unwrap_err();
    assert_eq!(error.kind(), io::ErrorKind::WouldBlock);
}
