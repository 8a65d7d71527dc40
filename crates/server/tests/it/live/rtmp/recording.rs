//! Recordings over the whole server: files, index, API.

use std::fs;
use std::path::PathBuf;

use live::rtmp::Purpose;
use serde_json::{Value, json};
use server::StartError;
use tempfile::TempDir;
use tokio::net::TcpStream;
use tokio::time::timeout;

use super::client::{Peer, flv};
use super::frames::{Camera, watch_flv};
use super::publish_round;
use crate::fixture::{Answer, PATIENCE, TestServer, exchange, figures, refusal, request, send, serve_for_test};
use crate::live::access::{KEY, token};
use crate::live::code;

const RECORDINGS: &str = "/api/v1/recordings";

/// A server that records into the folder, and whose API is asked as often as one likes.
pub(super) fn recorder(folder: &TempDir, settings: &[&str]) -> TestServer {
    let folder = format!("recording.folder={:?}", folder.path().join("recordings"));
    let fixed = [
        folder.as_str(),
        "limits.api_requests_per_minute=0",
        "recording.free_megabytes=0",
        "recording.file_seconds=604800",
    ];
    serve_for_test(&[&fixed, settings].concat())
}

async fn ask(server: &TestServer, method: &str, path: &str) -> Answer {
    let bearer = format!("Authorization: Bearer {}", server.admin());
    request(server.http(), method, &format!("{RECORDINGS}{path}"), &[&bearer]).await
}

async fn order(server: &TestServer, what: &str, stream: &str) -> Answer {
    let body = json!({"app": "live", "stream": stream}).to_string();
    send(server.http(), "POST", &format!("{RECORDINGS}/{what}"), &server.admin(), &body).await
}

/// The list, as soon as it is as wished.
async fn wait_until(server: &TestServer, query: &str, wished: impl Fn(&[Value]) -> bool) -> Vec<Value> {
    let listed = async {
        loop {
            let answer = ask(server, "GET", query).await;
            assert_eq!(answer.status, 200);
            let recordings = answer.json()["recordings"].as_array().unwrap().clone();
            if wished(&recordings) {
                return recordings;
            }
        }
    };
    timeout(PATIENCE, listed).await.expect("the recordings become as wished")
}

fn is_in(state: &'static str) -> impl Fn(&[Value]) -> bool {
    move |recordings| recordings.first().is_some_and(|first| first["state"] == state && first["bytes"] != 0)
}

/// Publishes a second after the other until a recording of the stream is being written.
pub(super) async fn publish_until_recorded(server: &TestServer, stream: &str) -> Peer<TcpStream> {
    let mut publisher = Peer::connect(server, Purpose::Publish, "live", stream).await.unwrap();
    publish_on(server, &mut publisher, stream, 0).await;
    publisher
}

/// The same from this second on.
async fn publish_on(server: &TestServer, publisher: &mut Peer<TcpStream>, stream: &str, from: i64) {
    let recorded = async {
        for round in from.. {
            publish_round(publisher, round).await;
            let answer = ask(server, "GET", &format!("?stream={stream}&state=recording")).await;
            if answer.json()["recordings"].get(0).is_some_and(|first| first["bytes"] != 0) {
                return;
            }
        }
    };
    timeout(PATIENCE, recorded).await.expect("it is recorded");
}

fn names(folder: &TempDir) -> Vec<PathBuf> {
    let files = fs::read_dir(folder.path().join("recordings/live")).unwrap();
    files.map(|file| file.unwrap().path()).collect()
}

