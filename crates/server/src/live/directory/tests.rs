use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use live::StreamName;
use live::hub::{Grade, Grades, Item, Rendition};
use media::{Codec, Frame, MediaTime, Parameters, Shape};

use super::{Claim, Directory, PATIENCE, Protocol, Taken, ViewEnd};
use crate::clock::now;
use crate::config::Limit;

fn name(stream: &str) -> StreamName {
    StreamName::new("live", stream).expect("a name")
}

fn claim(directory: &Directory, stream: &str) -> Claim {
    directory.claim(&name(stream), Protocol::Rtmp, now()).expect("the name is free")
}

fn publish_sound(claim: &mut Claim, ms: i64) {
    let dts = MediaTime::from_millis(ms);
    claim.publish_frame(Frame { codec: Codec::Opus, pts: dts, dts, is_key: true, data: Bytes::from_static(b"x") });
    claim.flush();
}

#[test]
fn a_stream_has_one_publisher_whatever_its_protocol() {
    let directory = Directory::new(Limit(10));
    let claim = claim(&directory, "a");
    let second = directory.claim(&name("a"), Protocol::WebRtc, now());
    assert_eq!(second.expect_err("it has a publisher"), Taken::OnAir(Protocol::Rtmp));
    assert_eq!(directory.streams().iter().map(|(name, _)| name).collect::<Vec<_>>(), [claim.name()]);
    drop(claim);
    assert!(directory.claim(&name("a"), Protocol::WebRtc, now()).is_ok(), "the name is free again");
    assert!(directory.streams().is_empty());
}

#[test]
fn the_limit_of_streams_can_be_reached_and_not_passed() {
    let directory = Directory::new(Limit(2));
    let (first, _second) = (claim(&directory, "a"), claim(&directory, "b"));
    assert_eq!(directory.claim(&name("c"), Protocol::Rtmp, now()).expect_err("three are not"), Taken::Full(2));
    directory.set_draining(true);
    assert_eq!(directory.claim(&name("c"), Protocol::Rtmp, now()).expect_err("nor is one"), Taken::Draining);
    directory.set_draining(false);
    drop(first);
    assert!(directory.claim(&name("c"), Protocol::Rtmp, now()).is_ok());
}

#[test]
fn a_stream_is_forgotten_when_publisher_and_viewers_are_gone() {
    let directory = Directory::new(Limit(0));
    let mut publisher = claim(&directory, "a");
    assert!(directory.view(&name("a")).is_none(), "there is nothing to begin with yet");
    publish_sound(&mut publisher, 0);
    let viewer = directory.view(&name("a")).expect("a place");
    drop(publisher);
    assert_eq!(directory.entries().len(), 1, "the viewer waits for another publisher");
    drop(viewer);
    assert_eq!(directory.entries().len(), 0);
}

#[tokio::test(start_paused = true)]
async fn who_waits_for_a_publisher_gets_a_place_when_there_is_something_to_see() {
    let directory = Directory::new(Limit(0));
    let stream = name("a");
    let waiting = directory.wait_and_view(&stream, Duration::from_secs(10));
    let publishing = async {
        let mut publisher = claim(&directory, "a");
        publish_sound(&mut publisher, 0);
        publisher
    };
    let (viewer, mut publisher) = tokio::join!(waiting, publishing);
    let mut items: Vec<Arc<Item>> = Vec::new();
    let mut viewer = viewer.expect("a place");
    viewer.next(&mut items).await.expect("the first sound");
    assert_eq!(items.len(), 1);
    items.clear();
    let (heard, ()) = tokio::join!(viewer.next(&mut items), async { publish_sound(&mut publisher, 20) });
    assert_eq!((heard, items.len()), (Ok(()), 1));
    assert!(directory.wait_and_view(&name("b"), Duration::from_secs(10)).await.is_none());
}

#[tokio::test(start_paused = true)]
async fn a_viewer_to_whom_nothing_comes_is_let_go() {
    let directory = Directory::new(Limit(0));
    let mut publisher = claim(&directory, "a");
    publish_sound(&mut publisher, 0);
    let mut viewer = directory.view(&name("a")).expect("a place");
    let mut items = Vec::new();
    viewer.next(&mut items).await.expect("the first sound");
    items.clear();
    let since = tokio::time::Instant::now();
    assert_eq!(viewer.next(&mut items).await, Err(ViewEnd::Silence));
    assert_eq!(since.elapsed(), PATIENCE);
}

