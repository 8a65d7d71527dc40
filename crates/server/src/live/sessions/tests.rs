use std::net::IpAddr;

use live::StreamName;
use room::media::{MediaEvent, MediaPeerId, MediaRefusal, MediaRequest, SlotWish, Source, TrackDescription};

use super::{Limits, Opening, Output, Refused, Restart, SessionId, Sessions};
use crate::clock;
use crate::config::Limit;
use crate::live::access::Deed;
use crate::live::clients::{Clients, Kind, Visit};
use crate::live::directory::{Directory, Protocol, Taken};
use crate::live::offer::Offer;
use crate::media::View;

mod shown;

const OFFER: &str = "v=0\r\no=- 1 1 IN IP4 0.0.0.0\r\ns=-\r\nt=0 0\r\na=group:BUNDLE 0 1\r\na=ice-ufrag:abcd\r\na=ice-pwd:0123456789012345678901\r\n\
                     m=audio 9 UDP/TLS/RTP/SAVPF 111\r\na=mid:0\r\nm=video 9 UDP/TLS/RTP/SAVPF 96\r\na=mid:1\r\n";

/// Sessions and what they have said.
struct Desk {
    sessions: Sessions,
    clients: Clients,
    requests: Vec<MediaRequest>,
    answers: Vec<(u64, Result<String, Refused>)>,
    opened: u64,
    /// The members that are fed.
    feeds: Vec<MediaPeerId>,
    /// The members that receive for the readers of frames, and what.
    taps: Vec<(MediaPeerId, View)>,
}

fn demo() -> StreamName {
    StreamName::new("live", "demo").unwrap()
}

fn id(name: &str) -> SessionId {
    SessionId(name.to_owned())
}

fn visit(deed: Deed) -> Visit {
    Visit {
        name: demo(),
        kind: if deed == Deed::Publish { Kind::RtcPublish } else { Kind::RtcPlay },
        address: IpAddr::from([192, 0, 2, 1]),
        query: String::new(),
        tc_url: String::new(),
        page_url: String::new(),
    }
}

impl Desk {
    fn new() -> Self {
        Self::with(Limits { viewers: Limit(0), sessions_per_address: Limit(0), sessions: Limit(0) })
    }

    fn with(limits: Limits) -> Self {
        let sessions = Sessions::new(limits, Directory::new(Limit(0)));
        let (clients, requests, answers) = (Clients::new(100, 0), Vec::new(), Vec::new());
        Self { sessions, clients, requests, answers, opened: 0, feeds: Vec::new(), taps: Vec::new() }
    }

    /// Asks for a session, and says what became of it at once.
    fn open(&mut self, deed: Deed, session: &str, address: &str) -> Option<Result<String, Refused>> {
        self.open_stream(demo(), deed, session, address)
    }

    fn open_stream(
        &mut self,
        name: StreamName,
        deed: Deed,
        session: &str,
        address: &str,
    ) -> Option<Result<String, Refused>> {
        let client = address.parse::<IpAddr>().unwrap().into();
        let offer = Offer::parse(deed, OFFER.to_owned()).unwrap();
        let presence = self.clients.enter(visit(deed), clock::now()).unwrap();
        let tag = "\"1\"".to_owned();
        let opening = Opening { id: id(session), name, deed, offer, client, tag, presence };
        let request = self.sessions.handle_open(clock::now(), opening);
        self.opened = request;
        self.drain();
        self.answers.iter().find(|(number, _)| *number == request).map(|(_, answer)| answer.clone())
    }

    fn hear(&mut self, event: MediaEvent) {
        self.sessions.handle_event(event);
        self.drain();
    }

    fn drain(&mut self) {
        while let Some(output) = self.sessions.poll_output() {
            match output {
                Output::Request(request) => self.requests.push(request),
                Output::Answer { request, answer } => self.answers.push((request, answer)),
                Output::Feed { name, peer, .. } => {
                    assert_eq!(name, demo());
                    self.feeds.push(peer);
                }
                Output::StopFeed { peer, .. } => self.feeds.retain(|fed| *fed != peer),
                Output::Tap { inlet, peer, view, has, .. } => {
                    assert_eq!((inlet.name().stream(), has), ("demo", (true, true)));
                    self.taps.push((peer, view));
                }
                Output::TurnTap { peer, view } => {
                    let (_, turned) = self.taps.iter_mut().find(|(tap, _)| *tap == peer).unwrap();
                    *turned = view;
                }
                Output::StopTap { peer } => self.taps.retain(|(tap, _)| *tap != peer),
            }
        }
    }

