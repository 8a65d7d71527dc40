use std::io::{self, Read as _, Write as _};
use std::net::{TcpListener, TcpStream as StdStream};
use std::sync::Arc;

use rustls::pki_types::PrivatePkcs8KeyDer;
use rustls::{ClientConfig, ClientConnection, RootCertStore, ServerConfig, ServerConnection};

use super::*;
use crate::tls::provider;
use crate::worker::stream_queue::StreamQueue;

const ROOM: usize = 8 << 20;

/// The two ends of a TCP connection; the second one waits.
fn connected() -> (TcpStream, StdStream) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let client = StdStream::connect(listener.local_addr().unwrap()).unwrap();
    let (server, _) = listener.accept().unwrap();
    server.set_nonblocking(true).unwrap();
    (TcpStream::from_std(server), client)
}

/// Both sides of TLS after a handshake. `early` comes with the client's last message of it.
fn shaken_hands(early: &[u8]) -> (ServerConnection, ClientConnection) {
    let own = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
    let mut roots = RootCertStore::empty();
    roots.add(own.cert.der().clone()).unwrap();
    let key = PrivatePkcs8KeyDer::from(own.signing_key.serialize_der());
    let client = ClientConfig::builder_with_provider(provider()).with_safe_default_protocol_versions().unwrap();
    let client = client.with_root_certificates(roots).with_no_client_auth();
    let server = ServerConfig::builder_with_provider(provider()).with_safe_default_protocol_versions().unwrap();
    let server = server.with_no_client_auth().with_single_cert(vec![own.cert.der().clone()], key.into()).unwrap();
    let mut client = ClientConnection::new(Arc::new(client), "localhost".try_into().unwrap()).unwrap();
    let mut server = ServerConnection::new(Arc::new(server)).unwrap();
    while server.is_handshaking() {
        let mut flight = Vec::new();
        if !client.is_handshaking() {
            client.writer().write_all(early).unwrap();
        }
        while client.wants_write() {
            client.write_tls(&mut flight).unwrap();
        }
        feed(&flight, |bytes| server.read_tls(bytes).map(|_| server.process_new_packets().map(drop)));
        let mut flight = Vec::new();
        while server.wants_write() {
            server.write_tls(&mut flight).unwrap();
        }
        feed(&flight, |bytes| client.read_tls(bytes).map(|_| client.process_new_packets().map(drop)));
    }
    (server, client)
}

fn feed(mut flight: &[u8], mut take: impl FnMut(&mut &[u8]) -> io::Result<Result<(), rustls::Error>>) {
    while !flight.is_empty() {
        take(&mut flight).unwrap().unwrap();
    }
}

/// Reads until there is something, or the end.
fn read(pipe: &mut Pipe) -> Result<(Vec<u8>, Rest), io::Error> {
    let (mut buffers, mut bytes) = (ReadBuffers::new(), Vec::new());
    loop {
        let rest = pipe.read(&mut buffers, |more| {
            bytes.extend_from_slice(more);
            Ok::<_, io::Error>(())
        })?;
        if !bytes.is_empty() || rest == Rest::End {
            return Ok((bytes, rest));
        }
        std::thread::yield_now();
    }
}

/// Writes all of `queue`, while `client` reads `length` bytes.
fn write_all(pipe: &mut Pipe, queue: &mut StreamQueue, mut client: StdStream, length: usize) -> Vec<u8> {
    let reading = std::thread::spawn(move || {
        let mut bytes = vec![0; length];
        client.read_exact(&mut bytes).unwrap();
        bytes
    });
    while !pipe.write(queue).unwrap() {
        std::thread::yield_now();
    }
    reading.join().unwrap()
}

#[test]
fn bytes_come_as_they_are_and_so_does_the_end() {
    let (server, mut client) = connected();
    let mut pipe = Pipe::new(server, None);
    client.write_all(b"hello").unwrap();
    assert_eq!(read(&mut pipe).unwrap(), (b"hello".to_vec(), Rest::Nothing));
    drop(client);
    assert_eq!(read(&mut pipe).unwrap(), (Vec::new(), Rest::End));
}

