//! The workers with media, and the rooms' part of the conversation.

use std::collections::BTreeMap;

use room::media::{MediaEvent, MediaPeerId, MediaRequest, MediaRoomId, OfferedTrack, Priority, SlotWish, Source};
use server::workers::{Connection, Handle, MediaSettings, MediaStats, Reach, Settings, Workers};
use tokio::net::TcpListener;
use tokio::sync::mpsc;

use super::client::{Client, Offer};

pub(crate) struct MediaServer {
    pub(crate) handle: Handle,
    events: mpsc::Receiver<MediaEvent>,
    /// What came and nobody waited for, by peer where it is about one.
    pub(crate) heard: Vec<MediaEvent>,
    /// Which worker has which room.
    placed: BTreeMap<MediaRoomId, usize>,
    /// Members who are elsewhere.
    elsewhere: BTreeMap<MediaPeerId, usize>,
    requests: u64,
    pub(crate) tcp: std::net::SocketAddr,
}

impl MediaServer {
    /// Media on loopback with so many workers; every room is on the last of them.
    pub(crate) async fn start(workers: u8) -> Self {
        let (sender, events) = mpsc::channel(10_000);
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let tcp = listener.local_addr().unwrap();
        let mut settings = Settings::new(turn::Config::new("parlor"));
        settings.workers = workers;
        settings.udp_listen = vec!["127.0.0.1:0".parse().unwrap()];
        settings.media =
            Some(MediaSettings { reach: Reach { tcp_listen: vec![tcp], ..Reach::default() }, events: sender.into() });
        let handle = Workers::spawn(settings).unwrap();
        tokio::spawn(accept(listener, handle.clone()));
        Self {
            handle,
            events,
            heard: Vec::new(),
            placed: BTreeMap::new(),
            elsewhere: BTreeMap::new(),
            requests: 0,
            tcp,
        }
    }

    /// A member is to be on this worker, wherever its room is.
    pub(crate) fn place(&mut self, peer: u64, worker: usize) {
        self.elsewhere.insert(MediaPeerId(peer), worker);
    }

    pub(crate) async fn request(&mut self, room: MediaRoomId, request: MediaRequest) {
        let last = self.handle.workers() - 1;
        let peer = match &request {
            MediaRequest::Offer { peer, .. }
            | MediaRequest::Subscribe { peer, .. }
            | MediaRequest::Block { peer, .. }
            | MediaRequest::Lose { peer, .. }
            | MediaRequest::Close { peer, .. } => Some(peer),
            MediaRequest::Data { to, .. } => to.first(),
        };
        let placed = peer.and_then(|peer| self.elsewhere.get(peer)).copied();
        let worker = placed.unwrap_or_else(|| *self.placed.entry(room).or_insert(last));
        self.handle.request_media(worker, request).await.unwrap();
    }

    /// Negotiates `offer` of `client`, or says why it is refused.
    pub(crate) async fn negotiate(
        &mut self,
        room: u64,
        client: &mut Client,
        offer: Offer,
        tracks: &[(String, Source)],
    ) -> Result<(), String> {
        self.requests += 1;
        let (room, peer, request) = (MediaRoomId(room), client.id, self.requests);
        let wanted = MediaRequest::Offer {
            room,
            peer,
            client: std::net::Ipv4Addr::LOCALHOST.into(),
            request,
            connection: client.connection.clone(),
            sdp: offer.sdp.clone(),
            tracks: tracks
                .iter()
                .map(|(mid, source)| OfferedTrack { mid: mid.clone(), source: *source, encrypted: false })
                .collect(),
            may_publish: Source::ALL.to_vec(),
            may_subscribe: true,
        };
        self.request(room, wanted).await;
        loop {
            let event = self.events.recv().await.expect("the workers run");
            if let MediaEvent::Answered { peer: whose, request: which, sdp } = &event
                && (*whose, *which) == (peer, request)
            {
                client.accept(offer, sdp);
                return Ok(());
            }
            if let MediaEvent::Refused { peer: whose, request: which, reason } = &event
                && (*whose, *which) == (peer, request)
            {
                return Err(format!("{reason:?}"));
            }
            self.heard.push(event);
        }
    }

    /// Has `client` see or hear `track` in the slot `mid`.
    pub(crate) async fn wish(&mut self, room: u64, client: &Client, mid: &str, track: Option<(MediaPeerId, Source)>) {
        let wish = SlotWish {
            mid: mid.to_owned(),
            track,
            width_px: 1280,
            height_px: 720,
            layer_max: None,
            priority: Priority::Normal,
            paused: false,
        };
        let room = MediaRoomId(room);
        self.request(room, MediaRequest::Subscribe { room, peer: client.id, slots: vec![wish] }).await;
    }

    pub(crate) async fn close(&mut self, room: u64, client: &Client) {
        let room = MediaRoomId(room);
        self.request(room, MediaRequest::Close { room, peer: client.id }).await;
    }

    /// Everything that was told so far.
    pub(crate) fn events(&mut self) -> &[MediaEvent] {
        while let Ok(event) = self.events.try_recv() {
            self.heard.push(event);
        }
        &self.heard
    }

    pub(crate) fn is_connected(&mut self, client: &Client) -> bool {
        self.events().contains(&MediaEvent::Connected { peer: client.id })
    }

    pub(crate) async fn stats(&self) -> MediaStats {
        self.handle.stats().await.unwrap().media
    }
}

async fn accept(listener: TcpListener, handle: Handle) {
    while let Ok((stream, remote)) = listener.accept().await {
        let (local, handle) = (stream.local_addr().unwrap(), handle.clone());
        let connection = Connection::plain(stream, Vec::new());
        tokio::spawn(async move { handle.serve_media(connection, local, remote).await });
    }
}
