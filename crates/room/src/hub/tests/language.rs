//! The words of the tests: a `Stage` with connections, `say`, and what everybody `hears`.

use std::{
    collections::BTreeMap,
    net::{IpAddr, Ipv4Addr},
    time::{Duration, Instant},
};

use serde_json::{Value, json, value::RawValue};

use crate::{
    Config, ConnId, Hub, Opened, Output, Refusal,
    media::{MediaEvent, MediaPeerId, MediaRequest, MediaRoomId},
    show::{Part, Show},
};

/// A hub with its virtual time.
pub(super) struct Stage {
    pub(super) hub: Hub,
    pub(super) now: Instant,
    connections: u64,
    /// Who has joined by `join_media` as whom.
    uids: Vec<(ConnId, String)>,
    /// What audiences see, by room and part.
    pub(super) shows: BTreeMap<(String, Part), Show>,
}

/// The Unix time at which every stage begins.
pub(super) const UNIX: Duration = Duration::from_secs(1_790_000_000);

impl Stage {
    pub(super) fn new() -> Self {
        Self::with(|_| ())
    }

    /// A stage whose settings are changed first.
    pub(super) fn with(change: impl FnOnce(&mut Config)) -> Self {
        let mut config = Config::default();
        change(&mut config);
        #[expect(clippy::disallowed_methods, reason = "a test needs one instant to start from")]
        let now = Instant::now();
        Self {
            hub: Hub::new(config, [7; 32], now, UNIX),
            now,
            connections: 0,
            uids: Vec::new(),
            shows: BTreeMap::new(),
        }
    }

    /// A stage with a media server.
    pub(super) fn with_media() -> Self {
        Self::with(|config| config.media = true)
    }

    /// A connection from an address of its own.
    pub(super) fn open(&mut self) -> ConnId {
        let host = u32::try_from(self.connections).unwrap() + 0x0a00_0001;
        self.try_open(Opened::from_address(IpAddr::V4(Ipv4Addr::from(host)))).unwrap()
    }

    pub(super) fn try_open(&mut self, opened: Opened) -> Result<ConnId, Refusal> {
        self.connections += 1;
        let conn = ConnId::new(self.connections);
        self.hub.handle_open(self.now, conn, opened)?;
        assert_eq!(self.hear(), [], "opening says nothing");
        Ok(conn)
    }

    pub(super) fn say(&mut self, conn: ConnId, frame: &str) -> Vec<Heard> {
        self.hub.handle_text(self.now, conn, frame);
        self.hear()
    }

    pub(super) fn close(&mut self, conn: ConnId) -> Vec<Heard> {
        self.hub.handle_close(self.now, conn);
        self.hear()
    }

    pub(super) fn pong(&mut self, conn: ConnId) -> Vec<Heard> {
        self.hub.handle_pong(self.now, conn);
        self.hear()
    }

    pub(super) fn shut_down(&mut self) -> Vec<Heard> {
        self.hub.handle_shutdown(self.now);
        self.hear()
    }

    /// Lets time pass, deadline by deadline.
    pub(super) fn wait(&mut self, duration: Duration) -> Vec<Heard> {
        let end = self.now + duration;
        let mut heard = Vec::new();
        while let Some(at) = self.hub.poll_timeout().filter(|at| *at <= end) {
            self.now = at;
            self.hub.handle_timeout(at);
            heard.extend(self.hear());
        }
        self.now = end;
        heard
    }

    /// As `wait`, with these connections answering every ping and nothing said about pings.
    pub(super) fn wait_alive(&mut self, duration: Duration, alive: &[ConnId]) -> Vec<Heard> {
        let end = self.now + duration;
        let mut heard = Vec::new();
        while let Some(at) = self.hub.poll_timeout().filter(|at| *at <= end) {
            self.now = at;
            self.hub.handle_timeout(at);
            for word in self.hear() {
                match word {
                    Heard::Ping(conn) if alive.contains(&conn) => heard.extend(self.pong(conn)),
                    Heard::Ping(_) => {}
                    Heard::Frame(..) | Heard::Closed(..) | Heard::Media(_) => heard.push(word),
                }
            }
        }
        self.now = end;
        heard
    }

