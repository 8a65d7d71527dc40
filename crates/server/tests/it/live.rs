//! Live streams over HTTP and WebRTC: a whole server, and str0m as publishers and viewers.

mod access;
mod clients;
mod contract;
mod limits;
mod pictures;
mod rtmp;
mod srs;

use std::net::SocketAddr;

use str0m::media::{Direction, MediaKind, Mid};

use crate::fixture::{Answer, TestServer, exchange};
use crate::media::client::{Client, Offer};

const SDP: &str = "Content-Type: application/sdp";

/// Offers sound and pictures to be sent.
fn offer_to_send(client: &mut Client) -> (Offer, [Mid; 2]) {
    offer(client, Direction::SendOnly)
}

/// Offers places for sound and pictures.
fn offer_to_receive(client: &mut Client) -> (Offer, [Mid; 2]) {
    offer(client, Direction::RecvOnly)
}

fn offer(client: &mut Client, direction: Direction) -> (Offer, [Mid; 2]) {
    let offer = client.offer(&[(MediaKind::Audio, direction), (MediaKind::Video, direction)]);
    let mids = [offer.mids[0], offer.mids[1]];
    (offer, mids)
}

async fn post(address: SocketAddr, path: &str, body: &str) -> Answer {
    exchange(address, "POST", path, &[SDP], body).await
}

/// Opens a session at `path`; the session's own path and the media descriptions.
async fn open(server: &TestServer, path: &str, client: &mut Client, direction: Direction) -> (String, [Mid; 2]) {
    let (offer, mids) = offer(client, direction);
    let answer = post(server.http(), path, &offer.sdp).await;
    let body = String::from_utf8(answer.body.clone()).unwrap();
    assert_eq!(answer.status, 201, "{body}");
    client.accept(offer, &body);
    (answer.header("location").unwrap().to_owned(), mids)
}

fn code(answer: &Answer) -> String {
    assert_eq!(answer.header("content-type"), Some("application/problem+json"));
    assert_eq!(answer.json()["status"], answer.status);
    answer.json()["code"].as_str().unwrap().to_owned()
}
