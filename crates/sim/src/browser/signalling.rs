//! A browser's side of the signalling: connect, join, come back, and watch that the server keeps its promises.

use std::collections::{BTreeSet, VecDeque};
use std::net::SocketAddr;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::machine::Machine;
use crate::stream::StreamId;
use crate::websocket::{Assembler, Frame};

/// How long a connection may take to open.
const OPEN_PATIENCE: Duration = Duration::from_secs(10);
/// The wait before the first attempt to come back; it doubles up to the longest.
const RETRY_FIRST: Duration = Duration::from_millis(500);
const RETRY_LONGEST: Duration = Duration::from_secs(8);
/// After this much silence a client asks whether the server is there (a page does not see the server's pings).
const SILENCE: Duration = Duration::from_secs(25);
/// How long the server may take to say so.
const PROBE_PATIENCE: Duration = Duration::from_secs(3);

/// The error code of a room that has all the members it may have.
const ROOM_FULL: u64 = 1;
/// Messages that a failure shows.
const TRANSCRIPT_MAX: usize = 24;
/// Characters of each.
const TRANSCRIPT_CHARACTERS: usize = 150;

/// Which dialect a browser speaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Dialect {
    /// The eight course messages.
    A,
    /// Our own.
    V2,
}

/// What the server said.
#[derive(Debug)]
pub(crate) enum Said {
    /// We are in the room; these are the others.
    Joined {
        roster: Vec<String>,
        ice_servers: Value,
        resumed: bool,
    },
    /// Somebody joined after us.
    NewPeer(String),
    /// Somebody was there before us (dialect A).
    OldPeer(String),
    PeerLeft(String),
    /// An offer, answer or candidate: its command, its sender, its content.
    Relayed {
        cmd: String,
        from: String,
        content: Value,
    },
    PeerState {
        uid: String,
        online: bool,
    },
    Error(u64),
}

#[derive(Debug)]
pub(crate) struct Signalling {
    server: SocketAddr,
    room: String,
    uid: String,
    dialect: Dialect,
    token: String,
    /// The user wants to be in the room.
    wanted: bool,
    stream: Option<StreamId>,
    assembler: Assembler,
    joined: bool,
    /// Shown when joining: the claim, and from the first `joined` on the resume token.
    resume: String,
    claim: String,
    next_id: u64,
    /// Requests without an answer, oldest first; after a resume they are sent again.
    unanswered: VecDeque<(String, Value)>,
    /// Requests that were sent again: the first answer may have been on its way, so two may come.
    resent: BTreeSet<String>,
    /// The id of the join that is under way.
    joining: Option<String>,
    retries: u32,
    retry_at: Option<Instant>,
    ping_at: Option<Instant>,
    /// When the connection counts as dead unless something is heard.
    dead_at: Option<Instant>,
    /// Whom the server has told us to be there.
    present: BTreeSet<String>,
    /// Members known when the socket was lost: their going may have been told to the dead one, so they may come anew.
    doubtful: BTreeSet<String>,
    /// Members whose coming was learnt from the roster of the last resume.
    came: BTreeSet<String>,
    /// Members whose going was.
    went: BTreeSet<String>,
    said: Vec<Said>,
    /// The beginnings of the latest messages both ways; at most [`TRANSCRIPT_MAX`].
    transcript: VecDeque<String>,
    /// Promises the server broke.
    violations: Vec<String>,
    resumed: u32,
}

impl Signalling {
    /// `claim` is a random value that proves the first join to be ours when its answer is lost.
    pub(crate) fn new(server: SocketAddr, room: &str, uid: &str, dialect: Dialect, token: &str, claim: String) -> Self {
        Self {
            server,
            room: room.to_owned(),
            uid: uid.to_owned(),
            dialect,
            token: token.to_owned(),
            wanted: false,
            stream: None,
            assembler: Assembler::default(),
            joined: false,
            resume: claim.clone(),
            claim,
            next_id: 0,
            unanswered: VecDeque::new(),
            resent: BTreeSet::new(),
            joining: None,
            retries: 0,
            retry_at: None,
            ping_at: None,
            dead_at: None,
            present: BTreeSet::new(),
            doubtful: BTreeSet::new(),
            came: BTreeSet::new(),
            went: BTreeSet::new(),
            said: Vec::new(),
            transcript: VecDeque::new(),
            violations: Vec::new(),
            resumed: 0,
        }
    }