#[tokio::test]
async fn a_named_stream_is_recorded_from_its_beginning_to_its_end() {
    let folder = tempfile::tempdir().unwrap();
    let server = recorder(&folder, &[r#"recording.streams=["live/*"]"#]);
    publish_until_recorded(&server, "a").await.leave().await;
    let recorded = wait_until(&server, "", is_in("finished")).await;
    let [recording] = recorded.as_slice() else { panic!("one recording") };
    assert_eq!(
        (&recording["app"], &recording["stream"], &recording["format"]),
        (&"live".into(), &"a".into(), &"mp4".into())
    );
    assert_eq!((&recording["video"]["codec"], &recording["audio"]["codec"]), (&"H264".into(), &"AAC".into()));
    let duration = recording["durationMs"].as_u64().unwrap();
    assert!(duration >= 1000, "{duration} ms");
    let files = names(&folder);
    assert_eq!(files.len(), 1);
    assert_eq!(files[0].metadata().unwrap().len(), recording["bytes"].as_u64().unwrap());
    assert!(files[0].ends_with(recording["file"].as_str().unwrap()));
}

#[tokio::test]
async fn a_file_is_fetched_whole_in_parts_and_by_its_link() {
    let folder = tempfile::tempdir().unwrap();
    let server = recorder(&folder, &[r#"recording.streams=["*"]"#, "recording.format=flv"]);
    publish_until_recorded(&server, "a").await.leave().await;
    let recording = wait_until(&server, "", is_in("finished")).await.remove(0);
    let bytes = fs::read(&names(&folder)[0]).unwrap();
    let whole = ask(&server, "GET", "/1/file").await;
    assert_eq!((whole.status, whole.header("content-type"), whole.body.len()), (200, Some("video/x-flv"), bytes.len()));
    assert!(whole.body == bytes && whole.header("accept-ranges") == Some("bytes"));
    let link = recording["url"].as_str().unwrap();
    let part = request(server.http(), "GET", link, &["Range: bytes=3-12"]).await;
    assert_eq!((part.status, &part.body[..]), (206, &bytes[3..13]));
    let range = format!("bytes 3-12/{}", bytes.len());
    assert_eq!((part.header("content-range"), part.header("content-length")), (Some(range.as_str()), Some("10")));
    let tag = format!("If-Range: {}", part.header("etag").unwrap());
    assert_eq!(request(server.http(), "GET", link, &["Range: bytes=-5", &tag]).await.body, &bytes[bytes.len() - 5..]);
    let other = request(server.http(), "GET", link, &["Range: bytes=-5", "If-Range: \"1-7\""]).await;
    assert_eq!((other.status, other.body.len()), (200, bytes.len()));
    let beyond = request(server.http(), "GET", link, &["Range: bytes=9999999-"]).await;
    assert_eq!((beyond.status, code(&beyond).as_str()), (416, "bad-range"));
    let wrong = request(server.http(), "GET", &link.replace("/1/", "/2/"), &[]).await;
    assert_eq!((wrong.status, code(&wrong).as_str()), (403, "link-refused"));
    assert_eq!(ask(&server, "DELETE", "/1").await.status, 204);
    assert!(names(&folder).is_empty());
    let gone = ask(&server, "GET", "/1").await;
    assert_eq!((gone.status, code(&gone).as_str()), (404, "no-recording"));
}

#[tokio::test]
async fn a_recording_is_started_and_stopped_while_the_stream_goes_on() {
    let folder = tempfile::tempdir().unwrap();
    let server = recorder(&folder, &[]);
    for what in ["start", "stop"] {
        let expected = if what == "start" { "not-on-air" } else { "not-recording" };
        let answer = order(&server, what, "a").await;
        assert_eq!((answer.status, code(&answer).as_str()), (409, expected));
    }
    let mut publisher = Peer::connect(&server, Purpose::Publish, "live", "a").await.unwrap();
    assert_eq!(order(&server, "start", "a").await.status, 204);
    assert_eq!(code(&order(&server, "start", "a").await), "already-recording");
    publish_on(&server, &mut publisher, "a", 0).await;
    assert_eq!(code(&ask(&server, "DELETE", "/1").await), "being-written");
    assert_eq!(order(&server, "stop", "a").await.status, 204);
    wait_until(&server, "?app=live&stream=a&state=finished", |found| found.len() == 1).await;
    assert_eq!(order(&server, "start", "a").await.status, 204);
}

#[tokio::test]
async fn a_token_opens_the_recordings_of_its_streams_alone() {
    let folder = tempfile::tempdir().unwrap();
    let keys = format!("auth.keys={{ main = \"{KEY}\" }}");
    let server = recorder(&folder, &[r#"recording.streams=["*"]"#, &keys, "live.publish=all"]);
    for stream in ["a", "b"] {
        publish_until_recorded(&server, stream).await.leave().await;
    }
    wait_until(&server, "?state=finished", |found| found.len() == 2).await;
    let bearer = |stream: &str, grants: &[&str]| format!("Authorization: Bearer {}", token(stream, grants));
    let record = bearer("live/a", &["record"]);
    let list = request(server.http(), "GET", RECORDINGS, &[&record]).await.json();
    assert_eq!((list["recordings"].as_array().unwrap().len(), &list["recordings"][0]["stream"]), (1, &"a".into()));
    let (own, other) = if list["recordings"][0]["id"] == 1 { (1, 2) } else { (2, 1) };
    for (method, path, bearer, status, expected) in [
        ("GET", format!("/{own}"), record.clone(), 200, ""),
        ("GET", format!("/{other}"), record.clone(), 404, "no-recording"),
        ("DELETE", format!("/{other}"), record.clone(), 404, "no-recording"),
        ("GET", format!("/{other}/file"), record.clone(), 404, "no-recording"),
        ("GET", "?stream=b".to_owned(), record.clone(), 403, "other-stream"),
        ("GET", String::new(), bearer("room-7", &["manage"]), 200, ""),
        ("GET", "?room=room-8".to_owned(), bearer("room-7", &["manage"]), 403, "other-room"),
        ("GET", "?take=x".to_owned(), record.clone(), 400, "bad-query"),
        ("GET", String::new(), bearer("live/*", &["publish", "play"]), 403, "not-granted"),
        ("GET", String::new(), bearer("live/*", &["record"]), 200, ""),
        ("GET", String::new(), "X-Nothing: here".to_owned(), 401, "token-needed"),
        ("GET", "?limit=0".to_owned(), record.clone(), 400, "bad-query"),
        ("GET", "?state=lost".to_owned(), record.clone(), 400, "bad-query"),
        ("GET", "?after=x".to_owned(), record.clone(), 400, "bad-query"),
    ] {
        let answer = request(server.http(), method, &format!("{RECORDINGS}{path}"), &[&bearer]).await;
        assert_eq!(answer.status, status, "{method} {path}");
        assert!(expected.is_empty() || code(&answer) == expected, "{method} {path}: {}", code(&answer));
    }
    let body = json!({"app": "live", "stream": "b"}).to_string();
    let answer = exchange(server.http(), "POST", &format!("{RECORDINGS}/start"), &[&record], &body).await;
    assert_eq!((answer.status, code(&answer).as_str()), (403, "other-stream"));
}

#[tokio::test]
async fn the_list_comes_page_by_page() {
    let folder = tempfile::tempdir().unwrap();
    let server = recorder(&folder, &[r#"recording.streams=["*"]"#]);
    for stream in ["a", "b", "c"] {
        publish_until_recorded(&server, stream).await.leave().await;
    }
    wait_until(&server, "?state=finished", |found| found.len() == 3).await;
    let first = ask(&server, "GET", "?limit=2").await.json();
    assert_eq!((first["recordings"].as_array().unwrap().len(), &first["next"]), (2, &2.into()));
    let rest = ask(&server, "GET", "?limit=2&after=2").await.json();
    assert_eq!((&rest["recordings"][0]["id"], &rest["next"]), (&1.into(), &Value::Null));
}

#[tokio::test]
async fn when_the_server_stops_its_recordings_are_whole() {
    let folder = tempfile::tempdir().unwrap();
    let server = recorder(&folder, &[r#"recording.streams=["live/a"]"#]);
    let publisher = publish_until_recorded(&server, "a").await;
    server.server.stop().await;
    drop(publisher);
    let server = recorder(&folder, &[]);
    let recorded = wait_until(&server, "", |found| found.len() == 1).await;
    assert_eq!((&recorded[0]["state"], &recorded[0]["reason"]), (&"finished".into(), &Value::Null));
}

#[tokio::test]
async fn nothing_is_recorded_while_the_disk_has_too_little_room() {
    let folder = tempfile::tempdir().unwrap();
    // More than any disk has.
    let settings = [r#"recording.streams=["*"]"#, "recording.free_megabytes=4294967295"];
    let server = recorder(&folder, &settings);
    let mut publisher = Peer::connect(&server, Purpose::Publish, "live", "a").await.unwrap();
    publish_round(&mut publisher, 0).await;
    let answer = order(&server, "start", "a").await;
    assert_eq!((answer.status, code(&answer).as_str()), (507, "disk-full"));
    assert_eq!(ask(&server, "GET", "").await.json(), json!({"recordings": [], "next": null}));
}

#[tokio::test]
async fn without_a_folder_nothing_is_recorded_and_everybody_is_told_so() {
    let server = serve_for_test(&[]);
    for (method, path) in [("GET", ""), ("GET", "/1"), ("GET", "/1/file"), ("DELETE", "/1")] {
        let answer = ask(&server, method, path).await;
        assert_eq!((answer.status, code(&answer).as_str()), (409, "recording-off"));
    }
}

#[tokio::test]
async fn a_folder_that_cannot_be_used_stops_the_start() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("file");
    fs::write(&file, "x").unwrap();
    for path in [&file, &file.join("below"), &PathBuf::from("/proc/recordings")] {
        let error = refusal(&[&format!("recording.folder={path:?}")]);
        let StartError::Recordings { path: told, .. } = &error else { panic!("{error}") };
        assert_eq!(told, path);
    }
    fs::write(folder.path().join("index.sqlite"), "no index at all, but a text that is long enough").unwrap();
    let error = refusal(&[&format!("recording.folder={:?}", folder.path())]).to_string();
    assert!(error.starts_with("recording.folder: ") && error.contains("index.sqlite"), "{error}");
}

#[tokio::test]
async fn what_comes_by_webrtc_is_recorded_as_it_came_and_transcoded_only_for_who_plays_it() {
    let folder = tempfile::tempdir().unwrap();
    let server = recorder(&folder, &[r#"recording.streams=["*"]"#, "metrics.listen=127.0.0.1:0"]);
    let mut camera = Camera::publish(&server, "/whip/live/a", 1).await;
    let is_long =
        |recordings: &[Value]| recordings.first().is_some_and(|first| first["durationMs"].as_u64() > Some(2_000));
    camera.film(wait_until(&server, "", is_long)).await;
    let count = "parlor_live_transcoded_frames_total{to=\"aac\"}";
    assert_eq!(figures(&server).await(count), 0.0, "nothing was transcoded for it");
    // Who comes now begins with a picture, with sound that every player knows, and changes nothing for the recording.
    let watching = async { watch_flv(&mut flv(server.http(), "/live/a.flv").await, 40).await };
    camera.film(watching).await.assert_whole();
    assert!(figures(&server).await(count) > 0.0);
    assert_eq!(request(server.http(), "DELETE", camera.session(), &[]).await.status, 200);
    let recorded = wait_until(&server, "", is_in("finished")).await;
    let [recording] = recorded.as_slice() else { panic!("one recording: {recorded:?}") };
    assert_eq!((&recording["format"], &recording["audio"]["codec"]), (&"mp4".into(), &"Opus".into()));
    assert_eq!(recording["gaps"], 0);
}

#[tokio::test]
async fn files_of_flv_have_the_sound_that_every_player_knows() {
    let folder = tempfile::tempdir().unwrap();
    let server = recorder(&folder, &[r#"recording.streams=["*"]"#, "recording.format=flv"]);
    let mut camera = Camera::publish(&server, "/whip/live/a", 1).await;
    let recorded = camera.film(wait_until(&server, "", is_in("recording"))).await;
    assert_eq!((&recorded[0]["format"], &recorded[0]["audio"]["codec"]), (&"flv".into(), &"AAC".into()));
}
