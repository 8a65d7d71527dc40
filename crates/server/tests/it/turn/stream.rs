use std::time::Duration;

use server::workers::{Connection, Handle, StreamError};
use tokio::net::{TcpListener, TcpSocket, TcpStream, UdpSocket};
use tokio::task::JoinHandle;
use tokio::time::timeout;

use super::client::{DEADLINE, TurnClient};
use super::{CHANNEL, address, listeners, pair, serve};

type Served = JoinHandle<Result<(), StreamError>>;

/// A client whose connection takes as much as the kernel likes.
pub(crate) async fn tcp(server: &Handle) -> (TurnClient, Served) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let connected = TcpStream::connect(listener.local_addr().unwrap()).await.unwrap();
    accept(server, listener, connected).await
}

/// A client whose connection holds little more than `window` bytes under way, as a long, thin line does.
async fn thin(server: &Handle, window: u32) -> (TurnClient, Served) {
    let listener = TcpSocket::new_v4().unwrap();
    // What is accepted has the buffers of the listener. The kernel doubles them, for its own use.
    listener.set_send_buffer_size(window / 2).unwrap();
    listener.set_recv_buffer_size(window / 2).unwrap();
    listener.bind(address("127.0.0.1:0")).unwrap();
    let listener = listener.listen(1).unwrap();
    let near = TcpSocket::new_v4().unwrap();
    near.set_send_buffer_size(window / 2).unwrap();
    near.set_recv_buffer_size(window / 2).unwrap();
    let connected = near.connect(listener.local_addr().unwrap()).await.unwrap();
    accept(server, listener, connected).await
}

async fn accept(server: &Handle, listener: TcpListener, connected: TcpStream) -> (TurnClient, Served) {
    let local = listener.local_addr().unwrap();
    let (connection, remote) = listener.accept().await.unwrap();
    let server = server.clone();
    let connection = Connection::plain(connection, Vec::new());
    let served = tokio::spawn(async move { server.serve_stream(connection, local, remote).await });
    (TurnClient::stream(connected), served)
}

#[tokio::test]
async fn tcp_client_gets_binding_allocation_and_data_both_ways() {
    let server = serve(|_| {});
    let (mut client, served) = tcp(&server).await;
    client.binding().await;
    let peer = UdpSocket::bind("127.0.0.1:0").await.unwrap();
    let peer_address = peer.local_addr().unwrap();
    let relayed = client.allocate(peer_address).await.unwrap();
    client.permit(peer_address).await.unwrap();
    let mut buffer = vec![0; 65_536];
    // 171 needs padding on a stream, and none may reach the peer.
    for size in [1, 171, 1200, 9000] {
        let payload = vec![5; size];
        client.send_indication(peer_address, &payload).await;
        assert_eq!(peer.recv_from(&mut buffer).await.unwrap(), (size, relayed));
        peer.send_to(&payload, relayed).await.unwrap();
        assert_eq!(client.receive_indication().await, (peer_address, payload));
    }
    client.bind_channel(CHANNEL, peer_address).await.unwrap();
    for size in [1, 171, 1200, 9000] {
        let payload = vec![6; size];
        client.send_channel(CHANNEL, &payload).await;
        assert_eq!(peer.recv_from(&mut buffer).await.unwrap(), (size, relayed));
        peer.send_to(&payload, relayed).await.unwrap();
        assert_eq!(client.receive_channel().await, (CHANNEL, payload));
    }
    drop(client);
    timeout(DEADLINE, served).await.unwrap().unwrap().expect("the client closed");
    let stats = server.stats().await.unwrap();
    assert_eq!((stats.core.allocations, stats.io.relays_open, stats.io.streams_open), (0, 0, 0));
}

/// A key frame: 300 kB in 250 packets.
const FRAME_PACKETS: u16 = 250;
const PACKET_BYTES: usize = 1200;

fn packet(number: u16) -> Vec<u8> {
    number.to_be_bytes().repeat(PACKET_BYTES / 2)
}

#[tokio::test]
async fn key_frame_crosses_two_thin_streams_both_ways_without_loss() {
    let server = serve(|_| {});
    let (one, _served) = thin(&server, 16 << 10).await;
    let (two, _served) = thin(&server, 16 << 10).await;
    let (mut one, mut two) = pair(one, two).await;
    for _ in 0..2 {
        // The receiver reads nothing until all has been sent: the queue must take it.
        for number in 0..FRAME_PACKETS {
            one.send_channel(CHANNEL, &packet(number)).await;
        }
        for number in 0..FRAME_PACKETS {
            assert_eq!(two.receive_channel().await, (CHANNEL, packet(number)));
        }
        (one, two) = (two, one);
    }
    assert_eq!(server.stats().await.unwrap().io.stream_data_dropped, 0);
}

