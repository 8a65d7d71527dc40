//! Clients of AppRTC and of SRS's demos in sequences, with members that speak dialect A among them.

use std::{
    collections::BTreeSet,
    net::{IpAddr, Ipv4Addr},
    time::{Duration, Instant},
};

use arbitrary::{Arbitrary, Unstructured};
use room::{Config, ConnId, Hub, Opened, Output};
use serde_json::{json, value::RawValue};

#[derive(Arbitrary, Debug)]
enum Operation {
    Open { srs: bool },
    Close { conn: u8 },
    Wait { deciseconds: u8 },
    Join { room: u8 },
    Register { conn: u8, client: u8 },
    Send { conn: u8, message: Message },
    Post { client: u8, message: Message },
    Leave { client: u8 },
    Course { conn: u8, room: u8, cmd: u8, message: Message },
    Srs { conn: u8, room: u8, display: u8, action: u8 },
    Raw { conn: u8, text: String },
    ShutDown,
}

/// What one says to the other.
#[derive(Arbitrary, Debug)]
enum Message {
    Offer,
    Candidate { label: Option<u8>, id: bool },
    Bye,
    Raw(String),
}

impl Message {
    fn text(&self) -> String {
        match self {
            Self::Offer => r#"{"type":"offer","sdp":"v=0"}"#.to_owned(),
            Self::Candidate { label, id } => {
                json!({"type": "candidate", "label": label, "id": id.then_some("0"), "candidate": "c"}).to_string()
            }
            Self::Bye => r#"{"type":"bye"}"#.to_owned(),
            Self::Raw(text) => text.clone(),
        }
    }
}

/// The hub, its time, and who is there.
struct Story {
    hub: Hub,
    now: Instant,
    numbers: u64,
    /// Connections with a socket: nothing comes out for any other.
    open: BTreeSet<ConnId>,
    /// Their rooms and names.
    clients: Vec<(String, String)>,
}

/// Runs the operations that the bytes stand for; panics when somebody hears what is not for it, or something stays behind.
pub fn run(data: &[u8]) {
    let Ok(operations) = Vec::<Operation>::arbitrary(&mut Unstructured::new(data)) else { return };
    #[expect(clippy::disallowed_methods, reason = "virtual time starts at any one instant")]
    let now = Instant::now();
    let mut config = Config::default();
    config.limits.connections = 12;
    config.limits.rooms = 3;
    config.limits.messages_burst = 40;
    let hub = Hub::new(config, [7; 32], now, Duration::from_secs(1_790_000_000));
    let mut story = Story { hub, now, numbers: 0, open: BTreeSet::new(), clients: Vec::new() };
    for operation in &operations {
        story.tell(operation);
        story.drain();
    }
    story.end();
}

