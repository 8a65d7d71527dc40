//! Streams that rooms show.

use room::media::MediaRoomId;
use room::show::{Show, StreamPolicy};

use super::*;

const ROOM: MediaRoomId = MediaRoomId(7);
const ANA: MediaPeerId = MediaPeerId(1);
const BO: MediaPeerId = MediaPeerId(2);

fn stage() -> StreamName {
    StreamName::new("room", "demo").unwrap()
}

fn show(of: MediaPeerId) -> Show {
    Show {
        room: ROOM,
        audio: None,
        video: Some((of, Source::Camera)),
        has_audio: true,
        video_codec: Some("H264"),
        video_layers: 0,
        encrypted: false,
        access: StreamPolicy::Open,
        taken: None,
    }
}

impl Desk {
    fn show(&mut self, show: Option<Show>) -> bool {
        let is_over = self.sessions.handle_show(clock::now(), &stage(), show);
        self.drain();
        is_over
    }

    fn watch(&mut self, session: &str) -> Option<Result<String, Refused>> {
        self.open_stream(stage(), Deed::Play, session, "192.0.2.1")
    }
}

fn on_stage(of: MediaPeerId) -> Vec<(String, Option<(MediaPeerId, Source)>)> {
    vec![("0".to_owned(), None), ("1".to_owned(), Some((of, Source::Camera)))]
}

#[test]
fn viewers_of_a_room_are_in_that_room_and_see_what_it_shows() {
    let mut desk = Desk::new();
    assert_eq!(desk.watch("early"), Some(Err(Refused::NotShown)), "nobody waits for a room");
    assert!(!desk.show(Some(show(ANA))));
    assert_eq!(desk.watch("ben"), None);
    let (ben, _) = desk.offered();
    let in_room = desk.requests.iter().all(|request| match request {
        MediaRequest::Offer { room, .. } | MediaRequest::Subscribe { room, .. } => *room == ROOM,
        MediaRequest::Block { .. }
        | MediaRequest::Lose { .. }
        | MediaRequest::Data { .. }
        | MediaRequest::Close { .. } => false,
    });
    assert!(in_room, "{:?}", desk.requests);
    assert_eq!(tracks(desk.shown(ben)), on_stage(ANA));
    assert_eq!((desk.feeds.len(), desk.sessions.video_codec(&stage())), (0, Some("H264")));
    assert!(!desk.show(Some(show(BO))), "who watches goes on");
    assert_eq!(tracks(desk.shown(ben)), on_stage(BO));
    assert_eq!(desk.taps[0].1, View { audio: None, video: Some((BO, Source::Camera)), layers: 0 });
    assert!(desk.sessions.handle_close(&id("ben"), &stage()));
    assert_eq!(desk.watch("late"), None, "without viewers it is shown all the same");
}

#[test]
fn when_a_room_shows_it_no_more_or_to_others_its_viewers_are_sent_away() {
    let mut desk = Desk::new();
    desk.show(Some(show(ANA)));
    desk.watch("ben");
    let closed = Show { access: StreamPolicy::Token, ..show(ANA) };
    assert!(desk.show(Some(closed)));
    assert!(!desk.sessions.handle_close(&id("ben"), &stage()), "ben has gone");
    assert_eq!(desk.taps.len(), 1, "it goes on for those who may");
    desk.watch("cy");
    assert!(desk.show(None));
    assert!(desk.taps.is_empty() && desk.sessions.streams.is_empty() && desk.sessions.clients.is_empty());
    assert!(!desk.sessions.directory.is_on_air(&stage()));
    assert!(!desk.show(None));
}

#[test]
fn what_is_encrypted_becomes_no_frames() {
    let mut desk = Desk::new();
    desk.show(Some(Show { encrypted: true, ..show(ANA) }));
    assert!(desk.taps.is_empty() && !desk.sessions.directory.is_on_air(&stage()));
    assert!(desk.show(Some(show(ANA))));
    assert_eq!(desk.taps.len(), 1);
}

#[test]
fn a_room_that_finds_no_place_among_the_streams_is_watched_by_webrtc() {
    let mut desk = Desk::new();
    desk.sessions.directory = Directory::new(Limit(1));
    let _taken = desk.sessions.directory.claim(&demo(), Protocol::Rtmp, clock::now()).unwrap();
    desk.show(Some(show(ANA)));
    assert!(desk.taps.is_empty());
    assert_eq!(desk.watch("ben"), None);
}
