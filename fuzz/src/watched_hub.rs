//! A hub whose every output is checked.

use std::{
    collections::{BTreeMap, BTreeSet},
    net::{IpAddr, Ipv4Addr},
    time::{Duration, Instant},
};

use room::{
    Config, ConnId, Hub, Opened, Output,
    event::{RoomEvent, RoomEventKind},
    manage::{KEEP_SECONDS, Manage},
    media::{
        DataMessage, Lane, MediaEvent, MediaPeerId, MediaRefusal, MediaRequest, MediaRoomId, SlotReport, SlotState,
        Source, TrackDescription,
    },
    show::{Part, Show},
};
use serde_json::{Value, value::RawValue};

/// The hub, its virtual time, and who is connected.
pub(crate) struct WatchedHub {
    pub(crate) hub: Hub,
    now: Instant,
    connections: u64,
    open: BTreeSet<ConnId>,
    /// The last resume token of each room and uid, as text.
    tickets: Vec<(String, String, String)>,
    members_max: usize,
    /// Places at the media server that it knows, and offers that it has not answered.
    peers: BTreeSet<(MediaRoomId, MediaPeerId)>,
    offers: Vec<(MediaPeerId, u64)>,
    /// Since the last look.
    events: Vec<RoomEvent>,
    /// Rooms that have started and not ended, and members who have joined and not left.
    rooms: BTreeSet<String>,
    seated: BTreeSet<(String, String)>,
    /// What audiences see.
    shows: BTreeMap<(String, Part), Show>,
}

impl WatchedHub {
    pub(crate) fn new(mut config: Config) -> Self {
        #[expect(clippy::disallowed_methods, reason = "virtual time starts at any one instant")]
        let now = Instant::now();
        config.events = true;
        let members_max = usize::try_from(config.limits.members).unwrap_or(usize::MAX);
        let hub = Hub::new(config, [7; 32], now, Duration::from_secs(1_790_000_000));
        Self {
            hub,
            now,
            connections: 0,
            open: BTreeSet::new(),
            tickets: Vec::new(),
            members_max,
            peers: BTreeSet::new(),
            offers: Vec::new(),
            events: Vec::new(),
            rooms: BTreeSet::new(),
            seated: BTreeSet::new(),
            shows: BTreeMap::new(),
        }
    }

    /// A connection from an address that it shares with every fourth other, if the hub takes it.
    pub(crate) fn open(&mut self, token: Option<String>, compat: bool) -> Option<ConnId> {
        self.connections += 1;
        let conn = ConnId::new(self.connections);
        let host = u8::try_from(self.connections % 4).expect("a remainder of four is small");
        let address = IpAddr::V4(Ipv4Addr::new(192, 0, 2, host));
        let opened = Opened { token, compat, ..Opened::from_address(address) };
        let admitted = self.hub.handle_open(self.now, conn, opened).is_ok();
        if admitted {
            self.open.insert(conn);
        }
        self.drain();
        admitted.then_some(conn)
    }

    /// A text frame where the bytes are UTF-8, else a binary one.
    pub(crate) fn send(&mut self, conn: ConnId, bytes: &[u8]) {
        match std::str::from_utf8(bytes) {
            Ok(text) => self.hub.handle_text(self.now, conn, text),
            Err(_) => self.hub.handle_binary(self.now, conn),
        }
        self.drain();
    }

    pub(crate) fn oversized(&mut self, conn: ConnId) {
        self.hub.handle_oversized(self.now, conn);
        self.drain();
    }

    pub(crate) fn pong(&mut self, conn: ConnId) {
        self.hub.handle_pong(self.now, conn);
        self.drain();
    }

    pub(crate) fn close(&mut self, conn: ConnId) {
        self.hub.handle_close(self.now, conn);
        self.open.remove(&conn);
        self.drain();
    }

    pub(crate) fn shut_down(&mut self) {
        self.hub.handle_shutdown(self.now);
        self.drain();
        assert_eq!(self.open, BTreeSet::new(), "a shutdown closes everybody");
    }

