//! A scripted browser: it does what our page does with signalling, ICE, STUN and TURN, and hears or does not hear.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

mod call;
mod gathering;
mod media;
mod reflection;
mod relay;
mod signalling;
mod sockets;

use call::{Call, Wish};
pub use gathering::Policy;
use gathering::{Gathering, IceServers, SocketNews};
pub use media::{Heard, Path};
use media::{Sender, path_of};
pub use signalling::Dialect;
use signalling::{Said, Signalling};
use sockets::Sockets;

use crate::machine::Machine;
use crate::seed::Generator;
use crate::stream::StreamEvent;

/// The pace of media: one packet every 20 ms, as Opus has it.
pub const PACE: Duration = Duration::from_millis(20);

/// Who a browser is and how it behaves.
#[derive(Clone, Debug)]
pub struct BrowserConfig {
    /// The member's uid, and its name in the story.
    pub name: String,
    /// Which dialect it speaks.
    pub dialect: Dialect,
    /// Which candidates it may use.
    pub policy: Policy,
    /// Time between two packets of media.
    pub pace: Duration,
    /// The token in the URL, or nothing.
    pub token: String,
}

/// What a browser needs to find the server.
#[derive(Clone, Debug)]
pub(crate) struct Service {
    /// The WebSocket.
    pub(crate) signalling: SocketAddr,
    /// The `iceServers` of clients that are not told any.
    pub(crate) ice_servers: Value,
}

/// One browser with one page open.
#[derive(Debug)]
pub struct Browser {
    config: BrowserConfig,
    service: Service,
    signalling: Signalling,
    servers: IceServers,
    sockets: Sockets,
    call: Option<Call>,
    sender: Sender,
    heard: Heard,
    generator: Generator,
    /// The last error that the server told.
    error: Option<u64>,
    /// What the server told of the other member's connection.
    remote_online: Option<bool>,
}

impl Browser {
    pub(crate) fn new(config: BrowserConfig, service: Service, room: &str, mut generator: Generator) -> Self {
        let claim = generator.word(24);
        let signalling = Signalling::new(service.signalling, room, &config.name, config.dialect, &config.token, claim);
        Self {
            sender: Sender::new(config.pace),
            config,
            service,
            signalling,
            servers: IceServers::default(),
            sockets: Sockets::default(),
            call: None,
            heard: Heard::default(),
            generator,
            error: None,
            remote_online: None,
        }
    }

    /// The member's name.
    pub fn name(&self) -> &str {
        &self.config.name
    }

    /// What arrived from the other member.
    pub fn heard(&self) -> &Heard {
        &self.heard
    }

    /// Whether the server has it in the room and its connection stands.
    pub fn is_joined(&self) -> bool {
        self.signalling.is_joined()
    }

    /// Whether its user pressed "join" and neither "leave" since nor the server said that the room is full.
    pub fn is_member(&self) -> bool {
        self.signalling.is_wanted()
    }

    /// Whom the server says to be in the room.
    pub fn sees(&self, name: &str) -> bool {
        self.signalling.present().contains(name)
    }

    /// What the server told last of the other member's connection; `None` when nothing.
    pub fn remote_online(&self) -> Option<bool> {
        self.remote_online
    }

    /// The last error that the server told.
    pub fn error(&self) -> Option<u64> {
        self.error
    }

    /// How often it came back to its seat.
    pub fn resumed(&self) -> u32 {
        self.signalling.resumed()
    }

    /// ICE restarts that it began in the present call.
    pub fn restarts(&self) -> u32 {
        self.call.as_ref().map_or(0, Call::restarts)
    }

    /// Permissions that the TURN server refused on the present sockets.
    pub fn refused_peers(&self) -> usize {
        self.sockets.present().map_or(0, Gathering::refused_peers)
    }

    /// Allocations that failed on the present sockets.
    pub fn failed_relays(&self) -> usize {
        self.sockets.present().map_or(0, Gathering::failed_relays)
    }