    /// Opens a session that the media plane answers.
    fn opened(&mut self, deed: Deed, session: &str) -> MediaPeerId {
        assert_eq!(self.open(deed, session, "192.0.2.1"), None);
        let (peer, request) = self.offered();
        self.hear(MediaEvent::Answered { peer, request, sdp: format!("answer to {session}") });
        peer
    }

    /// Whose the last offer was, and its number.
    fn offered(&self) -> (MediaPeerId, u64) {
        let mut offers = self.requests.iter().rev().filter_map(|request| {
            let MediaRequest::Offer { peer, request, .. } = request else { return None };
            Some((*peer, *request))
        });
        offers.next().unwrap()
    }

    /// What a viewer was last put in front of.
    fn shown(&self, viewer: MediaPeerId) -> Option<Vec<SlotWish>> {
        self.requests.iter().rev().find_map(|request| {
            let MediaRequest::Subscribe { peer, slots, .. } = request else { return None };
            (*peer == viewer).then(|| slots.clone())
        })
    }
}

fn tracks(slots: Option<Vec<SlotWish>>) -> Vec<(String, Option<(MediaPeerId, Source)>)> {
    slots.unwrap_or_default().into_iter().map(|slot| (slot.mid, slot.track)).collect()
}

fn both(publisher: MediaPeerId) -> Vec<(String, Option<(MediaPeerId, Source)>)> {
    vec![("0".to_owned(), Some((publisher, Source::Microphone))), ("1".to_owned(), Some((publisher, Source::Camera)))]
}

#[test]
fn what_a_publisher_sends_can_become_frames_for_as_long_as_it_publishes() {
    let mut desk = Desk::new();
    desk.opened(Deed::Play, "viewer");
    assert_eq!(desk.taps, []);
    let first = desk.opened(Deed::Publish, "first");
    assert_eq!(desk.taps.iter().map(|(_, view)| *view).collect::<Vec<_>>(), [View::of(first, 0)]);
    assert!(matches!(desk.open(Deed::Publish, "second", "192.0.2.2"), Some(Err(Refused::Taken(_)))));
    assert_eq!(desk.taps.len(), 1, "who may not publish is not received");
    desk.hear(MediaEvent::Disconnected { peer: first, reason: "gone".to_owned() });
    assert_eq!(desk.taps, []);
}

#[test]
fn viewer_is_shown_the_publisher_whoever_comes_first_and_the_next_one_after_him() {
    let mut desk = Desk::new();
    let early = desk.opened(Deed::Play, "early");
    assert_eq!(tracks(desk.shown(early)), both(desk.feeds[0]), "what another protocol may bring");
    let first = desk.opened(Deed::Publish, "first");
    assert_eq!(tracks(desk.shown(early)), both(first));
    let late = desk.opened(Deed::Play, "late");
    assert_eq!(tracks(desk.shown(late)), both(first));
    assert!(desk.sessions.handle_close(&id("first"), &demo()));
    let second = desk.opened(Deed::Publish, "second");
    assert_eq!((tracks(desk.shown(early)), tracks(desk.shown(late))), (both(second), both(second)));
}

#[test]
fn stream_is_fed_while_somebody_views_it_and_nobody_publishes_it_by_webrtc() {
    let mut desk = Desk::new();
    let feeds = |desk: &Desk| desk.feeds.len();
    let early = desk.opened(Deed::Play, "early");
    let late = desk.opened(Deed::Play, "late");
    assert_eq!(feeds(&desk), 1);
    assert_eq!((tracks(desk.shown(early)), tracks(desk.shown(late))), (both(desk.feeds[0]), both(desk.feeds[0])));
    let codec = |desk: &Desk| desk.sessions.video_codec(&demo());
    let video =
        TrackDescription { source: Source::Camera, video: true, codec: "H264", layers: Vec::new(), encrypted: false };
    desk.hear(MediaEvent::Published { peer: desk.feeds[0], tracks: vec![video] });
    assert_eq!(codec(&desk), Some("H264"));
    desk.opened(Deed::Publish, "anna");
    assert_eq!((feeds(&desk), codec(&desk)), (0, None));
    assert!(desk.sessions.handle_close(&id("anna"), &demo()));
    desk.drain();
    assert_eq!(tracks(desk.shown(late)), both(desk.feeds[0]));
    for viewer in ["early", "late"] {
        assert_eq!(feeds(&desk), 1);
        assert!(desk.sessions.handle_close(&id(viewer), &demo()));
        desk.drain();
    }
    assert_eq!(feeds(&desk), 0);
    assert!(desk.sessions.streams.is_empty() && desk.sessions.feeds.is_empty());
}

