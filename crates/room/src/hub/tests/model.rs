//! The hub beside the obvious model of it, under random operations.

mod naive;

use std::{collections::BTreeMap, time::Duration};

use proptest::prelude::*;
use serde_json::Value;

use crate::{
    ConnId,
    media::{MediaEvent, MediaPeerId, MediaRequest},
};

use self::naive::{Event, Naive};
use super::language::{Heard, Stage, commands, requests};

/// What happens. Connections, rooms and uids are few, so that they meet.
#[derive(Clone, Debug)]
enum Operation {
    Open,
    Close { conn: usize },
    Join { conn: usize, room: u8, uid: u8, v2: bool },
    Resume { conn: usize, room: u8, uid: u8 },
    Leave { conn: usize, room: u8 },
    Offer { conn: usize, room: u8, uid: u8, to: u8 },
    OfferToMedia { conn: usize, room: u8, uid: u8 },
    Remove { conn: usize, room: u8, uid: u8 },
    Chat { conn: usize, room: u8 },
    State { conn: usize, room: u8 },
    Wait { seconds: u64 },
}

const CONNECTIONS: usize = 6;

fn operation() -> impl Strategy<Value = Operation> {
    let (conn, room, uid) = (0..CONNECTIONS, 0..2_u8, 0..4_u8);
    prop_oneof![
        3 => Just(Operation::Open),
        2 => conn.clone().prop_map(|conn| Operation::Close { conn }),
        6 => (conn.clone(), room.clone(), uid.clone(), any::<bool>())
            .prop_map(|(conn, room, uid, v2)| Operation::Join { conn, room, uid, v2 }),
        4 => (conn.clone(), room.clone(), uid.clone())
            .prop_map(|(conn, room, uid)| Operation::Resume { conn, room, uid }),
        2 => (conn.clone(), room.clone()).prop_map(|(conn, room)| Operation::Leave { conn, room }),
        4 => (conn.clone(), room.clone(), uid.clone())
            .prop_map(|(conn, room, uid)| Operation::OfferToMedia { conn, room, uid }),
        1 => (conn.clone(), room.clone(), uid.clone())
            .prop_map(|(conn, room, uid)| Operation::Remove { conn, room, uid }),
        6 => (conn.clone(), room.clone(), uid.clone(), uid)
            .prop_map(|(conn, room, uid, to)| Operation::Offer { conn, room, uid, to }),
        2 => (conn.clone(), room.clone()).prop_map(|(conn, room)| Operation::Chat { conn, room }),
        1 => (conn, room).prop_map(|(conn, room)| Operation::State { conn, room }),
        2 => (1..40_u64).prop_map(|seconds| Operation::Wait { seconds }),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 512, ..ProptestConfig::default() })]

    #[test]
    fn the_hub_says_what_the_obvious_model_says(operations in prop::collection::vec(operation(), 1..120)) {
        let mut pair = Pair::new();
        // In the end everybody goes, and the last grace ends.
        let end = (0..CONNECTIONS).map(|conn| Operation::Close { conn }).chain([Operation::Wait { seconds: 31 }]);
        for operation in operations.into_iter().chain(end) {
            let (heard, expected) = pair.apply(&operation);
            prop_assert_eq!(heard, expected, "after {:?}", operation);
            let stats = pair.stage.hub.stats();
            prop_assert_eq!((stats.rooms, stats.members, stats.reconnecting), pair.naive.stats());
        }
        let stats = pair.stage.hub.stats();
        prop_assert_eq!((stats.connections, stats.rooms, stats.members), (0, 0, 0));
        prop_assert_eq!(pair.stage.hub.poll_timeout(), None);
    }
}

/// What is compared: what every connection hears about every room, in order.
type Heardings = BTreeMap<(usize, String), Vec<Event>>;

/// The hub and its model, and what a client would remember.
struct Pair {
    stage: Stage,
    naive: Naive,
    /// Slots for connections, so that operations can name them.
    conns: [Option<ConnId>; CONNECTIONS],
    /// The last resume token of a room and uid.
    tickets: BTreeMap<(String, String), String>,
    /// Whose places at the media server are whose.
    peers: BTreeMap<MediaPeerId, (String, String)>,
}

impl Pair {
    fn new() -> Self {
        let stage = Stage::with(|config| {
            config.media = true;
            config.limits.members = naive::MEMBERS;
            config.limits.messages_per_second = 0;
            config.limits.offers_per_second = 0;
            config.limits.joins_per_minute = 0;
            config.limits.rooms_per_connection = naive::ROOMS_PER_CONNECTION;
        });
        let naive = Naive::new(stage.now);
        Self { stage, naive, conns: [None; CONNECTIONS], tickets: BTreeMap::new(), peers: BTreeMap::new() }
    }

