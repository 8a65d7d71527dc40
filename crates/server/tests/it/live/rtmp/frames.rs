//! What comes by WebRTC, as everybody else sees it.

use std::cell::Cell;
use std::future::Future;
use std::time::{Duration, Instant};

use live::bridge::Packetizer;
use live::flv::Packet;
use live::m3u8::rules;
use live::rtmp::{ClientOutput, Purpose};
use media::{Codec, Frame, Kind, MediaTime, Parameters};
use str0m::media::{Direction, Mid};

use super::client::{FlvViewer, Peer, flv, video_parameters};
use crate::fixture::{Answer, TestServer, get, request, serve_for_test};
use crate::live::open;
use crate::media::client::{Client, drive, now};

/// A browser that films: 25 pictures a second, which say their numbers, key pictures when it is asked for them, and silence.
pub(super) struct Camera {
    pub(super) client: Client,
    session: String,
    voice: Mid,
    face: Mid,
    packetizer: Packetizer,
    began: Instant,
    pictures: u64,
    sounds: u64,
    /// Requests for key frames that were followed.
    followed: usize,
}

impl Camera {
    pub(super) async fn publish(server: &TestServer, path: &str, id: u64) -> Self {
        let mut client = Client::of_h264(id).await;
        let (session, [voice, face]) = open(server, path, &mut client, Direction::SendOnly).await;
        drive(&mut [&mut client], |clients| clients[0].connected).await;
        Self::of(client, session, [voice, face])
    }

    /// Where its session is.
    pub(super) fn session(&self) -> &str {
        &self.session
    }

    /// As what is sent by a client that is connected.
    pub(super) fn of(client: Client, session: String, [voice, face]: [Mid; 2]) -> Self {
        let mut packetizer = Packetizer::new(1_000);
        packetizer.set_parameters(&video_parameters()).unwrap();
        Self { client, session, voice, face, packetizer, began: now(), pictures: 0, sounds: 0, followed: 0 }
    }

    /// When the picture of that number is made.
    pub(super) fn made_at(&self, picture: u64) -> Instant {
        self.began + Duration::from_millis(picture * 40)
    }

    /// Films while somebody does something else.
    pub(super) async fn film<T>(&mut self, others: impl Future<Output = T>) -> T {
        let done = Cell::new(false);
        let filming = self.film_until(|| done.get());
        let others = async {
            let result = others.await;
            done.set(true);
            result
        };
        tokio::join!(filming, others).1
    }

    async fn film_until(&mut self, done: impl Fn() -> bool) {
        let Self { client, voice, face, packetizer, began, pictures, sounds, followed, .. } = self;
        while !done() {
            let until = now() + Duration::from_millis(200);
            drive(&mut [client], |clients| {
                let passed = u64::try_from((now() - *began).as_millis()).unwrap();
                while *sounds * 20 <= passed {
                    clients[0].send_silence(*voice, *sounds * 20);
                    *sounds += 1;
                }
                while *pictures * 40 <= passed {
                    let is_key = *pictures == 0 || clients[0].key_frame_requests > *followed;
                    *followed = clients[0].key_frame_requests;
                    let payloads = picture(packetizer, *pictures, is_key);
                    clients[0].send_payloads(*face, payloads, *pictures * 40);
                    *pictures += 1;
                }
                done() || now() >= until
            })
            .await;
        }
    }

    async fn leave(self, server: &TestServer) {
        assert_eq!(request(server.http(), "DELETE", &self.session, &[]).await.status, 200);
    }
}

fn picture(packetizer: &mut Packetizer, number: u64, is_key: bool) -> Vec<(Vec<u8>, bool)> {
    let unit = [&[if is_key { 0x65 } else { 0x41 }, 0x80][..], &number.to_be_bytes(), &[1; 3_000]].concat();
    let data = [&u32::try_from(unit.len()).unwrap().to_be_bytes()[..], &unit].concat().into();
    let frame = Frame { codec: Codec::H264, pts: MediaTime::ZERO, dts: MediaTime::ZERO, is_key, data };
    let mut payloads = Vec::new();
    packetizer.packetize(&frame, |payload, last| payloads.push((payload.to_vec(), last))).unwrap();
    payloads
}

pub(super) fn number_of(frame: &Frame) -> u64 {
    u64::from_be_bytes(frame.data[6..14].try_into().unwrap())
}

/// What a viewer has got.
#[derive(Debug, Default)]
pub(super) struct Seen {
    parameters: Vec<Parameters>,
    frames: Vec<Frame>,
}

impl Seen {
    fn of(&self, kind: Kind) -> Vec<&Frame> {
        self.frames.iter().filter(|frame| frame.kind() == kind).collect()
    }

    /// Until there are so many pictures and as many sounds.
    fn is_enough(&self, count: usize) -> bool {
        [Kind::Video, Kind::Audio].iter().all(|kind| self.of(*kind).len() >= count)
    }

    /// Begins with parameters and a key picture; nothing is missing, and all times follow from those of the pictures.
    pub(super) fn assert_whole(&self) {
        assert_eq!(self.parameters[..1], [video_parameters()]);
        let codecs: Vec<_> = self.parameters.iter().map(|parameters| parameters.codec).collect();
        assert_eq!(codecs, [Codec::H264, Codec::Aac]);
        let pictures = self.of(Kind::Video);
        assert!(pictures[0].is_key, "decoders can begin");
        for two in pictures.windows(2) {
            assert_eq!(number_of(two[1]), number_of(two[0]) + 1);
            let step = (two[1].dts - two[0].dts).millis();
            assert!((36..=44).contains(&step), "{step} ms");
        }
    }
}

