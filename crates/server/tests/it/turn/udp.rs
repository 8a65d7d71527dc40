use tokio::net::UdpSocket;

use super::client::TurnClient;
use super::{CHANNEL, address, listeners, pair, serve};

#[tokio::test]
async fn binding_tells_the_mapped_address_over_both_families() {
    let server = serve(|_| {});
    for listener in listeners(&server) {
        let mut client = TurnClient::udp(listener).await;
        assert_eq!(client.binding().await, client.local());
    }
}

#[tokio::test]
async fn answers_leave_from_the_address_that_was_asked() {
    let server = serve(|settings| settings.udp_listen = vec![address("0.0.0.0:0")]);
    let port = listeners(&server)[0].port();
    for ip in ["127.0.0.1", "127.0.0.2", "127.1.2.3"] {
        // The client checks the sender of each answer.
        TurnClient::udp(address(&format!("{ip}:{port}"))).await.binding().await;
    }
}

#[tokio::test]
async fn wildcard_of_ipv6_leaves_the_port_of_ipv4_alone() {
    let server = serve(|settings| settings.udp_listen = vec![address("[::]:0")]);
    let port = listeners(&server)[0].port();
    TurnClient::udp(address(&format!("[::1]:{port}"))).await.binding().await;
    // The wildcard of IPv6 did not take the port of IPv4 along. Another test may have it by chance, but then not by wildcard.
    let ipv4 = UdpSocket::bind(("127.0.0.77", port)).await.expect("the port of the other family is free");
    drop(ipv4);
    let mut mapped = TurnClient::udp(address(&format!("127.0.0.77:{port}"))).await;
    mapped.send(b"not for a socket of IPv6").await;
    assert_eq!(server.stats().await.unwrap().io.datagrams_received, 1);
}

#[tokio::test]
async fn second_port_answers_binding_and_refuses_to_allocate() {
    let server = serve(|settings| settings.second_listen = vec![address("127.0.0.1:0")]);
    let second = server.local_addresses().second[0];
    let mut client = TurnClient::udp(second).await;
    assert_eq!(client.binding().await, client.local());
    assert!(client.allocate(second).await.is_err());
    assert_eq!(server.stats().await.unwrap().second.bindings, 1);
}

/// Payloads of several sizes, on a channel and in indications, there and back.
async fn data_flows_both_ways(listener: &str, peer: &str) {
    let server = serve(|settings| settings.udp_listen = vec![address(listener)]);
    let peer = UdpSocket::bind(peer).await.unwrap();
    let peer_address = peer.local_addr().unwrap();
    let mut client = TurnClient::udp(listeners(&server)[0]).await;
    let relayed = client.allocate(peer_address).await.unwrap();
    let mut buffer = vec![0; 65_536];
    client.permit(peer_address).await.unwrap();
    for size in SIZES {
        let payload = vec![7; size];
        client.send_indication(peer_address, &payload).await;
        assert_eq!(peer.recv_from(&mut buffer).await.unwrap(), (size, relayed));
        peer.send_to(&payload, relayed).await.unwrap();
        assert_eq!(client.receive_indication().await, (peer_address, payload));
    }
    client.bind_channel(CHANNEL, peer_address).await.unwrap();
    for size in SIZES {
        let payload = vec![8; size];
        client.send_channel(CHANNEL, &payload).await;
        assert_eq!(peer.recv_from(&mut buffer).await.unwrap(), (size, relayed));
        peer.send_to(&payload, relayed).await.unwrap();
        assert_eq!(client.receive_channel().await, (CHANNEL, payload));
    }
}

/// From the smallest to more than one Ethernet frame.
const SIZES: [usize; 6] = [1, 3, 171, 1200, 1472, 9000];

#[tokio::test]
async fn data_flows_both_ways_from_ipv4_to_ipv4() {
    data_flows_both_ways("127.0.0.1:0", "127.0.0.1:0").await;
}

