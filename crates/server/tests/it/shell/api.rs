use std::net::SocketAddr;

use room::token::{Claims, Key, mint};
use server::clock;
use turn::credentials::{Secret, rest_password};

use crate::fixture::{get, request, serve_for_test};

const KEY: &str = "0123456789abcdef0123456789abcdef";

#[tokio::test]
async fn ice_servers_have_this_servers_ports_and_credentials_that_its_secret_signs() {
    let server = serve_for_test(&["turn.secrets=a long enough secret", "turn.credential_seconds=600"]);
    let before = clock::unix_time().as_secs();
    let answer = get(server.http(), "/api/v1/ice", &["Host: 192.168.1.7:8443"]).await.json();
    let port = |addresses: &[SocketAddr]| addresses[0].port();
    let addresses = server.addresses();
    let turn = &answer["iceServers"][0];
    assert_eq!(turn["urls"][0], format!("turn:192.168.1.7:{}?transport=udp", port(&addresses.udp)));
    assert_eq!(turn["urls"][1], format!("turn:192.168.1.7:{}?transport=tcp", port(&addresses.turn_tcp)));
    assert_eq!(turn["urls"][2], format!("turns:192.168.1.7:{}?transport=tcp", port(&addresses.https)));
    assert_eq!(answer["iceServers"][1]["urls"][0], format!("stun:192.168.1.7:{}", port(&addresses.udp)));
    assert_eq!(answer["ttlSeconds"], 600);
    let username = turn["username"].as_str().unwrap();
    let expiry: u64 = username.split(':').next().unwrap().parse().unwrap();
    assert!((before + 600..=before + 660).contains(&expiry));
    let password = rest_password(&Secret::new("a long enough secret"), username);
    assert_eq!(turn["credential"].as_str().unwrap(), password.expose());
}

#[tokio::test]
async fn public_host_stands_in_the_urls_when_it_is_set_and_turn_can_be_off() {
    let server = serve_for_test(&["public.host=call.example.org", "turn.enabled=false"]);
    let answer = get(server.http(), "/api/v1/ice", &[]).await.json();
    let udp = server.addresses().udp[0].port();
    assert_eq!(answer["iceServers"], serde_json::json!([{ "urls": [format!("stun:call.example.org:{udp}")] }]));
    let info = get(server.http(), "/api/v1/info", &[]).await.json();
    let second = server.addresses().stun_second[0].port();
    assert_eq!(info["stun"][1], format!("stun:call.example.org:{second}"));
    assert_eq!((&info["auth"], &info["httpsPort"]), (&"open".into(), &server.https().port().into()));
    assert!(!info["features"].as_array().unwrap().contains(&"turn".into()));
}

#[tokio::test]
async fn host_header_that_is_no_host_does_not_get_into_the_urls() {
    let server = serve_for_test(&[]);
    let answer = get(server.http(), "/api/v1/ice", &["Host: a_b?c=d"]).await;
    let text = String::from_utf8(answer.body).unwrap();
    assert!(!text.contains("a_b"), "{text}");
}

#[tokio::test]
async fn with_keys_ice_servers_need_a_token() {
    let server = serve_for_test(&[&format!("auth.keys={{ main = \"{KEY}\" }}")]);
    let claims =
        Claims { room: "a".into(), uid: None, name: None, role: None, grants: None, exp: u64::MAX / 2, nbf: None };
    let token = mint(&Key::new("main", KEY).unwrap(), &claims).unwrap();
    assert_eq!(get(server.http(), "/api/v1/ice", &[]).await.error_code(), "token-needed");
    assert_eq!(get(server.http(), "/api/v1/ice?token=a.b.c", &[]).await.error_code(), "token-refused");
    assert_eq!(get(server.http(), &format!("/api/v1/ice?token={token}"), &[]).await.status, 200);
    assert_eq!(get(server.http(), "/api/v1/ice", &[&format!("Authorization: Bearer {token}")]).await.status, 200);
    assert_eq!(get(server.http(), "/api/v1/info", &[]).await.json()["auth"], "token");
}

#[tokio::test]
async fn credentials_count_for_the_room_of_the_token_whatever_the_query_says() {
    let server = serve_for_test(&[&format!("auth.keys={{ main = \"{KEY}\" }}")]);
    let token = |room: &str| {
        let claims =
            Claims { room: room.into(), uid: None, name: None, role: None, grants: None, exp: u64::MAX / 2, nbf: None };
        mint(&Key::new("main", KEY).unwrap(), &claims).unwrap()
    };
    let tag = async |token: &str, query: &str| {
        let answer = get(server.http(), &format!("/api/v1/ice?token={token}{query}"), &[]).await.json();
        let username = answer["iceServers"][0]["username"].as_str().unwrap();
        username.split_once('#').map(|(_, tag)| tag.to_owned())
    };
    let of_a = tag(&token("a"), "").await.unwrap();
    assert_eq!(tag(&token("a"), "&room=b").await.unwrap(), of_a);
    assert_eq!(tag(&token("*"), "&room=a").await.unwrap(), of_a);
    assert_ne!(tag(&token("*"), "&room=b").await.unwrap(), of_a);
    assert_eq!(tag(&token("*"), "").await, None);
}

#[tokio::test]
async fn request_beyond_the_rate_is_answered_with_the_time_to_wait() {
    let server = serve_for_test(&["limits.ice_requests_per_minute=2", "http.trusted_proxies=127.0.0.1"]);
    for (client, status) in [("1.1.1.1", 200), ("1.1.1.1", 200), ("1.1.1.1", 429), ("2.2.2.2", 200)] {
        let answer = get(server.http(), "/api/v1/ice", &[&format!("X-Forwarded-For: {client}")]).await;
        assert_eq!(answer.status, status, "{client}");
        if status == 429 {
            assert_eq!((answer.error_code().as_str(), answer.header("retry-after")), ("too-many-requests", Some("30")));
        }
    }
}

#[tokio::test]
async fn pages_of_allowed_origins_may_read_the_api_and_others_may_not() {
    let server = serve_for_test(&["origin.allow=https://friend.example"]);
    let friend = get(server.http(), "/api/v1/ice", &["Origin: https://friend.example"]).await;
    assert_eq!(friend.header("access-control-allow-origin"), Some("https://friend.example"));
    let asked = request(server.http(), "OPTIONS", "/api/v1/ice", &["Origin: https://friend.example"]).await;
    assert_eq!(
        (asked.status, asked.header("access-control-allow-headers")),
        (204, Some("authorization, content-type"))
    );
    let evil = get(server.http(), "/api/v1/ice", &["Origin: https://evil.example"]).await;
    assert_eq!((evil.error_code().as_str(), evil.header("access-control-allow-origin")), ("foreign-origin", None));
}

#[tokio::test]
async fn health_is_answered_on_every_http_port() {
    let server = serve_for_test(&[]);
    for address in [server.http(), server.addresses().compat[0]] {
        let answer = get(address, "/healthz", &[]).await;
        assert_eq!((answer.status, answer.body.as_slice()), (200, b"ok\n".as_slice()));
    }
}
