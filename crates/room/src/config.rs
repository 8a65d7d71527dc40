//! What the operator decides.

use std::time::Duration;

use crate::{
    policy::{Anonymous, Unmute},
    take::RecordingPolicy,
    token::Key,
    topology::Topology,
};

/// The settings of a [`Hub`](crate::Hub).
#[derive(Clone, Debug)]
pub struct Config {
    /// Bounds on everything that a stranger can grow.
    pub limits: Limits,
    /// Keys that sign tokens. With at least one key, joining needs a token; several keys serve rotation.
    pub auth_keys: Vec<Key>,
    /// Who may join without a token on the port for course clients.
    pub compat_anonymous: Anonymous,
    /// Time between two pings. A connection that leaves two unanswered is dead when the third is due.
    pub heartbeat: Duration,
    /// How long a v2 member keeps its seat after its connection is lost.
    pub resume_grace: Duration,
    /// There is a media server: [`Output::Media`](crate::Output::Media) reaches it. Without one, rooms are peer to peer.
    pub media: bool,
    /// Somebody wants to know what happens: it comes out as [`Output::Event`](crate::Output::Event).
    pub events: bool,
    /// Which way the media of a room takes, when nobody has decided for the room.
    pub topology: Topology,
    /// Whether rooms may be recorded, when nobody has decided for the room; `None`: there is nobody who could.
    pub recording: Option<RecordingPolicy>,
    /// Who may end the mute that a moderator has set.
    pub unmute: Unmute,
    /// Connections may register as the sockets of AppRTC's clients.
    pub apprtc: bool,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            limits: Limits::default(),
            auth_keys: Vec::new(),
            compat_anonymous: Anonymous::default(),
            heartbeat: Duration::from_secs(25),
            resume_grace: Duration::from_secs(30),
            media: false,
            events: false,
            topology: Topology::default(),
            recording: None,
            unmute: Unmute::default(),
            apprtc: true,
        }
    }
}

/// Bounds on what strangers can grow. 0 means no limit.
#[derive(Clone, Debug)]
pub struct Limits {
    /// Bytes in one frame.
    pub frame_bytes: u32,
    /// Messages per second of one connection, in the long run.
    pub messages_per_second: u32,
    /// Messages of one connection at once.
    pub messages_burst: u32,
    /// Bytes of messages per second of one connection, in the long run.
    pub bytes_per_second: u32,
    /// Bytes of messages of one connection at once. A longer message never passes.
    pub bytes_burst: u32,
    /// Offers to the media server per second of one connection, in the long run.
    pub offers_per_second: u32,
    /// Offers to the media server of one connection at once.
    pub offers_burst: u32,
    /// Joins per minute of one address, in the long run. A resumed connection is not counted.
    pub joins_per_minute: u32,
    /// Joins of one address at once.
    pub joins_burst: u32,
    /// Open connections, all together.
    pub connections: u32,
    /// Open connections of one address (IPv6: of one /64 network).
    pub connections_per_address: u32,
    /// Rooms, all together.
    pub rooms: u32,
    /// Rooms that exist because one address opened them (IPv6: one /64 network).
    pub rooms_per_address: u32,
    /// Rooms that one v2 connection is in at the same time; a connection that speaks dialect A is in one.
    pub rooms_per_connection: u32,
    /// Members of one room. A room that is peer to peer has two at most.
    pub members: u32,
    /// Bytes of a member's name.
    pub name_bytes: u32,
    /// Bytes of text in one chat message.
    pub chat_bytes: u32,
    /// Messages kept for one member who is reconnecting.
    pub resume_messages: u32,
    /// Bytes kept for one member who is reconnecting.
    pub resume_bytes: u32,
    /// Faulty frames in a row that close a connection.
    pub faults: u32,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            frame_bytes: 256 * 1024,
            messages_per_second: 50,
            messages_burst: 200,
            // One sender's burst fits four times into what may wait for a slow reader (`server/signal/outbox`).
            bytes_per_second: 128 * 1024,
            bytes_burst: 512 * 1024,
            offers_per_second: 1,
            offers_burst: 10,
            // A school shares one address: a class of 60 reloads twice at once.
            joins_per_minute: 240,
            joins_burst: 120,
            connections: 20_000,
            connections_per_address: 500,
            rooms: 10_000,
            rooms_per_address: 250,
            rooms_per_connection: 8,
            members: 500,
            name_bytes: 128,
            chat_bytes: 4096,
            // An ICE restart takes some 30 messages; a gap of 30 s holds a few of them.
            resume_messages: 256,
            resume_bytes: 1024 * 1024,
            faults: 3,
        }
    }
}
