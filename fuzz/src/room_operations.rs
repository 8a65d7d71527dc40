//! Sequences of everything that can happen to the hub, with time, tokens and tight limits.

use std::time::Duration;

use arbitrary::{Arbitrary, Unstructured};
use room::{
    Anonymous, Config, ConnId, Topology,
    manage::{Manage, PolicyChange},
    media::Source,
    show::StreamPolicy,
    token::{Claims, Key, mint},
};

use crate::watched_hub::WatchedHub;

/// The whole input.
#[derive(Arbitrary, Debug)]
struct Story {
    keys: bool,
    grace: bool,
    compat: Policy,
    /// Every room goes through the media server; otherwise only the third member makes it.
    sfu: bool,
    operations: Vec<Operation>,
}

#[derive(Arbitrary, Debug)]
enum Policy {
    Auto,
    All,
    Prefix,
    Off,
}

#[derive(Arbitrary, Debug)]
enum Operation {
    Open { token: Option<Token>, compat: bool },
    Close { conn: Slot },
    Pong { conn: Slot },
    Oversized { conn: Slot },
    Wait { deciseconds: u16 },
    Join { conn: Slot, v2: bool, room: Room, uid: Option<Uid>, token: Option<Token>, numeric: bool },
    Resume { conn: Slot, room: Room, uid: Uid },
    Leave { conn: Slot, room: Option<Room> },
    Forward { conn: Slot, room: Option<Room>, uid: Uid, to: Uid, id: bool },
    Chat { conn: Slot, room: Option<Room>, to: Option<Uid>, length: u8 },
    State { conn: Slot, room: Option<Room>, audio: bool },
    Flood { conn: Slot, count: u8 },
    OfferToMedia { conn: Slot, room: Option<Room>, uid: Uid, connection: u8 },
    Subscribe { conn: Slot, room: Option<Room>, to: Uid, slots: u8 },
    Moderate { conn: Slot, room: Option<Room>, to: Option<Uid>, action: u8 },
    Data { conn: Slot, room: Option<Room>, to: Option<Uid>, reaction: bool },
    Media { choice: u8, number: u8 },
    Manage { room: Room, uid: Option<Uid>, choice: u8 },
    Raw { conn: Slot, bytes: Vec<u8> },
    ShutDown,
}

#[derive(Arbitrary, Clone, Copy, Debug)]
struct Slot(u8);

#[derive(Arbitrary, Clone, Copy, Debug)]
struct Room(u8);

#[derive(Arbitrary, Clone, Copy, Debug)]
struct Uid(u8);

#[derive(Arbitrary, Debug)]
struct Token {
    room: Option<Room>,
    uid: Option<Uid>,
    grants: Option<u8>,
    lifetime_seconds: u8,
    right_key: bool,
}

impl Room {
    fn name(self) -> String {
        (self.0 % 3).to_string()
    }
}

impl Uid {
    fn name(self) -> String {
        (self.0 % 4).to_string()
    }
}

/// Runs the story that the bytes tell.
pub fn run(data: &[u8]) {
    let Ok(story) = Story::arbitrary(&mut Unstructured::new(data)) else { return };
    let mut watched = WatchedHub::new(config(&story));
    let mut conns: Vec<ConnId> = Vec::new();
    for operation in story.operations.into_iter().take(OPERATIONS_MAX) {
        apply(&mut watched, &mut conns, operation);
        conns.retain(|conn| watched.is_open(*conn));
    }
    watched.end();
}

fn config(story: &Story) -> Config {
    let mut config = Config { media: true, ..Config::default() };
    config.limits.members = 4;
    config.limits.connections = 8;
    config.limits.connections_per_address = 4;
    config.limits.rooms = 3;
    config.limits.rooms_per_address = 2;
    config.limits.rooms_per_connection = 2;
    config.limits.messages_burst = 100;
    config.limits.joins_burst = 20;
    config.limits.resume_messages = 3;
    config.limits.resume_bytes = 400;
    config.limits.frame_bytes = 1024;
    config.limits.chat_bytes = 200;
    if story.sfu {
        config.topology = Topology::Sfu;
    }
    if story.keys {
        config.auth_keys = vec![key(true)];
    }
    if !story.grace {
        config.resume_grace = Duration::ZERO;
    }
    config.compat_anonymous = match story.compat {
        Policy::Auto => Anonymous::Auto,
        Policy::All => Anonymous::All,
        Policy::Prefix => Anonymous::Prefix("1".to_owned()),
        Policy::Off => Anonymous::Off,
    };
    config
}

