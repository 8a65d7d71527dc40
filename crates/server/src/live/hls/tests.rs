use std::net::Ipv4Addr;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use live::StreamName;
use live::hls::{Container, File, HlsError, Reload};
use live::hub::{Grade, Grades};
use live::m3u8::rules;
use media::{Codec, Frame, MediaTime, Parameters, Shape};

use super::packager::IDLE;
use super::{Hls, HlsRefusal};
use crate::address::ClientNetwork;
use crate::clock;
use crate::config::Limit;
use crate::live::clients::{Clients, Kind, Presence, Visit};
use crate::live::directory::{Claim, Directory, Protocol};

/// A publisher whose clock goes as fast as it is told to.
struct Publisher {
    claim: Claim,
    at_ms: i64,
    layers: Vec<Grade>,
}

impl Publisher {
    fn begin(directory: &Directory) -> Self {
        let claim = directory.claim(&name(), Protocol::Rtmp, clock::now()).unwrap();
        claim.publish_parameters(h264());
        Self { claim, at_ms: 0, layers: Vec::new() }
    }

    /// Has pictures of two layers from here on, the smaller one half as wide, as long as somebody reads it.
    fn simulcast(&mut self) {
        self.claim.inlet().set_layers(2);
        self.layers = vec![low()];
        let shape = Shape::Video { width: 32, height: 24 };
        self.claim.inlet().publish_parameters_of(low(), Parameters { shape, ..h264() });
    }

    /// Pictures at 25 a second, with a key frame every two seconds.
    fn publish(&mut self, for_ms: i64) {
        let end = self.at_ms + for_ms;
        while self.at_ms < end {
            let is_key = self.at_ms % 2000 == 0;
            let at = MediaTime::from_millis(self.at_ms);
            let data = Bytes::from_static(if is_key { &[0, 0, 0, 2, 0x65, 1] } else { &[0, 0, 0, 2, 0x41, 1] });
            let frame = Frame { codec: Codec::H264, pts: at, dts: at, is_key, data };
            self.claim.publish_frame(frame.clone());
            for layer in &self.layers {
                self.claim.inlet().publish_picture_of(*layer, frame.clone());
            }
            self.at_ms += 40;
        }
        self.claim.flush();
    }
}

fn h264() -> Parameters {
    let record = [1, 0x42, 0xc0, 0x0a, 0xff, 0xe1, 0, 4, 0x67, 0x42, 0xc0, 0x0a, 1, 0, 2, 0x68, 0xce];
    Parameters {
        codec: Codec::H264,
        decoder_configuration: Bytes::copy_from_slice(&record),
        shape: Shape::Video { width: 64, height: 48 },
    }
}

fn low() -> Grade {
    Grade::of_layer(0).unwrap()
}

fn name() -> StreamName {
    StreamName::new("live", "lesson").unwrap()
}

fn presence(clients: &Clients) -> Presence {
    let visit = Visit {
        name: name(),
        kind: Kind::HlsPlay,
        address: [192, 0, 2, 1].into(),
        query: String::new(),
        tc_url: String::new(),
        page_url: String::new(),
    };
    clients.enter(visit, clock::now()).unwrap()
}

fn client() -> ClientNetwork {
    std::net::IpAddr::from(Ipv4Addr::LOCALHOST).into()
}

fn on_air() -> (Arc<Hls>, Directory, Publisher) {
    let directory = Directory::new(Limit(10));
    let mut publisher = Publisher::begin(&directory);
    publisher.publish(40);
    (Hls::new(directory.clone(), None), directory, publisher)
}

async fn playlist(hls: &Arc<Hls>, container: Container, query: &str) -> Result<String, HlsRefusal> {
    let reload = Reload::parse(query).unwrap();
    let text = hls.media_playlist(&name(), client(), (container, Grade::BEST), reload, uri).await?;
    Ok(String::from_utf8(text.to_vec()).unwrap())
}

/// Asks in a task of its own, and gives the packager the time to begin.
async fn asked(hls: &Arc<Hls>, query: &'static str) -> tokio::task::JoinHandle<Result<String, HlsRefusal>> {
    let task = tokio::spawn({
        let hls = Arc::clone(hls);
        async move { playlist(&hls, Container::Mp4, query).await }
    });
    for _ in 0..10 {
        tokio::task::yield_now().await;
    }
    task
}

