//! Many streams and many viewers at once.

use std::collections::BTreeSet;
use std::sync::Arc;

use live::flv::Packet;
use live::m3u8::rules;
use live::rtmp::{ClientOutput, Purpose};
use serde_json::json;
use str0m::media::Direction;
use tokio::task::JoinSet;
use tokio::time::{interval, timeout};

use super::client::{PICTURE_INTERVAL, Peer, flv, h264, video_parameters};
use crate::fixture::{PATIENCE, TestServer, get, request, serve_for_test};
use crate::live::open;
use crate::media::client::{Client, drive};

const STREAMS: usize = 8;
/// How often each stream gets another publisher: 24 in all.
const ROUNDS: usize = 3;
const VIEWERS: usize = 100;
/// Pictures of each publisher; every fifth is a key.
const PICTURES: i64 = 100;
/// What each viewer sees before it goes; more than one publisher has.
const SEEN: usize = 120;

/// What a picture says: the stream and the publisher that it is from.
fn stamp(stream: usize, round: usize) -> u64 {
    MARK + u64::try_from(stream * 256 + round).unwrap()
}

fn stream_of(stamp: u64) -> usize {
    usize::try_from((stamp - MARK) / 256).unwrap()
}

/// A slice, and what it says.
fn unit(is_key: bool, stamp: u64) -> Vec<u8> {
    [&[if is_key { 0x65 } else { 0x41 }, 0x80][..], &stamp.to_be_bytes()].concat()
}

async fn publish(server: Arc<TestServer>, stream: usize) {
    for round in 0..ROUNDS {
        let name = format!("s{stream}");
        let mut publisher = Peer::connect_in_time(&server, Purpose::Publish, "live", &name).await;
        publisher.send_parameters(&video_parameters()).await;
        let mut ticks = interval(PICTURE_INTERVAL);
        for index in 0..PICTURES {
            ticks.tick().await;
            let is_key = index % 5 == 0;
            publisher.send_frame(&h264(index * 40, is_key, &unit(is_key, stamp(stream, round)))).await;
        }
        publisher.leave().await;
    }
}

/// Looks at pictures: all of one stream, begun by a key, with times that never go back.
#[derive(Default)]
struct Seen {
    count: usize,
    last_ms: i64,
}

impl Seen {
    fn look(&mut self, stream: usize, frame: &media::Frame) {
        assert!(self.count > 0 || frame.is_key, "a viewer begins with a key frame");
        let stamp = u64::from_be_bytes(frame.data[6..14].try_into().unwrap());
        assert_eq!(stream_of(stamp), stream, "the picture of another stream");
        assert!(frame.dts.millis() >= self.last_ms, "{} after {}", frame.dts.millis(), self.last_ms);
        self.last_ms = frame.dts.millis();
        self.count += 1;
    }
}

async fn watch(server: Arc<TestServer>, viewer: usize) {
    let stream = viewer % STREAMS;
    match viewer / STREAMS % 4 {
        0 => watch_by_rtmp(&server, stream).await,
        1 => watch_by_flv(&server, stream).await,
        2 => watch_by_webrtc(&server, stream, viewer).await,
        _ => timeout(PATIENCE, watch_by_hls(&server, stream)).await.expect("segments in time"),
    }
}

async fn watch_by_rtmp(server: &TestServer, stream: usize) {
    let mut peer = Peer::connect(server, Purpose::Play, "live", &format!("s{stream}")).await.unwrap();
    let mut seen = Seen::default();
    while seen.count < SEEN {
        if let ClientOutput::Frame(frame) = peer.next().await {
            seen.look(stream, &frame);
        }
    }
    peer.leave().await;
}

async fn watch_by_flv(server: &TestServer, stream: usize) {
    let mut peer = flv(server.http(), &format!("/live/s{stream}.flv")).await;
    let mut seen = Seen::default();
    while seen.count < SEEN {
        if let Packet::Frame(frame) = peer.next().await {
            seen.look(stream, &frame);
        }
    }
}

async fn watch_by_webrtc(server: &TestServer, stream: usize, viewer: usize) {
    let mut client = Client::of_h264(u64::try_from(viewer).unwrap()).await;
    let path = format!("/whep/live/s{stream}");
    let (session, [_, eye]) = open(server, &path, &mut client, Direction::RecvOnly).await;
    drive(&mut [&mut client], |clients| clients[0].stamps(eye).len() >= SEEN).await;
    assert!(client.stamps(eye).iter().all(|stamp| stream_of(*stamp) == stream), "{:?}", client.stamps(eye));
    assert_eq!(request(server.http(), "DELETE", &session, &[]).await.status, 200);
}

/// Until it has had two segments; between two publishers there is none to begin with.
async fn watch_by_hls(server: &TestServer, stream: usize) {
    let mut had = BTreeSet::new();
    while had.len() < 2 {
        let index = get(server.http(), &format!("/live/s{stream}/index.m3u8"), &[]).await;
        let Ok(variants) = rules::multivariant_playlist(std::str::from_utf8(&index.body).unwrap()) else { continue };
        let playlist = get(server.http(), &variants[0], &[]).await;
        let Ok(seen) = rules::media_playlist(std::str::from_utf8(&playlist.body).unwrap()) else { continue };
        for segment in seen.segments {
            let file = get(server.http(), &format!("/live/s{stream}/{}", segment.uri), &[]).await;
            if file.status == 200 && had.insert(segment.uri) {
                let stamps = file.body.windows(8).map(|bytes| u64::from_be_bytes(bytes.try_into().unwrap()));
                let stamps: Vec<u64> = stamps.filter(|stamp| (MARK..MARK + 65_536).contains(stamp)).collect();
                assert!(!stamps.is_empty() && stamps.iter().all(|stamp| stream_of(*stamp) == stream), "{stamps:x?}");
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn twenty_four_publishers_come_and_go_while_a_hundred_watch_in_every_way_and_nothing_mixes_or_stays() {
    let server = Arc::new(serve_for_test(&["media.workers=2"]));
    let mut tasks = JoinSet::new();
    for stream in 0..STREAMS {
        tasks.spawn(publish(Arc::clone(&server), stream));
    }
    for viewer in 0..VIEWERS {
        tasks.spawn(watch(Arc::clone(&server), viewer));
    }
    while let Some(done) = tasks.join_next().await {
        done.unwrap();
    }
    let server = Arc::into_inner(server).expect("nobody else has it");
    // Players of HLS never say goodbye.
    let gone = async {
        loop {
            let clients = get(server.http(), "/api/v1/clients?count=200", &[]).await.json();
            let left = clients["clients"].as_array().unwrap();
            if left.iter().all(|client| client["type"] == "hls-play") {
                return;
            }
        }
    };
    timeout(PATIENCE, gone).await.expect("whoever has gone is forgotten in time");
    let on_air = get(server.http(), "/api/v1/live/streams", &[]).await.json();
    assert_eq!(on_air, json!({"streams": [], "next": null}));
    server.server.stop().await;
}

/// No other bytes of a stream look like this.
const MARK: u64 = 0xfeed_5eed_7ea5_0000;