fn key(right: bool) -> Key {
    Key::new("key", [u8::from(right); 32]).expect("32 bytes are enough")
}

fn text_of(token: &Token) -> String {
    let names = ["subscribe", "pub.audio", "pub.video", "pub.screen", "chat", "moderate"];
    let granted = |bits: u8| names.iter().enumerate().filter(move |(bit, _)| bits >> bit & 1 == 1);
    let claims = Claims {
        room: token.room.map_or_else(|| "*".to_owned(), Room::name),
        uid: token.uid.map(Uid::name),
        name: None,
        role: None,
        grants: token.grants.map(|bits| granted(bits).map(|(_, name)| (*name).to_owned()).collect()),
        exp: 1_790_000_000 + u64::from(token.lifetime_seconds),
        nbf: None,
    };
    mint(&key(token.right_key), &claims).expect("a small token can be minted")
}

fn apply(watched: &mut WatchedHub, conns: &mut Vec<ConnId>, operation: Operation) {
    let of = |slot: Slot| conns.get(usize::from(slot.0) % conns.len().max(1)).copied();
    let (slot, frame) = match operation {
        Operation::Open { token, compat } => {
            conns.extend(watched.open(token.as_ref().map(text_of), compat));
            return;
        }
        Operation::Wait { deciseconds } => return watched.wait(Duration::from_millis(100) * u32::from(deciseconds)),
        Operation::ShutDown => return watched.shut_down(),
        Operation::Close { conn } => return of(conn).into_iter().for_each(|conn| watched.close(conn)),
        Operation::Pong { conn } => return of(conn).into_iter().for_each(|conn| watched.pong(conn)),
        Operation::Oversized { conn } => return of(conn).into_iter().for_each(|conn| watched.oversized(conn)),
        Operation::Flood { conn, count } => {
            let Some(conn) = of(conn) else { return };
            (0..count).for_each(|_| watched.send(conn, br#"{"cmd":"ping"}"#));
            return;
        }
        Operation::Media { choice, number } => return watched.media(choice, number),
        Operation::Manage { room, uid, choice } => return watched.manage(managed(room, uid, choice)),
        Operation::OfferToMedia { conn, room, uid, connection } => (conn, offer_to_media(room, uid, connection).into()),
        Operation::Subscribe { conn, room, to, slots } => {
            let (room, to) = (member("roomId", room), to.name());
            let slot = |mid| format!(r#"{{"mid":"{mid}","remoteUid":"{to}","source":"camera","width":640}}"#);
            let slots: Vec<String> = (0..slots).map(slot).collect();
            (conn, format!(r#"{{"cmd":"subscribe","id":"s","slots":[{}]{room}}}"#, slots.join(",")).into())
        }
        Operation::Moderate { conn, room, to, action } => {
            let (room, action) = (member("roomId", room), ACTIONS[usize::from(action) % ACTIONS.len()]);
            (conn, format!(r#"{{"cmd":"moderate","id":"m","action":{action}{room}{}}}"#, target(to)).into())
        }
        Operation::Data { conn, room, to, reaction } => {
            let room = member("roomId", room);
            let rest = if reaction { r#""react","reaction":"wave""# } else { r#""data","topic":"t","data":[1]"# };
            (conn, format!(r#"{{"cmd":{rest}{room}{}}}"#, target(to)).into())
        }
        Operation::Raw { conn, bytes } => (conn, bytes),
        Operation::Join { conn, v2, room, uid, token, numeric } => {
            (conn, join(v2, room, uid, token.as_ref(), numeric).into_bytes())
        }
        Operation::Resume { conn, room, uid } => {
            let (room, uid) = (room.name(), uid.name());
            let ticket = watched.ticket(&room, &uid).unwrap_or_default();
            let frame = format!(r#"{{"cmd":"join","v":2,"roomId":"{room}","uid":"{uid}","resume":"{ticket}"}}"#);
            (conn, frame.into_bytes())
        }
        Operation::Leave { conn, room } => (conn, format!(r#"{{"cmd":"leave"{}}}"#, member("roomId", room)).into()),
        Operation::Forward { conn, room, uid, to, id } => {
            let (uid, to, id) = (uid.name(), to.name(), if id { r#""id":"i","# } else { "" });
            let room = member("roomId", room);
            (conn, format!(r#"{{"cmd":"offer",{id}"uid":{uid},"remoteUid":"{to}","msg":"{{}}"{room}}}"#).into())
        }
        Operation::Chat { conn, room, to, length } => {
            let (room, words) = (member("roomId", room), "w".repeat(usize::from(length)));
            (conn, format!(r#"{{"cmd":"chat","id":"i","text":"{words}"{room}{}}}"#, target(to)).into())
        }
        Operation::State { conn, room, audio } => {
            let room = member("roomId", room);
            (conn, format!(r#"{{"cmd":"state","state":{{"audio":{audio}}}{room}}}"#).into())
        }
    };
    if let Some(conn) = of(slot) {
        watched.send(conn, &frame);
    }
}

fn target(to: Option<Uid>) -> String {
    to.map(|to| format!(r#","remoteUid":"{}""#, to.name())).unwrap_or_default()
}

fn offer_to_media(room: Option<Room>, uid: Uid, connection: u8) -> String {
    let (room, uid) = (member("roomId", room), uid.name());
    let msg = format!(r#"{{\"type\":\"offer\",\"sdp\":\"v=0\",\"connection\":\"{connection}\"}}"#);
    format!(r#"{{"cmd":"offer","id":"o","uid":"{uid}","remoteUid":"@media","msg":"{msg}"{room}}}"#)
}

fn managed(room: Room, uid: Option<Uid>, choice: u8) -> Manage {
    let (room, uid) = (room.name(), uid.map(Uid::name));
    let topology = [None, Some(Topology::Auto), Some(Topology::P2p), Some(Topology::Sfu)][usize::from(choice / 16) % 4];
    let (lobby, keep_seconds) = (Some(choice & 64 != 0), Some(20));
    let stream = [None, None, Some(StreamPolicy::Off), Some(StreamPolicy::Token)][usize::from(choice / 64)];
    let policy = PolicyChange { topology, lobby, stream, keep_seconds, ..PolicyChange::default() };
    match choice % 7 {
        0 => Manage::Create { room: Some(room), policy },
        1 => Manage::Change { room, policy },
        2 => Manage::Remove { room, uid: uid.unwrap_or_default(), ban: choice & 128 != 0 },
        3 => Manage::Mute { room, uid, source: Source::Camera },
        4 => Manage::Data { room, uid, topic: "t".to_owned(), data: "1".to_owned() },
        5 => Manage::End { room },
        _ => Manage::Inspect { room },
    }
}

fn join(v2: bool, room: Room, uid: Option<Uid>, token: Option<&Token>, numeric: bool) -> String {
    let quote = if numeric { "" } else { "\"" };
    let version = if v2 { r#""v":2,"# } else { "" };
    let uid = uid.map(|uid| format!(r#","uid":{quote}{}{quote}"#, uid.name())).unwrap_or_default();
    let token = token.map(|token| format!(r#","token":"{}""#, text_of(token))).unwrap_or_default();
    format!(r#"{{"cmd":"join",{version}"caps":["media"],"roomId":{quote}{}{quote}{uid}{token}}}"#, room.name())
}

fn member(key: &str, room: Option<Room>) -> String {
    room.map(|room| format!(r#","{key}":"{}""#, room.name())).unwrap_or_default()
}

/// What moderators do.
const ACTIONS: [&str; 17] = [
    r#""mute","source":"microphone""#,
    r#""mute","source":"screen-audio""#,
    r#""unmute","source":"microphone""#,
    r#""lower-hand""#,
    r#""remove""#,
    r#""remove","ban":true"#,
    r#""lock""#,
    r#""unlock""#,
    r#""stream","stream":"open""#,
    r#""stream","stream":"off""#,
    r#""lobby","on":true"#,
    r#""lobby","on":false"#,
    r#""admit""#,
    r#""deny""#,
    r#""role","role":"host""#,
    r#""role","role":"member""#,
    r#""end""#,
];
/// Longer stories find nothing more, and slowly.
const OPERATIONS_MAX: usize = 256;