#[test]
fn all_of_a_stream_are_in_one_room_of_the_media_plane_and_publishers_hear_nothing() {
    let mut desk = Desk::new();
    desk.opened(Deed::Publish, "anna");
    desk.opened(Deed::Play, "ben");
    let offers: Vec<_> = desk
        .requests
        .iter()
        .filter_map(|request| {
            let MediaRequest::Offer { room, tracks, may_publish, may_subscribe, .. } = request else { return None };
            Some((*room, tracks.len(), may_publish.len(), *may_subscribe))
        })
        .collect();
    assert_eq!(offers, [(offers[0].0, 2, 2, false), (offers[0].0, 0, 0, true)]);
}

#[test]
fn stream_has_one_publisher_until_his_session_is_over() {
    let mut desk = Desk::new();
    let anna = desk.opened(Deed::Publish, "anna");
    let taken = Refused::Taken(Taken::OnAir(Protocol::WebRtc));
    assert_eq!(desk.open(Deed::Publish, "ben", "192.0.2.2"), Some(Err(taken)));
    desk.hear(MediaEvent::Disconnected { peer: anna, reason: "the client is silent".to_owned() });
    assert!(matches!(desk.requests.last(), Some(MediaRequest::Close { peer, .. }) if *peer == anna));
    assert!(!desk.sessions.handle_close(&id("anna"), &demo()));
    assert_eq!(desk.open(Deed::Publish, "ben", "192.0.2.2"), None);
}

#[test]
fn offer_that_the_media_plane_refuses_leaves_nothing_behind() {
    let mut desk = Desk::new();
    desk.open(Deed::Publish, "anna", "192.0.2.1");
    let (peer, request) = desk.offered();
    desk.hear(MediaEvent::Refused { peer, request, reason: MediaRefusal::BadOffer("why".to_owned()) });
    assert_eq!(desk.answers.last(), Some(&(desk.opened, Err(Refused::Unanswerable("why".to_owned())))));
    assert!(desk.sessions.sessions.is_empty() && desk.sessions.streams.is_empty() && desk.sessions.peers.is_empty());
    assert!(desk.sessions.clients.is_empty());
    assert_eq!(desk.open(Deed::Publish, "anna", "192.0.2.1"), None);
}

#[test]
fn session_whose_answer_nobody_heard_is_closed() {
    let mut desk = Desk::new();
    let peer = desk.opened(Deed::Publish, "anna");
    desk.sessions.handle_unheard(desk.opened);
    desk.drain();
    assert!(matches!(desk.requests.last(), Some(MediaRequest::Close { peer: closed, .. }) if *closed == peer));
    assert!(desk.sessions.sessions.is_empty());
}

#[test]
fn viewers_end_at_the_limit_of_the_stream_and_publishers_do_not_count() {
    let mut desk = Desk::with(Limits { viewers: Limit(2), sessions_per_address: Limit(0), sessions: Limit(0) });
    desk.opened(Deed::Publish, "anna");
    desk.opened(Deed::Play, "1");
    desk.opened(Deed::Play, "2");
    assert_eq!(desk.open(Deed::Play, "3", "192.0.2.1"), Some(Err(Refused::Viewers(2))));
    assert!(desk.sessions.handle_close(&id("1"), &demo()));
    desk.opened(Deed::Play, "3");
}

#[test]
fn sessions_end_at_the_limit_of_the_address_and_at_that_of_the_server() {
    let mut desk = Desk::with(Limits { viewers: Limit(0), sessions_per_address: Limit(2), sessions: Limit(3) });
    for session in ["1", "2"] {
        assert_eq!(desk.open(Deed::Play, session, "2001:db8::1"), None);
    }
    assert_eq!(desk.open(Deed::Play, "3", "2001:db8::2"), Some(Err(Refused::Address(2))));
    assert_eq!(desk.open(Deed::Play, "3", "192.0.2.2"), None);
    assert_eq!(desk.open(Deed::Play, "4", "192.0.2.3"), Some(Err(Refused::Sessions(3))));
}

