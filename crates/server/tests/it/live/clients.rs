//! Publishers and viewers over WebRTC and HLS on the list of clients, and their ends.

use live::m3u8::rules;
use serde_json::{Value, json};
use str0m::media::Direction;

use super::{code, open};
use crate::fixture::{TestServer, get, request, serve_for_test};
use crate::media::client::{Client, drive};

async fn clients(server: &TestServer) -> Vec<Value> {
    get(server.http(), "/api/v1/clients", &[]).await.json()["clients"].as_array().unwrap().clone()
}

async fn end(server: &TestServer, client: &Value) {
    let admin = format!("Authorization: Bearer {}", server.admin());
    let path = format!("/api/v1/clients/{}", client["id"].as_str().unwrap());
    let answer = request(server.http(), "DELETE", &path, &[&admin]).await;
    assert_eq!((answer.status, answer.json()["code"].clone()), (200, json!(0)));
}

#[tokio::test]
async fn sessions_of_webrtc_are_listed_and_ended() {
    let server = serve_for_test(&[]);
    let (mut anna, mut ben) = (Client::udp(1).await, Client::udp(2).await);
    let (publisher, _) = open(&server, "/whip/live/demo", &mut anna, Direction::SendOnly).await;
    let (viewer, _) = open(&server, "/rtc/v1/whep/?app=live&stream=demo", &mut ben, Direction::RecvOnly).await;
    drive(&mut [&mut anna, &mut ben], |clients| clients.iter().all(|client| client.connected)).await;
    let listed = clients(&server).await;
    let kinds: Vec<&Value> = listed.iter().map(|client| &client["type"]).collect();
    assert_eq!(kinds, ["rtc-publish", "rtc-play"]);
    let stream = &get(server.http(), "/api/v1/streams", &[]).await.json()["streams"][0];
    assert_eq!((&stream["clients"], &stream["publish"]["cid"]), (&json!(2), &listed[0]["id"]));
    for (client, session) in listed.iter().zip([&publisher, &viewer]) {
        end(&server, client).await;
        // The task of the sessions was woken before the answer went out.
        let gone = request(server.http(), "DELETE", session, &[]).await;
        assert_eq!((gone.status, code(&gone).as_str()), (404, "no-session"), "{session}");
    }
    assert!(clients(&server).await.is_empty());
}

#[tokio::test]
async fn a_player_of_hls_that_was_ended_gets_no_more_playlists() {
    let server = serve_for_test(&[]);
    let (_publisher, first) = super::rtmp::watched_by_hls(&server, "a", "/live/a.m3u8").await;
    let media = rules::multivariant_playlist(std::str::from_utf8(&first.body).unwrap()).unwrap().remove(0);
    assert_eq!(get(server.http(), &media, &[]).await.status, 200);
    let listed = clients(&server).await;
    let player = listed.iter().find(|client| client["type"] == "hls-play").unwrap();
    assert!(player["send_bytes"].as_u64().unwrap() > 100, "{player}");
    end(&server, player).await;
    let ended = get(server.http(), &media, &[]).await;
    assert_eq!((ended.status, code(&ended).as_str()), (403, "ended"));
}