#[tokio::test(start_paused = true)]
async fn readers_are_those_who_view_and_those_who_wait_for_the_first_frame_of_a_publisher() {
    let directory = Directory::new(Limit(0));
    let (stream, mut publisher) = (name("a"), claim(&directory, "a"));
    let mut readers = publisher.inlet().readers();
    assert!(!readers.borrow_and_update().are_there());
    let waiting = directory.wait_and_view(&stream, Duration::from_secs(10));
    let publishing = async {
        readers.wait_for(|readers| readers.of_sound.common == 1).await.expect("the stream is there");
        publish_sound(&mut publisher, 0);
    };
    let (viewer, ()) = tokio::join!(waiting, publishing);
    assert_eq!(readers.borrow().of_sound.common, 1, "who waited is a viewer");
    drop(viewer);
    assert!(!readers.borrow().are_there());
    assert!(directory.view_on_air(&name("b"), Duration::from_secs(10)).await.is_none());
}

#[tokio::test(start_paused = true)]
async fn who_waited_before_the_publisher_came_counts_as_its_reader() {
    let directory = Directory::new(Limit(0));
    let stream = name("a");
    let waiting = directory.wait_and_view(&stream, Duration::from_secs(10));
    let publishing = async {
        let mut publisher = claim(&directory, "a");
        let mut readers = publisher.inlet().readers();
        readers.wait_for(|readers| readers.of_sound.common == 1).await.expect("the stream is there");
        publish_sound(&mut publisher, 0);
        publisher
    };
    let (viewer, _publisher) = tokio::join!(waiting, publishing);
    assert!(viewer.is_some());
}

fn publish_picture(claim: &mut Claim, ms: i64, is_key: bool) {
    let dts = MediaTime::from_millis(ms);
    claim.publish_frame(Frame { codec: Codec::H264, pts: dts, dts, is_key, data: Bytes::from_static(b"x") });
    claim.flush();
}

#[test]
fn a_key_picture_ages_until_the_next_or_the_end_of_its_publisher() {
    let directory = Directory::new(Limit(0));
    let (mut publisher, mut speaker) = (claim(&directory, "a"), claim(&directory, "b"));
    publish_sound(&mut speaker, 0);
    assert_eq!(directory.key_picture_ages(now()), [], "sounds are no pictures");
    publish_picture(&mut publisher, 0, true);
    let after = now();
    publish_picture(&mut publisher, 40, false);
    let later = after + Duration::from_secs(7);
    let [(Protocol::Rtmp, age)] = directory.key_picture_ages(later)[..] else { panic!("one stream has pictures") };
    assert!(age >= Duration::from_secs(7));
    publish_picture(&mut publisher, 80, true);
    assert!(directory.key_picture_ages(later)[0].1 < age, "the second is the younger");
    drop(publisher);
    assert_eq!(directory.key_picture_ages(later), []);
    let _next = claim(&directory, "a");
    assert_eq!(directory.key_picture_ages(later), [], "it is not the next publisher's");
}

#[tokio::test]
async fn what_a_slow_reader_misses_is_counted_once() {
    let directory = Directory::new(Limit(0));
    let mut publisher = claim(&directory, "a");
    publish_picture(&mut publisher, 0, true);
    let mut viewer = directory.view(&name("a")).expect("a place");
    let mut items = Vec::new();
    viewer.next(&mut items).await.expect("the first picture");
    assert_eq!(directory.tally().skipped(), 0);
    for second in 1..20 {
        publish_picture(&mut publisher, second * 1000, true);
        publish_picture(&mut publisher, second * 1000 + 40, false);
    }
    viewer.next(&mut items).await.expect("the latest key picture");
    assert_eq!(directory.tally().skipped(), 36);
    assert_eq!(directory.tally().skips(), (1, Duration::from_secs(19)));
    publish_picture(&mut publisher, 20_000, false);
    viewer.next(&mut items).await.expect("the next picture");
    viewer.begin_again();
    viewer.next(&mut items).await.expect("the latest key picture again");
    assert_eq!((directory.tally().skipped(), directory.tally().too_slow()), (36, 0));
}

