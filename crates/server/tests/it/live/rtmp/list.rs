//! What is on air, for pages and programs.

use serde_json::{Value, json};

use live::rtmp::Purpose;

use super::client::Peer;
use super::publish_round;
use crate::fixture::{TestServer, exchange, get, serve_for_test};
use crate::live::access::{KEY, token};
use crate::live::code;

const LIST: &str = "/api/v1/live/streams";

fn names(list: &Value) -> Vec<String> {
    let streams = list["streams"].as_array().unwrap();
    streams.iter().map(|stream| format!("{}/{}", stream["app"], stream["stream"]).replace('"', "")).collect()
}

async fn list(server: &TestServer, query: &str) -> Value {
    let answer = get(server.http(), &format!("{LIST}{query}"), &[]).await;
    assert_eq!((answer.status, answer.header("cache-control")), (200, Some("no-store")));
    answer.json()
}

#[tokio::test]
async fn what_is_on_air_is_listed_with_its_codecs_page_by_page() {
    let server = serve_for_test(&[]);
    assert_eq!(list(&server, "").await, json!({"streams": [], "next": null}));
    let mut publishers = Vec::new();
    for name in ["c", "a", "b"] {
        let mut publisher = Peer::connect(&server, Purpose::Publish, "live", name).await.unwrap();
        publish_round(&mut publisher, 0).await;
        let mut viewer = Peer::connect(&server, Purpose::Play, "live", name).await.unwrap();
        viewer.next().await;
        publishers.push((publisher, viewer));
    }
    let all = list(&server, "").await;
    assert_eq!((names(&all), &all["next"]), (vec!["live/a".into(), "live/b".into(), "live/c".into()], &Value::Null));
    let (video, audio) = (&all["streams"][0]["video"], &all["streams"][0]["audio"]);
    assert_eq!((&video["codec"], &audio["codec"]), (&"H264".into(), &"AAC".into()));
    assert_eq!((&all["streams"][0]["protocol"], &all["streams"][0]["viewers"]), (&"rtmp".into(), &1.into()));
    let first = list(&server, "?limit=2").await;
    assert_eq!((names(&first), &first["next"]), (vec!["live/a".into(), "live/b".into()], &"live/b".into()));
    let rest = list(&server, "?limit=2&after=live%2Fb").await;
    assert_eq!((names(&rest), &rest["next"]), (vec!["live/c".into()], &Value::Null));
    let one = get(server.http(), &format!("{LIST}/live/b"), &[]).await;
    assert_eq!((one.status, &one.json()["stream"]), (200, &"b".into()));
}

#[tokio::test]
async fn what_makes_no_sense_is_told_so() {
    let server = serve_for_test(&[]);
    for (path, status, expected) in [
        ("/live/nobody", 404, "not-on-air"),
        ("/live", 400, "bad-name"),
        ("/live/%00", 400, "bad-name"),
        ("?limit=0", 400, "bad-query"),
        ("?limit=1001", 400, "bad-query"),
        ("?limit=x", 400, "bad-query"),
        ("?after=live", 400, "bad-query"),
    ] {
        let answer = get(server.http(), &format!("{LIST}{path}"), &[]).await;
        assert_eq!((answer.status, code(&answer).as_str()), (status, expected), "{path}");
    }
    let answer = exchange(server.http(), "POST", LIST, &[], "").await;
    assert_eq!((answer.status, answer.header("allow")), (405, Some("GET, HEAD")));
    assert_eq!(get(server.http(), &format!("{LIST}?limit=1000"), &[]).await.status, 200);
}

#[tokio::test]
async fn whoever_may_not_play_a_stream_does_not_see_it() {
    let server = serve_for_test(&[&format!("auth.keys={{ main = \"{KEY}\" }}")]);
    let mut publishers = Vec::new();
    for (app, name) in [("live", "a"), ("live", "b"), ("other", "a")] {
        let publish = format!("{name}?token={}", token("*", &["publish"]));
        publishers.push(Peer::connect(&server, Purpose::Publish, app, &publish).await.unwrap());
    }
    for (token, expected) in [
        (token("*", &["play"]), vec!["live/a", "live/b", "other/a"]),
        (token("live/*", &["play"]), vec!["live/a", "live/b"]),
        (token("live/b", &["play"]), vec!["live/b"]),
        (token("live/none", &["play"]), vec![]),
    ] {
        assert_eq!(names(&list(&server, &format!("?token={token}")).await), expected);
    }
    let publisher = token("live/a", &["publish"]);
    for (path, status, expected) in [
        (LIST.to_owned(), 401, "token-needed"),
        (format!("{LIST}/live/a"), 401, "token-needed"),
        (format!("{LIST}?token={publisher}"), 403, "not-granted"),
        (format!("{LIST}/live/b?token={publisher}"), 403, "other-stream"),
    ] {
        let answer = get(server.http(), &path, &[]).await;
        assert_eq!((answer.status, code(&answer).as_str()), (status, expected), "{path}");
    }
    let own = get(server.http(), &format!("{LIST}/live/a?token={publisher}"), &[]).await;
    assert_eq!(own.status, 200, "a publisher sees the own stream");
    let info = get(server.http(), "/api/v1/info", &[]).await.json();
    let port = server.addresses().rtmp[0].port();
    assert_eq!(info["live"], json!({"rtmpPort": port, "publish": "token", "play": "token", "embed": false}));
}
