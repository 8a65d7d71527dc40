//! Relays that follow their clients (RFC 8016), whichever worker their clients reach.

use server::workers::Handle;
use stun_types::attribute::RawAttribute;
use stun_types::message::Message;
use tokio::net::UdpSocket;
use turn_types::attribute::{RequestedTransport, XorRelayedAddress};
use turn_types::message::{ALLOCATE, REFRESH};

use super::client::TurnClient;
use super::stream::tcp;
use super::{CHANNEL, address, listeners, serve};

fn serve_three() -> Handle {
    serve(|settings| {
        settings.workers = 3;
        settings.udp_listen = vec![address("127.0.0.1:0")];
        settings.core.mobility = true;
    })
}

fn ticket(answer: &[u8]) -> Vec<u8> {
    let message = Message::from_bytes(answer).unwrap();
    message.raw_attribute(TICKET.into()).expect("a ticket").value.to_vec()
}

async fn show(client: &mut TurnClient, ticket: &[u8]) -> Result<Vec<u8>, u16> {
    let attribute = RawAttribute::new(TICKET.into(), ticket).into_owned();
    client.request(REFRESH, |_| vec![Box::new(attribute.clone())]).await
}

/// Payloads both ways between the client and a peer behind its relay.
async fn exchange(client: &mut TurnClient, peer: &UdpSocket, relayed: std::net::SocketAddr, text: &str) {
    client.send_channel(CHANNEL, text.as_bytes()).await;
    let mut buffer = [0; 100];
    assert_eq!(peer.recv_from(&mut buffer).await.unwrap(), (text.len(), relayed));
    peer.send_to(text.as_bytes(), relayed).await.unwrap();
    assert_eq!(client.receive_channel().await, (CHANNEL, text.as_bytes().to_vec()));
}

#[tokio::test]
async fn relay_follows_its_client_over_udp_and_tcp_and_back_whatever_worker_hears_it() {
    let server = serve_three();
    let peer = UdpSocket::bind("127.0.0.1:0").await.unwrap();
    for round in 0..6 {
        let mut client = TurnClient::udp(listeners(&server)[0]).await;
        let empty = RawAttribute::new(TICKET.into(), &[]).into_owned();
        let transport = RequestedTransport::new(RequestedTransport::UDP);
        let answer = client.request(ALLOCATE, |_| vec![Box::new(transport.clone()), Box::new(empty.clone())]).await;
        let mut answer = answer.unwrap();
        let message = Message::from_bytes(&answer).unwrap();
        let relayed = message.attribute::<XorRelayedAddress>().unwrap().addr(message.transaction_id());
        client.bind_channel(CHANNEL, peer.local_addr().unwrap()).await.unwrap();
        exchange(&mut client, &peer, relayed, "at home").await;
        for step in 0..6 {
            let mut next =
                if step % 2 == 0 { tcp(&server).await.0 } else { TurnClient::udp(listeners(&server)[0]).await };
            answer = show(&mut next, &ticket(&answer)).await.unwrap();
            // Until it says something there, it is where it was.
            peer.send_to(b"meanwhile", relayed).await.unwrap();
            assert_eq!(client.receive_channel().await, (CHANNEL, b"meanwhile".to_vec()));
            exchange(&mut next, &peer, relayed, &format!("step {step} of round {round}")).await;
            client = next;
        }
        client.refresh(0).await.unwrap();
    }
    let stats = server.stats().await.unwrap();
    assert_eq!((stats.core.moves, stats.core.allocations), (36, 0));
}

#[tokio::test]
async fn connection_goes_to_another_worker_once_and_no_more() {
    let server = serve_three();
    let (mut client, _served) = tcp(&server).await;
    // In base64 these begin with the bytes 1, 2 and 0.
    for shard in [b"AQ", b"Ag", b"AA", b"AQ", b"Ag", b"AA"] {
        // Three of them name another worker; none of them opens anything.
        assert_eq!(show(&mut client, &shard.repeat(16)).await, Err(400));
    }
    client.allocate(address("127.0.0.1:0")).await.unwrap();
    let stats = server.stats().await.unwrap();
    assert_eq!((stats.io.streams_open, stats.core.allocations), (1, 1));
}

/// RFC 8016 §3.3.
const TICKET: u16 = 0x8030;
