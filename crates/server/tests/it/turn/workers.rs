//! Several workers on one UDP port: to their clients they are one server.

use server::workers::{Handle, Settings, SpawnError, Workers};
use stun_types::message::Message;
use tokio::net::UdpSocket;
use turn_types::attribute::{EvenPort, RequestedTransport, ReservationToken, XorRelayedAddress};
use turn_types::message::ALLOCATE;

use super::client::TurnClient;
use super::{CHANNEL, address, listeners, serve};

/// Three workers. Peers are reached at relays of this server only, so that nothing goes through a socket by mistake.
pub(super) fn serve_three(change: impl FnOnce(&mut Settings)) -> Handle {
    serve(|settings| {
        settings.workers = 3;
        settings.udp_listen = vec![address("127.0.0.1:0")];
        settings.core.allow_peers.clear();
        change(settings);
    })
}

/// Clients until every worker has one with an allocation, with their relayed addresses.
pub(super) async fn clients_of_every_worker(server: &Handle) -> Vec<(TurnClient, std::net::SocketAddr)> {
    let mut clients = Vec::new();
    // By chance all of a hundred could miss a worker once in 10^17 runs.
    for _ in 0..100 {
        let mut client = TurnClient::udp(listeners(server)[0]).await;
        let relayed = client.allocate(address("127.0.0.1:0")).await.unwrap();
        clients.push((client, relayed));
        let workers = server.stats_by_worker().await.unwrap();
        if workers.iter().all(|stats| stats.core.allocations > 0) {
            return clients;
        }
    }
    panic!("the kernel spreads nothing: {:?}", server.stats_by_worker().await.unwrap());
}

#[tokio::test]
async fn allocations_of_different_workers_reach_each_other() {
    let server = serve_three(|_| {});
    let mut clients = clients_of_every_worker(&server).await;
    reach_each_other(&mut clients).await;
    assert_eq!(server.stats().await.unwrap().io.handovers_dropped, 0);
}

/// Each of `clients` sends something to every other one.
pub(super) async fn reach_each_other(clients: &mut [(TurnClient, std::net::SocketAddr)]) {
    let count = clients.len();
    let relayed: Vec<_> = clients.iter().map(|(_, relayed)| *relayed).collect();
    for (one, (client, _)) in clients.iter_mut().enumerate() {
        for (other, peer) in relayed.iter().enumerate().filter(|(other, _)| *other != one) {
            client.bind_channel(CHANNEL + u16::try_from(other).unwrap(), *peer).await.unwrap();
        }
    }
    for one in 0..count {
        for other in (0..count).filter(|other| *other != one) {
            let payload = format!("from {one} to {other}");
            clients[one].0.send_channel(CHANNEL + u16::try_from(other).unwrap(), payload.as_bytes()).await;
            let (channel, received) = clients[other].0.receive_channel().await;
            assert_eq!((channel, received), (CHANNEL + u16::try_from(one).unwrap(), payload.into_bytes()));
        }
    }
}

#[tokio::test]
async fn port_reserved_at_one_worker_is_allocated_over_another() {
    for relay_sockets in [true, false] {
        let server = serve_three(|settings| settings.core.relay_sockets = relay_sockets);
        pairs_of_ports_over_any_worker(&server).await;
        assert_eq!(server.stats().await.unwrap().core.allocations, 0);
    }
}

async fn pairs_of_ports_over_any_worker(server: &Handle) {
    let transport = || RequestedTransport::new(RequestedTransport::UDP);
    let mut first = TurnClient::udp(listeners(server)[0]).await;
    for _ in 0..12 {
        let answer =
            first.request(ALLOCATE, |_| vec![Box::new(transport()), Box::new(EvenPort::new(true))]).await.unwrap();
        let message = Message::from_bytes(&answer).unwrap();
        let token = message.attribute::<ReservationToken>().unwrap();
        let even = message.attribute::<XorRelayedAddress>().unwrap().addr(message.transaction_id());
        // Whatever worker the kernel gives it to.
        let mut second = TurnClient::udp(listeners(server)[0]).await;
        let answer = second.request(ALLOCATE, |_| vec![Box::new(transport()), Box::new(token.clone())]).await.unwrap();
        let message = Message::from_bytes(&answer).unwrap();
        let next = message.attribute::<XorRelayedAddress>().unwrap().addr(message.transaction_id());
        assert_eq!(next.port(), even.port() + 1);
        // What follows has no token in it and finds the way all the same.
        second.bind_channel(CHANNEL, even).await.unwrap();
        first.permit(next).await.unwrap();
        second.send_channel(CHANNEL, b"hello").await;
        assert_eq!(first.receive_indication().await, (next, b"hello".to_vec()));
        second.refresh(0).await.unwrap();
        first.refresh(0).await.unwrap();
        first = TurnClient::udp(listeners(server)[0]).await;
    }
}

#[tokio::test]
async fn limits_hold_for_all_workers_together() {
    let server = serve_three(|settings| settings.core.limits.allocations_per_user = 5);
    let mut clients = Vec::new();
    for _ in 0..5 {
        let mut client = TurnClient::udp(listeners(&server)[0]).await;
        client.allocate(address("127.0.0.1:0")).await.unwrap();
        clients.push(client);
    }
    for _ in 0..6 {
        let mut client = TurnClient::udp(listeners(&server)[0]).await;
        assert_eq!(client.allocate(address("127.0.0.1:0")).await, Err(486));
    }
    clients[0].refresh(0).await.unwrap();
    let mut client = TurnClient::udp(listeners(&server)[0]).await;
    client.allocate(address("127.0.0.1:0")).await.expect("there is room again");
}

#[tokio::test]
async fn port_that_another_server_shares_among_its_workers_is_busy() {
    let server = serve_three(|_| {});
    let taken = listeners(&server)[0];
    let mut settings = Settings::new(turn::Config::new("parlor"));
    settings.workers = 2;
    settings.udp_listen = vec![taken];
    match Workers::spawn(settings) {
        Err(SpawnError::Listen { address, source }) => {
            assert_eq!((address, source.kind()), (taken, std::io::ErrorKind::AddrInUse));
        }
        Err(other) => panic!("{other}"),
        Ok(_) => panic!("two servers on one port"),
    }
    server.shutdown().await;
    UdpSocket::bind(taken).await.expect("every worker has closed its socket");
}
