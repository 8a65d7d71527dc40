//! The sessions of publishers and viewers who speak WebRTC over HTTP, as one state machine.
//!
//! To the media plane a stream is a room: its publisher is a member with a microphone and a camera, a viewer one with slots for them. Who
//! comes first does not matter, and when a publisher goes and another comes, the viewers' slots show that one. Where nobody publishes by
//! WebRTC, viewers see the stream's feed: a member without a connection, who publishes what another protocol brings, if it does.
//!
//! **One input, then drain [`Sessions::poll_output`], then the next input.**

mod request;
mod shown;

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::time::Instant;

use live::StreamName;
use room::media::{MediaEvent, MediaPeerId, MediaRequest, MediaRoomId, Priority, SlotWish, Source};

pub(crate) use self::request::{Limits, Opening, Refused, Restart, SessionId};
use self::shown::Shown;
use super::access::Deed;
use super::clients::Presence;
use super::directory::{Claim, Directory, Inlet, Protocol};
use super::offer::{Offer, ufrag_of};
use super::shows::room_of;
use crate::address::ClientNetwork;
use crate::media::{View, stream_peer, stream_room};

/// What there is to do.
#[derive(Debug)]
pub(crate) enum Output {
    /// Ask the media plane.
    Request(MediaRequest),
    /// The last [`Opening`] or [`Restart`] with this number has been answered, or not.
    Answer { request: u64, answer: Result<String, Refused> },
    /// Feed the stream to its viewers, as this member of its room.
    Feed { name: StreamName, room: MediaRoomId, peer: MediaPeerId },
    /// Stop feeding it.
    StopFeed { room: MediaRoomId, peer: MediaPeerId },
    /// Have this view of a room go into a stream as frames as well, for which this member of the room receives it. Where it is that of one
    /// publisher, it is named. `has`: whether there is sound, and whether there are pictures.
    Tap {
        inlet: Inlet,
        room: MediaRoomId,
        peer: MediaPeerId,
        publisher: Option<MediaPeerId>,
        view: View,
        has: (bool, bool),
    },
    /// Something else goes in from here on.
    TurnTap { peer: MediaPeerId, view: View },
    /// Nothing comes of it any more.
    StopTap { peer: MediaPeerId },
}

/// All of them.
#[derive(Debug)]
pub(crate) struct Sessions {
    limits: Limits,
    directory: Directory,
    sessions: BTreeMap<SessionId, Session>,
    /// Those with a session.
    streams: BTreeMap<StreamName, Stream>,
    peers: BTreeMap<MediaPeerId, SessionId>,
    /// The feeds of streams.
    feeds: BTreeMap<MediaPeerId, StreamName>,
    /// Those with a session.
    clients: BTreeMap<ClientNetwork, u64>,
    /// Numbers streams, peers and offers; none is used twice.
    next: u64,
    outputs: VecDeque<Output>,
}

#[derive(Debug)]
struct Session {
    name: StreamName,
    peer: MediaPeerId,
    offer: Offer,
    client: ClientNetwork,
    tag: String,
    /// The fragment of our end, from the first answer on.
    ufrag: String,
    presence: Presence,
    /// Offer and tag of a restart that is not answered yet.
    next: Option<(Offer, String)>,
    /// What a publisher holds, and the member that receives what it sends.
    claim: Option<(Claim, MediaPeerId)>,
    /// The number of the first offer.
    first: u64,
    /// The offer that waits for its answer.
    waiting: Option<u64>,
    /// Whether the first offer was answered.
    open: bool,
}

#[derive(Debug)]
struct Stream {
    room: MediaRoomId,
    publisher: Option<SessionId>,
    viewers: BTreeSet<SessionId>,
    /// Who publishes what another protocol brings; there is one while there are viewers and no publisher.
    feed: Option<MediaPeerId>,
    /// Of the publisher's pictures.
    video_codec: Option<&'static str>,
    /// What a room shows under this name; then nobody else publishes it.
    shown: Option<Shown>,
}

impl Sessions {
    pub(crate) fn new(limits: Limits, directory: Directory) -> Self {
        Self {
            limits,
            directory,
            sessions: BTreeMap::new(),
            streams: BTreeMap::new(),
            peers: BTreeMap::new(),
            feeds: BTreeMap::new(),
            clients: BTreeMap::new(),
            next: 0,
            outputs: VecDeque::new(),
        }
    }

    /// What came of the last input.
    pub(crate) fn poll_output(&mut self) -> Option<Output> {
        self.outputs.pop_front()
    }