    fn apply(&mut self, operation: &Operation) -> (Heardings, Heardings) {
        let heard = match operation {
            Operation::Open => self.open(),
            Operation::Wait { seconds } => self.wait(Duration::from_secs(*seconds)),
            Operation::Close { conn } => self.close(*conn),
            Operation::Join { conn, room, uid, v2 } => {
                self.naive.join(*conn, *room, *uid, *v2, false);
                let v = if *v2 { r#""v":2,"# } else { "" };
                self.say(*conn, &format!(r#"{{"cmd":"join",{v}"caps":["media"],"roomId":"r{room}","uid":"u{uid}"}}"#))
            }
            Operation::Resume { conn, room, uid } => self.resume(*conn, *room, *uid),
            Operation::Leave { conn, room } => {
                self.naive.leave(*conn, *room);
                self.say(*conn, &format!(r#"{{"cmd":"leave","roomId":"r{room}"}}"#))
            }
            Operation::Offer { conn, room, uid, to } => {
                self.naive.offer(*conn, *room, *uid, *to);
                let text = format!(r#"{{"cmd":"offer","roomId":"r{room}","uid":"u{uid}","remoteUid":"u{to}"}}"#);
                self.say(*conn, &text)
            }
            Operation::OfferToMedia { conn, room, uid } => self.offer_to_media(*conn, *room, *uid),
            Operation::Remove { conn, room, uid } => {
                self.naive.remove(*conn, *room, *uid);
                let text = format!(r#"{{"cmd":"moderate","action":"remove","roomId":"r{room}","remoteUid":"u{uid}"}}"#);
                self.say(*conn, &text)
            }
            Operation::Chat { conn, room } => {
                self.naive.chat(*conn, *room);
                self.say(*conn, &format!(r#"{{"cmd":"chat","roomId":"r{room}","text":"hello"}}"#))
            }
            Operation::State { conn, room } => {
                self.naive.state(*conn, *room);
                self.say(*conn, &format!(r#"{{"cmd":"state","roomId":"r{room}","state":{{"audio":true}}}}"#))
            }
        };
        self.compared(heard)
    }

    fn open(&mut self) -> Vec<Heard> {
        if let Some(slot) = self.conns.iter().position(Option::is_none) {
            self.conns[slot] = Some(self.stage.open());
            self.naive.open(slot);
        }
        Vec::new()
    }

    fn close(&mut self, slot: usize) -> Vec<Heard> {
        self.naive.close(slot);
        self.conns[slot].take().map_or_else(Vec::new, |conn| self.stage.close(conn))
    }

    fn offer_to_media(&mut self, slot: usize, room: u8, uid: u8) -> Vec<Heard> {
        self.naive.offer_to_media(slot, room, uid);
        let msg = r#""{\"type\":\"offer\",\"sdp\":\"v=0\",\"connection\":\"c\"}""#;
        let text = format!(r#"{{"cmd":"offer","roomId":"r{room}","uid":"u{uid}","remoteUid":"@media","msg":{msg}}}"#);
        let heard = self.say(slot, &text);
        for request in requests(&heard) {
            if let MediaRequest::Offer { peer, request, .. } = request {
                self.peers.insert(peer, (format!("r{room}"), format!("u{uid}")));
                let answer = MediaEvent::Answered { peer, request, sdp: "v=0".to_owned() };
                let answered = self.stage.media(answer);
                assert_eq!(commands(&answered, self.conns[slot].expect("it has spoken")), ["answer"]);
            }
        }
        heard
    }

    fn resume(&mut self, slot: usize, room: u8, uid: u8) -> Vec<Heard> {
        let Some(ticket) = self.tickets.get(&(format!("r{room}"), format!("u{uid}"))).cloned() else {
            return Vec::new();
        };
        self.naive.join(slot, room, uid, true, true);
        self.say(
            slot,
            &format!(
                r#"{{"cmd":"join","v":2,"caps":["media"],"roomId":"r{room}","uid":"u{uid}","resume":"{ticket}"}}"#
            ),
        )
    }

    fn wait(&mut self, duration: Duration) -> Vec<Heard> {
        let alive: Vec<ConnId> = self.conns.iter().copied().flatten().collect();
        let heard = self.stage.wait_alive(duration, &alive);
        self.naive.wait_until(self.stage.now);
        heard
    }

    fn say(&mut self, slot: usize, text: &str) -> Vec<Heard> {
        self.conns[slot].map_or_else(Vec::new, |conn| self.stage.say(conn, text))
    }

    /// Both sides in the words of the model.
    fn compared(&mut self, heard: Vec<Heard>) -> (Heardings, Heardings) {
        let mut heardings = Heardings::new();
        let mut closed = Vec::new();
        for word in heard {
            let (conn, room, event) = match word {
                Heard::Frame(conn, text) => {
                    let value: Value = serde_json::from_str(&text).expect("frames are JSON");
                    if value["cmd"] == "joined" {
                        let [room, uid, ticket] = [&value["roomId"], &value["self"]["uid"], &value["resume"]].map(name);
                        self.tickets.insert((room, uid), ticket);
                    }
                    (conn, name(&value["roomId"]), Event::read(&value))
                }
                Heard::Closed(conn, code) => {
                    closed.push(conn);
                    (conn, String::new(), Event::Closed(code))
                }
                Heard::Ping(_) => continue,
                Heard::Media(request) => {
                    let (peer, offers) = match request {
                        MediaRequest::Offer { peer, .. } => (peer, true),
                        MediaRequest::Close { peer, .. } => (peer, false),
                        other @ (MediaRequest::Subscribe { .. }
                        | MediaRequest::Block { .. }
                        | MediaRequest::Lose { .. }
                        | MediaRequest::Data { .. }) => {
                            panic!("nobody should ask {other:?}")
                        }
                    };
                    let (room, uid) = self.peers[&peer].clone();
                    let event = if offers { Event::MediaOffer(uid) } else { Event::MediaClose(uid) };
                    heardings.entry((naive::MEDIA, room)).or_default().push(event);
                    continue;
                }
            };
            let slot = self.conns.iter().position(|slot| *slot == Some(conn)).expect("only open connections hear");
            heardings.entry((slot, room)).or_default().push(event);
        }
        for slot in &mut self.conns {
            *slot = slot.filter(|conn| !closed.contains(conn));
        }
        (heardings, self.naive.take_heardings())
    }
}

fn name(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}
