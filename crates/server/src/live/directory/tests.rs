use live::StreamName;

use super::{Directory, Protocol, Taken};
use crate::clock::now;
use crate::config::Limit;

fn name(stream: &str) -> StreamName {
    StreamName::new("live", stream).expect("a name")
}

#[test]
fn a_stream_has_one_publisher_whatever_its_protocol() {
    let directory = Directory::new(Limit(10));
    let claim = directory.claim(&name("a"), Protocol::Rtmp, now()).expect("the name is free");
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
    let first = directory.claim(&name("a"), Protocol::Rtmp, now()).expect("one is allowed");
    let _second = directory.claim(&name("b"), Protocol::Rtmp, now()).expect("two are allowed");
    assert_eq!(directory.claim(&name("c"), Protocol::Rtmp, now()).expect_err("three are not"), Taken::Full(2));
    drop(first);
    assert!(directory.claim(&name("c"), Protocol::Rtmp, now()).is_ok());
}