/// On the clock of the test, which stands still while anything is left to do.
async fn half_a_minute() {
    let nothing = tokio::time::timeout(Duration::from_secs(31), std::future::pending::<()>());
    assert!(nothing.await.is_err());
}

#[tokio::test(start_paused = true)]
async fn the_first_player_waits_for_the_first_segment() {
    let (hls, _directory, mut publisher) = on_air();
    let waiting = asked(&hls, "").await;
    assert!(!waiting.is_finished());
    publisher.publish(2_100);
    let text = waiting.await.unwrap().unwrap();
    let seen = rules::media_playlist(&text).unwrap();
    assert_eq!(seen.segments.len(), 1);
    let ts = playlist(&hls, Container::TransportStream, "").await.unwrap();
    assert_eq!(rules::media_playlist(&ts).unwrap().segments.len(), 1);
}

#[tokio::test(start_paused = true)]
async fn nobody_waits_for_a_stream_that_is_not_on_air() {
    let hls = Hls::new(Directory::new(Limit(10)), None);
    assert_eq!(playlist(&hls, Container::Mp4, "").await, Err(HlsRefusal::OffAir));
    let view = hls.view(&name(), client(), presence(&Clients::new(1, 0))).await;
    assert_eq!(view.err(), Some(HlsRefusal::OffAir));
}

#[tokio::test(start_paused = true)]
async fn the_hinted_part_is_given_when_it_comes() {
    let (hls, _directory, mut publisher) = on_air();
    let waiting = asked(&hls, "").await;
    publisher.publish(2_100);
    let seen = rules::media_playlist(&waiting.await.unwrap().unwrap()).unwrap();
    let (tag, file) = File::parse(&seen.preload_hint.unwrap()).unwrap();
    let part = tokio::spawn({
        let hls = Arc::clone(&hls);
        async move { hls.file(&name(), client(), tag, file).await }
    });
    publisher.publish(1_000);
    assert!(part.await.unwrap().unwrap().concat().windows(4).any(|name| name == b"moof"));
}

#[tokio::test(start_paused = true)]
async fn a_player_who_waits_in_vain_is_told_so() {
    let (hls, _directory, mut publisher) = on_air();
    let waiting = asked(&hls, "").await;
    publisher.publish(2_100);
    waiting.await.unwrap().unwrap();
    // Segment 1 does not get complete: three target durations are waited.
    assert_eq!(playlist(&hls, Container::Mp4, "_HLS_msn=1").await, Err(HlsRefusal::Late(6)));
    let too_far = playlist(&hls, Container::Mp4, "_HLS_msn=3").await.unwrap_err();
    assert!(matches!(too_far, HlsRefusal::Stream(HlsError::Reload(_))));
}

#[tokio::test(start_paused = true)]
async fn another_publisher_makes_a_discontinuity_and_none_the_end() {
    let (hls, directory, mut publisher) = on_air();
    let waiting = asked(&hls, "").await;
    publisher.publish(2_100);
    waiting.await.unwrap().unwrap();
    drop(publisher);
    let mut next = Publisher::begin(&directory);
    next.publish(2_100);
    let waiting = asked(&hls, "_HLS_msn=2").await;
    next.publish(2_000);
    let seen = rules::media_playlist(&waiting.await.unwrap().unwrap()).unwrap();
    assert_eq!(seen.segments.iter().filter(|segment| segment.is_discontinuous).count(), 1, "{seen:?}");
    drop(next);
    // Nothing comes for half a minute.
    half_a_minute().await;
    let text = playlist(&hls, Container::Mp4, "").await.unwrap();
    assert!(rules::media_playlist(&text).unwrap().is_ended);
    half_a_minute().await;
    assert_eq!(playlist(&hls, Container::Mp4, "").await, Err(HlsRefusal::OffAir));
    assert!(hls.packagers().is_empty(), "nothing is left");
}

#[tokio::test]
async fn a_codec_that_no_transport_stream_carries_is_refused_before_it_begins() {
    let directory = Directory::new(Limit(10));
    let mut publisher = directory.claim(&name(), Protocol::WebRtc, clock::now()).unwrap();
    let shape = Shape::Video { width: 64, height: 48 };
    publisher.publish_parameters(Parameters { codec: Codec::Vp8, decoder_configuration: Bytes::new(), shape });
    let (pts, data) = (MediaTime::ZERO, Bytes::from_static(b"key"));
    publisher.publish_frame(Frame { codec: Codec::Vp8, pts, dts: pts, is_key: true, data });
    publisher.flush();
    let hls = Hls::new(directory, None);
    let view = hls.view(&name(), client(), presence(&Clients::new(1, 0))).await;
    assert_eq!(view.err(), Some(HlsRefusal::Stream(HlsError::Codec(Codec::Vp8))));
}

