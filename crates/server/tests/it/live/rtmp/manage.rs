//! The management API as programs of SRS use it.

use live::rtmp::{ClientOutput, Purpose, RtmpError};
use serde_json::{Value, json};
use tokio::net::TcpStream;

use super::client::{Peer, flv, flv_in_chunks};
use super::publish_round;
use crate::fixture::{Answer, TestServer, get, request, serve_for_test};
use crate::live::access::{KEY, token};

/// What a program on this machine is told.
async fn told(server: &TestServer, path: &str) -> Value {
    let answer = get(server.http(), path, &[]).await;
    assert_eq!((answer.status, answer.header("cache-control")), (200, Some("no-store")), "{path}");
    answer.json()
}

fn keys(value: &Value) -> Vec<&str> {
    value.as_object().unwrap().keys().map(String::as_str).collect()
}

async fn on_air(server: &TestServer) -> Peer<TcpStream> {
    let mut publisher = Peer::connect(server, Purpose::Publish, "live", "a?token=secret").await.unwrap();
    publish_round(&mut publisher, 0).await;
    publisher
}

fn code(answer: &Answer) -> (u16, String) {
    (answer.status, answer.json()["code"].as_str().unwrap().to_owned())
}

#[tokio::test]
async fn a_stream_is_told_as_srs_tells_it() {
    let server = serve_for_test(&["live.server_id=edge-7"]);
    let _publisher = on_air(&server).await;
    let mut viewer = flv(server.http(), "/live/a.flv?token=secret").await;
    for _ in 0..5 {
        viewer.next().await;
    }
    let body = told(&server, "/api/v1/streams/").await;
    assert_eq!(keys(&body), ["code", "pid", "server", "service", "streams"]);
    assert_eq!((&body["code"], &body["server"]), (&json!(0), &json!("edge-7")));
    let stream = &body["streams"][0];
    let expected = "app audio clients frames id kbps live_ms name publish recv_bytes send_bytes tcUrl url vhost video";
    assert_eq!(keys(stream).join(" "), expected);
    assert_eq!((&stream["app"], &stream["name"], &stream["url"]), (&json!("live"), &json!("a"), &json!("/live/a")));
    assert_eq!((&stream["clients"], &stream["frames"]), (&json!(2), &json!(2)), "the publisher counts, too");
    assert_eq!(stream["tcUrl"], "rtmp://localhost/live");
    assert_eq!(stream["publish"]["active"], true);
    assert_eq!((&stream["video"]["codec"], &stream["audio"]["codec"]), (&json!("H264"), &json!("AAC")));
    assert_eq!(keys(&stream["video"]).join(" "), "codec height level profile width");
    assert_eq!(keys(&stream["audio"]).join(" "), "channel codec profile sample_rate");
    assert_eq!(stream["audio"]["profile"], "LC");
    let video = json!({ "codec": "H264", "profile": "High", "level": "1.2", "width": 322, "height": 242 });
    assert_eq!(stream["video"], video);
    assert!(stream["send_bytes"].as_u64().unwrap() > 20 && stream["recv_bytes"].as_u64().unwrap() > 100, "{stream}");
    let one = told(&server, &format!("/api/v1/streams/{}", stream["id"].as_str().unwrap())).await;
    assert_eq!(one["stream"]["id"], stream["id"]);
    assert_eq!(told(&server, "/api/v1/streams/vid-none").await, json!({ "code": 2048 }));
    let vhosts = told(&server, "/api/v1/vhosts").await;
    let vhost = &vhosts["vhosts"][0];
    assert_eq!(keys(vhost).join(" "), "clients enabled hls id kbps name recv_bytes send_bytes streams");
    assert_eq!(
        (&vhost["name"], &vhost["clients"], &vhost["id"]),
        (&json!("__defaultVhost__"), &json!(2), &stream["vhost"])
    );
    let one = told(&server, &format!("/api/v1/vhosts/{}", vhost["id"].as_str().unwrap())).await;
    assert_eq!(one["vhost"]["streams"], 1);
    assert_eq!(told(&server, "/api/v1/vhosts/vid-none").await, json!({ "code": 2014 }));
}