    /// Promises that the server broke towards it.
    pub fn violations(&self) -> &[String] {
        self.signalling.violations()
    }

    /// The beginnings of its latest messages, for the report of a failure.
    pub fn transcript(&self) -> impl Iterator<Item = &str> {
        self.signalling.transcript()
    }

    pub(crate) fn clear_heard(&mut self) {
        self.heard.clear();
    }

    pub(crate) fn join(&mut self, machine: &mut Machine<'_>) {
        self.signalling.join(machine);
    }

    pub(crate) fn leave(&mut self, machine: &mut Machine<'_>) {
        self.signalling.leave(machine);
        self.end_call(machine);
    }

    /// Loses the WebSocket and comes back after `absence`; media is not touched.
    pub(crate) fn break_socket(&mut self, machine: &mut Machine<'_>, absence: Duration) {
        self.signalling.break_off(machine, absence);
    }

    /// The operating system says that the network is another one.
    pub(crate) fn handle_network_change(&mut self, machine: &mut Machine<'_>) {
        self.sender.stop();
        self.sockets.lose();
        if let Some(call) = &mut self.call {
            call.change_network(machine.now(), &mut self.generator);
        }
        self.settle(machine);
    }

    pub(crate) fn handle_datagram(
        &mut self,
        machine: &mut Machine<'_>,
        source: SocketAddr,
        destination: SocketAddr,
        payload: &[u8],
    ) {
        self.sockets.handle_datagram(machine, source, destination, payload);
        self.settle(machine);
    }

    pub(crate) fn handle_stream(&mut self, machine: &mut Machine<'_>, event: StreamEvent) {
        match event {
            StreamEvent::Opened(stream) if self.signalling.owns_stream(stream) => {
                self.signalling.handle_opened(machine);
            }
            StreamEvent::Bytes(stream, bytes) if self.signalling.owns_stream(stream) => {
                self.signalling.handle_bytes(machine, &bytes);
            }
            StreamEvent::Closed(stream, _) if self.signalling.owns_stream(stream) => {
                self.signalling.handle_closed(machine.now());
            }
            StreamEvent::Opened(_)
            | StreamEvent::Bytes(..)
            | StreamEvent::Closed(..)
            | StreamEvent::Accepted { .. } => {
                self.sockets.handle_stream(machine, &event);
            }
        }
        self.settle(machine);
    }

    pub(crate) fn poll_timeout(&mut self) -> Option<Instant> {
        let sockets = self.sockets.poll_timeout();
        let call = self.call.as_mut().and_then(Call::poll_timeout);
        let timeouts = [self.signalling.poll_timeout(), sockets, call, self.sender.poll_timeout()];
        timeouts.into_iter().flatten().min()
    }

    pub(crate) fn handle_timeout(&mut self, machine: &mut Machine<'_>) {
        self.signalling.handle_timeout(machine);
        self.sockets.handle_timeout(machine);
        if let Some(call) = &mut self.call {
            call.handle_timeout(machine.now(), &mut self.generator);
        }
        self.send_media(machine);
        self.settle(machine);
    }

    fn send_media(&mut self, machine: &mut Machine<'_>) {
        let Some((source, peer)) = self.call.as_ref().and_then(Call::selected) else {
            return;
        };
        if let Some(packet) = self.sender.packet(machine.now()) {
            self.sockets.send(machine, source, peer, &packet);
        }
    }

    /// Passes on what the parts have for each other until there is nothing left.
    fn settle(&mut self, machine: &mut Machine<'_>) {
        loop {
            let said = self.signalling.take_said();
            let news = self.sockets.take_news();
            let wishes = self.call.as_mut().map(Call::take_wishes).unwrap_or_default();
            if said.is_empty() && news.is_empty() && wishes.is_empty() {
                return;
            }
            for said in said {
                self.handle_said(machine, said);
            }
            for news in news {
                self.handle_news(machine.now(), news);
            }
            for wish in wishes {
                self.fulfil(machine, wish);
            }
        }
    }