#[tokio::test]
async fn a_stream_without_end_begins_with_its_tables_and_goes_on() {
    let (hls, _directory, mut publisher) = on_air();
    let mut viewer = hls.view(&name(), client(), presence(&Clients::new(1, 0))).await.unwrap();
    let first = viewer.next().await.unwrap();
    assert_eq!((first.len() % 188, &first[..4]), (0, &[0x47, 0x40, 0, 0x10][..]));
    publisher.publish(1_000);
    let more = viewer.next().await.unwrap();
    assert!(more.len() >= 24 * 188, "{}", more.len());
}

#[tokio::test]
async fn a_session_opens_its_own_stream_alone() {
    let (hls, _directory, _publisher) = on_air();
    let clients = Clients::new(1, 0);
    let context = Hls::new_context().unwrap();
    hls.open_context(context, presence(&clients)).unwrap();
    let context = context.to_string();
    assert!(hls.client_of(&context, &name()).is_some());
    assert!(hls.client_of(&context, &StreamName::new("live", "other").unwrap()).is_none());
    for wrong in ["", "7", "00000000000000000000000000000000", "+0000000000000000000000000000001", "é"] {
        assert!(hls.client_of(wrong, &name()).is_none(), "{wrong}");
    }
}

fn uri(grade: Grade) -> String {
    format!("{}.m3u8", grade.index())
}

/// Where the media playlists of the stream are.
async fn variants(hls: &Arc<Hls>) -> Result<Vec<String>, HlsRefusal> {
    let text = hls.multivariant_playlist(&name(), client(), Container::Mp4, uri).await?;
    Ok(rules::multivariant_playlist(std::str::from_utf8(&text).unwrap()).unwrap())
}

async fn of_layer(hls: &Arc<Hls>, grade: Grade) -> Result<rules::Seen, HlsRefusal> {
    let text = hls.media_playlist(&name(), client(), (Container::Mp4, grade), Reload::default(), uri).await?;
    Ok(rules::media_playlist(std::str::from_utf8(&text).unwrap()).unwrap())
}

/// Lets the tasks do what there is to do.
async fn settle() {
    for _ in 0..10 {
        tokio::task::yield_now().await;
    }
}

#[tokio::test(start_paused = true)]
async fn a_layer_is_read_while_somebody_asks_for_it_and_for_a_minute_after_that() {
    let (hls, _directory, mut publisher) = on_air();
    publisher.claim.inlet().set_layers(2);
    let readers = publisher.claim.inlet().readers();
    let asked = tokio::spawn({
        let hls = Arc::clone(&hls);
        async move { variants(&hls).await }
    });
    settle().await;
    assert!(readers.borrow().grades().contains(low()));
    publisher.simulcast();
    for _ in 0..3 {
        publisher.publish(1_400);
        settle().await;
    }
    assert_eq!(asked.await.unwrap(), Ok(vec!["0.m3u8".to_owned(), "1.m3u8".to_owned()]));
    let seen = of_layer(&hls, low()).await.unwrap();
    assert!(!seen.segments.is_empty());
    let best = of_layer(&hls, Grade::BEST).await.unwrap();
    assert_eq!(rules::renditions(&[(uri(Grade::BEST), best), (uri(low()), seen)]), Ok(()));
    let packager = Arc::clone(hls.packagers().get(&name()).unwrap());
    let last_asked = clock::now();
    packager.forget_unasked(last_asked + IDLE - Duration::from_secs(1));
    settle().await;
    assert!(readers.borrow().grades().contains(low()));
    packager.forget_unasked(last_asked + IDLE);
    settle().await;
    assert_eq!((readers.borrow().of_sound.common, readers.borrow().grades()), (1, Grades::BEST));
}

#[tokio::test(start_paused = true)]
async fn a_layer_that_the_publisher_does_not_send_is_not_found() {
    let (hls, _directory, mut publisher) = on_air();
    publisher.publish(2_100);
    let missing = of_layer(&hls, low()).await.unwrap_err();
    assert_eq!(missing, HlsRefusal::Stream(HlsError::NotFound));
    assert!(!publisher.claim.inlet().readers().borrow().grades().contains(low()));
}