#[tokio::test]
async fn data_flows_both_ways_from_ipv6_to_ipv6() {
    data_flows_both_ways("[::1]:0", "[::1]:0").await;
}

#[tokio::test]
async fn data_flows_both_ways_from_ipv4_to_ipv6() {
    data_flows_both_ways("127.0.0.1:0", "[::1]:0").await;
}

#[tokio::test]
async fn burst_of_equal_datagrams_arrives_whole_and_in_order() {
    const BURST: u8 = 40;
    let server = serve(|_| {});
    let peer = UdpSocket::bind("127.0.0.1:0").await.unwrap();
    let peer_address = peer.local_addr().unwrap();
    let mut client = TurnClient::udp(listeners(&server)[0]).await;
    let relayed = client.allocate(peer_address).await.unwrap();
    client.bind_channel(CHANNEL, peer_address).await.unwrap();
    let mut buffer = [0; 2048];
    for number in 0..BURST {
        client.send_channel(CHANNEL, &[number; 1100]).await;
    }
    for number in 0..BURST {
        let (length, _) = peer.recv_from(&mut buffer).await.unwrap();
        assert_eq!(buffer[..length], [number; 1100]);
    }
    for number in 0..BURST {
        peer.send_to(&[number; 1100], relayed).await.unwrap();
    }
    for number in 0..BURST {
        assert_eq!(client.receive_channel().await, (CHANNEL, vec![number; 1100]));
    }
    let io = server.stats().await.unwrap().io;
    assert_eq!((io.datagrams_dropped, io.datagrams_refused), (0, 0), "{io:?}");
}

#[tokio::test]
async fn two_clients_of_this_server_reach_each_other_without_a_socket_between() {
    let server = serve(|_| {});
    let [v4, v6] = listeners(&server)[..] else { panic!("two listeners") };
    let (mut one, mut two) = pair(TurnClient::udp(v4).await, TurnClient::udp(v6).await).await;
    let before = server.stats().await.unwrap().io.datagrams_received;
    one.send_channel(CHANNEL, b"there").await;
    assert_eq!(two.receive_channel().await, (CHANNEL, b"there".to_vec()));
    two.send_channel(CHANNEL, b"and back").await;
    assert_eq!(one.receive_channel().await, (CHANNEL, b"and back".to_vec()));
    let after = server.stats().await.unwrap();
    assert_eq!(after.io.datagrams_received - before, 2, "one from each client, none on a relay");
    assert_eq!(after.core.hairpins, 2);
}

#[tokio::test]
async fn relay_socket_closes_with_its_allocation() {
    let server = serve(|_| {});
    let mut client = TurnClient::udp(listeners(&server)[0]).await;
    let relayed = client.allocate(address("127.0.0.1:0")).await.unwrap();
    assert!(UdpSocket::bind(relayed).await.is_err(), "the relayed address is a real socket");
    assert_eq!(server.stats().await.unwrap().io.relays_open, 1);
    client.refresh(0).await.unwrap();
    assert_eq!(server.stats().await.unwrap().io.relays_open, 0);
    UdpSocket::bind(relayed).await.expect("the port is free again");
}

#[tokio::test]
async fn after_shutdown_the_ports_are_free_and_nothing_answers() {
    let server = serve(|_| {});
    let mut client = TurnClient::udp(listeners(&server)[0]).await;
    let relayed = client.allocate(address("127.0.0.1:0")).await.unwrap();
    tokio::time::timeout(std::time::Duration::from_secs(1), server.shutdown()).await.expect("an end within a second");
    for freed in [listeners(&server)[0], listeners(&server)[1], relayed] {
        UdpSocket::bind(freed).await.expect("the port is free again");
    }
    assert!(server.stats().await.is_err());
    server.shutdown().await;
}

#[tokio::test]
async fn dropping_the_last_handle_stops_the_server() {
    let server = serve(|_| {});
    let freed = listeners(&server)[0];
    let watched = server.ended();
    drop(server);
    watched.await;
    UdpSocket::bind(freed).await.expect("the port is free again");
}