    /// Two members of room 100 that speak dialect A, `ana` first.
    pub(super) fn course_pair(&mut self) -> (ConnId, ConnId) {
        let (ana, bo) = (self.open(), self.open());
        self.say(ana, r#"{"cmd":"join","roomId":"100","uid":"ana"}"#);
        self.say(bo, r#"{"cmd":"join","roomId":"100","uid":"bo"}"#);
        (ana, bo)
    }

    /// Two members of room 100 that speak v2, `ana` first.
    pub(super) fn pair(&mut self) -> (ConnId, ConnId) {
        let (ana, bo) = (self.open(), self.open());
        self.join(ana, "ana");
        self.join(bo, "bo");
        (ana, bo)
    }

    /// A request of a moderator: `rest` is its action and what follows.
    pub(super) fn moderate(&mut self, conn: ConnId, rest: &str) -> Vec<Heard> {
        self.say(conn, &format!(r#"{{"cmd":"moderate","id":"m","action":{rest}}}"#))
    }

    /// Three members of room 100 whose media goes through the server, `ana` first. Needs `config.media`.
    pub(super) fn trio(&mut self) -> [ConnId; 3] {
        ["ana", "bo", "cy"].map(|uid| {
            let conn = self.open();
            self.join_media(conn, uid);
            conn
        })
    }

    /// Joins room 100 in v2 with a client that can talk with the media server.
    pub(super) fn join_media(&mut self, conn: ConnId, uid: &str) -> Vec<Heard> {
        let join = format!(r#"{{"cmd":"join","v":2,"id":"1","roomId":"100","uid":"{uid}","caps":["media"]}}"#);
        self.join_with(conn, uid, &join)
    }

    /// Joins as `uid` with the words of `join`.
    pub(super) fn join_with(&mut self, conn: ConnId, uid: &str, join: &str) -> Vec<Heard> {
        self.uids.push((conn, uid.to_owned()));
        self.say(conn, join)
    }

    /// Offers to the media server, which answers; gives back the numbers of room and member there.
    pub(super) fn offer(&mut self, conn: ConnId, heard: &mut Vec<Heard>) -> (MediaRoomId, MediaPeerId) {
        let said = self.say(conn, &self.offer_of(conn, "c1"));
        let [MediaRequest::Offer { room, peer, request, .. }, ..] = *requests(&said) else {
            panic!("no offer in {said:?}");
        };
        heard.extend(said);
        heard.extend(self.media(MediaEvent::Answered { peer, request, sdp: "v=0\r\n".to_owned() }));
        (room, peer)
    }

    /// The text of an offer to the media server, of the `RTCPeerConnection` with this name.
    pub(super) fn offer_of(&self, conn: ConnId, connection: &str) -> String {
        let uid = self.uids.iter().rev().find(|(of, _)| *of == conn).map(|(_, uid)| uid).expect("it has joined");
        let tracks = json!([{"mid": "0", "source": "microphone"}, {"mid": "1", "source": "camera"}]);
        let msg = json!({"type": "offer", "sdp": "v=0\r\n", "offer": "1a", "connection": connection, "tracks": tracks});
        let (cmd, msg) = ("offer", msg.to_string());
        json!({"cmd": cmd, "id": "7", "roomId": "100", "uid": uid, "remoteUid": "@media", "msg": msg}).to_string()
    }

    /// The media server has something to tell.
    pub(super) fn media(&mut self, event: MediaEvent) -> Vec<Heard> {
        self.hub.handle_media(self.now, event);
        self.hear()
    }

    /// Joins room 100 in v2; gives back the resume token.
    pub(super) fn join(&mut self, conn: ConnId, uid: &str) -> String {
        let heard = self.say(conn, &format!(r#"{{"cmd":"join","v":2,"roomId":"100","uid":"{uid}"}}"#));
        resume_token(&heard)
    }

    /// Joins room 100 in v2 with a resume token.
    pub(super) fn resume(&mut self, conn: ConnId, uid: &str, token: &str) -> Vec<Heard> {
        self.say(conn, &format!(r#"{{"cmd":"join","v":2,"roomId":"100","uid":"{uid}","resume":"{token}"}}"#))
    }

    pub(super) fn hear(&mut self) -> Vec<Heard> {
        let mut heard = Vec::new();
        while let Some(output) = self.hub.poll_output() {
            let Output::Show { room, part, show } = output else {
                heard.push(Heard::from(output));
                continue;
            };
            if let Some(show) = show {
                let former = self.shows.insert((room, part), show.clone());
                assert_ne!(former, Some(show), "only what has changed is said");
            } else {
                assert!(self.shows.remove(&(room, part)).is_some(), "what is over was there");
            }
        }
        heard
    }
}

/// An output, short enough to write down.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Heard {
    Frame(ConnId, String),
    Ping(ConnId),
    Closed(ConnId, u16),
    Media(MediaRequest),
}

impl From<Output> for Heard {
    fn from(output: Output) -> Self {
        match output {
            Output::Send { conn, text } => {
                let frame: &RawValue = serde_json::from_str(&text).expect("every frame is JSON");
                assert!(frame.get().starts_with('{'), "every frame is an object: {text}");
                Self::Frame(conn, text)
            }
            Output::Ping { conn } => Self::Ping(conn),
            Output::Close { conn, code, reason: _ } => Self::Closed(conn, code),
            Output::Media(request) => Self::Media(request),
            Output::Event(event) => panic!("nobody wants to know: {event:?}"),
            Output::Show { .. } => panic!("a show is seen and not heard"),
        }
    }
}

/// An expected frame.
pub(super) fn frame(conn: ConnId, text: &str) -> Heard {
    Heard::Frame(conn, text.to_owned())
}

/// The one frame that was heard, as JSON, with its receiver.
pub(super) fn only(heard: &[Heard]) -> (ConnId, Value) {
    let [Heard::Frame(conn, text)] = heard else { panic!("not one frame: {heard:?}") };
    (*conn, serde_json::from_str(text).unwrap())
}

/// The `error` that was heard: receiver, code, reason.
pub(super) fn only_error(heard: &[Heard]) -> (ConnId, u64, String) {
    let (conn, value) = only(heard);
    assert_eq!(value["cmd"], "error", "{heard:?}");
    assert!(value["message"].as_str().is_some_and(|message| !message.is_empty()), "{heard:?}");
    (conn, value["code"].as_u64().unwrap(), value["reason"].as_str().unwrap().to_owned())
}

/// The first frame with this `cmd`, with its receiver.
pub(super) fn find(heard: &[Heard], cmd: &str) -> (ConnId, Value) {
    let frames = heard.iter().filter_map(|word| match word {
        Heard::Frame(conn, text) => Some((*conn, serde_json::from_str::<Value>(text).unwrap())),
        Heard::Ping(_) | Heard::Closed(..) | Heard::Media(_) => None,
    });
    frames.into_iter().find(|(_, value)| value["cmd"] == cmd).unwrap_or_else(|| panic!("no {cmd} in {heard:?}"))
}

/// The commands that a connection heard, in order.
pub(super) fn commands(heard: &[Heard], of: ConnId) -> Vec<String> {
    let texts = heard.iter().filter_map(|word| match word {
        Heard::Frame(conn, text) if *conn == of => Some(text),
        Heard::Frame(..) | Heard::Ping(_) | Heard::Closed(..) | Heard::Media(_) => None,
    });
    texts.map(|text| serde_json::from_str::<Value>(text).unwrap()["cmd"].as_str().unwrap().to_owned()).collect()
}

/// The resume token in the `joined` that was heard.
pub(super) fn resume_token(heard: &[Heard]) -> String {
    find(heard, "joined").1["resume"].as_str().unwrap().to_owned()
}

/// What the media server was asked.
pub(super) fn requests(heard: &[Heard]) -> Vec<MediaRequest> {
    let requests = heard.iter().filter_map(|word| match word {
        Heard::Media(request) => Some(request.clone()),
        Heard::Frame(..) | Heard::Ping(_) | Heard::Closed(..) => None,
    });
    requests.collect()
}