    /// Somebody wants to publish or to play; the number by which the answer comes.
    pub(crate) fn handle_open(&mut self, now: Instant, opening: Opening) -> u64 {
        let request = self.number();
        if let Err(refused) = self.open(now, request, opening) {
            self.answer(request, Err(refused));
        }
        request
    }

    /// A client begins ICE anew; the number by which the answer comes.
    pub(crate) fn handle_restart(&mut self, restart: Restart) -> u64 {
        let request = self.number();
        let known = self.sessions.get_mut(&restart.id);
        let Some(session) = known.filter(|session| session.name == restart.name) else {
            self.answer(request, Err(Refused::NoSession));
            return request;
        };
        let offer = session.offer.with_credentials(&restart.ufrag, &restart.pwd);
        session.next = Some((offer, restart.tag));
        let overtaken = session.waiting.replace(request);
        if let Some(overtaken) = overtaken {
            self.answer(overtaken, Err(Refused::Busy));
        }
        self.ask(&restart.id, request);
        request
    }

    /// The tag of a session's ICE session and the fragment of the client; `None` when there is no such session of that stream.
    pub(crate) fn tag(&self, id: &SessionId, name: &StreamName) -> Option<(String, String)> {
        let session = self.sessions.get(id).filter(|session| session.name == *name)?;
        Some((session.tag.clone(), session.offer.ufrag().to_owned()))
    }

