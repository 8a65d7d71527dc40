use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use live::StreamName;
use live::hub::Item;
use media::{Codec, Frame, MediaTime};

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