#[tokio::test]
async fn key_frame_crosses_tcp_to_a_peer_and_back_without_loss() {
    let server = serve(|_| {});
    let (mut client, _served) = tcp(&server).await;
    let peer = UdpSocket::bind("127.0.0.1:0").await.unwrap();
    let peer_address = peer.local_addr().unwrap();
    let relayed = client.allocate(peer_address).await.unwrap();
    client.bind_channel(CHANNEL, peer_address).await.unwrap();
    let mut buffer = [0; 2048];
    // UDP itself loses what the receiver's kernel has no room for: half a frame at a time is below the default of Linux.
    for half in [0..FRAME_PACKETS / 4, FRAME_PACKETS / 4..FRAME_PACKETS / 2] {
        let frame: Vec<u8> = half.clone().flat_map(|number| client.channel_data(CHANNEL, &packet(number))).collect();
        client.send(&frame).await;
        for number in half {
            let (length, _) = peer.recv_from(&mut buffer).await.unwrap();
            assert_eq!(buffer[..length], packet(number));
        }
    }
    for half in [0..FRAME_PACKETS / 4, FRAME_PACKETS / 4..FRAME_PACKETS / 2] {
        for number in half.clone() {
            peer.send_to(&packet(number), relayed).await.unwrap();
        }
        for number in half {
            assert_eq!(client.receive_channel().await, (CHANNEL, packet(number)));
        }
    }
}

#[tokio::test]
async fn client_that_stops_reading_loses_data_beyond_the_queue_and_nobody_else_does() {
    const QUEUE_BYTES: usize = 64 << 10;
    let server = serve(|settings| settings.stream_queue_bytes = QUEUE_BYTES);
    let (stalled, _served) = thin(&server, 4 << 10).await;
    let (mut sender, mut stalled) = pair(TurnClient::udp(listeners(&server)[0]).await, stalled).await;
    let sent = u16::try_from(2 * QUEUE_BYTES / PACKET_BYTES).unwrap();
    for number in 0..sent {
        sender.send_channel(CHANNEL, &packet(number)).await;
        // Each is handled before the next, so that the listener's kernel buffer loses none.
        sender.binding().await;
    }
    let dropped = server.stats().await.unwrap().io.stream_data_dropped;
    assert!(dropped > 0, "twice the queue cannot fit");
    // The kernel makes room now and then, so some that came later are among them.
    let mut before = None;
    for _ in 0..u64::from(sent) - dropped {
        let (_, payload) = stalled.receive_channel().await;
        let number = u16::from_be_bytes([payload[0], payload[1]]);
        assert_eq!(payload, packet(number));
        assert!(before.replace(number) < Some(number), "what was queued is in order");
    }
    sender.send_channel(CHANNEL, b"again").await;
    assert_eq!(stalled.receive_channel().await, (CHANNEL, b"again".to_vec()));
}

#[tokio::test]
async fn client_that_asks_and_never_reads_is_closed() {
    let server = serve(|settings| {
        settings.stream_queue_bytes = 1 << 10;
        settings.core.limits.bindings.per_second = 0;
    });
    let (mut client, served) = thin(&server, 1 << 10).await;
    let request = binding_request();
    // Writing fails once the server has closed the connection.
    let asking = async {
        for _ in 0..100_000 {
            if client.try_send(&request).await.is_err() {
                return;
            }
        }
    };
    let (result, ()) = tokio::join!(timeout(DEADLINE, served), asking);
    assert!(matches!(result.unwrap().unwrap(), Err(StreamError::Closed | StreamError::Io(_))));
    assert_eq!(server.stats().await.unwrap().io.streams_stalled, 1);
}

#[tokio::test]
async fn silent_connection_is_closed_at_the_deadline_for_its_first_message() {
    let server = serve(|settings| settings.first_message = Duration::from_millis(50));
    let (mut client, served) = tcp(&server).await;
    client.closed().await;
    assert!(matches!(served.await.unwrap(), Err(StreamError::NoFirstMessage(_))));
}

