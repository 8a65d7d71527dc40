//! Streams that go on to another server, which is a whole server, too.

use live::rtmp::{ClientOutput, Purpose};
use media::Frame;
use serde_json::{Value, json};
use tokio::net::TcpStream;
use tokio::time::timeout;

use super::client::Peer;
use super::hooks::Program;
use super::publish_round;
use crate::fixture::{Answer, PATIENCE, TestServer, request, send, serve_for_test};
use crate::live::access::{KEY, token};
use crate::live::code;

/// Lets requests and programs lead to this machine.
const LOOPBACK: &str = "live.forward_allow_networks=127.0.0.0/8";

fn rtmp(server: &TestServer) -> String {
    format!("rtmp://{}", server.addresses().rtmp[0])
}

fn targets_path(stream: &str) -> String {
    format!("/api/v1/live/streams/live/{stream}/targets")
}

async fn targets(server: &TestServer, stream: &str) -> Vec<Value> {
    let bearer = format!("Authorization: Bearer {}", server.admin());
    let answer = request(server.http(), "GET", &targets_path(stream), &[&bearer]).await;
    assert_eq!(answer.status, 200);
    answer.json()["targets"].as_array().unwrap().clone()
}

async fn add(server: &TestServer, stream: &str, body: Value) -> Answer {
    send(server.http(), "POST", &targets_path(stream), &server.admin(), &body.to_string()).await
}

/// The first target of the stream, once it is as wished; the publisher goes on meanwhile.
async fn target_until(
    server: &TestServer,
    stream: &str,
    publisher: &mut Peer<TcpStream>,
    wished: impl Fn(&Value) -> bool,
) -> Value {
    let seen = async {
        for round in 1.. {
            publish_round(publisher, round).await;
            if let Some(target) = targets(server, stream).await.first()
                && wished(target)
            {
                return target.clone();
            }
        }
        unreachable!("rounds have no end")
    };
    timeout(PATIENCE, seen).await.expect("the target becomes as wished")
}

async fn publisher(server: &TestServer, stream: &str) -> Peer<TcpStream> {
    let mut publisher = Peer::connect(server, Purpose::Publish, "live", stream).await.unwrap();
    publish_round(&mut publisher, 0).await;
    publisher
}

/// The first frames that a viewer gets.
async fn frames(server: &TestServer, app: &str, stream: &str, count: usize) -> Vec<Frame> {
    let mut viewer = Peer::connect(server, Purpose::Play, app, stream).await.unwrap();
    let mut frames = Vec::new();
    while frames.len() < count {
        if let ClientOutput::Frame(frame) = viewer.next().await {
            frames.push(frame);
        }
    }
    frames
}

fn is(state: &'static str) -> impl Fn(&Value) -> bool {
    move |target| target["state"] == state
}

#[tokio::test]
async fn a_stream_goes_where_the_setting_says_from_its_key_picture_on_and_with_its_times() {
    let far = serve_for_test(&[]);
    let near = serve_for_test(&[&format!("live.forward=live/a {}", rtmp(&far)), "limits.api_requests_per_minute=0"]);
    let mut publisher = publisher(&near, "a").await;
    let other = Peer::connect(&near, Purpose::Publish, "live", "b").await.unwrap();
    let (sent, came) = (frames(&near, "live", "a", 3).await, frames(&far, "live", "a", 3).await);
    assert_eq!(came, sent);
    let target = target_until(&near, "a", &mut publisher, is("on-air")).await;
    assert_eq!((&target["url"], &target["source"]), (&json!(rtmp(&far)), &json!("settings")));
    assert!(targets(&near, "b").await.is_empty());
    let removal = format!("{}/{}", targets_path("a"), target["id"].as_str().unwrap());
    let refused = send(near.http(), "DELETE", &removal, &near.admin(), "").await;
    assert_eq!((refused.status, code(&refused).as_str()), (403, "of-operator"));

    // Its end goes on as well: the name is free there.
    publisher.leave().await;
    Peer::connect_in_time(&far, Purpose::Publish, "live", "a").await.leave().await;
    other.leave().await;
}