#[test]
fn restart_offers_the_same_with_other_credentials_and_has_another_tag() {
    let mut desk = Desk::new();
    let peer = desk.opened(Deed::Publish, "anna");
    let restart = |name: &str, stream: StreamName| Restart {
        id: id(name),
        name: stream,
        ufrag: "wxyz".to_owned(),
        pwd: "x123456789012345678901".to_owned(),
        tag: "\"2\"".to_owned(),
    };
    let request = desk.sessions.handle_restart(restart("anna", demo()));
    desk.drain();
    assert_eq!(desk.offered(), (peer, request));
    let tag = |desk: &Desk| desk.sessions.tag(&id("anna"), &demo());
    desk.hear(MediaEvent::Refused { peer, request, reason: MediaRefusal::Full });
    assert_eq!(desk.answers.last(), Some(&(request, Err(Refused::Busy))));
    assert_eq!(tag(&desk), Some(("\"1\"".to_owned(), "abcd".to_owned())), "what was there goes on");
    let request = desk.sessions.handle_restart(restart("anna", demo()));
    desk.drain();
    desk.hear(MediaEvent::Answered { peer, request, sdp: "answer".to_owned() });
    assert_eq!(tag(&desk), Some(("\"2\"".to_owned(), "wxyz".to_owned())));
    let other = StreamName::new("live", "other").unwrap();
    for (session, stream) in [("ben", demo()), ("anna", other)] {
        let request = desk.sessions.handle_restart(restart(session, stream));
        desk.drain();
        assert_eq!(desk.answers.last(), Some(&(request, Err(Refused::NoSession))));
    }
}

#[test]
fn codec_of_a_stream_is_known_while_it_is_on_air() {
    let mut desk = Desk::new();
    let peer = desk.opened(Deed::Publish, "anna");
    let video =
        TrackDescription { source: Source::Camera, video: true, codec: "VP8", layers: Vec::new(), encrypted: false };
    desk.hear(MediaEvent::Published { peer, tracks: vec![video.clone()] });
    assert_eq!(desk.sessions.video_codec(&demo()), Some("VP8"));
    let layers = ["low", "high"].map(str::to_owned).to_vec();
    desk.hear(MediaEvent::Published { peer, tracks: vec![TrackDescription { layers, ..video }] });
    assert_eq!(desk.taps[0].1, View::of(peer, 2), "readers of frames may choose");
    assert!(desk.sessions.handle_close(&id("anna"), &demo()));
    assert_eq!(desk.sessions.video_codec(&demo()), None);
}

#[test]
fn publishers_and_viewers_who_come_and_go_in_any_order_leave_nothing_behind() {
    let mut desk = Desk::new();
    let mut random = 0x2545_f491_4f6c_dd1d_u64;
    let mut live: Vec<(String, MediaPeerId)> = Vec::new();
    for round in 0..2_000 {
        // xorshift64
        random ^= random << 13;
        random ^= random >> 7;
        random ^= random << 17;
        let one = usize::try_from(random >> 32).unwrap();
        if one.is_multiple_of(2) || live.is_empty() {
            let deed = if one.is_multiple_of(3) { Deed::Publish } else { Deed::Play };
            let session = format!("{round}");
            if desk.open(deed, &session, &format!("192.0.2.{}", one % 200 + 1)).is_none() {
                let (peer, request) = desk.offered();
                if one.is_multiple_of(5) {
                    desk.hear(MediaEvent::Refused { peer, request, reason: MediaRefusal::Unavailable });
                } else {
                    desk.hear(MediaEvent::Answered { peer, request, sdp: String::new() });
                    live.push((session, peer));
                }
            }
        } else {
            let (session, peer) = live.swap_remove(one % live.len());
            if one.is_multiple_of(7) {
                desk.hear(MediaEvent::Disconnected { peer, reason: String::new() });
            }
            let known = desk.sessions.handle_close(&id(&session), &demo());
            assert_eq!(known, !one.is_multiple_of(7), "{session}");
            desk.drain();
        }
        let sessions = &desk.sessions;
        let counts = [sessions.sessions.len(), sessions.peers.len()];
        assert_eq!(counts, [live.len(); 2]);
        assert_eq!(sessions.clients.values().sum::<u64>(), u64::try_from(live.len()).unwrap());
        desk.requests.clear();
        desk.answers.clear();
    }
    for (session, _) in live {
        assert!(desk.sessions.handle_close(&id(&session), &demo()));
    }
    let sessions = &desk.sessions;
    assert!(sessions.sessions.is_empty() && sessions.peers.is_empty() && sessions.clients.is_empty());
    assert!(sessions.streams.is_empty() && sessions.directory.streams().is_empty());
}