pub(super) async fn watch_flv(viewer: &mut FlvViewer, count: usize) -> Seen {
    let mut seen = Seen::default();
    while !seen.is_enough(count) {
        match viewer.next().await {
            Packet::Parameters(parameters) => seen.parameters.push(parameters),
            Packet::Frame(frame) => seen.frames.push(frame),
        }
    }
    seen
}

async fn watch_rtmp(server: &TestServer, name: &str, count: usize) -> Seen {
    let mut viewer = Peer::connect(server, Purpose::Play, "live", name).await.unwrap();
    let mut seen = Seen::default();
    while !seen.is_enough(count) {
        match viewer.next().await {
            ClientOutput::Parameters(parameters) => seen.parameters.push(parameters),
            ClientOutput::Frame(frame) => seen.frames.push(frame),
            other @ (ClientOutput::Send(_)
            | ClientOutput::Ready { .. }
            | ClientOutput::Metadata(_)
            | ClientOutput::Ended) => panic!("{other:?}"),
        }
    }
    seen
}

fn text(answer: &Answer) -> &str {
    assert_eq!(answer.status, 200, "{answer:?}");
    std::str::from_utf8(&answer.body).unwrap()
}

#[tokio::test]
async fn what_is_published_by_whip_is_played_by_rtmp_and_flv_with_its_sound() {
    let server = serve_for_test(&[]);
    let mut camera = Camera::publish(&server, "/whip/live/demo", 1).await;
    let by_flv = async { watch_flv(&mut flv(server.http(), "/live/demo.flv").await, 40).await };
    let by_rtmp = watch_rtmp(&server, "demo", 40);
    let (by_flv, by_rtmp) = camera.film(async { tokio::join!(by_flv, by_rtmp) }).await;
    by_flv.assert_whole();
    by_rtmp.assert_whole();
}

#[tokio::test]
async fn a_player_that_waits_sees_the_publisher_on_whatever_worker_and_the_next_one_after_it() {
    let server = serve_for_test(&["media.workers=2", "media.members_per_worker=1"]);
    let waiting = tokio::spawn(async_flv(server.http()));
    let mut camera = Camera::publish(&server, "/rtc/v1/whip/?app=live&stream=demo", 1).await;
    let mut viewer = camera.film(waiting).await.unwrap();
    let first = camera.film(watch_flv(&mut viewer, 20)).await;
    first.assert_whole();
    camera.leave(&server).await;
    let mut camera = Camera::publish(&server, "/whip/live/demo", 2).await;
    let next = camera.film(watch_flv(&mut viewer, 80)).await;
    let last = first.frames.last().unwrap().dts;
    let times: Vec<_> = next.of(Kind::Video).iter().map(|frame| frame.dts).collect();
    assert!(times[0] > last && times.windows(2).all(|two| two[1] > two[0]), "times go on");
}

async fn async_flv(address: std::net::SocketAddr) -> FlvViewer {
    flv(address, "/live/demo.flv").await
}

#[tokio::test]
async fn what_is_published_by_whip_is_played_by_hls_in_both_containers_and_as_a_transport_stream() {
    let server = serve_for_test(&["live.key_frame_seconds=1"]);
    let mut camera = Camera::publish(&server, "/whip/live/demo", 1).await;
    let watching = async {
        for (path, kind) in [("/live/demo/index.m3u8", "video/mp4"), ("/live/demo.m3u8", "video/mp2t")] {
            let first = get(server.http(), path, &[]).await;
            assert!(text(&first).contains("avc1.") && text(&first).contains("mp4a.40.2"), "{}", text(&first));
            let media = rules::multivariant_playlist(text(&first)).unwrap().remove(0);
            let playlist = get(server.http(), &media, &[]).await;
            let seen = rules::media_playlist(text(&playlist)).unwrap();
            let folder = if kind == "video/mp4" { "/live/demo" } else { "/live" };
            let segment = get(server.http(), &format!("{folder}/{}", seen.segments[0].uri), &[]).await;
            assert_eq!((segment.status, segment.header("content-type")), (200, Some(kind)));
            assert!(segment.body.len() > 25 * 3_000, "a second of pictures: {}", segment.body.len());
        }
    };
    camera.film(watching).await;
}

#[tokio::test]
async fn while_nobody_reads_frames_a_publisher_is_asked_for_nothing() {
    let server = serve_for_test(&["live.key_frame_seconds=1"]);
    let mut camera = Camera::publish(&server, "/whip/live/demo", 1).await;
    let until = now() + Duration::from_millis(2_500);
    camera.film_until(|| now() >= until).await;
    assert_eq!(camera.client.key_frame_requests, 0);
    let seen = camera.film(watch_rtmp(&server, "demo", 60)).await;
    seen.assert_whole();
    let keys: Vec<_> = seen.of(Kind::Video).iter().filter(|frame| frame.is_key).map(|frame| number_of(frame)).collect();
    assert!(keys.len() >= 2 && keys.windows(2).all(|two| two[1] - two[0] <= 40), "one a second: {keys:?}");
}