#[tokio::test]
async fn a_publisher_names_a_target_with_a_key_that_nobody_is_told_and_removes_it() {
    let far = serve_for_test(&[]);
    let near = serve_for_test(&[LOOPBACK, "limits.api_requests_per_minute=0"]);
    let mut publisher = publisher(&near, "a").await;
    let url = format!("{}/school/7b", rtmp(&far));
    let added = add(&near, "a", json!({ "url": url, "key": "topsecret?token=hidden" })).await;
    assert_eq!(added.status, 201);
    let again = add(&near, "a", json!({ "url": format!("{url}/topsecret?token=hidden") })).await;
    assert_eq!((again.status, code(&again).as_str()), (409, "already-target"));
    let target = target_until(&near, "a", &mut publisher, is("on-air")).await;
    assert!(target["since"].is_u64() && target["sentBytes"].as_u64().unwrap() > 0, "{target}");
    assert_eq!(target["url"], json!(url));
    for shown in [added.json().to_string(), target.to_string()] {
        assert!(!shown.contains("topsecret") && !shown.contains("hidden"), "{shown}");
    }
    assert_eq!(frames(&far, "school/7b", "topsecret", 3).await.len(), 3);

    let removal = format!("{}/{}", targets_path("a"), target["id"].as_str().unwrap());
    assert_eq!(send(near.http(), "DELETE", &removal, &near.admin(), "").await.status, 204);
    let gone = send(near.http(), "DELETE", &removal, &near.admin(), "").await;
    assert_eq!((gone.status, code(&gone).as_str()), (404, "no-target"));
    Peer::connect_in_time(&far, Purpose::Publish, "school/7b", "topsecret").await.leave().await;
}

#[tokio::test]
async fn a_program_says_where_a_stream_goes_and_is_told_whose_it_is() {
    let far = serve_for_test(&[]);
    let mut program = Program::start().await;
    let url = format!("{}/copy/b", rtmp(&far));
    program.answers(200, &json!({ "code": 0, "data": { "urls": [url, "http://no", url] } }).to_string()).await;
    let near = serve_for_test(&[&program.set("on_forward"), LOOPBACK, "limits.api_requests_per_minute=0"]);
    let mut publisher = Peer::connect(&near, Purpose::Publish, "live", "a?token=x").await.unwrap();
    publish_round(&mut publisher, 0).await;
    let asked = program.hears("on_forward").await;
    assert_eq!((&asked["app"], &asked["stream"], &asked["param"]), (&json!("live"), &json!("a"), &json!("?token=x")));
    assert!(
        asked["client_id"].is_string() && asked["tcUrl"].is_string() && asked["stream_url"] == "/live/a",
        "{asked}"
    );
    let target = target_until(&near, "a", &mut publisher, is("on-air")).await;
    assert_eq!(target["source"], "hook");
    assert_eq!(targets(&near, "a").await.len(), 1);
    assert_eq!(frames(&far, "copy", "b", 3).await.len(), 3);
}

#[tokio::test]
async fn a_server_that_refuses_or_is_away_is_tried_again_and_the_reason_is_told() {
    let far = serve_for_test(&["live.publish=off"]);
    let near = serve_for_test(&[LOOPBACK, "limits.api_requests_per_minute=0"]);
    let mut publisher = publisher(&near, "a").await;
    add(&near, "a", json!({ "url": format!("{}/live/topsecret", rtmp(&far)) })).await;
    let refused = target_until(&near, "a", &mut publisher, |target| target["retries"] == 1).await;
    let refused = if refused["reason"].is_string() {
        refused
    } else {
        target_until(&near, "a", &mut publisher, is("retrying")).await
    };
    let reason = refused["reason"].as_str().unwrap();
    assert!(reason.contains("NetStream.Publish.Denied") && !reason.contains("topsecret"), "{reason}");
    assert!(refused["retryInMs"].is_u64());

    // The address stays, what answers there changes.
    let address = far.addresses().rtmp[0];
    far.server.stop().await;
    let back = serve_for_test(&[&format!("live.rtmp_listen={address}")]);
    target_until(&near, "a", &mut publisher, is("on-air")).await;
    assert_eq!(frames(&back, "live", "topsecret", 3).await.len(), 3);
}

