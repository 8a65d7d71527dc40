//! The requests of SRS's clients, and what they look at in the answers.

use std::time::Duration;

use serde_json::{Value, json};

use super::{offer_to_receive, offer_to_send};
use crate::fixture::{Answer, TestServer, exchange, request, serve_for_test};
use crate::media::calls::watch;
use crate::media::client::{Client, drive, now};

async fn ask(server: &TestServer, path: &str, body: &Value) -> Answer {
    exchange(server.http(), "POST", path, &["Content-Type: application/json"], &body.to_string()).await
}

fn body(url: &str, sdp: &str) -> Value {
    json!({ "api": "http://h:1985/rtc/v1/publish/", "tid": "2b45a06", "streamurl": url, "clientip": null, "sdp": sdp })
}

#[tokio::test]
async fn publisher_and_player_by_json_see_each_other_with_one_payload_type_each() {
    let server = serve_for_test(&[]);
    let (mut anna, mut ben) = (Client::udp(1).await, Client::udp(2).await);
    let (offer, [_, face]) = offer_to_send(&mut anna);
    let published = ask(&server, "/rtc/v1/publish/", &body("webrtc://h/live/livestream", &offer.sdp)).await.json();
    assert_eq!(published["code"], 0, "{published}");
    let sdp = published["sdp"].as_str().unwrap();
    assert!(sdp.contains("\r\ns=SRSPublishSession\r\n") && sdp.contains("a=msid-semantic: WMS live/livestream\r\n"));
    for media in sdp.split("\r\nm=").skip(1) {
        assert_eq!(media.lines().next().unwrap().split(' ').count(), 4, "{media}");
        assert!(media.contains("a=candidate:0 1 udp 2130706431 127.0.0.1 "), "{media}");
        assert_eq!(media.matches("a=rtpmap:").count(), 1, "{media}");
    }
    let (ours, theirs) = published["sessionid"].as_str().unwrap().split_once(':').unwrap();
    assert!(sdp.contains(&format!("a=ice-ufrag:{ours}\r\n")) && offer.sdp.contains(&format!("a=ice-ufrag:{theirs}")));
    anna.accept(offer, sdp);
    let (offer, [_, eye]) = offer_to_receive(&mut ben);
    let played =
        ask(&server, "/rtc/v1/play/?k=v", &body("webrtc://h/live/livestream?vhost=x", &offer.sdp)).await.json();
    let sdp = played["sdp"].as_str().unwrap();
    assert!(sdp.contains("\r\ns=SRSPlaySession\r\n") && sdp.contains(" label:"), "{sdp}");
    ben.accept(offer, sdp);
    drive(&mut [&mut anna, &mut ben], |clients| clients.iter().all(|client| client.connected)).await;
    watch(&mut anna, face, &mut [(&mut ben, eye)], 0).await;
}

#[tokio::test]
async fn whatever_fails_is_400_in_an_answer_of_status_200() {
    let server = serve_for_test(&["live.play=off"]);
    let mut anna = Client::udp(1).await;
    let sdp = offer_to_send(&mut anna).0.sdp;
    let good = body("webrtc://h/live/s", &sdp);
    assert_eq!(ask(&server, "/rtc/v1/publish", &good).await.json()["code"], 0);
    for (path, asked) in [
        ("/rtc/v1/publish/", good.clone()),
        ("/rtc/v1/play/", good),
        ("/rtc/v1/publish/", json!("no object")),
        ("/rtc/v1/publish/", json!({ "streamurl": "webrtc://h/live/t" })),
        ("/rtc/v1/publish/", body("webrtc://h/live/t", "no SDP")),
        ("/rtc/v1/publish/", body("no URL", &sdp)),
        ("/rtc/v1/publish/?eip=nowhere", body("webrtc://h/live/t", &sdp)),
    ] {
        let answer = ask(&server, path, &asked).await;
        assert_eq!((answer.status, answer.json()), (200, json!({ "code": 400 })), "{path} {asked}");
    }
    assert_eq!(request(server.http(), "GET", "/rtc/v1/publish/", &[]).await.status, 405);
}

