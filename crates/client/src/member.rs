//! A member of a room: v2 signalling (`docs/signalling.md`) over one WebSocket.

use std::collections::VecDeque;
use std::time::Duration;

use serde_json::{Value, json};
use str0m::media::Mid;

use crate::peer::{Media, Peer};
use crate::websocket::{Trust, WebSocket};
use crate::{Error, RoomAddress};

/// A seat in a room.
pub struct Member {
    socket: WebSocket,
    room: String,
    uid: String,
    /// The `uid` of the media server.
    media_uid: String,
    /// Numbers the requests and the offers.
    requests: u64,
    /// Distinguishes the peer connections of this member.
    connection: String,
    /// What came while an answer was awaited.
    inbox: VecDeque<Event>,
    through_server: bool,
}

/// Whom to be.
#[derive(Debug, Clone, Default)]
pub struct Seat {
    /// For people.
    pub name: String,
    /// Lets one in, where the server wants that.
    pub token: Option<String>,
}

/// What the server tells.
#[derive(Debug, Clone, PartialEq)]
pub enum Event {
    /// Somebody publishes this from now on.
    Tracks {
        /// Who.
        uid: String,
        /// All that it publishes.
        tracks: Vec<Track>,
    },
    /// Somebody is gone.
    Left {
        /// Who.
        uid: String,
    },
    /// What is in the slots of this member.
    Slots(Value),
    /// A layer of a track of this member is wanted, or not.
    Layer {
        /// The source of the track.
        source: String,
        /// The layer.
        rid: String,
        /// Whether it is wanted.
        active: bool,
    },
    /// The media of the room goes through the server (`true`), or from member to member.
    Mode(bool),
    /// Something else.
    Other(Value),
}

/// Something that a member publishes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Track {
    /// `microphone`, `camera`, `screen` or `screen-audio`.
    pub source: String,
    /// Whether it has pictures.
    pub video: bool,
}

/// What a slot is wished to hold.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wish {
    /// The slot.
    pub mid: String,
    /// Whose track; `None` empties the slot.
    pub track: Option<(String, String)>,
    /// The size of the tile.
    pub size_px: (u32, u32),
}

impl Member {
    /// Connects and joins. The tracks of those who are there already come as events.
    ///
    /// # Errors
    /// When the server cannot be reached or does not let in.
    pub async fn join(address: &RoomAddress, room: &str, seat: &Seat, trust: Trust) -> Result<Self, Error> {
        let socket = WebSocket::connect(&address.websocket, None, trust).await?;
        let mut bytes = [0; 8];
        getrandom::fill(&mut bytes).map_err(|error| Error::Engine(error.to_string()))?;
        let uid = format!("{:016x}", u64::from_be_bytes(bytes));
        let mut member = Self {
            socket,
            room: room.to_owned(),
            connection: format!("c{uid}"),
            uid,
            media_uid: "@media".into(),
            requests: 0,
            inbox: VecDeque::new(),
            through_server: false,
        };
        let mut join = json!({
            "cmd": "join", "v": 2, "roomId": room, "uid": member.uid, "name": seat.name, "caps": ["media"],
            "state": {"audio": true, "video": true, "screen": false},
        });
        if let Some(token) = seat.token.as_ref().or(address.token.as_ref()) {
            join["token"] = json!(token);
        }
        let joined = member.request(join).await?;
        member.take_joined(&joined);
        Ok(member)
    }

    /// The uid that the server knows this member by.
    #[must_use]
    pub fn uid(&self) -> &str {
        &self.uid
    }

    /// The address of this machine by which the server is reached.
    #[must_use]
    pub fn local(&self) -> std::net::IpAddr {
        self.socket.local
    }

    /// Whether the media of the room goes through the server.
    #[must_use]
    pub fn is_through_server(&self) -> bool {
        self.through_server
    }