impl Story {
    fn tell(&mut self, operation: &Operation) {
        let now = self.now;
        match operation {
            Operation::Open { srs } => {
                let (conn, opened) = (self.number(), self.opened(*srs));
                if self.hub.handle_open(now, conn, opened).is_ok() {
                    self.open.insert(conn);
                }
            }
            Operation::Close { conn } => {
                let conn = self.conn(*conn);
                self.hub.handle_close(now, conn);
                self.open.remove(&conn);
            }
            Operation::Wait { deciseconds } => self.wait(Duration::from_millis(u64::from(*deciseconds) * 100)),
            Operation::Join { room } => {
                let (conn, opened) = (self.number(), self.opened(false));
                if let Ok(joined) = self.hub.handle_apprtc_join(now, conn, opened, &room_name(*room)) {
                    assert!(!joined.is_initiator || joined.messages.is_empty(), "nobody has spoken before the first");
                    self.clients.push((room_name(*room), joined.client));
                }
            }
            Operation::Register { conn, client } => {
                let (room, client) = self.client(*client);
                let words = json!({"cmd": "register", "roomid": room, "clientid": client});
                self.say(*conn, &words.to_string());
            }
            Operation::Send { conn, message } => {
                self.say(*conn, &json!({"cmd": "send", "msg": message.text()}).to_string());
            }
            Operation::Post { client, message } => {
                let (room, client) = self.client(*client);
                // A refusal is an answer.
                let _ = self.hub.handle_apprtc_message(now, &room, &client, &message.text());
            }
            Operation::Leave { client } => {
                let (room, client) = self.client(*client);
                let _ = self.hub.handle_apprtc_leave(now, &room, &client);
            }
            Operation::Course { conn, room, cmd, message } => {
                let cmd = ["join", "join", "offer", "answer", "candidate", "leave"][usize::from(*cmd) % 6];
                let words = json!({"cmd": cmd, "roomId": room_name(*room), "uid": "ana", "remoteUid": "bo", "msg": message.text()});
                self.say(*conn, &words.to_string());
            }
            Operation::Srs { conn, room, display, action } => {
                let action = ["join", "publish", "control", "leave", "?"][usize::from(*action) % 5];
                let words = json!({"tid": "t", "msg": {"action": action, "room": room_name(*room), "display": (display % 4).to_string()}});
                self.say(*conn, &words.to_string());
            }
            Operation::Raw { conn, text } => self.say(*conn, text),
            Operation::ShutDown => {
                self.hub.handle_shutdown(now);
                self.drain();
                assert!(self.open.is_empty(), "a shutdown closes everybody");
            }
        }
    }

    fn say(&mut self, conn: u8, text: &str) {
        let conn = self.conn(conn);
        self.hub.handle_text(self.now, conn, text);
    }

    fn number(&mut self) -> ConnId {
        self.numbers += 1;
        ConnId::new(self.numbers)
    }

    fn opened(&self, srs: bool) -> Opened {
        let host = u8::try_from(self.numbers % 4).expect("a remainder of four is small");
        Opened { srs, ..Opened::from_address(IpAddr::V4(Ipv4Addr::new(192, 0, 2, host))) }
    }

    /// A connection that there is, if there is one.
    fn conn(&self, choice: u8) -> ConnId {
        let chosen = self.open.iter().nth(usize::from(choice) % self.open.len().max(1));
        chosen.copied().unwrap_or(ConnId::new(u64::MAX))
    }

    fn client(&self, choice: u8) -> (String, String) {
        self.clients.get(usize::from(choice) % self.clients.len().max(1)).cloned().unwrap_or_default()
    }

    fn wait(&mut self, duration: Duration) {
        let end = self.now + duration;
        while let Some(at) = self.hub.poll_timeout().filter(|at| *at <= end) {
            self.now = self.now.max(at);
            self.hub.handle_timeout(self.now);
            self.drain();
            assert!(self.hub.poll_timeout().is_none_or(|next| next > self.now), "a deadline is dealt with once");
        }
        self.now = end;
    }

    fn drain(&mut self) {
        while let Some(output) = self.hub.poll_output() {
            match output {
                Output::Send { conn, text } => {
                    assert!(self.open.contains(&conn), "{conn} has no socket");
                    let frame: &RawValue = serde_json::from_str(&text).expect("every frame is JSON");
                    assert!(frame.get().starts_with('{'), "every frame is an object: {text}");
                }
                Output::Ping { conn } => assert!(self.open.contains(&conn), "{conn} has no socket"),
                Output::Close { conn, .. } => assert!(self.open.remove(&conn), "{conn} was open"),
                Output::Media(_) | Output::Event(_) | Output::Show { .. } => panic!("nobody wants to know"),
            }
        }
    }

    /// Everybody's socket is gone; nothing may stay.
    fn end(mut self) {
        for conn in self.open.clone() {
            self.hub.handle_close(self.now, conn);
            self.open.remove(&conn);
            self.drain();
        }
        self.wait(Duration::from_secs(60));
        let stats = self.hub.stats();
        assert_eq!((stats.connections, stats.rooms, stats.members), (0, 0, 0), "nothing stays behind");
        assert_eq!(self.hub.poll_timeout(), None, "nothing is due when nobody is there");
    }
}

fn room_name(choice: u8) -> String {
    (choice % 3).to_string()
}
