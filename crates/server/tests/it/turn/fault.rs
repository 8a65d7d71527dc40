//! Peers, ports and sockets that fail: the session at hand survives, and everybody else's.

use server::workers::{Settings, SpawnError, Workers};
use tokio::net::UdpSocket;

use super::client::TurnClient;
use super::{CHANNEL, address, listeners, serve};

#[tokio::test]
async fn peer_that_refuses_by_icmp_does_not_end_the_session() {
    let server = serve(|_| {});
    for ip in ["127.0.0.1:0", "[::1]:0"] {
        let closed = UdpSocket::bind(ip).await.unwrap().local_addr().unwrap();
        let open = UdpSocket::bind(ip).await.unwrap();
        let open_address = open.local_addr().unwrap();
        let mut client = TurnClient::udp(listeners(&server)[0]).await;
        let relayed = client.allocate(closed).await.unwrap();
        client.bind_channel(CHANNEL, closed).await.unwrap();
        client.bind_channel(CHANNEL + 1, open_address).await.unwrap();
        let mut buffer = [0; 64];
        for _ in 0..5 {
            client.send_channel(CHANNEL, b"nobody hears this").await;
            client.send_channel(CHANNEL + 1, b"somebody hears this").await;
            let (length, from) = open.recv_from(&mut buffer).await.unwrap();
            assert_eq!((&buffer[..length], from), (&b"somebody hears this"[..], relayed));
            open.send_to(b"and answers", relayed).await.unwrap();
            assert_eq!(client.receive_channel().await, (CHANNEL + 1, b"and answers".to_vec()));
        }
    }
}

#[tokio::test]
async fn peer_without_a_route_costs_its_own_datagrams_and_no_other() {
    // RFC 5737: nobody has this address, and a socket on loopback cannot reach it anyway.
    let nowhere = address("192.0.2.1:9");
    let server = serve(|settings| settings.core.allow_peers.push("192.0.2.0/24".parse().unwrap()));
    let peer = UdpSocket::bind("127.0.0.1:0").await.unwrap();
    let mut client = TurnClient::udp(listeners(&server)[0]).await;
    client.allocate(nowhere).await.unwrap();
    client.bind_channel(CHANNEL, nowhere).await.unwrap();
    client.bind_channel(CHANNEL + 1, peer.local_addr().unwrap()).await.unwrap();
    let mut buffer = [0; 64];
    for _ in 0..5 {
        client.send_channel(CHANNEL, b"to nowhere").await;
        client.send_channel(CHANNEL + 1, b"to the peer").await;
        let (length, _) = peer.recv_from(&mut buffer).await.unwrap();
        assert_eq!(&buffer[..length], b"to the peer");
    }
    let io = server.stats().await.unwrap().io;
    assert_eq!(io.datagrams_refused, 5, "{io:?}");
}

#[tokio::test]
async fn without_a_free_relay_port_allocate_is_refused_with_508_and_the_others_live_on() {
    let free = UdpSocket::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap().port();
    let server = serve(|settings| settings.core.relay_ports = free..=free);
    let family = address("127.0.0.1:0");
    let mut first = TurnClient::udp(listeners(&server)[0]).await;
    first.allocate(family).await.unwrap();
    let mut second = TurnClient::udp(listeners(&server)[0]).await;
    assert_eq!(second.allocate(family).await, Err(508));
    first.refresh(600).await.unwrap();
    first.refresh(0).await.unwrap();
    second.allocate(family).await.expect("the port is free again");
}

#[tokio::test]
async fn relay_port_taken_by_another_program_is_refused_with_508() {
    let taken = UdpSocket::bind("127.0.0.1:0").await.unwrap();
    let port = taken.local_addr().unwrap().port();
    let server = serve(|settings| settings.core.relay_ports = port..=port);
    let mut client = TurnClient::udp(listeners(&server)[0]).await;
    assert_eq!(client.allocate(address("127.0.0.1:0")).await, Err(508));
    let io = server.stats().await.unwrap().io;
    assert!(io.relay_bind_errors > 0, "{io:?}");
    drop(taken);
    client.allocate(address("127.0.0.1:0")).await.expect("the port is free again");
}

#[tokio::test]
async fn rubbish_on_every_socket_harms_nobody() {
    let server = serve(|settings| settings.second_listen = vec![address("127.0.0.1:0")]);
    let mut client = TurnClient::udp(listeners(&server)[0]).await;
    let relayed = client.allocate(address("127.0.0.1:0")).await.unwrap();
    let stranger = UdpSocket::bind("127.0.0.1:0").await.unwrap();
    let targets = [listeners(&server)[0], server.local_addresses().second[0], relayed];
    let rubbish: [&[u8]; 7] =
        [b"", b"\0", b"\0\x01\0\x08", &[0x40, 0, 0xFF, 0xFF], &[0xFF; 1500], &[0; 20], b"GET / HTTP/1.1\r\n\r\n"];
    for target in targets {
        for bytes in rubbish {
            stranger.send_to(bytes, target).await.unwrap();
        }
    }
    client.refresh(600).await.unwrap();
    let stats = server.stats().await.unwrap();
    assert_eq!(stats.core.allocations, 1);
}

#[tokio::test]
async fn busy_port_is_named() {
    let busy = UdpSocket::bind("127.0.0.1:0").await.unwrap().local_addr();
    let holder = UdpSocket::bind(busy.unwrap()).await.unwrap();
    let mut settings = Settings::new(turn::Config::new("parlor"));
    settings.udp_listen = vec![holder.local_addr().unwrap()];
    match Workers::spawn(settings) {
        Err(SpawnError::Listen { address, source }) => {
            assert_eq!(address, holder.local_addr().unwrap());
            assert_eq!(source.kind(), std::io::ErrorKind::AddrInUse);
        }
        Err(other) => panic!("{other}"),
        Ok(_) => panic!("two servers on one port"),
    }
}
