//! Many streams and many viewers at once.

use std::sync::Arc;

use live::flv::Packet;
use live::rtmp::{ClientOutput, Purpose};
use tokio::task::JoinSet;
use tokio::time::interval;

use super::client::{PICTURE_INTERVAL, Peer, flv, h264, video_parameters};
use crate::fixture::{TestServer, serve_for_test};

const STREAMS: usize = 8;
/// How often each stream gets another publisher: 24 in all.
const ROUNDS: usize = 3;
const VIEWERS: usize = 100;
/// Pictures of each publisher; every fifth is a key.
const PICTURES: i64 = 40;
/// What each viewer sees before it goes; more than one publisher has.
const SEEN: usize = 60;

/// The stream and the publisher that a picture is from.
fn unit(stream: usize, round: usize) -> [u8; 2] {
    [u8::try_from(stream).unwrap(), u8::try_from(round).unwrap()]
}

async fn publish(server: Arc<TestServer>, stream: usize) {
    for round in 0..ROUNDS {
        let name = format!("s{stream}");
        let mut publisher = Peer::connect_in_time(&server, Purpose::Publish, "live", &name).await;
        publisher.send_parameters(&video_parameters()).await;
        let mut ticks = interval(PICTURE_INTERVAL);
        for index in 0..PICTURES {
            ticks.tick().await;
            publisher.send_frame(&h264(index * 40, index % 5 == 0, &unit(stream, round))).await;
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
        assert_eq!(usize::from(frame.data[4]), stream, "the picture of another stream");
        assert!(frame.dts.millis() >= self.last_ms, "{} after {}", frame.dts.millis(), self.last_ms);
        self.last_ms = frame.dts.millis();
        self.count += 1;
    }
}

async fn watch(server: Arc<TestServer>, viewer: usize) {
    let stream = viewer % STREAMS;
    let mut seen = Seen::default();
    if viewer.is_multiple_of(2) {
        let mut peer = Peer::connect(&server, Purpose::Play, "live", &format!("s{stream}")).await.unwrap();
        while seen.count < SEEN {
            if let ClientOutput::Frame(frame) = peer.next().await {
                seen.look(stream, &frame);
            }
        }
    } else {
        let mut peer = flv(server.http(), &format!("/live/s{stream}.flv")).await;
        while seen.count < SEEN {
            if let Packet::Frame(frame) = peer.next().await {
                seen.look(stream, &frame);
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn twenty_four_publishers_come_and_go_while_a_hundred_watch_and_nothing_mixes() {
    let server = Arc::new(serve_for_test(&[]));
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
    // Every connection is gone, so the end needs no waiting for any.
    server.server.stop().await;
}
