//! What comes by RTMP, seen over WebRTC.

use std::time::Duration;

use live::rtmp::Purpose;
use str0m::media::{Direction, Mid};
use tokio::net::TcpStream;

use super::client::{Peer, h264, sound, sound_parameters, video_parameters};
use crate::fixture::{PATIENCE, TestServer, figures, serve_for_test};
use crate::live::open;
use crate::media::client::{Client, drive, now};

/// An encoder whose pictures say their numbers; every so many-th is a key picture.
pub(super) struct Encoder {
    pub(super) peer: Peer<TcpStream>,
    pub(super) next: u64,
    pub(super) pictures_per_key: u64,
}

impl Encoder {
    async fn connect(server: &TestServer, first: u64) -> Self {
        let peer = Peer::connect_in_time(server, Purpose::Publish, "live", "demo").await;
        Self::over(peer, first).await
    }

    /// One that may publish already.
    pub(super) async fn over(mut peer: Peer<TcpStream>, first: u64) -> Self {
        peer.send_parameters(&video_parameters()).await;
        Self { peer, next: first, pictures_per_key: 10 }
    }

    pub(super) async fn send_picture(&mut self) {
        let is_key = self.next.is_multiple_of(self.pictures_per_key);
        let unit = [&[if is_key { 0x65 } else { 0x41 }, 0x80][..], &self.next.to_be_bytes()].concat();
        self.peer.send_frame(&h264(i64::try_from(self.next).unwrap() * 10, is_key, &unit)).await;
        self.next += 1;
    }

    /// Sends a picture every 10 ms until all see five in a row of those from `first` on.
    pub(super) async fn until_seen(&mut self, first: u64, viewers: &mut [(&mut Client, Mid)]) {
        let deadline = now() + PATIENCE;
        let seen = |client: &Client, mid: Mid| {
            let stamps = client.stamps(mid);
            stamps.windows(5).any(|few| few[0] >= first && few.windows(2).all(|two| two[1] == two[0] + 1))
        };
        while !viewers.iter().all(|(client, mid)| seen(client, *mid)) {
            assert!(now() < deadline, "the pictures are not seen in time");
            self.send_picture().await;
            let until = now() + Duration::from_millis(10);
            let mut clients: Vec<&mut Client> = viewers.iter_mut().map(|(client, _)| &mut **client).collect();
            drive(&mut clients, |_| now() >= until).await;
        }
    }
}

#[tokio::test]
async fn viewers_on_every_worker_see_what_comes_by_rtmp_and_the_next_publisher_as_well() {
    let server = serve_for_test(&["media.workers=2", "media.members_per_worker=1"]);
    let (mut ben, mut carl) = (Client::of_h264(1).await, Client::of_h264(2).await);
    let (_, [_, eye]) = open(&server, "/whep/live/demo", &mut ben, Direction::RecvOnly).await;
    let mut encoder = Encoder::connect(&server, 0).await;
    let (_, [_, other]) = open(&server, "/whep/live/demo", &mut carl, Direction::RecvOnly).await;
    drive(&mut [&mut ben, &mut carl], |clients| clients.iter().all(|client| client.connected)).await;
    encoder.until_seen(0, &mut [(&mut ben, eye), (&mut carl, other)]).await;
    let next = encoder.next;
    encoder.peer.leave().await;
    let mut encoder = Encoder::connect(&server, next).await;
    encoder.until_seen(next, &mut [(&mut ben, eye), (&mut carl, other)]).await;
}

#[tokio::test]
async fn how_a_stream_arrives_and_what_its_sound_costs_is_told_to_prometheus() {
    let server = serve_for_test(&["metrics.listen=127.0.0.1:0"]);
    let mut ben = Client::of_h264(1).await;
    let mut encoder = Encoder::connect(&server, 0).await;
    let before = figures(&server).await;
    assert_eq!(before("parlor_live_join_seconds_count{protocol=\"webrtc\",role=\"viewer\"}"), 0.0);
    assert_eq!(before("parlor_live_key_frame_age_seconds_count{protocol=\"rtmp\"}"), 0.0);
    assert_eq!(before("parlor_live_transcoders{to=\"opus\"}"), 0.0);
    for cause in ["unsent", "undecodable", "skipped"] {
        assert_eq!(before(&format!("parlor_live_freezes_total{{cause=\"{cause}\"}}")), 0.0);
        assert_eq!(before(&format!("parlor_live_frozen_seconds_total{{cause=\"{cause}\"}}")), 0.0);
    }
    encoder.peer.send_parameters(&sound_parameters()).await;
    let (_, [_, eye]) = open(&server, "/whep/live/demo", &mut ben, Direction::RecvOnly).await;
    encoder.until_seen(0, &mut [(&mut ben, eye)]).await;
    let first = i64::try_from(encoder.next).unwrap() * 10;
    for frame in 0..50 {
        encoder.peer.send_frame(&sound(first + frame * 23, SILENCE)).await;
    }
    // Their packets come in the order in which they were sent.
    let next = encoder.next;
    encoder.until_seen(next, &mut [(&mut ben, eye)]).await;
    let after = figures(&server).await;
    assert_eq!(after("parlor_live_join_seconds_count{protocol=\"webrtc\",role=\"viewer\"}"), 1.0);
    assert!(after("parlor_live_join_seconds_sum{protocol=\"webrtc\",role=\"viewer\"}") > 0.0);
    assert_eq!(after("parlor_live_key_frame_age_seconds_count{protocol=\"rtmp\"}"), 1.0);
    assert!(after("parlor_live_key_frame_age_seconds_sum{protocol=\"rtmp\"}") > 0.0);
    assert_eq!(after("parlor_live_key_frame_age_seconds_count{protocol=\"webrtc\"}"), 0.0);
    assert_eq!(after("parlor_live_transcoders{to=\"opus\"}"), 1.0);
    assert_eq!(after("parlor_live_transcoded_frames_total{to=\"opus\"}"), 50.0);
    assert!(after("parlor_live_transcoder_cpu_seconds_total{to=\"opus\"}") > 0.0);
    assert_eq!(after("parlor_live_transcoded_frames_total{to=\"aac\"}"), 0.0);
}

/// A frame of AAC in which nothing is to be heard.
pub(super) const SILENCE: &[u8] = &[0x21, 0x10, 0x04, 0x60, 0x8c, 0x1c];