    pub(crate) fn is_joined(&self) -> bool {
        self.joined
    }

    /// The user wants to be in the room.
    pub(crate) fn is_wanted(&self) -> bool {
        self.wanted
    }

    /// How often this member came back to its seat.
    pub(crate) fn resumed(&self) -> u32 {
        self.resumed
    }

    pub(crate) fn present(&self) -> &BTreeSet<String> {
        &self.present
    }

    pub(crate) fn violations(&self) -> &[String] {
        &self.violations
    }

    /// The beginnings of the latest messages both ways.
    pub(crate) fn transcript(&self) -> impl Iterator<Item = &str> {
        self.transcript.iter().map(String::as_str)
    }

    pub(crate) fn take_said(&mut self) -> Vec<Said> {
        std::mem::take(&mut self.said)
    }

    pub(crate) fn owns_stream(&self, stream: StreamId) -> bool {
        self.stream == Some(stream)
    }

    pub(crate) fn join(&mut self, machine: &mut Machine<'_>) {
        self.wanted = true;
        self.connect(machine);
    }

    pub(crate) fn leave(&mut self, machine: &mut Machine<'_>) {
        self.wanted = false;
        self.send(machine, json!({ "cmd": "leave" }));
        if let Some(stream) = self.stream {
            self.transmit(machine, &Frame::Close(1000));
            machine.close_stream(stream);
        }
        self.forget_session();
        self.drop_stream();
        self.retry_at = None;
    }

    /// The page lost its connection at once, without a close frame, and comes back after `absence`.
    pub(crate) fn break_off(&mut self, machine: &mut Machine<'_>, absence: Duration) {
        if let Some(stream) = self.stream {
            machine.abort_stream(stream);
        }
        self.drop_stream();
        self.retry_at = Some(machine.now() + absence);
    }

    /// Sends a message to the room's other member or to the server. In v2 it is kept until it is answered.
    pub(crate) fn send(&mut self, machine: &mut Machine<'_>, mut message: Value) {
        message["roomId"] = self.room.as_str().into();
        message["uid"] = self.uid.as_str().into();
        if self.dialect == Dialect::V2 {
            let id = self.fresh_id();
            message["id"] = id.as_str().into();
            self.unanswered.push_back((id, message.clone()));
        }
        if self.joined {
            self.transmit(machine, &Frame::Text(message.to_string()));
        }
    }

    pub(crate) fn handle_opened(&mut self, machine: &mut Machine<'_>) {
        self.transmit(machine, &Frame::Open(self.token.clone()));
        let mut join = json!({ "cmd": "join", "roomId": self.room, "uid": self.uid });
        if self.dialect == Dialect::V2 {
            let id = self.fresh_id();
            join["v"] = 2.into();
            join["name"] = self.uid.as_str().into();
            join["id"] = id.as_str().into();
            join["resume"] = self.resume.as_str().into();
            self.joining = Some(id);
        }
        self.transmit(machine, &Frame::Text(join.to_string()));
        if self.dialect == Dialect::A {
            self.joined = true;
            self.rest(machine.now());
            self.retries = 0;
            let ice_servers = Value::Null;
            self.said.push(Said::Joined { roster: Vec::new(), ice_servers, resumed: false });
        }
    }

    pub(crate) fn handle_closed(&mut self, now: Instant) {
        self.drop_stream();
        if self.wanted {
            let wait = RETRY_FIRST * 2_u32.pow(self.retries.min(8));
            self.retries += 1;
            self.retry_at = Some(now + wait.min(RETRY_LONGEST));
        }
    }

    pub(crate) fn handle_bytes(&mut self, machine: &mut Machine<'_>, bytes: &[u8]) {
        for frame in self.assembler.push(bytes) {
            self.rest(machine.now());
            match frame {
                Frame::Text(text) => self.handle_text(machine, &text),
                Frame::Ping => self.transmit(machine, &Frame::Pong),
                Frame::Pong | Frame::Open(_) => {}
                Frame::Refuse(_) | Frame::Close(_) => {
                    if let Some(stream) = self.stream {
                        machine.close_stream(stream);
                    }
                    self.handle_closed(machine.now());
                }
            }
        }
    }

