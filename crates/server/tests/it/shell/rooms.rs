//! The room API from outside.

use room::token::{Claims, Key, mint};
use serde_json::json;

use crate::fixture::{Answer, TestServer, get, request, send, serve_for_test};

const KEY: &str = "0123456789abcdef0123456789abcdef";

fn serve(settings: &[&str]) -> TestServer {
    let keys = format!("auth.keys={{ main = \"{KEY}\" }}");
    let settings: Vec<&str> = [keys.as_str()].into_iter().chain(settings.iter().copied()).collect();
    serve_for_test(&settings)
}

fn token(room: &str, grants: &[&str]) -> String {
    let grants = Some(grants.iter().map(|grant| (*grant).to_owned()).collect());
    let (room, exp) = (room.to_owned(), u64::MAX / 2);
    let claims = Claims { room, uid: None, name: None, role: None, grants, exp, nbf: None };
    mint(&Key::new("main", KEY).unwrap(), &claims).unwrap()
}

/// Status and code of a problem.
fn problem(answer: &Answer) -> (u16, String) {
    assert_eq!(answer.header("content-type"), Some("application/problem+json"));
    let body = answer.json();
    assert_eq!(body["status"], answer.status);
    (answer.status, body["code"].as_str().unwrap().to_owned())
}

#[tokio::test]
async fn rooms_are_made_looked_at_changed_and_ended() {
    let server = serve(&[]);
    let (http, token) = (server.http(), token("*", &["manage"]));
    let made = send(http, "POST", "/api/v1/rooms", &token, r#"{"roomId":"a/房","name":"Rounds","lobby":true}"#).await;
    assert_eq!((made.status, made.json()["lobby"].as_bool()), (201, Some(true)));
    let path = made.header("location").unwrap().to_owned();
    assert_eq!(path, "/api/v1/rooms/a%2F%E6%88%BF");
    let again = send(http, "POST", "/api/v1/rooms", &token, r#"{"roomId":"a/房"}"#).await;
    assert_eq!(problem(&again), (409, "room-exists".to_owned()));
    let drawn = send(http, "POST", "/api/v1/rooms", &token, "").await.json();
    assert_eq!(drawn["roomId"].as_str().map(str::len), Some(12));
    let changed = send(http, "PATCH", &path, &token, r#"{"lobby":false,"locked":true}"#).await.json();
    assert_eq!(
        (&changed["lobby"], &changed["locked"], &changed["name"]),
        (&json!(false), &json!(true), &json!("Rounds"))
    );
    let list = send(http, "GET", "/api/v1/rooms?limit=1", &token, "").await.json();
    assert_eq!((list["rooms"].as_array().map(Vec::len), &list["next"]), (Some(1), &list["rooms"][0]["roomId"]));
    let nobody = send(http, "DELETE", &format!("{path}/members/ana?ban=true"), &token, "").await;
    assert_eq!(problem(&nobody), (404, "no-member".to_owned()));
    for (rest, body) in [("mute", r#"{"source":"microphone"}"#), ("data", r#"{"topic":"x","data":null}"#)] {
        assert_eq!(send(http, "POST", &format!("{path}/{rest}"), &token, body).await.status, 204, "{rest}");
    }
    assert_eq!(send(http, "DELETE", &path, &token, "").await.status, 204);
    assert_eq!(problem(&send(http, "GET", &path, &token, "").await), (404, "no-room".to_owned()));
}

#[tokio::test]
async fn only_a_token_that_says_so_manages_rooms_and_only_its_own() {
    let server = serve(&[]);
    let http = server.http();
    let ask = async |token: &str, path: &str| problem(&send(http, "GET", path, token, "").await);
    assert_eq!(problem(&get(http, "/api/v1/rooms", &[]).await), (401, "token-needed".to_owned()));
    assert_eq!(ask("a.b.c", "/api/v1/rooms").await, (401, "token-refused".to_owned()));
    let (member, own) = (token("*", &["chat", "moderate"]), token("own", &["manage"]));
    assert_eq!(ask(&member, "/api/v1/rooms").await, (403, "not-granted".to_owned()));
    assert_eq!(ask(&own, "/api/v1/rooms").await, (403, "other-room".to_owned()));
    assert_eq!(ask(&own, "/api/v1/rooms/other").await, (403, "other-room".to_owned()));
    assert_eq!(ask(&own, "/api/v1/rooms/own").await, (404, "no-room".to_owned()));
    assert_eq!(problem(&send(http, "POST", "/api/v1/rooms", &own, "").await), (403, "other-room".to_owned()));
    assert_eq!(send(http, "POST", "/api/v1/rooms", &own, r#"{"roomId":"own"}"#).await.status, 201);
    let nothing_kept = ["data.dir=/dev/null/none", "turn.enabled=false", "https.listen=off"];
    let keyless = serve_for_test(&nothing_kept);
    assert_eq!(problem(&get(keyless.http(), "/api/v1/rooms", &[]).await), (403, "no-keys".to_owned()));
}

#[tokio::test]
async fn bad_requests_get_problems() {
    let server = serve(&["limits.api_requests_per_minute=12"]);
    let (http, token) = (server.http(), token("*", &["manage"]));
    let long = "x".repeat(64 * 1024 + 1);
    for (method, path, body, status, code) in [
        ("PUT", "/api/v1/rooms", "", 405, "method-not-allowed"),
        ("GET", "/api/v1/rooms/", "", 404, "not-found"),
        ("GET", "/api/v1/rooms?limit=0", "", 400, "bad-query"),
        ("GET", "/api/v1/rooms?limit=1001", "", 400, "bad-query"),
        ("DELETE", "/api/v1/rooms/a/members/b?ban=maybe", "", 400, "bad-query"),
        ("POST", "/api/v1/rooms", "{", 400, "bad-body"),
        ("POST", "/api/v1/rooms", r#"{"colour":"red"}"#, 400, "bad-body"),
        ("POST", "/api/v1/rooms", r#"{"keepSeconds":604801}"#, 400, "invalid"),
        ("POST", "/api/v1/rooms", &long, 413, "body-too-long"),
    ] {
        let answer = send(http, method, path, &token, body).await;
        assert_eq!(problem(&answer), (status, code.to_owned()), "{method} {path}");
    }
    let answer = request(http, "PUT", "/api/v1/rooms/a", &[]).await;
    assert_eq!(answer.header("allow"), Some("GET, PATCH, DELETE"));
    assert_eq!(get(http, "/api/v1/openapi.json", &[]).await.json()["openapi"], "3.1.0");
    assert_eq!(get(http, "/api/v1/openapi.json", &[]).await.status, 200);
    let last = get(http, "/api/v1/openapi.json", &[]).await;
    assert_eq!(problem(&last), (429, "too-many-requests".to_owned()));
    assert!(last.header("retry-after").is_some());
}