    /// Waits until the media of the room goes through the server.
    ///
    /// # Errors
    /// When it does not within `limit`, or the connection is lost.
    pub async fn wait_for_server(&mut self, limit: Duration) -> Result<(), Error> {
        let waiting = async {
            while !self.through_server {
                let message = self.socket.receive().await?;
                self.keep_message(message)?;
            }
            Ok(())
        };
        tokio::time::timeout(limit, waiting).await.map_err(|_| Error::Timeout("the move to the media server"))?
    }

    /// Offers `media` to the media server and takes its answer. `sources` names the tracks among them, in their order.
    ///
    /// # Errors
    /// When the server refuses, or the answer does not come.
    pub async fn negotiate(&mut self, peer: &mut Peer, media: &[Media], sources: &[&str]) -> Result<Vec<Mid>, Error> {
        let offer = peer.offer(media)?;
        let sent = media.iter().zip(&offer.mids).filter(|(media, _)| media.is_sent());
        let tracks: Vec<Value> =
            sent.zip(sources).map(|((_, mid), source)| json!({"mid": mid.to_string(), "source": source})).collect();
        let mark = format!("0{:x}", self.requests);
        let message = json!({
            "type": "offer", "sdp": offer.sdp, "offer": mark, "connection": self.connection, "tracks": tracks,
        });
        let request = json!({
            "cmd": "offer", "roomId": self.room, "uid": self.uid, "remoteUid": self.media_uid, "msg": message.to_string(),
        });
        self.request(request).await?;
        let sdp = tokio::time::timeout(ANSWER_TIMEOUT, self.wait_for_answer(&mark)).await;
        let sdp = sdp.map_err(|_| Error::Timeout("the answer of the media server"))??;
        let mids = offer.mids.clone();
        peer.accept_answer(offer, &sdp)?;
        Ok(mids)
    }

    /// Says what is wished in some of the slots.
    ///
    /// # Errors
    /// When the server refuses.
    pub async fn subscribe(&mut self, wishes: &[Wish]) -> Result<(), Error> {
        let slot = |wish: &Wish| match &wish.track {
            None => json!({"mid": wish.mid, "remoteUid": null}),
            Some((uid, source)) => json!({
                "mid": wish.mid, "remoteUid": uid, "source": source, "width": wish.size_px.0, "height": wish.size_px.1,
                "priority": "normal", "paused": false,
            }),
        };
        let slots: Vec<_> = wishes.iter().map(slot).collect();
        self.request(json!({"cmd": "subscribe", "slots": slots})).await.map(|_| ())
    }

    /// The next thing that the server tells. Dropping the future loses nothing.
    ///
    /// # Errors
    /// When the connection is lost.
    pub async fn next_event(&mut self) -> Result<Event, Error> {
        match self.inbox.pop_front() {
            Some(event) => Ok(event),
            None => self.receive().await,
        }
    }

    /// Leaves.
    pub async fn leave(&mut self) {
        // A server that is gone needs no goodbye.
        let _ = self.socket.send(&json!({"cmd": "leave", "roomId": self.room})).await;
        self.socket.close().await;
    }

    /// Sends a request and waits for its answer; what comes meanwhile is kept.
    async fn request(&mut self, mut request: Value) -> Result<Value, Error> {
        self.requests += 1;
        let id = self.requests.to_string();
        request["id"] = json!(id);
        self.socket.send(&request).await?;
        let waiting = async {
            loop {
                let message = self.socket.receive().await?;
                if message["id"] != json!(id) {
                    self.keep_message(message)?;
                } else if message["cmd"] == "error" {
                    return Err(refusal(&message));
                } else if message["cmd"] != "waiting" {
                    return Ok(message);
                }
            }
        };
        tokio::time::timeout(ANSWER_TIMEOUT, waiting).await.map_err(|_| Error::Timeout("the answer of the server"))?
    }

