//! Live streams over RTMP, HTTP-FLV and WebSocket-FLV: a whole server, with our own other end.

mod client;
mod encoders;
mod forward;
mod frames;
mod hls;
mod hooks;
mod list;
mod manage;
mod many;
mod on_stage;
mod recording;
mod rooms;
mod takes;
mod webrtc;

use bytes::Bytes;
use live::flv::{Packet, TagKind};
use live::rtmp::{ClientOutput, Purpose, RtmpError};
use media::{Codec, Frame};
use server::StartError;
use tokio::net::{TcpListener, TcpStream};

pub(super) use self::hls::watched as watched_by_hls;

use self::client::{Peer, flv, flv_in_chunks, h264, sound, sound_parameters, video_parameters, websocket};
use super::access::{KEY, token};
use crate::fixture::{get, refusal, request, serve_for_test, tls_connect};

/// Parameters, a key picture and a sound, a second later in each round.
async fn publish_round(publisher: &mut Peer<TcpStream>, round: i64) {
    publisher.send_parameters(&video_parameters()).await;
    publisher.send_parameters(&sound_parameters()).await;
    publisher.send_frame(&h264(round * 1000, true, b"key")).await;
    publisher.send_frame(&sound(round * 1000 + 5, b"sound")).await;
    publisher.send_frame(&h264(round * 1000 + 40, false, b"delta")).await;
}

fn shown(frame: &Frame) -> (Codec, i64, i64, bool, Bytes) {
    (frame.codec, frame.dts.millis(), frame.pts.millis(), frame.is_key, frame.data.clone())
}

#[tokio::test]
async fn what_is_published_is_played_by_rtmp_flv_and_websocket() {
    let server = serve_for_test(&[]);
    let mut publisher = Peer::connect(&server, Purpose::Publish, "live", "a").await.unwrap();
    publish_round(&mut publisher, 0).await;
    let mut by_rtmp = Peer::connect(&server, Purpose::Play, "live", "a").await.unwrap();
    let mut by_flv = flv(server.http(), "/live/a.flv").await;
    let mut by_chunks = flv_in_chunks(server.http(), None, "/live/a.flv").await;
    let mut by_the_library = flv_in_chunks(server.http(), Some("/healthz"), "/live/a.flv").await;
    let mut by_websocket = websocket(server.http(), "/live/a.flv").await;
    let sent = [h264(0, true, b"key"), sound(5, b"sound"), h264(40, false, b"delta")];
    assert!(matches!(by_rtmp.next().await, ClientOutput::Parameters(told) if told == video_parameters()));
    assert!(matches!(by_rtmp.next().await, ClientOutput::Parameters(told) if told == sound_parameters()));
    for frame in &sent {
        let ClientOutput::Frame(played) = by_rtmp.next().await else { panic!("a frame") };
        assert_eq!(shown(&played), shown(frame));
    }
    for viewer in [&mut by_flv, &mut by_chunks, &mut by_the_library, &mut by_websocket] {
        assert_eq!(viewer.next().await, Packet::Parameters(video_parameters()));
        assert_eq!(viewer.next().await, Packet::Parameters(sound_parameters()));
        for frame in &sent {
            assert_eq!(viewer.next().await, Packet::Frame(frame.clone()));
        }
    }
}

#[tokio::test]
async fn who_has_everything_and_is_written_to_with_others_misses_nothing() {
    let server = serve_for_test(&[]);
    let mut publisher = Peer::connect(&server, Purpose::Publish, "live", "a").await.unwrap();
    publish_round(&mut publisher, 0).await;
    let mut by_rtmp = Peer::connect(&server, Purpose::Play, "live", "a").await.unwrap();
    let mut by_flv = Vec::new();
    for _ in 0..3 {
        by_flv.push(flv_in_chunks(server.http(), None, "/live/a.flv").await);
    }
    let mut expected = vec![h264(0, true, b"key"), sound(5, b"sound"), h264(40, false, b"delta")];
    for ms in (80_i64..2000).step_by(40) {
        let picture = h264(ms, ms % 400 == 0, b"another");
        publisher.send_frame(&picture).await;
        // Now and then somebody leaves its row to answer, and comes back.
        if ms % 200 == 0 {
            by_rtmp.ping().await;
        }
        expected.push(picture);
    }
    for frame in &expected {
        let told = loop {
            if let ClientOutput::Frame(frame) = by_rtmp.next().await {
                break frame;
            }
        };
        assert_eq!(shown(&told), shown(frame));
    }
    for viewer in &mut by_flv {
        let mut frames = Vec::new();
        while frames.len() < expected.len() {
            if let Packet::Frame(frame) = viewer.next().await {
                frames.push(frame);
            }
        }
        assert_eq!(frames, expected);
    }
}

#[tokio::test]
async fn metadata_is_kept_for_who_comes_later() {
    let server = serve_for_test(&[]);
    let mut publisher = Peer::connect(&server, Purpose::Publish, "live", "a").await.unwrap();
    let metadata = b"\x02\0\x0aonMetaData\x03\0\x01a\x01\x01\0\0\x09";
    publisher.send(TagKind::Script, 0, &[b"\x02\0\x0d@setDataFrame", &metadata[..]].concat()).await;
    publish_round(&mut publisher, 0).await;
    let mut viewer = Peer::connect(&server, Purpose::Play, "live", "a").await.unwrap();
    assert_eq!(viewer.next().await, ClientOutput::Metadata(Bytes::from_static(metadata)));
}