    /// Time passes, from deadline to deadline.
    pub(crate) fn wait(&mut self, duration: Duration) {
        let end = self.now + duration;
        while let Some(at) = self.hub.poll_timeout().filter(|at| *at <= end) {
            self.now = self.now.max(at);
            self.hub.handle_timeout(self.now);
            self.drain();
            assert!(self.hub.poll_timeout().is_none_or(|next| next > self.now), "a deadline is dealt with once");
        }
        self.now = end;
    }

    pub(crate) fn is_open(&self, conn: ConnId) -> bool {
        self.open.contains(&conn)
    }

    /// The last resume token that this member was given.
    pub(crate) fn ticket(&self, room: &str, uid: &str) -> Option<String> {
        self.tickets.iter().rev().find(|(r, u, _)| r == room && u == uid).map(|(.., ticket)| ticket.clone())
    }

    /// Everybody goes; nothing may stay.
    pub(crate) fn end(mut self) {
        for conn in self.open.clone() {
            self.close(conn);
        }
        // The last grace, and then the longest that a room is kept.
        self.wait(Duration::from_secs(31));
        self.wait(Duration::from_secs(u64::from(KEEP_SECONDS)));
        assert!(self.peers.is_empty(), "the media server is told of everybody's end");
        assert!(self.shows.is_empty(), "nobody is shown who has gone");
        assert!(self.rooms.is_empty() && self.seated.is_empty(), "the operator is told of everybody's end");
        let stats = self.hub.stats();
        assert_eq!((stats.connections, stats.rooms, stats.members), (0, 0, 0), "nothing stays behind");
        assert_eq!(self.hub.poll_timeout(), None, "nothing is due when nobody is there");
    }

    fn drain(&mut self) {
        while let Some(output) = self.hub.poll_output() {
            match output {
                Output::Send { conn, text } => {
                    assert!(self.open.contains(&conn), "{conn} is open");
                    self.check_frame(&text);
                }
                Output::Ping { conn } => assert!(self.open.contains(&conn), "{conn} is open"),
                Output::Close { conn, .. } => assert!(self.open.remove(&conn), "{conn} was open"),
                Output::Media(request) => self.hear_request(request),
                Output::Event(event) => self.events.push(event),
                Output::Show { room, part, show: Some(show) } => drop(self.shows.insert((room, part), show)),
                Output::Show { room, part, show: None } => {
                    assert!(self.shows.remove(&(room, part)).is_some(), "what is over was shown");
                }
            }
        }
        for show in self.shows.values() {
            let mut whose = show.audio.into_iter().chain(show.video).map(|(peer, _)| (show.room, peer));
            assert!(whose.all(|place| self.peers.contains(&place)), "whoever is shown is there");
        }
        self.check_events();
        let stats = self.hub.stats();
        assert_eq!(stats.connections, self.open.len());
        assert!(stats.reconnecting <= stats.members && stats.rooms == self.rooms.len());
        assert_eq!(stats.members, self.seated.len());
        assert!(stats.members <= stats.rooms * self.members_max, "no room is overfull");
    }