    /// The codec of the pictures of a stream that is on air.
    pub(crate) fn video_codec(&self, name: &StreamName) -> Option<&'static str> {
        self.streams.get(name)?.video_codec
    }

    /// A test: so many of the next packets for that viewer are lost. SRS's name of a session is our fragment, a colon, and the client's. False: nobody has it.
    pub(crate) fn handle_lose(&mut self, name: &str, packets: u32) -> bool {
        let Some((ours, theirs)) = name.split_once(':').filter(|(ours, _)| !ours.is_empty()) else { return false };
        let mut sessions = self.sessions.values();
        let named = sessions.find(|session| session.ufrag == ours && session.offer.ufrag() == theirs);
        let place = named.and_then(|session| Some((self.streams.get(&session.name)?.room, session.peer)));
        let Some((room, peer)) = place else { return false };
        self.outputs.push_back(Output::Request(MediaRequest::Lose { room, peer, packets }));
        true
    }

    /// A client ends its session. False: there is no such session of that stream.
    pub(crate) fn handle_close(&mut self, id: &SessionId, name: &StreamName) -> bool {
        let known = self.sessions.get(id).is_some_and(|session| session.name == *name);
        if known {
            self.close(id);
        }
        known
    }

    /// Somebody who looks after the server wants sessions to end.
    pub(crate) fn handle_endings(&mut self) {
        let ending = self.sessions.iter().filter(|(_, session)| session.presence.client().is_ending());
        let ending: Vec<SessionId> = ending.map(|(id, _)| id.clone()).collect();
        for id in ending {
            self.close(&id);
        }
    }

    /// Nobody was there to hear this answer. A client that does not know where its session is can neither use nor end it.
    pub(crate) fn handle_unheard(&mut self, request: u64) {
        let unheard = self.sessions.iter().find(|(_, session)| session.first == request);
        if let Some(id) = unheard.map(|(id, _)| id.clone()) {
            self.close(&id);
        }
    }

    /// The media plane tells something.
    pub(crate) fn handle_event(&mut self, event: MediaEvent) {
        match event {
            MediaEvent::Answered { peer, request, sdp } => {
                if let Some(session) = self.waiting(peer, request) {
                    session.open = true;
                    session.ufrag = ufrag_of(&sdp).to_owned();
                    if let Some((offer, tag)) = session.next.take() {
                        (session.offer, session.tag) = (offer, tag);
                    }
                    self.answer(request, Ok(sdp));
                }
            }
            MediaEvent::Refused { peer, request, reason } => {
                let Some(session) = self.waiting(peer, request) else { return };
                // What was agreed upon before still holds.
                session.next = None;
                let was_open = session.open;
                self.answer(request, Err(reason.into()));
                if !was_open {
                    self.close_peer(peer);
                }
            }
            MediaEvent::Disconnected { peer, reason } => {
                tracing::debug!(%peer, reason, "a session of a stream is over");
                self.close_peer(peer);
            }
            MediaEvent::Published { peer, tracks } => {
                let video = tracks.iter().find(|track| track.video);
                let session = self.peers.get(&peer).and_then(|id| self.sessions.get(id));
                let name = session.map(|session| &session.name).or_else(|| self.feeds.get(&peer));
                if let Some(stream) = name.and_then(|name| self.streams.get_mut(name)) {
                    stream.video_codec = video.map(|track| track.codec);
                }
                if let Some((_, tap)) = session.and_then(|session| session.claim.as_ref()) {
                    let view = View::of(peer, video.map_or(0, |track| track.layers.len()));
                    self.outputs.push_back(Output::TurnTap { peer: *tap, view });
                }
            }
            // What viewers see and how well is not asked for yet by anybody; data channels are nobody's.
            MediaEvent::Connected { .. }
            | MediaEvent::Slots { .. }
            | MediaEvent::Layers { .. }
            | MediaEvent::Speakers { .. }
            | MediaEvent::Quality { .. }
            | MediaEvent::Lanes { .. }
            | MediaEvent::Data { .. }
            | MediaEvent::DataRefused { .. } => {}
        }
    }

    fn open(&mut self, now: Instant, request: u64, opening: Opening) -> Result<(), Refused> {
        let Opening { id, name, deed, offer, client, tag, presence } = opening;
        self.check_limits(&name, deed, client)?;
        let claim = match deed {
            Deed::Publish => Some((self.directory.claim(&name, Protocol::WebRtc, now)?, stream_peer(self.number()))),
            Deed::Play if room_of(&name).is_some() && !self.streams.contains_key(&name) => {
                return Err(Refused::NotShown);
            }
            Deed::Play => None,
        };
        let (room, peer) = (stream_room(self.number()), stream_peer(self.number()));
        let stream = self.streams.entry(name.clone());
        let stream = stream.or_insert_with(|| Stream {
            room,
            publisher: None,
            viewers: BTreeSet::new(),
            feed: None,
            video_codec: None,
            shown: None,
        });
        match deed {
            Deed::Publish => stream.publisher = Some(id.clone()),
            Deed::Play => drop(stream.viewers.insert(id.clone())),
        }
        *self.clients.entry(client).or_default() += 1;
        self.peers.insert(peer, id.clone());
        presence.client().set_media_peer(peer);
        let waiting = Some(request);
        let session = Session {
            name: name.clone(),
            peer,
            offer,
            client,
            tag,
            ufrag: String::new(),
            presence,
            next: None,
            claim,
            first: request,
            waiting,
            open: false,
        };
        self.sessions.insert(id.clone(), session);
        self.ask(&id, request);
        self.tap(&id);
        let all_are_shown_it = self.arrange_feed(&name);
        match deed {
            Deed::Play if all_are_shown_it => {}
            Deed::Play => self.show(&id),
            Deed::Publish => self.show_all(&name),
        }
        Ok(())
    }

    fn check_limits(&self, name: &StreamName, deed: Deed, client: ClientNetwork) -> Result<(), Refused> {
        let sessions = count(self.sessions.len());
        if !self.limits.sessions.allows(sessions + 1) {
            return Err(Refused::Sessions(sessions));
        }
        let of_client = self.clients.get(&client).copied().unwrap_or(0);
        if !self.limits.sessions_per_address.allows(of_client + 1) {
            return Err(Refused::Address(of_client));
        }
        let viewers = self.streams.get(name).map_or(0, |stream| count(stream.viewers.len()));
        if deed == Deed::Play && !self.limits.viewers.allows(viewers + 1) {
            return Err(Refused::Viewers(viewers));
        }
        Ok(())
    }

    /// Passes the offer of a session on.
    fn ask(&mut self, id: &SessionId, request: u64) {
        let Some(session) = self.sessions.get(id) else { return };
        let Some(stream) = self.streams.get(&session.name) else { return };
        let publishes = session.claim.is_some();
        let may_publish = if publishes { vec![Source::Microphone, Source::Camera] } else { Vec::new() };
        self.outputs.push_back(Output::Request(MediaRequest::Offer {
            room: stream.room,
            peer: session.peer,
            client: session.client.address(),
            request,
            connection: CONNECTION.to_owned(),
            sdp: session.next.as_ref().map_or(&session.offer, |(offer, _)| offer).sdp().to_owned(),
            tracks: if publishes { session.offer.tracks() } else { Vec::new() },
            may_publish,
            may_subscribe: !publishes,
        }));
    }

    /// Has what a publisher sends become frames.
    fn tap(&mut self, id: &SessionId) {
        let Some(session) = self.sessions.get(id) else { return };
        let Some(stream) = self.streams.get(&session.name) else { return };
        if let Some((claim, peer)) = &session.claim {
            let (inlet, room, publisher) = (claim.inlet(), stream.room, session.peer);
            let sources: Vec<Source> = session.offer.slots().into_iter().map(|(_, source)| source).collect();
            let has = (sources.contains(&Source::Microphone), sources.contains(&Source::Camera));
            let view = View::of(publisher, 0);
            self.outputs.push_back(Output::Tap { inlet, room, peer: *peer, publisher: Some(publisher), view, has });
        }
    }

    /// Has a viewer see the publisher, if there is one.
    fn show(&mut self, id: &SessionId) {
        let Some(session) = self.sessions.get(id) else { return };
        let Some(stream) = self.streams.get(&session.name) else { return };
        let publisher = stream.publisher.as_ref().and_then(|id| self.sessions.get(id)).map(|session| session.peer);
        let publisher = publisher.or(stream.feed);
        let track = |place: Source| match &stream.shown {
            Some(shown) => shown.track(place),
            None => publisher.map(|publisher| (publisher, place)),
        };
        if stream.shown.is_none() && publisher.is_none() {
            return;
        }
        let wish = |(mid, source): (String, Source)| SlotWish {
            mid,
            track: track(source),
            width_px: 0,
            height_px: 0,
            layer_max: None,
            priority: Priority::Normal,
            paused: false,
        };
        let slots = session.offer.slots().into_iter().map(wish).collect();
        let subscribe = MediaRequest::Subscribe { room: stream.room, peer: session.peer, slots };
        self.outputs.push_back(Output::Request(subscribe));
    }

    fn show_all(&mut self, name: &StreamName) {
        let viewers: Vec<SessionId> =
            self.streams.get(name).into_iter().flat_map(|stream| &stream.viewers).cloned().collect();
        for viewer in viewers {
            self.show(&viewer);
        }
    }

    fn close_peer(&mut self, peer: MediaPeerId) {
        if let Some(id) = self.peers.get(&peer).cloned() {
            self.close(&id);
        }
    }

    fn close(&mut self, id: &SessionId) {
        let Some(session) = self.sessions.remove(id) else { return };
        self.peers.remove(&session.peer);
        if let Some(open) = self.clients.get_mut(&session.client) {
            *open = open.saturating_sub(1);
            if *open == 0 {
                self.clients.remove(&session.client);
            }
        }
        if let Some(request) = session.waiting {
            self.answer(request, Err(Refused::NoSession));
        }
        if let Some((_, peer)) = session.claim {
            self.outputs.push_back(Output::StopTap { peer });
        }
        let Some(stream) = self.streams.get_mut(&session.name) else { return };
        self.outputs.push_back(Output::Request(MediaRequest::Close { room: stream.room, peer: session.peer }));
        stream.viewers.remove(id);
        if stream.publisher.as_ref() == Some(id) {
            stream.publisher = None;
            stream.video_codec = None;
        }
        self.arrange_feed(&session.name);
        let is_over =
            |stream: &Stream| stream.publisher.is_none() && stream.viewers.is_empty() && stream.shown.is_none();
        if self.streams.get(&session.name).is_some_and(is_over) {
            self.streams.remove(&session.name);
        }
    }

    /// A stream that somebody views and nobody publishes by WebRTC is fed, and no other. True: all viewers are shown a feed that begins.
    fn arrange_feed(&mut self, name: &StreamName) -> bool {
        let next = stream_peer(self.next + 1);
        let Some(stream) = self.streams.get_mut(name) else { return false };
        let is_wanted = stream.publisher.is_none() && stream.shown.is_none() && !stream.viewers.is_empty();
        match stream.feed {
            None if is_wanted => {
                self.next += 1;
                stream.feed = Some(next);
                let (name, room) = (name.clone(), stream.room);
                self.feeds.insert(next, name.clone());
                self.outputs.push_back(Output::Feed { name: name.clone(), room, peer: next });
                self.show_all(&name);
                true
            }
            Some(peer) if !is_wanted => {
                stream.feed = None;
                stream.video_codec = None;
                self.feeds.remove(&peer);
                self.outputs.push_back(Output::StopFeed { room: stream.room, peer });
                false
            }
            None | Some(_) => false,
        }
    }

    /// The session of that peer, if it waits for that answer; it does not any more.
    fn waiting(&mut self, peer: MediaPeerId, request: u64) -> Option<&mut Session> {
        let session = self.sessions.get_mut(self.peers.get(&peer)?)?;
        session.waiting.take_if(|waiting| *waiting == request)?;
        Some(session)
    }

    fn answer(&mut self, request: u64, answer: Result<String, Refused>) {
        self.outputs.push_back(Output::Answer { request, answer });
    }

    fn number(&mut self) -> u64 {
        self.next += 1;
        self.next
    }
}

fn count(length: usize) -> u64 {
    u64::try_from(length).unwrap_or(u64::MAX)
}

/// A session has one connection, which is never replaced.
const CONNECTION: &str = "http";

#[cfg(test)]
mod tests;
