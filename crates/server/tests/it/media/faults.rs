use room::media::MediaEvent;
use str0m::media::{Direction, MediaKind};
use tokio::io::AsyncReadExt as _;
use tokio::net::{TcpStream, UdpSocket};

use super::{Client, MediaServer, drive};

#[tokio::test]
async fn an_offer_that_cannot_be_answered_is_refused_with_its_reason() {
    let mut server = MediaServer::start(1).await;
    let mut client = Client::udp(1).await;
    let mut offer = client.offer(&[(MediaKind::Audio, Direction::RecvOnly)]);
    offer.sdp = "v=0\r\nnonsense".to_owned();
    let refusal = server.negotiate(1, &mut client, offer, &[]).await.unwrap_err();
    assert!(refusal.contains("BadOffer"), "{refusal}");
    let stats = server.stats().await;
    assert_eq!((stats.connections, stats.offers_refused), (0, 1));
}

#[tokio::test]
async fn a_flood_of_rubbish_beside_a_call_harms_nobody() {
    let mut server = MediaServer::start(2).await;
    let mut anna = Client::udp(1).await;
    let offer = anna.offer(&[(MediaKind::Video, Direction::SendOnly)]);
    server.negotiate(1, &mut anna, offer, &[]).await.unwrap();
    drive(&mut [&mut anna], |clients| clients[0].connected && server.is_connected(clients[0])).await;
    let target = server.handle.local_addresses().udp[0];
    let stranger = UdpSocket::bind("127.0.0.1:0").await.unwrap();
    // Of every class of RFC 7983, from strangers and from the client's own address.
    for number in 0..2000_u32 {
        let first = u8::try_from(number % 256).unwrap();
        let mut rubbish = vec![first; 1 + usize::try_from(number % 1400).unwrap()];
        rubbish.extend(number.to_be_bytes());
        stranger.send_to(&rubbish, target).await.unwrap();
        anna.send_raw(target, &rubbish).await;
    }
    let mut ben = Client::udp(2).await;
    let offer = ben.offer(&[(MediaKind::Video, Direction::RecvOnly)]);
    server.negotiate(1, &mut ben, offer, &[]).await.unwrap();
    drive(&mut [&mut anna, &mut ben], |clients| clients[1].connected && server.is_connected(clients[1])).await;
    assert!(anna.rtc.is_alive());
    assert_eq!(server.stats().await.connections, 2);
    let gone = |event: &MediaEvent| matches!(event, MediaEvent::Disconnected { .. });
    assert!(!server.events().iter().any(gone));
}

#[tokio::test]
async fn a_tcp_connection_that_is_no_media_clients_is_closed() {
    let server = MediaServer::start(2).await;
    let wrong: [&[u8]; 3] =
        [b"\x00\x04abcd", b"\xFF\xFFtoo long a frame", &[0, 20, 0, 1, 0, 0, 0x21, 0x12, 0xA4, 0x42]];
    for bytes in wrong {
        let mut stream = TcpStream::connect(server.tcp).await.unwrap();
        tokio::io::AsyncWriteExt::write_all(&mut stream, bytes).await.unwrap();
        tokio::io::AsyncWriteExt::shutdown(&mut stream).await.unwrap();
        let mut rest = Vec::new();
        // Reading fails where the server closed with bytes of ours unread.
        let _ = stream.read_to_end(&mut rest).await;
        assert_eq!(rest, b"");
    }
    assert_eq!(server.handle.stats().await.unwrap().io.streams_open, 0);
}
