//! The operator's programs that are asked and told about live streams.

use std::sync::Arc;

use axum::Router;
use axum::extract::State;
use axum::routing::post;
use live::rtmp::{Purpose, RtmpError};
use serde_json::{Value, json};
use tokio::io::AsyncWriteExt as _;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Mutex, mpsc};
use tokio::time::timeout;

use super::client::{Peer, flv};
use super::publish_round;
use super::recording::{publish_until_recorded, recorder};
use crate::fixture::{PATIENCE, exchange, get, request, serve_for_test};
use crate::live::{SDP, code, offer_to_receive, offer_to_send};
use crate::media::client::Client;

/// A program that answers every hook with the same words, until it is told others.
pub(super) struct Program {
    url: String,
    answer: Arc<Mutex<(u16, String)>>,
    heard: mpsc::Receiver<Value>,
}

impl Program {
    pub(super) async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/hooks", listener.local_addr().unwrap());
        let answer = Arc::new(Mutex::new((200, "0".to_owned())));
        let (hear, heard) = mpsc::channel(100);
        let of_handler = Arc::clone(&answer);
        let handler = async move |State(hear): State<mpsc::Sender<Value>>, body: String| {
            hear.send(serde_json::from_str(&body).unwrap()).await.unwrap();
            let (status, body) = of_handler.lock().await.clone();
            (axum::http::StatusCode::from_u16(status).unwrap(), body)
        };
        let router = Router::new().route("/hooks", post(handler)).with_state(hear);
        tokio::spawn(async { axum::serve(listener, router).await });
        Self { url, answer, heard }
    }

    pub(super) fn set(&self, hook: &str) -> String {
        format!("live.{hook}={}", self.url)
    }

    pub(super) async fn answers(&self, status: u16, body: &str) {
        *self.answer.lock().await = (status, body.to_owned());
    }

    /// What it is told next, and that it is this.
    pub(super) async fn hears(&mut self, action: &str) -> Value {
        let body = timeout(PATIENCE, self.heard.recv()).await.expect("it is told in time").unwrap();
        assert_eq!(body["action"], action, "{body}");
        body
    }
}

#[tokio::test]
async fn coming_and_going_over_rtmp_is_asked_and_told_in_order() {
    let mut program = Program::start().await;
    let hooks = ["on_connect", "on_close", "on_publish", "on_unpublish", "on_play", "on_stop"];
    let settings: Vec<String> = hooks.iter().map(|hook| program.set(hook)).collect();
    let server = serve_for_test(&settings.iter().map(String::as_str).collect::<Vec<_>>());
    let mut publisher = Peer::connect(&server, Purpose::Publish, "live", "a?token=x").await.unwrap();
    let connected = program.hears("on_connect").await;
    let published = program.hears("on_publish").await;
    assert_eq!((&published["stream"], &published["param"]), (&json!("a"), &json!("?token=x")));
    assert_eq!(published["client_id"], connected["client_id"]);
    publish_round(&mut publisher, 0).await;
    let player = Peer::connect(&server, Purpose::Play, "live", "a").await.unwrap();
    program.hears("on_connect").await;
    let played = program.hears("on_play").await;
    player.leave().await;
    // Each hook has a queue of its own, so that a slow one holds up no other: these two come in either order.
    let told = [timeout(PATIENCE, program.heard.recv()).await, timeout(PATIENCE, program.heard.recv()).await];
    let told = told.map(|told| told.unwrap().unwrap());
    let mut actions: Vec<_> = told.iter().map(|told| told["action"].as_str().unwrap()).collect();
    actions.sort_unstable();
    assert_eq!(actions, ["on_close", "on_stop"]);
    assert!(told.iter().all(|told| told["client_id"] == played["client_id"]));
    let close = told.iter().find(|told| told["action"] == "on_close").unwrap();
    assert!(close["send_bytes"].as_u64().unwrap() > 0 && close["recv_bytes"].is_u64(), "{close}");
}

