//! Clients of AppRTC: what they read in the answers of its server and its collider.

use serde_json::{Value, json};

use super::client::{Client, connect};
use crate::fixture::{Answer, TestServer, exchange, get, request, serve_for_test};

const OFFER: &str = r#"{"type":"offer","sdp":"v=0\r\n"}"#;
const ANSWER: &str = r#"{"type":"answer","sdp":"v=0\r\n"}"#;

async fn post(server: &TestServer, path: &str, body: &str) -> Answer {
    exchange(server.http(), "POST", path, &[], body).await
}

/// Joins, and gives back `params`.
async fn join(server: &TestServer, path: &str) -> Value {
    let answer = post(server, path, "").await.json();
    assert_eq!(answer["result"], "SUCCESS", "{answer}");
    answer["params"].clone()
}

/// A WebSocket that has registered, at the URL that the server has named.
async fn register(server: &TestServer, params: &Value) -> Client {
    let url = params["wss_url"].as_str().expect("a string");
    let path = url.strip_prefix(&format!("ws://{}", server.http())).expect("a URL of this server");
    let mut client = connect(server.http(), path).await;
    let words = json!({"cmd": "register", "roomid": params["room_id"], "clientid": params["client_id"]});
    client.say(&words.to_string()).await;
    client
}

fn name(params: &Value) -> &str {
    params["client_id"].as_str().expect("a string")
}