    /// Asks at once whether the server is there.
    pub(crate) fn probe(&mut self, machine: &mut Machine<'_>) {
        self.ping_at = None;
        if self.joined && self.dead_at.is_none() {
            self.dead_at = Some(machine.now() + PROBE_PATIENCE);
            self.transmit(machine, &Frame::Text(json!({ "cmd": "ping" }).to_string()));
        }
    }

    pub(crate) fn poll_timeout(&self) -> Option<Instant> {
        [self.retry_at, self.ping_at, self.dead_at].into_iter().flatten().min()
    }

    pub(crate) fn handle_timeout(&mut self, machine: &mut Machine<'_>) {
        let now = machine.now();
        if self.retry_at.is_some_and(|at| at <= now) {
            self.connect(machine);
        }
        if self.ping_at.is_some_and(|at| at <= now) {
            self.probe(machine);
        }
        if self.dead_at.is_some_and(|at| at <= now) {
            if let Some(stream) = self.stream {
                machine.abort_stream(stream);
            }
            self.handle_closed(now);
        }
    }

    fn connect(&mut self, machine: &mut Machine<'_>) {
        self.retry_at = None;
        self.stream = Some(machine.connect(self.server));
        self.dead_at = Some(machine.now() + OPEN_PATIENCE);
    }

    /// Something was heard. Until the server has let us in, only that ends the wait.
    fn rest(&mut self, now: Instant) {
        if self.joined {
            self.dead_at = None;
            self.ping_at = Some(now + SILENCE);
        }
    }

    fn drop_stream(&mut self) {
        self.stream = None;
        self.assembler = Assembler::default();
        self.joined = false;
        self.ping_at = None;
        self.dead_at = None;
        if self.dialect == Dialect::A {
            self.forget_session();
        }
    }

    fn forget_session(&mut self) {
        self.present.clear();
        self.unanswered.clear();
        self.resume = self.claim.clone();
        self.joined = false;
    }

    fn fresh_id(&mut self) -> String {
        self.next_id += 1;
        self.next_id.to_string()
    }

    fn note(&mut self, elapsed: Duration, way: &str, text: &str) {
        // Candidates and acknowledgements would push out what a reader needs.
        if [r#""cmd":"candidate""#, r#""cmd":"ok""#].iter().any(|dull| text.contains(dull)) {
            return;
        }
        if self.transcript.len() >= TRANSCRIPT_MAX {
            self.transcript.pop_front();
        }
        let beginning: String = text.chars().take(TRANSCRIPT_CHARACTERS).collect();
        self.transcript.push_back(format!("{:.3} {way} {beginning}", elapsed.as_secs_f64()));
    }

    fn transmit(&mut self, machine: &mut Machine<'_>, frame: &Frame) {
        if let Frame::Text(text) = frame {
            self.note(machine.elapsed(), "->", text);
        }
        if let Some(stream) = self.stream {
            // A full stream means that nothing was heard for long: the silence timer ends it.
            let _ = machine.send_stream(stream, &frame.encode());
        }
    }