#[tokio::test]
async fn a_client_is_told_as_srs_tells_it_and_lists_have_pages() {
    let server = serve_for_test(&[]);
    let _publisher = on_air(&server).await;
    let mut viewer = flv(server.http(), "/live/a.flv?token=secret").await;
    viewer.next().await;
    let body = told(&server, "/api/v1/clients").await;
    let clients = body["clients"].as_array().unwrap();
    let kinds: Vec<&Value> = clients.iter().map(|client| &client["type"]).collect();
    assert_eq!(kinds, ["fmle-publish", "flv-play"]);
    let expected = "alive id ip kbps name pageUrl publish recv_bytes send_bytes stream swfUrl tcUrl type url vhost";
    assert_eq!(keys(&clients[0]).join(" "), expected);
    assert_eq!((&clients[0]["publish"], &clients[1]["publish"]), (&json!(true), &json!(false)));
    assert_eq!(clients[1]["tcUrl"], "http://127.0.0.1/live");
    assert_eq!((&clients[1]["ip"], &clients[1]["url"]), (&json!("127.0.0.1"), &json!("/live/a")));
    assert!(!body.to_string().contains("secret"), "tokens are not told");
    let streams = told(&server, "/api/v1/streams").await;
    assert_eq!(streams["streams"][0]["publish"]["cid"], clients[0]["id"]);
    assert_eq!(clients[0]["stream"], streams["streams"][0]["id"]);
    let second = told(&server, "/api/v1/clients/?start=1&count=1").await;
    assert_eq!(second["clients"].as_array().unwrap().len(), 1);
    assert_eq!(second["clients"][0]["id"], clients[1]["id"]);
    assert_eq!(told(&server, "/api/v1/clients?start=2").await["clients"], json!([]));
    let one = told(&server, &format!("/api/v1/clients/{}", clients[1]["id"].as_str().unwrap())).await;
    assert_eq!(one["client"]["type"], "flv-play");
    assert_eq!(told(&server, "/api/v1/clients/none").await, json!({ "code": 2049 }));
    for query in ["count=1001", "count=-1", "start=x"] {
        let answer = get(server.http(), &format!("/api/v1/clients?{query}"), &[]).await;
        assert_eq!(code(&answer), (400, "bad-query".to_owned()), "{query}");
    }
}

#[tokio::test]
async fn the_summary_is_of_this_process_and_tells_no_settings() {
    let server = serve_for_test(&[]);
    let data = &told(&server, "/api/v1/summaries").await["data"];
    assert_eq!((&data["ok"], &data["self"]["pid"]), (&json!(true), &json!(std::process::id())));
    assert!(data["self"]["mem_kbyte"].as_u64().unwrap() > 1000);
    assert!(data["system"]["cpus"].as_u64().unwrap() >= 1 && data["system"]["conn_srs"] == 0);
    let first = std::env::args().next().unwrap();
    assert_eq!(data["self"]["argv"], json!(first));
}

#[tokio::test]
async fn the_operator_ends_sessions_of_every_protocol() {
    let server = serve_for_test(&[]);
    let admin = format!("Authorization: Bearer {}", server.admin());
    let mut publisher = on_air(&server).await;
    let mut player = Peer::connect(&server, Purpose::Play, "live", "a").await.unwrap();
    let mut viewer = flv_in_chunks(server.http(), None, "/live/a.flv").await;
    viewer.next().await;
    let clients = told(&server, "/api/v1/clients").await["clients"].clone();
    for client in clients.as_array().unwrap().iter().rev() {
        let path = format!("/api/v1/clients/{}", client["id"].as_str().unwrap());
        let answer = request(server.http(), "DELETE", &path, &[&admin]).await;
        assert_eq!((answer.status, answer.json()["code"].clone()), (200, json!(0)));
    }
    while player.next().await != ClientOutput::Ended {}
    let refused = publisher.refusal().await;
    assert!(matches!(refused, RtmpError::Refused { code, .. } if code == "NetStream.Publish.Rejected"));
    viewer.end().await;
    let none = request(server.http(), "DELETE", "/api/v1/clients/0000000000000000", &[&admin]).await;
    assert_eq!((none.status, none.json()), (200, json!({ "code": 2049 })));
}

#[tokio::test]
async fn a_program_of_this_machine_may_look_and_nobody_else_without_showing_something() {
    let server = serve_for_test(&[]);
    let ask = async |headers: &[&str]| get(server.http(), "/api/v1/clients", headers).await.status;
    assert_eq!(ask(&[]).await, 200);
    assert_eq!(ask(&["X-Forwarded-For: 127.0.0.1"]).await, 401, "a proxy makes everybody look like this machine");
    assert_eq!(ask(&["Host: evil.example"]).await, 401, "a name of somebody else's leads here");
    assert_eq!(ask(&["Host: localhost:8080"]).await, 200);
    assert_eq!(ask(&["Origin: https://evil.example"]).await, 403);
    let answer = request(server.http(), "DELETE", "/api/v1/clients/1", &[]).await;
    assert_eq!(code(&answer), (401, "token-needed".to_owned()));
    let answer = request(server.http(), "POST", "/api/v1/clients", &[]).await;
    assert_eq!((code(&answer), answer.header("allow")), ((405, "method-not-allowed".to_owned()), Some("GET, HEAD")));
}