#[tokio::test]
async fn a_refusal_ends_every_protocol_with_a_reason() {
    let mut program = Program::start().await;
    let server = serve_for_test(&[&program.set("on_publish"), &program.set("on_play")]);
    let _publisher = Peer::connect(&server, Purpose::Publish, "live", "b").await.unwrap();
    program.hears("on_publish").await;
    program.answers(200, r#"{"code":403}"#).await;
    for (purpose, expected) in
        [(Purpose::Publish, "NetStream.Publish.Rejected"), (Purpose::Play, "NetStream.Play.Failed")]
    {
        let refused = Peer::connect(&server, purpose, "live", "a").await.err();
        assert!(matches!(refused, Some(RtmpError::Refused { code, .. }) if code == expected), "{purpose:?}");
    }
    let (mut anna, mut ben) = (Client::udp(1).await, Client::udp(2).await);
    let (sends, receives) = (offer_to_send(&mut anna).0.sdp, offer_to_receive(&mut ben).0.sdp);
    for (path, offer) in [("/whip/live/a", &sends), ("/whep/live/a", &receives)] {
        let answer = exchange(server.http(), "POST", path, &[SDP], offer).await;
        assert_eq!((answer.status, code(&answer).as_str()), (403, "hook-refused"), "{path}");
    }
    for path in ["/live/b.flv", "/live/b.ts", "/live/b.m3u8", "/live/b/index.m3u8"] {
        let answer = get(server.http(), path, &[]).await;
        assert_eq!((answer.status, code(&answer).as_str()), (403, "hook-refused"), "{path}");
    }
    let stranger = get(server.http(), "/live/b/stream.m3u8?hls_ctx=0", &[]).await;
    assert_eq!(
        (stranger.status, code(&stranger).as_str()),
        (404, "no-session"),
        "who was not asked about does not watch"
    );
    let body = json!({ "streamurl": "webrtc://host/live/a", "sdp": receives }).to_string();
    let answer = exchange(server.http(), "POST", "/rtc/v1/play/", &[], &body).await;
    assert_eq!((answer.status, answer.json()), (200, json!({ "code": 400 })));
}

#[tokio::test]
async fn a_program_that_cannot_be_asked_lets_nobody_in_and_is_told_nothing_afterwards() {
    let mut program = Program::start().await;
    let server = serve_for_test(&[&program.set("on_play"), &program.set("on_stop"), &program.set("on_unpublish")]);
    program.answers(500, "").await;
    let mut publisher = Peer::connect(&server, Purpose::Publish, "live", "a").await.unwrap();
    publish_round(&mut publisher, 0).await;
    let answer = get(server.http(), "/live/a.flv", &[]).await;
    assert_eq!((answer.status, code(&answer).as_str()), (503, "hook-failed"));
    assert_eq!(answer.header("retry-after"), Some("5"));
    program.hears("on_play").await;
    program.answers(200, r#"{"code":0}"#).await;
    let mut viewer = flv(server.http(), "/live/a.flv").await;
    viewer.next().await;
    program.hears("on_play").await;
    publisher.leave().await;
    program.hears("on_unpublish").await;
    drop(viewer);
}

#[tokio::test]
async fn who_goes_while_a_program_thinks_is_said_to_have_gone() {
    let mut program = Program::start().await;
    let server = serve_for_test(&[&program.set("on_play"), &program.set("on_stop")]);
    let answer = Arc::clone(&program.answer);
    let thinking = answer.lock().await;
    let mut viewer = TcpStream::connect(server.http()).await.unwrap();
    viewer.write_all(b"GET /live/a.flv HTTP/1.1\r\nHost: localhost\r\n\r\n").await.unwrap();
    let asked = program.hears("on_play").await;
    drop(viewer);
    let told = program.hears("on_stop").await;
    assert_eq!(told["client_id"], asked["client_id"]);
    drop(thinking);
}

#[tokio::test]
async fn every_program_has_to_accept() {
    let (mut one, mut other) = (Program::start().await, Program::start().await);
    other.answers(201, r#"{"code":1}"#).await;
    let server = serve_for_test(&[&format!("live.on_publish=[\"{}\", \"{}\"]", one.url, other.url)]);
    assert!(Peer::connect(&server, Purpose::Publish, "live", "a").await.is_err());
    one.hears("on_publish").await;
    other.hears("on_publish").await;
}

#[tokio::test]
async fn addresses_that_may_not_are_refused_before_anybody_is_asked() {
    let mut program = Program::start().await;
    let networks = ["live.publish_allow=[\"10.0.0.0/8\"]", "live.play_deny=[\"127.0.0.0/8\"]"];
    let server = serve_for_test(&[networks[0], networks[1], &program.set("on_play"), &program.set("on_publish")]);
    let refused = Peer::connect(&server, Purpose::Publish, "live", "a").await.err();
    assert!(matches!(refused, Some(RtmpError::Refused { code, .. }) if code == "NetStream.Publish.Denied"));
    let answer = request(server.http(), "GET", "/live/a.flv", &[]).await;
    assert_eq!((answer.status, code(&answer).as_str()), (403, "address-denied"));
    assert!(program.heard.try_recv().is_err());
}

#[tokio::test]
async fn of_a_file_of_a_recording_the_program_is_told_where_it_is() {
    let mut program = Program::start().await;
    let folder = tempfile::tempdir().unwrap();
    let server = recorder(&folder, &[&program.set("on_dvr"), r#"recording.streams=["live/*"]"#]);
    publish_until_recorded(&server, "a").await.leave().await;
    let told = program.hears("on_dvr").await;
    assert_eq!((&told["app"], &told["stream"], &told["stream_url"]), (&json!("live"), &json!("a"), &json!("/live/a")));
    let path = std::path::Path::new(told["cwd"].as_str().unwrap()).join(told["file"].as_str().unwrap());
    assert!(path.metadata().unwrap().len() > 0, "{path:?}");
}

#[tokio::test]
async fn of_each_segment_of_hls_the_program_is_told_where_it_is_although_nobody_watches() {
    let mut program = Program::start().await;
    let server = serve_for_test(&[&program.set("on_hls")]);
    let mut publisher = Peer::connect(&server, Purpose::Publish, "live", "a?token=x").await.unwrap();
    publish_round(&mut publisher, 0).await;
    // Nobody sees when the packager begins: what comes goes on until it has.
    let (send, hear) = (
        async {
            for round in 1.. {
                publish_round(&mut publisher, round).await;
                tokio::task::yield_now().await;
            }
        },
        program.hears("on_hls"),
    );
    let told = tokio::select! {
        () = send => unreachable!("rounds have no end"),
        told = hear => told,
    };
    assert_eq!((&told["app"], &told["stream"], &told["param"]), (&json!("live"), &json!("a"), &json!("?token=x")));
    assert_eq!(told["m3u8_url"], "live/a.m3u8");
    assert!(told["client_id"].as_str().is_some_and(|id| !id.is_empty()), "{told}");
    assert!(told["seq_no"].is_u64() && told["duration"].as_f64().unwrap() > 0.0, "{told}");
    let url = told["url"].as_str().unwrap();
    assert_eq!((&told["file"], &told["m3u8"]), (&json!(format!("./{url}")), &json!("./live/a.m3u8")));
    assert!(told["cwd"].as_str().is_some_and(|cwd| cwd.starts_with('/')), "{told}");
    let segment = get(server.http(), &format!("/{url}"), &[]).await;
    assert_eq!((segment.status, segment.body.first()), (200, Some(&0x47)), "{url}");
}

#[tokio::test]
async fn a_publisher_by_the_json_api_is_told_as_one_of_webrtc() {
    let mut program = Program::start().await;
    let server = serve_for_test(&[&program.set("on_publish"), &program.set("on_unpublish")]);
    let mut anna = Client::udp(1).await;
    let sdp = offer_to_send(&mut anna).0.sdp;
    for (url, param) in
        [("webrtc://host/live/a?token=x", "token=x&upstream=rtc"), ("webrtc://host/live/b", "upstream=rtc")]
    {
        let body = json!({ "streamurl": url, "sdp": sdp }).to_string();
        let answer = exchange(server.http(), "POST", "/rtc/v1/publish/", &[], &body).await;
        assert_eq!(answer.json()["code"], 0, "{url}");
        assert_eq!(program.hears("on_publish").await["param"], param, "{url}");
    }
}