#[test]
fn socket_that_is_full_takes_the_rest_later() {
    let (server, client) = connected();
    let (mut pipe, mut queue) = (Pipe::new(server, None), StreamQueue::new(ROOM));
    let sent: Vec<u8> = (0..ROOM).map(|position| position.to_le_bytes()[1]).collect();
    queue.push_data(&[&sent]).unwrap();
    assert!(!pipe.write(&mut queue).unwrap(), "no socket takes so much");
    assert!(write_all(&mut pipe, &mut queue, client, ROOM) == sent);
}

#[test]
fn every_message_has_a_record_of_its_own() {
    let (server, mut client) = connected();
    let (tls, _) = shaken_hands(b"");
    let (mut pipe, mut queue) = (Pipe::new(server, Some(Box::new(tls))), StreamQueue::new(ROOM));
    for length in [20, 1200, 4] {
        queue.push_data(&[&vec![7; length]]).unwrap();
    }
    assert!(pipe.write(&mut queue).unwrap());
    for length in [20, 1200, 4] {
        let mut header = [0; 5];
        client.read_exact(&mut header).unwrap();
        let record = usize::from(u16::from_be_bytes([header[3], header[4]]));
        // RFC 8446 §5.2: the kind of the content, and a tag of 16 bytes.
        assert_eq!((header[0], record), (23, length + 1 + 16));
        client.read_exact(&mut vec![0; record]).unwrap();
    }
}

#[test]
fn what_came_with_the_end_of_the_handshake_is_read_first() {
    let (server, mut client) = connected();
    let (tls, mut far) = shaken_hands(b"early");
    let mut pipe = Pipe::new(server, Some(Box::new(tls)));
    assert_eq!(read(&mut pipe).unwrap().0, b"early");
    far.writer().write_all(b"late").unwrap();
    far.write_tls(&mut client).unwrap();
    assert_eq!(read(&mut pipe).unwrap().0, b"late");
    far.send_close_notify();
    far.write_tls(&mut client).unwrap();
    assert_eq!(read(&mut pipe).unwrap(), (Vec::new(), Rest::End), "the connection is open, but TLS has ended");
}

#[test]
fn encrypted_burst_crosses_a_full_socket_in_order() {
    const MESSAGES: u16 = 3000;
    let (server, client) = connected();
    let (tls, mut far) = shaken_hands(b"");
    let (mut pipe, mut queue) = (Pipe::new(server, Some(Box::new(tls))), StreamQueue::new(ROOM));
    let messages: Vec<u8> = (0..MESSAGES).flat_map(|number| number.to_be_bytes().repeat(600)).collect();
    for message in messages.chunks(1200) {
        queue.push_data(&[message]).unwrap();
    }
    let wire = write_all(&mut pipe, &mut queue, client, usize::from(MESSAGES) * (1200 + 5 + 1 + 16));
    let mut received = Vec::new();
    let mut wire = &wire[..];
    while !wire.is_empty() {
        far.read_tls(&mut wire).unwrap();
        let waiting = far.process_new_packets().unwrap().plaintext_bytes_to_read();
        let start = received.len();
        received.resize(start + waiting, 0);
        far.reader().read_exact(&mut received[start..]).unwrap();
    }
    assert!(received == messages);
}

#[test]
fn goodbye_is_said_inside_of_tls_and_outside() {
    let (server, mut client) = connected();
    let (tls, mut far) = shaken_hands(b"");
    let mut pipe = Pipe::new(server, Some(Box::new(tls)));
    pipe.finish();
    let mut wire = Vec::new();
    client.read_to_end(&mut wire).unwrap();
    far.read_tls(&mut &wire[..]).unwrap();
    assert!(far.process_new_packets().unwrap().peer_has_closed());
}

#[test]
fn rubbish_instead_of_a_record_ends_the_connection() {
    let (server, mut client) = connected();
    let (tls, _) = shaken_hands(b"");
    let mut pipe = Pipe::new(server, Some(Box::new(tls)));
    client.write_all(&[0x55; 64]).unwrap();
    assert_eq!(read(&mut pipe).unwrap_err().kind(), ErrorKind::InvalidData);
}