    fn handle_said(&mut self, machine: &mut Machine<'_>, said: Said) {
        let now = machine.now();
        match said {
            Said::Joined { roster, ice_servers, resumed } => self.handle_joined(machine, roster, ice_servers, resumed),
            Said::NewPeer(uid) => self.begin_call(machine, &uid, false),
            Said::OldPeer(uid) => self.begin_call(machine, &uid, true),
            Said::PeerLeft(uid) => {
                if self.call.as_ref().is_some_and(|call| call.remote() == uid) {
                    self.end_call(machine);
                }
            }
            Said::Relayed { cmd, from, content } => self.handle_relayed(now, &cmd, &from, &content),
            Said::PeerState { uid, online } => {
                self.remote_online = Some(online);
                if let Some(call) = self.call.as_mut().filter(|call| call.remote() == uid) {
                    call.set_remote_offline(now, !online);
                }
            }
            Said::Error(code) => self.error = Some(code),
        }
    }

    fn handle_joined(&mut self, machine: &mut Machine<'_>, roster: Vec<String>, ice_servers: Value, resumed: bool) {
        let ice_servers = if ice_servers.is_null() { &self.service.ice_servers } else { &ice_servers };
        self.servers = IceServers::parse(ice_servers);
        if !resumed {
            self.end_call(machine);
            if let Some(uid) = roster.first() {
                self.begin_call(machine, uid, true);
            }
        }
    }

    fn handle_relayed(&mut self, now: Instant, cmd: &str, from: &str, content: &Value) {
        let Some(call) = self.call.as_mut().filter(|call| call.remote() == from) else {
            return;
        };
        let text = |key: &str| content[key].as_str().unwrap_or_default();
        match cmd {
            "offer" => call.handle_offer(now, text("sdp"), &mut self.generator),
            "answer" => call.handle_answer(now, text("sdp"), &mut self.generator),
            _ => call.handle_candidate(now, text("candidate")),
        }
    }

    fn handle_news(&mut self, now: Instant, news: SocketNews) {
        let Some(call) = &mut self.call else {
            return;
        };
        match news {
            SocketNews::Candidate(candidate) => call.add_local(candidate),
            SocketNews::Bytes { source, payload, relayed, .. } if Heard::is_media(&payload) => {
                call.hear(now);
                let path = path_of(source, relayed, self.service.signalling);
                self.heard.record(now, &payload, path);
            }
            SocketNews::Bytes { source, destination, payload, .. } => {
                call.handle_check(now, source, destination, &payload);
            }
        }
    }

    fn fulfil(&mut self, machine: &mut Machine<'_>, wish: Wish) {
        match wish {
            Wish::Tell(cmd, content) => {
                let Some(remote) = self.call.as_ref().map(Call::remote) else {
                    return;
                };
                let message = json!({ "cmd": cmd, "remoteUid": remote, "msg": content });
                self.signalling.send(machine, message);
            }
            Wish::Probe => self.signalling.probe(machine),
            Wish::Gather => self.sockets.renew(machine, self.config.policy, &self.servers, &mut self.generator),
            Wish::Send { source, peer, payload } => self.sockets.send(machine, source, peer, &payload),
            Wish::Selected { source, peer } => {
                self.sockets.settle_on(machine, source, peer);
                self.sender.start(machine.now());
            }
        }
    }

    fn begin_call(&mut self, machine: &mut Machine<'_>, uid: &str, polite: bool) {
        self.end_call(machine);
        self.call = Some(Call::new(machine.now(), uid, polite, &mut self.generator));
        self.remote_online = Some(true);
        self.heard = Heard::default();
    }

    fn end_call(&mut self, machine: &mut Machine<'_>) {
        self.call = None;
        self.sender.stop();
        self.sockets.close(machine);
    }
}