    async fn wait_for_answer(&mut self, mark: &str) -> Result<String, Error> {
        loop {
            let message = self.socket.receive().await?;
            let inner = message["msg"].as_str().and_then(|text| serde_json::from_str::<Value>(text).ok());
            let answers = message["cmd"] == "answer" && inner.as_ref().is_some_and(|inner| inner["offer"] == mark);
            match inner.filter(|_| answers).and_then(|inner| inner["sdp"].as_str().map(str::to_owned)) {
                Some(sdp) => return Ok(sdp),
                None if message["cmd"] == "error" => return Err(refusal(&message)),
                None => self.keep_message(message)?,
            }
        }
    }

    async fn receive(&mut self) -> Result<Event, Error> {
        loop {
            let message = self.socket.receive().await?;
            self.keep_message(message)?;
            if let Some(event) = self.inbox.pop_front() {
                return Ok(event);
            }
        }
    }

    fn keep_message(&mut self, message: Value) -> Result<(), Error> {
        if message["cmd"] == "closing" {
            return Err(Error::Closed);
        }
        for event in events(message) {
            self.keep(event);
        }
        Ok(())
    }

    fn keep(&mut self, event: Event) {
        if let Event::Mode(through_server) = event {
            self.through_server = through_server;
        }
        if self.inbox.len() < INBOX_MAX {
            self.inbox.push_back(event);
        }
    }

    fn take_joined(&mut self, joined: &Value) {
        self.through_server = joined["mode"] == "sfu";
        if let Some(uid) = joined["self"]["uid"].as_str() {
            uid.clone_into(&mut self.uid);
        }
        if let Some(uid) = joined["mediaUid"].as_str() {
            uid.clone_into(&mut self.media_uid);
        }
        for other in joined["roster"].as_array().into_iter().flatten() {
            if let Some(event) = tracks_of(&other["uid"], other) {
                self.keep(event);
            }
        }
    }
}

impl Media {
    fn is_sent(&self) -> bool {
        matches!(self, Self::SendAudio | Self::SendVideo(_))
    }
}

fn refusal(message: &Value) -> Error {
    let text = message["message"].as_str().or(message["reason"].as_str()).unwrap_or("error");
    Error::Refused { code: message["code"].as_i64().unwrap_or(-1), message: text.to_owned() }
}

/// What a message says, in parts that mean something alone.
fn events(message: Value) -> Vec<Event> {
    match message["cmd"].as_str() {
        Some("mode") => vec![Event::Mode(message["mode"] == "sfu")],
        Some("tracks" | "new-peer") => tracks_of(&message["remoteUid"], &message).into_iter().collect(),
        Some("peer-leave") => {
            message["remoteUid"].as_str().map(|uid| Event::Left { uid: uid.to_owned() }).into_iter().collect()
        }
        Some("slots") => vec![Event::Slots(message["slots"].clone())],
        Some("layers") => {
            let source = message["source"].as_str().unwrap_or_default();
            let layers = message["layers"].as_array().into_iter().flatten();
            let layer = |layer: &Value| {
                let (rid, active) = (layer["rid"].as_str()?.to_owned(), layer["active"].as_bool()?);
                Some(Event::Layer { source: source.to_owned(), rid, active })
            };
            layers.filter_map(layer).collect()
        }
        _ => vec![Event::Other(message)],
    }
}

/// `None` where nothing is said about tracks.
fn tracks_of(uid: &Value, holder: &Value) -> Option<Event> {
    let track = |track: &Value| {
        let source = track["source"].as_str()?.to_owned();
        Some(Track { source, video: track["kind"] == "video" })
    };
    let tracks = holder["tracks"].as_array()?.iter().filter_map(track).collect();
    Some(Event::Tracks { uid: uid.as_str()?.to_owned(), tracks })
}

/// A server under load answers late, but within this.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(15);

/// Events that nobody takes are dropped beyond this.
const INBOX_MAX: usize = 4096;

#[cfg(test)]
mod tests;