#[tokio::test]
async fn with_keys_or_users_everybody_has_to_show_something() {
    let keys = format!("auth.keys={{ main = \"{KEY}\" }}");
    let server = serve_for_test(&[&keys, "live.api_users={ ana = \"a long password\" }"]);
    let basic = |text: &str| {
        use base64::Engine as _;
        format!("Authorization: Basic {}", base64::engine::general_purpose::STANDARD.encode(text))
    };
    let bearer = |room: &str, grant: &str| format!("Authorization: Bearer {}", token(room, &[grant]));
    for (header, status, expected) in [
        ("X-Nothing: 1".to_owned(), 401, "token-needed"),
        (basic("ana:another password"), 401, "token-needed"),
        (basic("ben:a long password"), 401, "token-needed"),
        (bearer("*", "play"), 403, "not-granted"),
        (bearer("live/a", "manage"), 403, "other-room"),
        ("Authorization: Bearer a.b.c".to_owned(), 401, "token-refused"),
    ] {
        let answer = get(server.http(), "/api/v1/streams", &[&header]).await;
        assert_eq!(code(&answer), (status, expected.to_owned()), "{header}");
        let asked: Vec<_> = answer.headers.iter().filter(|(name, _)| name == "www-authenticate").collect();
        assert_eq!(asked.len(), if status == 401 { 2 } else { 0 }, "{asked:?}");
    }
    for header in [basic("ana:a long password"), bearer("*", "manage")] {
        assert_eq!(get(server.http(), "/api/v1/streams", &[&header]).await.status, 200, "{header}");
        let deleted = request(server.http(), "DELETE", "/api/v1/clients/none", &[&header]).await;
        assert_eq!(deleted.json(), json!({ "code": 2049 }));
    }
    assert_eq!(
        get(server.http(), "/api/v1/versions", &[]).await.status,
        200,
        "containers ask whether the server is up"
    );
}

#[tokio::test]
async fn scripts_are_answered_where_a_setting_allows_them() {
    let server = serve_for_test(&["live.api_jsonp=true", "live.api_users={ ana = \"a long password\" }"]);
    let ana = "Authorization: Basic YW5hOmEgbG9uZyBwYXNzd29yZA==";
    let answer = get(server.http(), "/api/v1/vhosts?callback=on.vhosts", &[ana]).await;
    let text = String::from_utf8(answer.body.clone()).unwrap();
    assert_eq!(answer.header("content-type"), Some("text/javascript"));
    assert!(text.starts_with("on.vhosts({") && text.ends_with("});"), "{text}");
    let ended = get(server.http(), "/api/v1/clients/none?callback=f&method=DELETE", &[ana]).await;
    assert_eq!(ended.body, b"f({\"code\":2049});");
    for query in ["callback=alert(1)", "callback=", "callback=f&method=PATCH", "callback=1f"] {
        let answer = get(server.http(), &format!("/api/v1/clients/none?{query}"), &[ana]).await;
        assert_eq!(code(&answer), (400, "bad-query".to_owned()), "{query}");
    }
    let strict = serve_for_test(&[]);
    let answer = get(strict.http(), "/api/v1/vhosts?callback=f", &[]).await;
    assert_eq!(code(&answer), (403, "jsonp-off".to_owned()));
}

#[tokio::test]
async fn figures_for_prometheus_are_on_a_port_of_their_own() {
    let server = serve_for_test(&["metrics.listen=127.0.0.1:0"]);
    let _publisher = on_air(&server).await;
    let mut viewer = flv(server.http(), "/live/a.flv").await;
    viewer.next().await;
    let port = server.addresses().metrics[0];
    let answer = get(port, "/metrics", &[]).await;
    assert_eq!((answer.status, answer.header("content-type")), (200, Some("text/plain; version=0.0.4")));
    let text = String::from_utf8(answer.body).unwrap();
    let value = |sample: &str| {
        let line = text.lines().find_map(|line| line.strip_prefix(sample));
        line.unwrap_or_else(|| panic!("{sample} in {text}")).trim().parse::<f64>().unwrap()
    };
    assert_eq!(value("parlor_live_streams "), 1.0);
    assert_eq!(value("parlor_live_clients{protocol=\"flv\",role=\"viewer\"} "), 1.0);
    assert_eq!(value("parlor_live_clients_total{protocol=\"rtmp\",role=\"publisher\"} "), 1.0);
    assert!(value("parlor_live_sent_bytes_total{protocol=\"flv\",role=\"viewer\"} ") > 0.0);
    assert_eq!(value("parlor_live_join_seconds_count{protocol=\"flv\",role=\"viewer\"} "), 1.0);
    assert!(!text.contains("127.0.0.1") && !text.contains("\"a\""), "no label is a stranger's");
    let samples: Vec<&str> = text.lines().filter(|line| !line.starts_with('#')).collect();
    assert!(samples.len() < 250, "{}", samples.len());
    assert_eq!(get(port, "/api/v1/clients", &[]).await.status, 404);
    assert_eq!(get(server.http(), "/metrics", &[]).await.status, 404);
}
