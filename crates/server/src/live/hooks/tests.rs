use live::StreamName;
use serde_json::{Value, json};

use super::payload::payload;
use super::{Hook, accepts};
use crate::clock;
use crate::http::srs::Identity;
use crate::live::clients::{Clients, Kind, Visit};

fn told(hook: Hook, kind: Kind, query: &str) -> Value {
    let visit = Visit {
        name: StreamName::new("live", "lesson").unwrap(),
        kind,
        address: [192, 0, 2, 1].into(),
        query: query.to_owned(),
        tc_url: "rtmp://host/live".to_owned(),
        page_url: "http://page.example/".to_owned(),
    };
    let presence = Clients::new(1, 7).enter(visit, clock::now()).unwrap();
    presence.client().count_sent(5);
    let identity = Identity { server: "edge-7".to_owned(), service: "s1".to_owned() };
    payload(&identity, hook, presence.client())
}

#[test]
fn a_publication_is_told_in_the_words_of_srs() {
    let body = told(Hook::Publish, Kind::RtmpPublish, "token=1");
    let stream_id = body["stream_id"].clone();
    let expected = json!({
        "server_id": "edge-7", "service_id": "s1", "action": "on_publish", "client_id": "0000000700000000",
        "ip": "192.0.2.1", "vhost": "__defaultVhost__", "app": "live", "tcUrl": "rtmp://host/live",
        "stream": "lesson", "param": "?token=1", "stream_url": "/live/lesson", "stream_id": stream_id,
    });
    assert_eq!(body, expected);
    assert!(stream_id.as_str().unwrap().starts_with("vid-"));
    assert_eq!(told(Hook::Unpublish, Kind::RtmpPublish, "")["param"], "");
    assert_eq!(told(Hook::Publish, Kind::RtcPublish, "app=live&token=1")["param"], "app=live&token=1");
}

#[test]
fn players_have_a_page_and_connections_that_end_have_counts() {
    for hook in [Hook::Play, Hook::Connect] {
        assert_eq!(told(hook, Kind::FlvPlay, "")["pageUrl"], "http://page.example/");
    }
    assert_eq!(told(Hook::Stop, Kind::FlvPlay, "").get("pageUrl"), None);
    let closed = told(Hook::Close, Kind::RtmpPlay, "");
    assert_eq!((&closed["send_bytes"], &closed["recv_bytes"], closed.get("stream")), (&json!(5), &json!(0), None));
}

#[test]
fn nothing_but_a_clear_yes_is_one() {
    for (body, yes) in [
        ("0", true),
        (r#"{"code":0}"#, true),
        (r#"{"code":0,"data":{}}"#, true),
        ("1", false),
        (r#"{"code":403}"#, false),
        (r#"{"code":"0"}"#, false),
        ("{}", false),
        ("", false),
        ("ok", false),
    ] {
        assert_eq!(accepts(body.as_bytes()), yes, "{body}");
    }
}
