//! The statistics from outside.

use room::token::{Claims, Key, mint};
use serde_json::json;

use crate::fixture::{get, send, serve_for_test};

#[tokio::test]
async fn who_can_read_the_data_directory_sees_the_server_without_any_configuration() {
    let server = serve_for_test(&["media.workers=2"]);
    let (http, token) = (server.http(), server.admin());
    let answer = send(http, "GET", "/api/v1/stats", &token, "").await;
    assert_eq!((answer.status, answer.header("cache-control")), (200, Some("no-store")));
    let stats = answer.json();
    assert_eq!((&stats["rooms"], stats["workers"].as_array().map(Vec::len)), (&json!(0), Some(2)));
    for worker in stats["workers"].as_array().unwrap() {
        assert!(worker["wakeUps"].as_u64().unwrap() > 0 && worker["late"] == json!(false), "{worker}");
    }
    let room = send(http, "POST", "/api/v1/rooms", &token, r#"{"roomId":"rounds"}"#).await;
    assert_eq!(room.status, 201, "it opens the whole API");
    let room = send(http, "GET", "/api/v1/rooms/rounds/stats", &token, "").await.json();
    assert_eq!((&room["memberCount"], &room["members"], &room["next"]), (&json!(0), &json!([]), &json!(null)));
}

#[tokio::test]
async fn statistics_are_for_those_who_look_after_the_server() {
    let key = "0123456789abcdef0123456789abcdef";
    let server = serve_for_test(&[&format!("auth.keys={key}")]);
    let http = server.http();
    let token = |room: &str, grants: &[&str]| {
        let grants = Some(grants.iter().map(|grant| (*grant).to_owned()).collect());
        let (room, exp) = (room.to_owned(), u64::MAX / 2);
        let claims = Claims { room, uid: None, name: None, role: None, grants, exp, nbf: None };
        mint(&Key::new("main", key).unwrap(), &claims).unwrap()
    };
    let (stats, room) = ("/api/v1/stats", "/api/v1/rooms/own/stats");
    for path in [stats, room] {
        assert_eq!(get(http, path, &[]).await.json()["code"], "token-needed");
        assert_eq!(send(http, "GET", path, &token("*", &["moderate"]), "").await.json()["code"], "not-granted");
        assert_eq!(send(http, "GET", path, &token("other", &["manage"]), "").await.json()["code"], "other-room");
        assert_eq!(send(http, "POST", path, &token("*", &["manage"]), "").await.json()["code"], "method-not-allowed");
    }
    assert_eq!(send(http, "GET", stats, &token("own", &["manage"]), "").await.json()["code"], "other-room");
    assert_eq!(send(http, "GET", room, &token("own", &["manage"]), "").await.json()["code"], "no-room");
    for limit in ["0", "101", "x"] {
        let asked = send(http, "GET", &format!("{room}?limit={limit}"), &token("own", &["manage"]), "").await;
        assert_eq!(asked.json()["code"], "bad-query", "{limit}");
    }
    assert_eq!(send(http, "GET", stats, &token("*", &["manage"]), "").await.status, 200);
    // A token of the operator's opens no room.
    assert_eq!(send(http, "GET", stats, &server.admin(), "").await.status, 200);
    assert_eq!(send(http, "GET", "/api/v1/ice", &server.admin(), "").await.status, 401);
}