    /// The media server answers, refuses, and tells all it can about somebody it knows.
    pub(crate) fn media(&mut self, choice: u8, number: u8) {
        let places: Vec<_> = self.peers.iter().copied().collect();
        let Some(&(room, peer)) = places.get(usize::from(number) % places.len().max(1)) else { return };
        let other = places.first().map_or(peer, |place| place.1);
        let offer = self.offers.iter().position(|(of, _)| *of == peer).map(|index| self.offers.remove(index).1);
        let source = Source::ALL[usize::from(number) % Source::ALL.len()];
        let track = TrackDescription {
            source,
            video: true,
            codec: "VP8",
            layers: vec!["q".to_owned()],
            encrypted: number > 127,
        };
        let slot = SlotReport {
            mid: number.to_string(),
            track: Some((other, source)),
            state: SlotState::Live,
            reason: None,
            layer: None,
            temporal: Some(1),
        };
        let event = match (choice % 11, offer) {
            (0 | 1, Some(request)) => MediaEvent::Answered { peer, request, sdp: "v=0".to_owned() },
            (2, Some(request)) => MediaEvent::Refused { peer, request, reason: MediaRefusal::Full },
            (3, _) => MediaEvent::Published { peer, tracks: vec![track] },
            (4, _) => MediaEvent::Published { peer, tracks: Vec::new() },
            (5, _) => MediaEvent::Slots { peer, slots: vec![slot] },
            (6, _) => MediaEvent::Speakers { room, speakers: vec![(other, -30)] },
            (7, _) => MediaEvent::Quality { room, members: vec![(other, 3, None)] },
            (8, _) => MediaEvent::Lanes { peer, lanes: vec![Lane::Reliable] },
            (9, _) => {
                let message = DataMessage::Text(r#"{"topic":"x","data":[1]}"#.into());
                MediaEvent::Data { peer, lane: Lane::Reliable, message }
            }
            (10, _) => {
                let message = DataMessage::Binary(vec![0, choice].into());
                MediaEvent::Data { peer, lane: Lane::Lossy, message }
            }
            (_, _) => MediaEvent::Connected { peer },
        };
        self.hub.handle_media(self.now, event);
        self.drain();
    }

    /// A program of the operator asks for something.
    pub(crate) fn manage(&mut self, request: Manage) {
        // Whatever comes of it, what it says is checked below.
        let _ = self.hub.handle_manage(self.now, request);
        self.drain();
    }

    fn hear_request(&mut self, request: MediaRequest) {
        match request {
            MediaRequest::Offer { room, peer, request, .. } => {
                self.peers.insert((room, peer));
                self.offers.push((peer, request));
            }
            MediaRequest::Subscribe { room, peer, slots } => {
                assert!(self.peers.contains(&(room, peer)), "who wishes has offered");
                assert!(slots.len() <= 128, "wishes are bounded");
            }
            MediaRequest::Data { room, to, .. } => {
                assert!(
                    !to.is_empty() && to.iter().all(|peer| self.peers.contains(&(room, *peer))),
                    "who gets data has offered"
                );
            }
            MediaRequest::Block { room, peer, .. } | MediaRequest::Lose { room, peer, .. } => {
                assert!(self.peers.contains(&(room, peer)), "known");
            }
            MediaRequest::Close { room, peer } => {
                assert!(self.peers.remove(&(room, peer)), "closed once, and known before");
                self.offers.retain(|(of, _)| *of != peer);
            }
        }
    }

    /// What the operator hears makes sense: everything that ends has begun, once.
    fn check_events(&mut self) {
        for RoomEvent { room_id, kind, .. } in std::mem::take(&mut self.events) {
            match kind {
                RoomEventKind::RoomStarted => assert!(self.rooms.insert(room_id), "started once"),
                RoomEventKind::RoomEnded => {
                    assert!(self.rooms.remove(&room_id), "ended once");
                    self.seated.retain(|(room, _)| *room != room_id);
                }
                RoomEventKind::MemberJoined { member } => {
                    assert!(self.rooms.contains(&room_id), "the room has started");
                    assert!(self.seated.insert((room_id, member.uid)), "joined once");
                }
                RoomEventKind::MemberLeft { member } => {
                    assert!(self.seated.remove(&(room_id, member.uid)), "left once");
                }
                RoomEventKind::TracksPublished { member, sources }
                | RoomEventKind::TracksUnpublished { member, sources } => {
                    assert!(!sources.is_empty() && self.seated.contains(&(room_id, member.uid)), "of a member");
                }
            }
        }
    }

    /// Every frame is one JSON object; `joined` is remembered.
    fn check_frame(&mut self, text: &str) {
        let frame: &RawValue = serde_json::from_str(text).expect("every frame is JSON");
        assert!(frame.get().starts_with('{'), "every frame is an object: {text}");
        let Ok(value) = serde_json::from_str::<Value>(text) else { return };
        if value["cmd"] == "joined" {
            let word = |value: &Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
            self.tickets.push((word(&value["roomId"]), word(&value["self"]["uid"]), word(&value["resume"])));
        }
    }
}
