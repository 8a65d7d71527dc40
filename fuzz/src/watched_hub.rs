//! A hub whose every output is checked.

use std::{
    collections::BTreeSet,
    net::{IpAddr, Ipv4Addr},
    time::{Duration, Instant},
};

use room::{Config, ConnId, Hub, Opened, Output};
use serde_json::{Value, value::RawValue};

/// The hub, its virtual time, and who is connected.
pub(crate) struct WatchedHub {
    pub(crate) hub: Hub,
    now: Instant,
    connections: u64,
    open: BTreeSet<ConnId>,
    /// The last resume token of each room and uid, as text.
    tickets: Vec<(String, String, String)>,
    members_max: usize,
}

impl WatchedHub {
    pub(crate) fn new(config: Config) -> Self {
        #[expect(clippy::disallowed_methods, reason = "virtual time starts at any one instant")]
        let now = Instant::now();
        let members_max = usize::try_from(config.limits.members).unwrap_or(usize::MAX);
        let hub = Hub::new(config, [7; 32], now, Duration::from_secs(1_790_000_000));
        Self { hub, now, connections: 0, open: BTreeSet::new(), tickets: Vec::new(), members_max }
    }

    /// A connection from an address that it shares with every fourth other, if the hub takes it.
    pub(crate) fn open(&mut self, token: Option<String>, compat: bool) -> Option<ConnId> {
        self.connections += 1;
        let conn = ConnId::new(self.connections);
        let host = u8::try_from(self.connections % 4).expect("a remainder of four is small");
        let address = IpAddr::V4(Ipv4Addr::new(192, 0, 2, host));
        let opened = Opened { token, compat, ..Opened::from_address(address) };
        let admitted = self.hub.handle_open(self.now, conn, opened).is_ok();
        if admitted {
            self.open.insert(conn);
        }
        self.drain();
        admitted.then_some(conn)
    }

    /// A text frame where the bytes are UTF-8, else a binary one.
    pub(crate) fn send(&mut self, conn: ConnId, bytes: &[u8]) {
        match std::str::from_utf8(bytes) {
            Ok(text) => self.hub.handle_text(self.now, conn, text),
            Err(_) => self.hub.handle_binary(self.now, conn),
        }
        self.drain();
    }

    pub(crate) fn oversized(&mut self, conn: ConnId) {
        self.hub.handle_oversized(self.now, conn);
        self.drain();
    }

    pub(crate) fn pong(&mut self, conn: ConnId) {
        self.hub.handle_pong(self.now, conn);
        self.drain();
    }

    pub(crate) fn close(&mut self, conn: ConnId) {
        self.hub.handle_close(self.now, conn);
        self.open.remove(&conn);
        self.drain();
    }

    pub(crate) fn shut_down(&mut self) {
        self.hub.handle_shutdown(self.now);
        self.drain();
        assert_eq!(self.open, BTreeSet::new(), "a shutdown closes everybody");
    }

    /// Time passes, from deadline to deadline.
    pub(crate) fn wait(&mut self, duration: Duration) {
        let end = self.now + duration;
        while let Some(at) = self.hub.poll_timeout().filter(|at| *at <= end) {
            self.now = self.now.max(at);
            self.hub.handle_timeout(self.now);
            self.drain();
            assert!(self.hub.poll_timeout().is_none_or(|next| next > self.now), "a deadline is dealt with once");
        }
        self.now = end;
    }

    pub(crate) fn is_open(&self, conn: ConnId) -> bool {
        self.open.contains(&conn)
    }

    /// The last resume token that this member was given.
    pub(crate) fn ticket(&self, room: &str, uid: &str) -> Option<String> {
        self.tickets.iter().rev().find(|(r, u, _)| r == room && u == uid).map(|(.., ticket)| ticket.clone())
    }

    /// Everybody goes; nothing may stay.
    pub(crate) fn end(mut self) {
        for conn in self.open.clone() {
            self.close(conn);
        }
        self.wait(Duration::from_secs(31));
        let stats = self.hub.stats();
        assert_eq!((stats.connections, stats.rooms, stats.members), (0, 0, 0), "nothing stays behind");
        assert_eq!(self.hub.poll_timeout(), None, "nothing is due when nobody is there");
    }

    fn drain(&mut self) {
        while let Some(output) = self.hub.poll_output() {
            match output {
                Output::Send { conn, text } => {
                    assert!(self.open.contains(&conn), "{conn} is open");
                    self.check_frame(&text);
                }
                Output::Ping { conn } => assert!(self.open.contains(&conn), "{conn} is open"),
                Output::Close { conn, .. } => assert!(self.open.remove(&conn), "{conn} was open"),
                Output::Media(request) => panic!("there is no media server for {request:?}"),
            }
        }
        let stats = self.hub.stats();
        assert_eq!(stats.connections, self.open.len());
        assert!(stats.reconnecting <= stats.members && stats.rooms <= stats.members);
        assert!(stats.members <= stats.rooms * self.members_max, "no room is overfull");
    }

    /// Every frame is one JSON object; `joined` is remembered.
    fn check_frame(&mut self, text: &str) {
        let frame: &RawValue = serde_json::from_str(text).expect("every frame is JSON");
        assert!(frame.get().starts_with('{'), "every frame is an object: {text}");
        let Ok(value) = serde_json::from_str::<Value>(text) else { return };
        if value["cmd"] == "joined" {
            let word = |value: &Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
            self.tickets.push((word(&value["roomId"]), word(&value["self"]["uid"]), word(&value["resume"])));
        }
    }
}