#[test]
fn nothing_goes_into_a_stream_in_the_name_of_a_publisher_that_is_gone() {
    let directory = Directory::new(Limit(0));
    let first = claim(&directory, "a");
    let mut late = first.inlet();
    drop(first);
    let second = claim(&directory, "a");
    let sound = MediaTime::ZERO;
    late.publish_frame(Frame { codec: Codec::Opus, pts: sound, dts: sound, is_key: true, data: Bytes::new() });
    late.flush();
    assert!(directory.view(second.name()).is_none());
}

#[test]
fn what_was_published_before_a_pause_is_nothing_to_begin_with() {
    let directory = Directory::new(Limit(0));
    let mut publisher = claim(&directory, "a");
    let mut inlet = publisher.inlet();
    publish_sound(&mut publisher, 0);
    inlet.pause();
    assert!(directory.view(&name("a")).is_none());
    inlet.resume(now());
    publish_sound(&mut publisher, 9_000);
    assert!(directory.view(&name("a")).is_some());
}

#[tokio::test(start_paused = true)]
async fn who_waits_idly_is_no_reader_until_there_are_frames() {
    let directory = Directory::new(Limit(0));
    let stream = name("a");
    let waiting = directory.wait_idly_and_view(&stream);
    let publishing = async {
        let mut publisher = claim(&directory, "a");
        tokio::time::advance(Duration::from_secs(1)).await;
        assert!(!publisher.inlet().readers().borrow().are_there());
        publish_sound(&mut publisher, 0);
        publisher
    };
    let (viewer, publisher) = tokio::join!(waiting, publishing);
    assert!(viewer.is_some());
    assert_eq!(publisher.inlet().readers().borrow().of_sound.common, 1);
}

#[tokio::test(start_paused = true)]
async fn who_takes_the_sound_as_it_came_is_counted_apart_and_begins_before_the_other_rendition_is_there() {
    let directory = Directory::new(Limit(0));
    let (stream, mut publisher) = (name("a"), claim(&directory, "a"));
    let mut readers = publisher.inlet().readers();
    let waiting = directory.wait_long_and_view(&stream, Rendition::Original);
    let publishing = async {
        readers
            .wait_for(|readers| readers.of_sound.original == 1 && readers.of_sound.common == 0)
            .await
            .expect("the stream is there");
        let (dts, data) = (MediaTime::ZERO, Bytes::from_static(b"x"));
        let shape = Shape::Audio { sample_rate_hz: 48_000, channels: 2 };
        let parameters = Parameters { codec: Codec::Opus, decoder_configuration: Bytes::new(), shape };
        publisher.inlet.publish_sound_parameters(Rendition::Original, parameters);
        let frame = Frame { codec: Codec::Opus, pts: dts, dts, is_key: true, data };
        publisher.inlet.publish_sound(Rendition::Original, frame);
        publisher.flush();
    };
    let (viewer, ()) = tokio::join!(waiting, publishing);
    assert_eq!(viewer.expect("a place").codecs(), [Codec::Opus]);
    assert!(directory.view(&stream).is_none(), "nothing is there in the codec that everybody knows");
    let seen = directory.sight(&stream).and_then(|sight| sight.audio).map(|audio| audio.codec);
    assert_eq!(seen, Some(Codec::Opus));
}

#[tokio::test(start_paused = true)]
async fn a_layer_has_readers_while_somebody_takes_it_beside_the_best() {
    let directory = Directory::new(Limit(0));
    let mut publisher = claim(&directory, "a");
    publish_sound(&mut publisher, 0);
    publisher.inlet().set_layers(2);
    let readers = publisher.inlet().readers();
    let layer = Grade::of_layer(0).expect("a layer");
    let both: Grades = [Grade::BEST, layer].into_iter().collect();
    let (mut one, mut other) = (directory.view(&name("a")).unwrap(), directory.view(&name("a")).unwrap());
    assert_eq!((one.layers(), readers.borrow().grades()), (2, Grades::BEST));
    one.read_beside(both);
    other.read_beside(both);
    other.read_beside(Grades::default());
    assert_eq!(readers.borrow().grades(), both);
    drop(one);
    assert_eq!((readers.borrow().of_sound.common, readers.borrow().grades()), (1, Grades::BEST));
}
