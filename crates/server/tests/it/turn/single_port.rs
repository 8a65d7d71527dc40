//! Single-port mode: relayed transport addresses without sockets, on real sockets.

use std::collections::BTreeSet;
use std::fs;
use std::net::SocketAddr;

use server::workers::Handle;
use tokio::net::UdpSocket;

use super::client::{PASSWORD, TurnClient, USER};
use super::workers::{clients_of_every_worker, reach_each_other, serve_three};
use super::{CHANNEL, address, listeners, serve};
use crate::fixture::{figures, serve_for_test};

/// Everything else as the tests of sockets have it.
fn serve_without_relay_sockets() -> Handle {
    serve(|settings| settings.core.relay_sockets = false)
}

/// The ports of the UDP sockets that this process has open, of both families.
fn udp_ports_of_this_process() -> BTreeSet<u16> {
    let links = fs::read_dir("/proc/self/fd").unwrap();
    // Descriptors may be closed while they are listed.
    let targets = links.filter_map(|link| fs::read_link(link.ok()?.path()).ok());
    let inodes: BTreeSet<String> = targets
        .filter_map(|target| Some(target.to_str()?.strip_prefix("socket:[")?.strip_suffix(']')?.to_owned()))
        .collect();
    let tables = ["/proc/self/net/udp", "/proc/self/net/udp6"].map(|table| fs::read_to_string(table).unwrap());
    let rows = tables.iter().flat_map(|table| table.lines().skip(1));
    let ours = rows.map(|row| row.split_whitespace().collect::<Vec<_>>()).filter(|row| inodes.contains(row[9]));
    ours.map(|row| u16::from_str_radix(row[1].rsplit(':').next().unwrap(), 16).unwrap()).collect()
}

#[tokio::test]
async fn clients_of_all_workers_reach_each_other_and_no_relayed_address_has_a_socket() {
    let server = serve_three(|settings| settings.core.relay_sockets = false);
    let mut clients = clients_of_every_worker(&server).await;
    reach_each_other(&mut clients).await;
    let own: BTreeSet<u16> = clients.iter().map(|(client, _)| client.local().port()).collect();
    let open: BTreeSet<u16> = &udp_ports_of_this_process() - &own;
    assert!(open.contains(&listeners(&server)[0].port()), "the sockets are found: {open:?}");
    for (_, relayed) in &clients {
        assert!(!open.contains(&relayed.port()), "{relayed} has no socket: {open:?}");
    }
    let stats = server.stats().await.unwrap();
    assert_eq!((stats.io.relays_open, stats.io.relay_bind_errors, stats.io.handovers_dropped), (0, 0, 0));
}

#[tokio::test]
async fn stranger_is_refused_as_a_peer_although_the_operator_lets_in_his_network() {
    let server = serve_without_relay_sockets();
    let stranger = UdpSocket::bind("127.0.0.2:0").await.unwrap();
    let peer = stranger.local_addr().unwrap();
    let mut client = TurnClient::udp(listeners(&server)[0]).await;
    let relayed = client.allocate(address("127.0.0.1:0")).await.unwrap();
    assert_eq!(client.permit(peer).await, Err(403));
    assert_eq!(client.bind_channel(CHANNEL, peer).await, Err(403));
    client.send_indication(peer, b"hello").await;
    // What the stranger sends to the relayed address arrives nowhere.
    stranger.send_to(b"hello", relayed).await.unwrap();
    client.bind_channel(CHANNEL, relayed).await.unwrap();
    client.send_channel(CHANNEL, b"to myself").await;
    assert_eq!(client.receive_channel().await, (CHANNEL, b"to myself".to_vec()));
    let mut buffer = [0; 64];
    assert_eq!(stranger.try_recv(&mut buffer).unwrap_err().kind(), std::io::ErrorKind::WouldBlock);
    let stats = server.stats().await.unwrap().core;
    assert_eq!((stats.peers_refused, stats.drops.forbidden_peer, stats.to_peers, stats.hairpins), (2, 1, 1, 1));
}

#[tokio::test]
async fn port_that_another_program_holds_is_as_good_as_any_for_a_relayed_address() {
    let other = UdpSocket::bind("127.0.0.1:0").await.unwrap();
    let port = other.local_addr().unwrap().port();
    let server = serve(|settings| {
        settings.core.relay_sockets = false;
        settings.core.relay_ports = port..=port;
    });
    let mut client = TurnClient::udp(listeners(&server)[0]).await;
    let relayed = client.allocate(address("127.0.0.1:0")).await.unwrap();
    assert_eq!(relayed, SocketAddr::from(([127, 0, 0, 1], port)));
    client.bind_channel(CHANNEL, relayed).await.unwrap();
    client.send_channel(CHANNEL, b"hello").await;
    assert_eq!(client.receive_channel().await, (CHANNEL, b"hello".to_vec()));
    let mut buffer = [0; 64];
    assert_eq!(other.try_recv(&mut buffer).unwrap_err().kind(), std::io::ErrorKind::WouldBlock);
}

#[tokio::test]
async fn setting_turns_it_on_and_the_figures_for_prometheus_count_who_is_refused() {
    let user = format!(r#"turn.users={{ {USER} = "{PASSWORD}" }}"#);
    let settings = ["turn.relay_ports=off", "public.addresses=127.0.0.1", "turn.allow_peers=127.0.0.0/8", &user];
    let server = serve_for_test(&settings);
    let udp = server.addresses().udp[0];
    let [mut one, mut two] = [TurnClient::udp(udp).await, TurnClient::udp(udp).await];
    let family = address("127.0.0.1:0");
    let (first, second) = (one.allocate(family).await.unwrap(), two.allocate(family).await.unwrap());
    one.bind_channel(CHANNEL, second).await.unwrap();
    two.bind_channel(CHANNEL, first).await.unwrap();
    one.send_channel(CHANNEL, b"hello").await;
    assert_eq!(two.receive_channel().await, (CHANNEL, b"hello".to_vec()));
    assert_eq!(one.permit(address("127.0.0.2:9")).await, Err(403));
    let figure = figures(&server).await;
    assert!((figure("parlor_turn_refused_peers_total") - 1.0).abs() < 0.5);
    assert!(figure("parlor_relay_sockets").abs() < 0.5);
}