#[tokio::test]
async fn candidate_is_the_address_that_the_client_names() {
    let server = serve_for_test(&[]);
    let mut anna = Client::udp(1).await;
    let asked = body("webrtc://h/live/s?eip=203.0.113.5:8000", &offer_to_send(&mut anna).0.sdp);
    let answer = ask(&server, "/rtc/v1/publish/", &asked).await.json();
    assert!(answer["sdp"].as_str().unwrap().contains(" 203.0.113.5 8000 typ host"), "{answer}");
}

#[tokio::test]
async fn session_of_srss_path_ends_by_the_location_that_it_was_given() {
    let server = serve_for_test(&[]);
    let mut anna = Client::udp(1).await;
    let offer = offer_to_send(&mut anna).0.sdp;
    // Nobody has looked at the type there.
    let form = ["Content-Type: application/x-www-form-urlencoded"];
    let opened = exchange(server.http(), "POST", "/rtc/v1/whip/?app=live&stream=w1", &form, &offer).await;
    let location = opened.header("location").unwrap();
    assert!(location.starts_with("/rtc/v1/whip/?action=delete&token="), "{location}");
    assert!(location.contains("&app=live&stream=w1&session="), "{location}");
    let wrong = location.replacen("token=", "token=0", 1);
    assert_eq!(request(server.http(), "DELETE", &wrong, &[]).await.status, 404);
    assert_eq!(request(server.http(), "DELETE", location, &[]).await.status, 200);
    assert_eq!(request(server.http(), "DELETE", location, &[]).await.status, 404);
}

#[tokio::test]
async fn versions_are_told_to_whoever_looks_whether_the_server_is_up() {
    let server = serve_for_test(&[]);
    for method in ["GET", "POST"] {
        let answer = exchange(server.http(), method, "/api/v1/versions", &[], "").await;
        let told = answer.json();
        assert_eq!((answer.status, &told["code"]), (200, &json!(0)));
        let data = &told["data"];
        let text = format!("{}.{}.{}", data["major"], data["minor"], data["revision"]);
        assert_eq!(data["version"], text.as_str());
    }
    assert_eq!(request(server.http(), "DELETE", "/api/v1/versions", &[]).await.status, 405);
}

/// What is in every answer of the JSON API.
const ANSWERED: [&str; 6] = ["code", "pid", "sdp", "server", "service", "sessionid"];

#[tokio::test]
async fn every_form_in_which_srss_clients_ask_by_json_is_taken() {
    let server = serve_for_test(&[]);
    let api = "http://127.0.0.1:1985/rtc/v1/play/";
    for (index, (path, form, headers)) in [
        // The page of SRS, in its versions.
        (
            "/rtc/v1/play/",
            json!({ "api": api, "tid": "2b45a06", "clientip": null }),
            &["Content-Type: application/json"][..],
        ),
        ("/rtc/v1/play/", json!({ "api": api, "clientip": null }), &[]),
        // Its load generator, which puts the URL's parameters behind the API's, and names no type.
        ("/rtc/v1/play/?token=x&vhost=y", json!({ "api": api, "clientip": "" }), &[]),
        // No more than has to be.
        ("/rtc/v1/play", json!({}), &["Content-Type: text/plain"]),
        ("/rtc/v1/play/", json!({ "encrypt": true, "dtls": true, "unknown": [1] }), &[]),
    ]
    .into_iter()
    .enumerate()
    {
        let mut client = Client::udp(u64::try_from(index).unwrap() + 1).await;
        let mut asked = form.clone();
        asked["streamurl"] = json!("webrtc://h:1990/live/livestream?domain=z&token=x");
        asked["sdp"] = json!(offer_to_receive(&mut client).0.sdp);
        let answer = exchange(server.http(), "POST", path, headers, &asked.to_string()).await;
        let told = answer.json();
        assert_eq!((answer.status, &told["code"]), (200, &json!(0)), "{form}: {told}");
        assert_eq!(told.as_object().unwrap().keys().map(String::as_str).collect::<Vec<_>>(), ANSWERED, "{form}");
        assert!(told["pid"].is_string() && told["sdp"].as_str().unwrap().starts_with("v=0\r\n"), "{form}");
    }
}