#[tokio::test]
async fn a_second_publisher_is_refused_and_the_first_goes_on() {
    let server = serve_for_test(&[]);
    let mut publisher = Peer::connect(&server, Purpose::Publish, "live", "a").await.unwrap();
    let second = Peer::connect(&server, Purpose::Publish, "live", "a?token=x").await;
    assert!(matches!(second, Err(RtmpError::Refused { code, .. }) if code == "NetStream.Publish.BadName"));
    publish_round(&mut publisher, 0).await;
    let mut viewer = flv(server.http(), "/live/a.flv").await;
    assert_eq!(viewer.next().await, Packet::Parameters(video_parameters()));
}

#[tokio::test]
async fn players_may_come_first_and_stay_while_the_publisher_comes_back() {
    let server = serve_for_test(&[]);
    let viewing = Peer::connect(&server, Purpose::Play, "live", "a");
    let publishing = async {
        let mut publisher = Peer::connect(&server, Purpose::Publish, "live", "a").await.unwrap();
        publish_round(&mut publisher, 7).await;
        publisher
    };
    let (viewer, publisher) = tokio::join!(viewing, publishing);
    let mut viewer = viewer.unwrap();
    let mut times = Vec::new();
    while times.len() < 3 {
        times.extend(viewer.next_frame_time().await);
    }
    publisher.leave().await;
    let mut publisher = Peer::connect_in_time(&server, Purpose::Publish, "live", "a").await;
    publish_round(&mut publisher, 0).await;
    while times.len() < 6 {
        times.extend(viewer.next_frame_time().await);
    }
    assert_eq!(times, [0, 5, 40, 80, 85, 120], "times go on");
}

#[tokio::test]
async fn with_keys_publishing_and_playing_need_tokens_that_name_the_stream() {
    let server = serve_for_test(&[&format!("auth.keys={{ main = \"{KEY}\" }}")]);
    let other = token("live/b", &["publish"]);
    for stream in ["a".to_owned(), format!("a?token={other}")] {
        let refused = Peer::connect(&server, Purpose::Publish, "live", &stream).await;
        assert!(
            matches!(refused, Err(RtmpError::Refused { code, .. }) if code == "NetStream.Publish.Denied"),
            "{stream}"
        );
    }
    let refused = Peer::connect(&server, Purpose::Play, "live", "a").await;
    assert!(matches!(refused, Err(RtmpError::Refused { code, .. }) if code == "NetStream.Play.Failed"));
    let good = token("live/a", &["publish", "play"]);
    let mut publisher = Peer::connect(&server, Purpose::Publish, "live", &format!("a?token={good}")).await.unwrap();
    publish_round(&mut publisher, 0).await;
    assert_eq!(get(server.http(), "/live/a.flv", &[]).await.status, 401);
    let mut viewer = flv(server.http(), &format!("/live/a.flv?token={good}")).await;
    assert_eq!(viewer.next().await, Packet::Parameters(video_parameters()));
}

#[tokio::test]
async fn one_port_takes_rtmp_and_rtmps_and_so_does_the_port_of_https() {
    let server = serve_for_test(&[]);
    for (name, address) in [("a", server.addresses().rtmp[0]), ("b", server.https())] {
        let stream = tls_connect(address, &[]).await;
        let mut publisher = Peer::over(stream, Purpose::Publish, "live", name).await.unwrap();
        publisher.send_parameters(&video_parameters()).await;
        publisher.send_frame(&h264(0, true, b"key")).await;
        let mut viewer = flv(server.http(), &format!("/live/{name}.flv")).await;
        assert_eq!(viewer.next().await, Packet::Parameters(video_parameters()));
    }
}

#[tokio::test]
async fn a_stream_that_nobody_publishes_is_not_found_in_the_end() {
    let server = serve_for_test(&[]);
    let playing = Peer::connect(&server, Purpose::Play, "live", "nothing");
    let (flv, rtmp) = tokio::join!(get(server.http(), "/live/nothing.flv", &[]), playing);
    assert_eq!((flv.status, flv.json()["code"].as_str()), (404, Some("not-on-air")));
    assert!(matches!(rtmp, Err(RtmpError::Refused { code, .. }) if code == "NetStream.Play.StreamNotFound"));
}

#[tokio::test]
async fn bad_requests_for_flv_are_answered_with_their_reason() {
    let server = serve_for_test(&["live.play=off"]);
    for (method, path, status, code) in [
        ("POST", "/live/a.flv", 405, "method-not-allowed"),
        ("GET", "/live/...flv", 400, "bad-name"),
        ("GET", "/live/a.flv", 403, "switched-off"),
    ] {
        let answer = request(server.http(), method, path, &[]).await;
        assert_eq!((answer.status, answer.json()["code"].as_str()), (status, Some(code)), "{method} {path}");
    }
    let asked = request(server.http(), "OPTIONS", "/live/a.flv", &["Origin: https://example.org"]).await;
    assert_eq!((asked.status, asked.header("access-control-allow-origin")), (200, Some("*")));
    assert_eq!(get(server.http(), "/a.flv", &[]).await.status, 404, "a stream has an application");
    let of_whip = request(server.http(), "GET", "/whip/live/a.flv", &[]).await;
    assert_eq!(of_whip.header("allow"), Some("OPTIONS, POST"), "other paths may end so, too");
}

#[tokio::test]
async fn a_port_that_is_taken_stops_the_start_only_when_it_was_asked_for() {
    let taken = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let error = refusal(&[&format!("live.rtmp_listen={}", taken.local_addr().unwrap())]);
    assert!(matches!(&error, StartError::Bind(bind) if bind.setting == "live.rtmp_listen"), "{error}");
    // Whether this or somebody else has the conventional port, "auto" starts without it.
    let _conventional = TcpListener::bind("[::]:1935").await;
    let server = serve_for_test(&["live.rtmp_listen=auto"]);
    assert!(server.addresses().rtmp.is_empty());
}
