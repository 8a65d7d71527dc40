use std::time::{Duration, Instant};

use live::StreamName;
use room::media::MediaPeerId;

use super::client::URL_CHARS_MAX;
use super::rate::WINDOW;
use super::{Audience, ClientId, Clients, Full, Kbps, Kind, StreamId, Visit};

use crate::media::{Weighed, Weight};

fn name(stream: &str) -> StreamName {
    StreamName::new("live", stream).unwrap()
}

fn visit(stream: &str, kind: Kind) -> Visit {
    Visit {
        name: name(stream),
        kind,
        address: [192, 0, 2, 1].into(),
        query: String::new(),
        tc_url: "rtmp://host/live".to_owned(),
        page_url: String::new(),
    }
}

#[expect(clippy::disallowed_methods, reason = "the one moment from which a test counts")]
fn start() -> Instant {
    Instant::now()
}

#[test]
fn a_client_is_on_the_list_as_long_as_its_session_lives() {
    let (clients, start) = (Clients::new(10, 7), start());
    let publisher = clients.enter(visit("a", Kind::RtmpPublish), start).unwrap();
    let viewer = clients.enter(visit("a", Kind::RtcPlay), start).unwrap();
    assert_eq!(clients.audience(&name("a")), Audience { publishers: 1, viewers: 1 });
    assert_eq!(clients.audience(&name("b")), Audience::default());
    assert_eq!(clients.list().len(), 2);
    let id = viewer.client().id();
    assert_eq!(clients.find(id).map(|client| client.kind()), Some(Kind::RtcPlay));
    drop(viewer);
    assert!(clients.find(id).is_none());
    assert_eq!(clients.streams(start).len(), 1);
    drop(publisher);
    assert!(clients.streams(start).is_empty(), "nothing is kept of a stream without clients");
}

#[test]
fn so_many_clients_are_let_in_and_no_more() {
    let (clients, start) = (Clients::new(2, 0), start());
    let _first = clients.enter(visit("a", Kind::RtmpPublish), start).unwrap();
    let second = clients.enter(visit("a", Kind::FlvPlay), start).unwrap();
    assert_eq!(clients.enter(visit("a", Kind::FlvPlay), start).err(), Some(Full(2)));
    drop(second);
    assert!(clients.enter(visit("a", Kind::FlvPlay), start).is_ok());
}

#[test]
fn the_one_who_is_ended_hears_it_and_nobody_else_does() {
    let (clients, start) = (Clients::new(10, 0), start());
    let one = clients.enter(visit("a", Kind::RtmpPlay), start).unwrap();
    let other = clients.enter(visit("a", Kind::RtmpPlay), start).unwrap();
    let endings = clients.endings();
    assert!(clients.end(one.client().id()));
    assert!(endings.has_changed().unwrap());
    assert_eq!((one.client().is_ending(), other.client().is_ending()), (true, false));
    let gone = one.client().id();
    drop(one);
    assert!(!clients.end(gone));
}

#[test]
fn rates_are_those_of_the_last_half_minute() {
    let (clients, start) = (Clients::new(10, 0), start());
    let publisher = clients.enter(visit("a", Kind::RtmpPublish), start).unwrap();
    let client = publisher.client();
    for second in 1..=60 {
        // A megabit per second, then nothing.
        client.count_received(if second <= 30 { 125_000 } else { 0 });
        let now = start + Duration::from_secs(second);
        let kbps = client.kbps(now);
        match second {
            1 | 20 | 30 => assert_eq!(kbps, Kbps { received: 1000, sent: 0 }, "after {second} s"),
            60 => assert_eq!(kbps, Kbps::default()),
            _ => {}
        }
    }
    assert!(WINDOW <= Duration::from_secs(30));
}

#[test]
fn what_went_with_a_client_who_has_gone_counts_for_the_stream_and_its_kind() {
    let (clients, start) = (Clients::new(10, 0), start());
    let _publisher = clients.enter(visit("a", Kind::RtmpPublish), start).unwrap();
    let viewer = clients.enter(visit("a", Kind::FlvPlay), start).unwrap();
    viewer.client().count_sent(100);
    drop(viewer);
    clients.count_shared(&name("a"), Kind::HlsPlay, 11);
    let figures = clients.streams(start)[&name("a")];
    assert_eq!((figures.bytes.sent, figures.audience.viewers), (111, 0));
    let kinds = clients.kinds();
    let (present, arrived, bytes) = kinds[&Kind::FlvPlay];
    assert_eq!((present, arrived, bytes.sent), (0, 1, 100));
}

#[test]
fn what_the_media_workers_count_is_taken_over() {
    let (clients, start) = (Clients::new(10, 0), start());
    let viewer = clients.enter(visit("a", Kind::RtcPlay), start).unwrap();
    viewer.client().set_media_peer(MediaPeerId(5));
    let weight = Weight { received_bytes: 10, sent_bytes: 2000 };
    clients.sample(start, &Weighed::from([(MediaPeerId(5), weight), (MediaPeerId(6), Weight::default())]));
    assert_eq!((viewer.client().bytes().received, viewer.client().bytes().sent), (10, 2000));
}

#[test]
fn a_number_is_read_as_it_is_written_and_a_stream_keeps_its_own() {
    let id = ClientId(0x7_0000_0001);
    assert_eq!(id.to_string().parse(), Ok(id));
    for wrong in ["", "7", "+000000000000001", "00000000000000001"] {
        assert!(wrong.parse::<ClientId>().is_err(), "{wrong}");
    }
    assert_eq!(StreamId::of(&name("a")), StreamId::of(&name("a")));
    assert_ne!(StreamId::of(&name("a")), StreamId::of(&name("b")));
}

#[test]
fn no_more_than_so_much_of_a_url_is_kept() {
    let clients = Clients::new(1, 0);
    let long = Visit { tc_url: "ä".repeat(URL_CHARS_MAX + 1), ..visit("a", Kind::RtmpPlay) };
    let viewer = clients.enter(long, start()).unwrap();
    assert_eq!(viewer.client().visit().tc_url.chars().count(), URL_CHARS_MAX);
}