#[tokio::test]
async fn nothing_is_forwarded_to_the_server_itself_nor_into_private_networks() {
    let near = serve_for_test(&[LOOPBACK, "limits.api_requests_per_minute=0"]);
    let mut to_itself = publisher(&near, "a").await;
    add(&near, "a", json!({ "url": format!("{}/copy", rtmp(&near)) })).await;
    let target = target_until(&near, "a", &mut to_itself, is("retrying")).await;
    assert_eq!(target["reason"], "its address is this server");

    let closed = serve_for_test(&[]);
    let refused = add(&closed, "a", json!({ "url": "rtmp://127.0.0.1:9/copy" })).await;
    assert_eq!((refused.status, code(&refused).as_str()), (403, "private-address"));
    let mut by_name = publisher(&closed, "a").await;
    assert_eq!(add(&closed, "a", json!({ "url": "rtmp://localhost:9/copy" })).await.status, 201);
    let target = target_until(&closed, "a", &mut by_name, is("retrying")).await;
    assert!(target["reason"].as_str().unwrap().contains("its address is private"), "{target}");
}

#[tokio::test]
async fn targets_are_open_to_whoever_has_the_grant_for_the_stream() {
    let server = serve_for_test(&[&format!("auth.keys={KEY}")]);
    let path = targets_path("a");
    let body = r#"{"url":"rtmp://video.example.com/live2","key":"k"}"#;
    for (bearer, status, error) in [
        (token("live/a", &["publish"]), 403, "not-granted"),
        (token("live/b", &["forward"]), 403, "other-stream"),
        ("nonsense".to_owned(), 401, "token-refused"),
    ] {
        let answer = send(server.http(), "POST", &path, &bearer, body).await;
        assert_eq!((answer.status, code(&answer).as_str()), (status, error));
    }
    let anonymous = request(server.http(), "GET", &path, &[]).await;
    assert_eq!((anonymous.status, code(&anonymous).as_str()), (401, "token-needed"));
    let bearer = token("live/*", &["forward"]);
    assert_eq!(send(server.http(), "POST", &path, &bearer, body).await.status, 201);
    for (body, status, error) in [
        ("{}", 400, "bad-body"),
        (r#"{"url":"http://video.example.com/live2"}"#, 400, "bad-url"),
        (r#"{"url":"rtmp://video.example.com","key":"k"}"#, 400, "bad-url"),
        (body, 409, "already-target"),
    ] {
        let answer = send(server.http(), "POST", &path, &bearer, body).await;
        assert_eq!((answer.status, code(&answer).as_str()), (status, error), "{body}");
    }
    let put = send(server.http(), "PUT", &path, &bearer, "").await;
    assert_eq!((put.status, put.header("allow")), (405, Some("GET, POST")));
}

#[tokio::test]
async fn rtmps_needs_a_certificate_that_is_believed() {
    let far = serve_for_test(&["public.host=localhost"]);
    let certificate = far.directory.path().join("data/certificate.pem");
    let url = format!("rtmps://localhost:{}/live/b", far.https().port());
    for (setting, state) in [(format!("live.forward_ca={certificate:?}"), "on-air"), (String::new(), "retrying")] {
        let forward = format!("live.forward=* {url}");
        let settings: Vec<&str> = [forward.as_str(), "limits.api_requests_per_minute=0", &setting]
            .into_iter()
            .filter(|setting| !setting.is_empty())
            .collect();
        let near = serve_for_test(&settings);
        let mut publisher = publisher(&near, "a").await;
        let target = target_until(&near, "a", &mut publisher, is(state)).await;
        assert!(state == "on-air" || target["reason"].as_str().unwrap().contains("TLS"), "{target}");
        near.server.stop().await;
    }
}