#[tokio::test]
async fn where_srs_closes_the_connection_its_clients_get_a_status_and_a_reason() {
    let server = serve_for_test(&[]);
    let mut anna = Client::udp(1).await;
    let offer = offer_to_send(&mut anna).0.sdp;
    let whip = "/rtc/v1/whip/?app=live&stream=w1";
    assert_eq!(exchange(server.http(), "POST", whip, &[], &offer).await.status, 201);
    for (method, path, sent, status, code) in [
        ("POST", whip, offer.as_str(), 409, "on-air"),
        ("POST", "/rtc/v1/whip/?app=live&stream=w2", "no SDP", 400, "bad-offer"),
        ("POST", "/rtc/v1/whip/?app=..&stream=w2", &offer, 400, "bad-name"),
        ("POST", "/rtc/v1/whep/?app=live&stream=w1", &offer, 422, "wrong-direction"),
        ("POST", "/rtc/v1/whip-play/?app=live&stream=w1", &offer, 422, "wrong-direction"),
        ("DELETE", whip, "", 404, "no-session"),
        ("DELETE", "/rtc/v1/whip/?action=delete&token=0&app=live&stream=w1&session=a:b", "", 404, "no-session"),
        ("GET", whip, "", 405, "method-not-allowed"),
    ] {
        let answer = exchange(server.http(), method, path, &[], sent).await;
        assert_eq!((answer.status, super::code(&answer).as_str()), (status, code), "{method} {path}");
    }
    let options = request(server.http(), "OPTIONS", whip, &["Origin: https://page.example"]).await;
    assert_eq!((options.status, options.header("access-control-allow-origin")), (200, Some("*")));
}

#[tokio::test]
async fn packets_are_lost_for_a_test_where_a_setting_allows_it_and_are_sent_again() {
    let closed = serve_for_test(&[]);
    let refused = request(closed.http(), "GET", "/rtc/v1/nack/?username=a:b&drop=1", &[]).await;
    assert_eq!((refused.status, super::code(&refused).as_str()), (403, "switched-off"));

    let server = serve_for_test(&["live.nack_test=true"]);
    let (mut anna, mut ben) = (Client::udp(1).await, Client::udp(2).await);
    let (offer, [_, face]) = offer_to_send(&mut anna);
    let published = ask(&server, "/rtc/v1/publish/", &body("webrtc://h/live/s", &offer.sdp)).await.json();
    anna.accept(offer, published["sdp"].as_str().unwrap());
    let (offer, [_, eye]) = offer_to_receive(&mut ben);
    // With RTX, which an answer in JSON has no place for.
    let played = exchange(server.http(), "POST", "/rtc/v1/whep/?app=live&stream=s", &[], &offer.sdp).await;
    ben.accept(offer, std::str::from_utf8(&played.body).unwrap());
    drive(&mut [&mut anna, &mut ben], |clients| clients.iter().all(|client| client.connected)).await;
    watch(&mut anna, face, &mut [(&mut ben, eye)], 0).await;

    let (_, session) = played.header("location").unwrap().split_once("&session=").unwrap();
    for (query, status, code) in [
        ("username=a:b&drop=1".to_owned(), 404, "no-session"),
        (format!("username={session}&drop=1001"), 400, "bad-query"),
        (format!("username={session}"), 400, "bad-query"),
        ("drop=1".to_owned(), 400, "bad-query"),
    ] {
        let answer = request(server.http(), "GET", &format!("/rtc/v1/nack/?{query}"), &[]).await;
        assert_eq!((answer.status, super::code(&answer).as_str()), (status, code), "{query}");
    }
    let answer = request(server.http(), "GET", &format!("/rtc/v1/nack/?username={session}&drop=10"), &[]).await.json();
    assert_eq!((&answer["code"], &answer["query"]["drop"]), (&json!(0), &json!(10)), "{answer}");
    // They are asked for and sent again: behind those that came meanwhile.
    let (mut next, mut last) = (1000, now());
    drive(&mut [&mut anna, &mut ben], |clients| {
        if now() >= last + PICTURE_INTERVAL {
            last = now();
            clients[0].send_picture(face, next % 10 == 0, 4, next);
            next += 1;
        }
        clients[1].stamps(eye).windows(2).any(|pair| pair[1] < pair[0])
    })
    .await;
}

/// Between two pictures.
const PICTURE_INTERVAL: Duration = Duration::from_millis(50);