#[tokio::test]
async fn half_a_message_is_not_a_first_message() {
    let server = serve(|settings| settings.first_message = Duration::from_millis(50));
    let (mut client, served) = tcp(&server).await;
    client.send(&binding_request()[..19]).await;
    client.closed().await;
    assert!(matches!(served.await.unwrap(), Err(StreamError::NoFirstMessage(_))));
}

#[tokio::test]
async fn idle_connection_without_an_allocation_is_closed_and_one_with_is_kept() {
    let server = serve(|settings| settings.idle = Duration::from_millis(50));
    let (mut busy, _served) = tcp(&server).await;
    busy.allocate(address("127.0.0.1:0")).await.unwrap();
    let (mut idle, served) = tcp(&server).await;
    idle.binding().await;
    // It said its last after the other, so that the other has been silent for longer when this one is closed.
    idle.closed().await;
    assert!(matches!(served.await.unwrap(), Err(StreamError::Closed)));
    busy.refresh(600).await.expect("the connection is open");
    busy.refresh(0).await.unwrap();
    busy.closed().await;
    let io = server.stats().await.unwrap().io;
    assert_eq!((io.streams_idle, io.streams_open), (2, 0));
}

#[tokio::test]
async fn bytes_that_are_not_stun_close_the_connection() {
    let server = serve(|_| {});
    for bytes in [&b"GET / HTTP/1.1\r\n\r\n"[..], &[0xFF; 64], &[0, 1, 0, 0, 9, 9, 9, 9]] {
        let (mut client, served) = tcp(&server).await;
        client.send(bytes).await;
        client.closed().await;
        assert!(matches!(served.await.unwrap(), Err(StreamError::Framing(_))));
    }
}

#[tokio::test]
async fn messages_before_the_rubbish_count() {
    let server = serve(|_| {});
    let (mut client, served) = tcp(&server).await;
    let mut bytes = binding_request();
    bytes.extend([0xFF; 8]);
    client.send(&bytes).await;
    assert!(matches!(served.await.unwrap(), Err(StreamError::Framing(_))));
    assert_eq!(server.stats().await.unwrap().core.bindings, 1);
}

#[tokio::test]
async fn client_that_closes_its_half_still_gets_the_answers() {
    let server = serve(|_| {});
    let (mut client, served) = tcp(&server).await;
    client.send(&binding_request()).await;
    client.close_half().await;
    assert_eq!(client.receive().await[..2], [0x01, 0x01], "a Binding success response");
    client.closed().await;
    served.await.unwrap().expect("the client closed");
}

#[tokio::test]
async fn as_many_connections_as_allowed_are_served_and_one_more_is_turned_away() {
    let server = serve(|settings| settings.streams_max = 2);
    let mut clients = Vec::new();
    for _ in 0..2 {
        let (mut client, served) = tcp(&server).await;
        client.binding().await;
        clients.push((client, served));
    }
    let (mut third, served) = tcp(&server).await;
    third.closed().await;
    assert!(matches!(served.await.unwrap(), Err(StreamError::TooMany)));
    let (client, served) = clients.pop().unwrap();
    drop(client);
    served.await.unwrap().unwrap();
    let (mut fourth, _served) = tcp(&server).await;
    fourth.binding().await;
}

#[tokio::test]
async fn cancelled_connection_takes_its_allocation_along() {
    let server = serve(|_| {});
    let (mut client, served) = tcp(&server).await;
    client.allocate(address("127.0.0.1:0")).await.unwrap();
    served.abort();
    client.closed().await;
    let stats = server.stats().await.unwrap();
    assert_eq!((stats.core.allocations, stats.io.streams_open), (0, 0));
}

#[tokio::test]
async fn shutdown_closes_the_connections() {
    let server = serve(|_| {});
    let (mut client, served) = tcp(&server).await;
    client.binding().await;
    timeout(Duration::from_secs(1), server.shutdown()).await.expect("an end within a second");
    client.closed().await;
    assert!(served.await.unwrap().is_err());
    let (mut late, served) = tcp(&server).await;
    late.closed().await;
    assert!(matches!(served.await.unwrap(), Err(StreamError::Stopped(_))));
}

fn binding_request() -> Vec<u8> {
    let mut request = vec![0, 1, 0, 0, 0x21, 0x12, 0xA4, 0x42];
    request.extend([7; 12]);
    request
}
