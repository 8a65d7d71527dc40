//! The echo for checks of the network.

use server::workers::CheckRefusal;

use super::{Client, MediaServer, drive};
use crate::fixture::{request, send, serve_for_test};

const PATH: &str = "/api/v1/check/echo";

/// Connects a check through the workers, with channels of these labels.
async fn connect(server: &MediaServer, client: &mut Client, labels: &[&str]) {
    let offer = client.offer_data(labels);
    let answer = server.handle.check(offer.sdp.clone()).await.unwrap();
    client.accept(offer, &answer);
    let count = labels.len();
    drive(&mut [client], |clients| clients[0].channels.len() == count).await;
}

#[tokio::test]
async fn each_channel_does_what_its_label_says() {
    let server = MediaServer::start(2).await;
    let mut client = Client::udp(1).await;
    connect(&server, &mut client, &["echo", "upload", "download"]).await;
    client.say("echo", b"there and back");
    drive(&mut [&mut client], |clients| clients[0].messages.len() == 1).await;
    client.say("upload", &[7; 5000]);
    drive(&mut [&mut client], |clients| clients[0].messages.len() == 2).await;
    client.say("download", &10_000_u32.to_be_bytes());
    drive(&mut [&mut client], |clients| clients[0].messages.len() == 3).await;
    let expected = [b"there and back".to_vec(), 5000_u32.to_be_bytes().to_vec(), vec![0; 10_000]];
    assert!(client.messages == expected);
}

#[tokio::test]
async fn a_check_works_over_tcp_too() {
    let server = MediaServer::start(2).await;
    let mut client = Client::tcp(1, server.tcp).await;
    connect(&server, &mut client, &["echo"]).await;
    client.say("echo", b"by tcp");
    drive(&mut [&mut client], |clients| clients[0].messages == [b"by tcp".to_vec()]).await;
}

#[tokio::test]
async fn a_channel_of_another_label_is_closed() {
    let server = MediaServer::start(1).await;
    let mut client = Client::udp(1).await;
    let offer = client.offer_data(&["echo", "chat"]);
    let answer = server.handle.check(offer.sdp.clone()).await.unwrap();
    client.accept(offer, &answer);
    let mut both = false;
    drive(&mut [&mut client], |clients| {
        both |= clients[0].channels.len() == 2;
        both && clients[0].channels.len() == 1
    })
    .await;
    assert_eq!(client.channels[0].1, "echo");
}

#[tokio::test]
async fn checks_end_at_their_limit() {
    let server = MediaServer::start(1).await;
    for number in 0..CHECKS_MAX {
        let offer = Client::udp(number).await.offer_data(&["echo"]);
        server.handle.check(offer.sdp).await.unwrap();
    }
    let offer = Client::udp(CHECKS_MAX).await.offer_data(&["echo"]);
    assert_eq!(server.handle.check(offer.sdp).await, Err(CheckRefusal::Busy));
}

#[tokio::test]
async fn over_http_an_offer_is_answered_and_what_is_none_is_refused() {
    let server = serve_for_test(&[]);
    let offer = Client::udp(1).await.offer_data(&["echo"]);
    let answer = send(server.http(), "POST", PATH, "", &offer.sdp).await;
    assert_eq!((answer.status, answer.header("content-type")), (201, Some("application/sdp")));
    assert!(answer.body.starts_with(b"v=0\r\n"));
    let refused = send(server.http(), "POST", PATH, "", "v=0\r\n").await;
    assert_eq!((refused.status, refused.error_code()), (400, "bad-offer".to_owned()));
    let long = send(server.http(), "POST", PATH, "", &"a".repeat(16 * 1024 + 1)).await;
    assert_eq!((long.status, long.error_code()), (400, "bad-offer".to_owned()));
    let reading = request(server.http(), "GET", PATH, &[]).await;
    assert_eq!((reading.status, reading.header("allow")), (405, Some("POST")));
}

#[tokio::test]
async fn over_http_an_address_is_answered_ten_times_a_minute() {
    let server = serve_for_test(&[]);
    let mut statuses = Vec::new();
    for _ in 0..11 {
        statuses.push(send(server.http(), "POST", PATH, "", "v=0\r\n").await.status);
    }
    assert_eq!(statuses, [vec![400; 10], vec![429]].concat());
}

#[tokio::test]
async fn where_tokens_are_needed_a_check_needs_one() {
    let server = serve_for_test(&["auth.keys={ main = \"0123456789abcdef0123456789abcdef\" }"]);
    let refused = send(server.http(), "POST", PATH, "none", "v=0\r\n").await;
    assert_eq!((refused.status, refused.error_code()), (401, "token-refused".to_owned()));
}

/// As many as a worker takes.
const CHECKS_MAX: u64 = 16;
