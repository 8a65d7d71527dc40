//! A member that only sends, in the words of v2.

use std::net::IpAddr;
use std::time::Duration;

use room::Opened;
use room::media::Source;
use serde_json::{Value, json};
use tokio::time::{Instant, timeout_at};

use super::Declined;
use crate::live::offer::Offer;
use crate::signal::{Place, Seat, Signal};

/// Who wants to join.
#[derive(Debug)]
pub(crate) struct Guest {
    pub(crate) room: String,
    /// The name that it asks for; that of its token wins.
    pub(crate) called: Option<String>,
    pub(crate) token: Option<String>,
    pub(crate) address: IpAddr,
}

/// The same with a seat, which it gives back when it is dropped.
#[derive(Debug)]
pub(super) struct Member {
    seat: Seat,
    room: String,
    uid: String,
    /// What it sends at all.
    sends: State,
    /// What a moderator has muted.
    muted: State,
    /// The id of the last request.
    requests: u64,
}

/// Sound and pictures: which of them.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct State {
    audio: bool,
    video: bool,
}

impl Member {
    /// Takes a seat, if need be after a wait in the lobby.
    ///
    /// # Errors
    /// [`Declined`].
    pub(super) async fn join(signal: &Signal, guest: Guest, sends: State) -> Result<Self, Declined> {
        let Guest { room, called, token, address } = guest;
        let seat = signal.open(Opened { token, ..Opened::from_address(address) }).await?;
        let mut member = Self { seat, room, uid: String::new(), sends, muted: State::default(), requests: 0 };
        let called = called.filter(|called| !called.is_empty()).unwrap_or_else(|| UNNAMED.to_owned());
        let words = json!({ "v": 2, "roomId": member.room, "name": called, "caps": ["media", "encoder"], "state": sends.json() });
        let id = member.ask("join", words).await;
        let mut until = Instant::now() + ANSWER_MAX;
        let mut waits = false;
        let joined = loop {
            let Ok(frame) = timeout_at(until, member.hear()).await else {
                return Err(if waits { Declined::Lobby } else { Declined::Late });
            };
            let frame = frame?;
            match text(&frame, "cmd") {
                "joined" => break frame,
                "waiting" => (until, waits) = (Instant::now() + LOBBY_MAX, true),
                // Who is let in from the lobby, or sent away from there, is told so without an id.
                "error" if waits || text(&frame, "id") == id => return Err(refusal(&frame)),
                _ => {}
            }
        };
        joined.pointer("/self/uid").and_then(Value::as_str).unwrap_or_default().clone_into(&mut member.uid);
        Ok(member)
    }

    /// Offers to the media server: the SDP of its answer. The same connection each time, so that a second offer begins ICE anew.
    ///
    /// # Errors
    /// [`Declined`].
    pub(super) async fn offer(&mut self, offer: &Offer) -> Result<String, Declined> {
        let tracks: Vec<Value> =
            offer.tracks().iter().map(|track| json!({ "mid": track.mid, "source": track.source.as_str() })).collect();
        let msg = json!({ "type": "offer", "sdp": offer.sdp(), "connection": CONNECTION, "tracks": tracks });
        let words = json!({ "roomId": self.room, "uid": self.uid, "remoteUid": MEDIA_UID, "msg": msg.to_string() });
        let id = self.ask("offer", words).await;
        let until = Instant::now() + ANSWER_MAX;
        loop {
            let frame = timeout_at(until, self.hear()).await.map_err(|_| Declined::Late)??;
            match text(&frame, "cmd") {
                "answer" if text(&frame, "uid") == MEDIA_UID => {
                    let answer: Value = serde_json::from_str(text(&frame, "msg")).unwrap_or_default();
                    return Ok(text(&answer, "sdp").to_owned());
                }
                "error" if text(&frame, "id") == id => return Err(refusal(&frame)),
                _ => {}
            }
        }
    }

    /// Where its packets go, if they are made in this process; instead of an offer.
    pub(super) async fn place(&self) -> Option<Place> {
        self.seat.place().await
    }

    /// Sends this from here on.
    pub(super) async fn send(&mut self, sends: State) {
        let before = self.state();
        self.sends = sends;
        if self.state() != before {
            self.tell_state().await;
        }
    }

    /// Stays until it must go, and says why.
    pub(super) async fn ended(&mut self) -> Declined {
        loop {
            if let Err(declined) = self.hear().await {
                return declined;
            }
        }
    }

    /// Which room it is in.
    pub(super) fn room(&self) -> &str {
        &self.room
    }

    /// Says a request with an id, which it gives back.
    async fn ask(&mut self, command: &str, mut words: Value) -> String {
        self.requests += 1;
        let id = self.requests.to_string();
        words["cmd"] = command.into();
        words["id"] = id.as_str().into();
        self.seat.say(words.to_string()).await;
        id
    }

    /// The next frame, after doing what it asks for.
    async fn hear(&mut self) -> Result<Value, Declined> {
        let frame = self.seat.hear().await.ok_or(Declined::Gone)?;
        let frame: Value = serde_json::from_str(&frame).unwrap_or_default();
        match (text(&frame, "cmd"), text(&frame, "action")) {
            ("moderated", "remove") => return Err(Declined::Removed),
            ("moderated", "end") => return Err(Declined::Over),
            ("moderated", action @ ("mute" | "unmute")) => {
                let is_on = action == "unmute";
                match text(&frame, "source") {
                    "microphone" => self.muted.audio = !is_on,
                    "camera" => self.muted.video = !is_on,
                    _ => {}
                }
                // There is nobody who would press a button after the moderator has.
                if is_on {
                    self.tell_state().await;
                }
            }
            ("mode", _) if text(&frame, "mode") != "sfu" => return Err(Declined::TurnedAway),
            _ => {}
        }
        Ok(frame)
    }

    /// What is on, for the others to see.
    fn state(&self) -> State {
        let Self { sends, muted, .. } = self;
        State { audio: sends.audio && !muted.audio, video: sends.video && !muted.video }
    }

    async fn tell_state(&mut self) {
        let state = self.state().json();
        self.ask("state", json!({ "roomId": self.room, "state": state })).await;
    }
}

impl State {
    /// That of one who sends these.
    pub(super) fn of(sources: &[Source]) -> Self {
        Self { audio: sources.contains(&Source::Microphone), video: sources.contains(&Source::Camera) }
    }

    fn json(self) -> Value {
        json!({ "audio": self.audio, "video": self.video, "screen": false })
    }
}

fn text<'a>(frame: &'a Value, key: &str) -> &'a str {
    frame.get(key).and_then(Value::as_str).unwrap_or_default()
}

fn refusal(frame: &Value) -> Declined {
    let code = frame.get("code").and_then(Value::as_u64).unwrap_or_default();
    Declined::Room { code, message: text(frame, "message").to_owned() }
}

/// What an encoder is called that says no name.
const UNNAMED: &str = "Encoder";
/// The uid of the media server.
const MEDIA_UID: &str = "@media";
/// The name of the one connection that it has.
const CONNECTION: &str = "encoder";
/// How long the rooms and the media server may take for an answer.
const ANSWER_MAX: Duration = Duration::from_secs(10);
/// How long it waits in a lobby. Encoders come again by themselves.
const LOBBY_MAX: Duration = Duration::from_secs(20);
