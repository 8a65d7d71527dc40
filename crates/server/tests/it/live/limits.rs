use super::{code, offer_to_receive, offer_to_send, post};
use crate::fixture::{TestServer, serve_for_test};
use crate::media::client::Client;

/// Status and code of so many offers, one after another.
async fn offers(server: &TestServer, paths: &[&str]) -> Vec<(u16, String)> {
    let mut outcomes = Vec::new();
    for path in paths {
        let mut client = Client::udp(1).await;
        let offer = if path.starts_with("/whip") { offer_to_send(&mut client) } else { offer_to_receive(&mut client) };
        let answer = post(server.http(), path, &offer.0.sdp).await;
        let said = if answer.status == 201 { String::new() } else { code(&answer) };
        outcomes.push((answer.status, said));
    }
    outcomes
}

#[tokio::test]
async fn streams_end_at_their_limit() {
    let server = serve_for_test(&["limits.streams=2"]);
    let outcomes = offers(&server, &["/whip/live/a", "/whip/live/b", "/whip/live/c"]).await;
    assert_eq!(outcomes, [(201, String::new()), (201, String::new()), (503, "too-many-streams".to_owned())]);
}

#[tokio::test]
async fn viewers_end_at_the_limit_of_their_stream() {
    let server = serve_for_test(&["limits.stream_viewers=1"]);
    let outcomes = offers(&server, &["/whep/live/a", "/whep/live/a", "/whep/live/b"]).await;
    assert_eq!(outcomes, [(201, String::new()), (503, "too-many-viewers".to_owned()), (201, String::new())]);
}

#[tokio::test]
async fn sessions_end_at_the_limit_of_their_address() {
    let server = serve_for_test(&["limits.stream_sessions_per_address=2"]);
    let outcomes = offers(&server, &["/whep/live/a", "/whip/live/a", "/whep/live/b"]).await;
    assert_eq!(outcomes, [(201, String::new()), (201, String::new()), (429, "too-many-sessions".to_owned())]);
}

#[tokio::test]
async fn sessions_end_at_the_limit_of_the_server() {
    let server = serve_for_test(&["limits.stream_sessions=1"]);
    let outcomes = offers(&server, &["/whep/live/a", "/whep/live/b"]).await;
    assert_eq!(outcomes, [(201, String::new()), (503, "too-many-sessions".to_owned())]);
}

#[tokio::test]
async fn requests_end_at_the_rate_of_their_address() {
    let server = serve_for_test(&["limits.live_requests_per_minute=1"]);
    let outcomes = offers(&server, &["/whep/live/a", "/whep/live/a"]).await;
    assert_eq!(outcomes, [(201, String::new()), (429, "too-many-requests".to_owned())]);
}