    fn handle_text(&mut self, machine: &mut Machine<'_>, text: &str) {
        self.note(machine.elapsed(), "<-", text);
        let Ok(message) = serde_json::from_str::<Value>(text) else {
            self.violate(format!("a frame that is not JSON: {text}"));
            return;
        };
        let field = |key: &str| message[key].as_str().unwrap_or_default().to_owned();
        let remote = field("remoteUid");
        self.check_room(&message);
        self.settle(&message);
        match message["cmd"].as_str().unwrap_or_default() {
            "joined" => self.handle_joined(machine, &message),
            "new-peer" => {
                self.went.remove(&remote);
                if self.came.remove(&remote) {
                    return;
                }
                if !self.doubtful.remove(&remote) {
                    self.appear(&remote);
                }
                self.said.push(Said::NewPeer(remote));
            }
            "resp-join" => {
                self.appear(&remote);
                self.said.push(Said::OldPeer(remote));
            }
            "peer-leave" => {
                self.came.remove(&remote);
                self.doubtful.remove(&remote);
                if self.went.remove(&remote) {
                    return;
                }
                if !self.present.remove(&remote) {
                    self.violate(format!("told that {remote} left, who was not there"));
                }
                self.said.push(Said::PeerLeft(remote));
            }
            "peer-state" => {
                let online = message["connection"] == "online";
                self.said.push(Said::PeerState { uid: remote, online });
            }
            cmd @ ("offer" | "answer" | "candidate") => {
                let from = field("uid");
                if !self.present.contains(&from) || remote != self.uid {
                    self.violate(format!("misdirected: {text}"));
                }
                let content = serde_json::from_str(&field("msg")).unwrap_or_default();
                self.said.push(Said::Relayed { cmd: cmd.to_owned(), from, content });
            }
            "error" => {
                // A page says so and asks its user.
                self.wanted &= message["code"] != ROOM_FULL;
                self.said.push(Said::Error(message["code"].as_u64().unwrap_or_default()));
            }
            // Whoever is the host and who is muted changes no call of two.
            "role" | "room" | "moderated" | "ok" | "pong" | "closing" => {}
            _ => self.violate(format!("an unknown message: {text}")),
        }
    }

    fn handle_joined(&mut self, machine: &mut Machine<'_>, message: &Value) {
        let resumed = message["resumed"] == true;
        let roster = message["roster"].as_array().into_iter().flatten();
        let roster: Vec<_> = roster.filter_map(|member| member["uid"].as_str()).map(str::to_owned).collect();
        if resumed {
            self.resumed += 1;
            self.catch_up(roster.iter().cloned().collect());
        } else {
            self.unanswered.clear();
            self.present = roster.iter().cloned().collect();
            self.doubtful.clear();
            self.came.clear();
            self.went.clear();
        }
        self.resume = message["resume"].as_str().unwrap_or_default().to_owned();
        self.joined = true;
        self.rest(machine.now());
        self.retries = 0;
        for (id, message) in self.unanswered.clone() {
            self.resent.insert(id);
            self.transmit(machine, &Frame::Text(message.to_string()));
        }
        let ice_servers = message["iceServers"].clone();
        self.said.push(Said::Joined { roster, ice_servers, resumed });
        for member in message["roster"].as_array().into_iter().flatten() {
            let uid = member["uid"].as_str().unwrap_or_default().to_owned();
            self.said.push(Said::PeerState { uid, online: member["connection"] == "online" });
        }
    }

    /// Takes from the roster what was told to a socket that was dead already. What was told since the server knew of
    /// that follows message by message, so these members may be told of once more.
    fn catch_up(&mut self, roster: BTreeSet<String>) {
        self.doubtful = roster.intersection(&self.present).cloned().collect();
        self.came = roster.difference(&self.present).cloned().collect();
        self.went = self.present.difference(&roster).cloned().collect();
        for uid in &self.went {
            self.said.push(Said::PeerLeft(uid.clone()));
        }
        for uid in &self.came {
            self.said.push(Said::NewPeer(uid.clone()));
        }
        self.present = roster;
    }

    /// Every answer must belong to exactly one request.
    fn settle(&mut self, message: &Value) {
        let Some(id) = message["id"].as_str() else {
            return;
        };
        if self.joining.as_deref() == Some(id) {
            self.joining = None;
        } else if let Some(index) = self.unanswered.iter().position(|(known, _)| known == id) {
            self.unanswered.remove(index);
        } else if !self.resent.remove(id) {
            self.violate(format!("an answer to no open request: {message}"));
        }
    }

    fn check_room(&mut self, message: &Value) {
        if message.get("roomId").is_some_and(|room| *room != self.room.as_str()) {
            self.violate(format!("a message of another room: {message}"));
        }
    }

    fn appear(&mut self, uid: &str) {
        if !self.present.insert(uid.to_owned()) {
            self.violate(format!("told twice that {uid} is there"));
        }
    }

    fn violate(&mut self, text: String) {
        self.violations.push(format!("{}: {text}", self.uid));
    }
}