#[tokio::test]
async fn two_clients_call_each_other_and_one_leaves() {
    let server = serve_for_test(&[]);
    let first = join(&server, "/join/r1").await;
    assert_eq!(first["is_initiator"], "true");
    assert_eq!(first["messages"], json!([]));
    assert_eq!(first["room_link"], format!("http://{}/r/r1", server.http()));
    let mut one = register(&server, &first).await;
    let said = post(&server, &format!("/message/r1/{}", name(&first)), OFFER).await;
    assert_eq!((said.status, said.json()), (200, json!({"result": "SUCCESS"})));

    let second = join(&server, "/join/r1").await;
    assert_eq!((&second["is_initiator"], &second["messages"]), (&json!("false"), &json!([OFFER])));
    let mut two = register(&server, &second).await;
    two.say(&json!({"cmd": "send", "msg": ANSWER}).to_string()).await;
    assert_eq!(serde_json::from_str::<Value>(&one.hear().await).unwrap(), json!({"msg": ANSWER, "error": ""}));

    let full = post(&server, "/join/r1", "").await;
    assert_eq!((full.status, &full.json()["result"], &full.json()["error"]["code"]), (200, &json!("FULL"), &json!(1)));

    let posted = first["wss_post_url"].as_str().unwrap().strip_prefix(&format!("http://{}", server.http())).unwrap();
    let (said, path) = (r#"{"type":"candidate"}"#, format!("{posted}/r1/{}", name(&first)));
    let answer = post(&server, &path, said).await;
    assert_eq!((answer.status, &answer.body[..]), (200, &b"OK\n"[..]));
    assert!(two.hear().await.contains("candidate"));

    let left = post(&server, &format!("/leave/r1/{}", name(&first)), "").await.json();
    assert_eq!(left["result"], "SUCCESS");
    assert_eq!(two.hear().await, r#"{"msg":"{\"type\":\"bye\"}","error":""}"#);
    let gone = request(server.http(), "DELETE", &path, &[]).await;
    assert_eq!((gone.status, &gone.body[..]), (200, &b"OK\n"[..]), "devices leave twice");
}

#[tokio::test]
async fn a_client_and_a_member_of_ours_are_in_one_room() {
    let server = serve_for_test(&[]);
    let mut ana = connect(server.http(), "/ws").await;
    ana.say(r#"{"cmd":"join","v":2,"roomId":"r1","uid":"ana"}"#).await;
    ana.hear().await;
    let joined = join(&server, "/join/r1").await;
    assert_eq!(joined["is_initiator"], "false");
    let newcomer: Value = serde_json::from_str(&ana.hear().await).unwrap();
    assert_eq!(newcomer["cmd"], "new-peer");
    let offer = json!({"cmd": "offer", "roomId": "r1", "uid": "ana", "remoteUid": newcomer["uid"], "msg": OFFER});
    ana.say(&offer.to_string()).await;
    let mut device = register(&server, &joined).await;
    let heard: Value = serde_json::from_str(&device.hear().await).unwrap();
    assert_eq!(heard, json!({"msg": OFFER, "error": ""}));
    // Devices answer over HTTP.
    post(&server, &format!("/message/r1/{}", name(&joined)), ANSWER).await;
    let heard: Value = serde_json::from_str(&ana.hear().await).unwrap();
    assert_eq!((&heard["cmd"], &heard["uid"], &heard["msg"]), (&json!("answer"), &newcomer["uid"], &json!(ANSWER)));
    drop(ana);
    drop(device);
}

#[tokio::test]
async fn every_refusal_has_its_word() {
    let server = serve_for_test(&["limits.frame_bytes=1024"]);
    let joined = join(&server, "/join/r1").await;
    let path = format!("/message/r1/{}", name(&joined));
    for (path, body, status, result) in [
        ("/message/nowhere/1", "x", 200, "UNKNOWN_ROOM"),
        ("/message/r1/1", "x", 200, "UNKNOWN_CLIENT"),
        ("/leave/r1/1", "", 200, "UNKNOWN_CLIENT"),
        ("/join/%07", "", 200, "INVALID_REQUEST"),
        (&path, "", 400, "INVALID_REQUEST"),
        (&path, &"x".repeat(1025), 413, "INVALID_REQUEST"),
        (&path, &"x".repeat(1024), 200, "SUCCESS"),
    ] {
        let answer = post(&server, path, body).await;
        assert_eq!((answer.status, answer.json()["result"].as_str().unwrap()), (status, result), "{path}");
    }
    for (path, status) in [("/collider/r1/1", 404), ("/collider/nowhere/1", 404)] {
        assert_eq!(post(&server, path, "x").await.status, status, "{path}");
    }
    for path in ["/join/r1", "/message/r1/1", "/leave/r1/1", "/collider/r1/1", "/v1alpha/iceconfig"] {
        let answer = get(server.http(), path, &[]).await;
        assert_eq!((answer.status, answer.error_code()), (405, "method-not-allowed".to_owned()), "{path}");
        assert!(answer.header("allow").unwrap().contains("POST"));
    }
    let foreign = exchange(server.http(), "POST", "/join/r1", &["Origin: https://example.org"], "").await;
    assert_eq!((foreign.status, foreign.error_code()), (403, "foreign-origin".to_owned()));
}

#[tokio::test]
async fn the_first_ice_server_is_turn_over_udp_with_a_name_that_tells_its_time() {
    for settings in [&[][..], &["turn.enabled=false"]] {
        let server = serve_for_test(settings);
        let params = join(&server, "/join/r1").await;
        let url = params["ice_server_url"].as_str().unwrap();
        let path = url.strip_prefix(&format!("http://{}", server.http())).unwrap();
        let servers = post(&server, path, "").await.json()["iceServers"].clone();
        let first = &servers[0];
        let (expires_at, _) = first["username"].as_str().unwrap().split_once(':').unwrap();
        assert!(expires_at.parse::<u64>().unwrap() > 1_700_000_000);
        assert!(first["credential"].is_string());
        let url = first["urls"][0].as_str().unwrap();
        assert!(if settings.is_empty() {
            url.starts_with("turn:") && url.ends_with("udp")
        } else {
            url.starts_with("stun:")
        });
    }
}

#[tokio::test]
async fn what_a_page_asks_for_in_its_url_is_in_the_parameters() {
    let server = serve_for_test(&[]);
    let text = |params: &Value, name: &str| -> Value { serde_json::from_str(params[name].as_str().unwrap()).unwrap() };
    let plain = get(server.http(), "/params", &[]).await.json();
    assert_eq!(text(&plain, "media_constraints"), json!({"audio": true, "video": true}));
    assert_eq!(
        text(&plain, "pc_config"),
        json!({"rtcpMuxPolicy": "require", "bundlePolicy": "max-bundle", "iceServers": []})
    );
    assert_eq!((&plain["ice_server_transports"], &plain["is_loopback"]), (&json!(""), &json!("false")));
    assert_eq!(plain["warning_messages"], json!([]));

    let asked = join(&server, "/join/r1?audio=false&hd=true&it=relay&tt=tcp&debug=loopback").await;
    assert_eq!(text(&asked, "media_constraints")["audio"], false);
    assert_eq!(text(&asked, "media_constraints")["video"]["optional"][0], json!({"minWidth": "1280"}));
    assert_eq!(text(&asked, "pc_config")["iceTransportPolicy"], "relay");
    assert_eq!(asked["ice_server_transports"], "tcp");
    assert_eq!(asked["warning_messages"].as_array().unwrap().len(), 1, "there is no loopback");
}

#[tokio::test]
async fn the_sample_in_the_documents_has_the_keys_that_the_server_sends() {
    let document = include_str!("../../../../../docs/signalling.md");
    let (_, sample) = document.split_once("```json apprtc-joined\n").unwrap();
    let sample: Value = serde_json::from_str(sample.lines().next().unwrap()).unwrap();
    let server = serve_for_test(&[]);
    let sent = post(&server, "/join/100", "").await.json();
    let keys = |value: &Value| value["params"].as_object().unwrap().keys().cloned().collect::<Vec<_>>();
    assert_eq!(keys(&sample), keys(&sent));
    let kinds = |value: &Value| value["params"].as_object().unwrap().values().map(Value::is_string).collect::<Vec<_>>();
    assert_eq!(kinds(&sample), kinds(&sent));
}

#[tokio::test]
async fn a_token_in_the_url_opens_the_room_and_the_ice_servers() {
    let server = serve_for_test(&[r#"auth.keys={ main = "0123456789abcdef0123456789abcdef" }"#]);
    let refused = post(&server, "/join/r1", "").await.json();
    assert_eq!((&refused["result"], &refused["error"]["code"]), (&json!("ERROR"), &json!(100)));
    let key = room::token::Key::new("main", "0123456789abcdef0123456789abcdef").unwrap();
    let claims = room::token::Claims {
        room: "r1".to_owned(),
        uid: None,
        name: None,
        role: None,
        grants: None,
        exp: 4_000_000_000,
        nbf: None,
    };
    let token = room::token::mint(&key, &claims).unwrap();
    let joined = join(&server, &format!("/join/r1?token={token}")).await;
    let url = joined["ice_server_url"].as_str().unwrap();
    let path = url.strip_prefix(&format!("http://{}", server.http())).unwrap();
    assert!(post(&server, path, "").await.json()["iceServers"].is_array());
    assert_eq!(post(&server, "/v1alpha/iceconfig?key=", "").await.status, 401);
}

#[tokio::test]
async fn where_the_dialect_is_off_there_is_nothing() {
    let server = serve_for_test(&["compat.apprtc=false"]);
    assert_eq!(get(server.http(), "/params", &[]).await.status, 404);
    assert_eq!(post(&server, "/join/r1", "").await.status, 405);
    let info = get(server.http(), "/api/v1/info", &[]).await.json();
    assert!(!info["features"].as_array().unwrap().contains(&json!("signalling-apprtc")), "{info}");
}
