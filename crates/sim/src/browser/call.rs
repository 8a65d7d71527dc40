//! The call with the other member: offer and answer, ICE, and the pair in use.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use is::stun::{StunMessage, StunPacket};
use is::{Candidate, IceAgent, IceAgentEvent, IceCreds, Protocol};

use crate::seed::Generator;

/// How long nothing may be heard before a browser says that the connection is broken.
const SILENCE: Duration = Duration::from_secs(5);
/// How much longer the polite side waits, so that one restart is usually enough.
const POLITE_DELAY: Duration = Duration::from_secs(2);
/// How long an offer may stay without an answer before it is made again.
const ANSWER_PATIENCE: Duration = Duration::from_secs(6);

/// What the call wants done.
#[derive(Debug)]
pub(crate) enum Wish {
    /// Send this message to the other member: its command and its content.
    Tell(&'static str, String),
    /// Send this datagram from a local candidate.
    Send { source: SocketAddr, peer: SocketAddr, payload: Vec<u8> },
    /// The connection is broken: perhaps the one to the server is too.
    Probe,
    /// Open new sockets and gather from them.
    Gather,
    /// This pair was nominated.
    Selected { source: SocketAddr, peer: SocketAddr },
}

#[derive(Debug)]
pub(crate) struct Call {
    remote: String,
    /// In a collision of offers we give way: we joined later.
    polite: bool,
    agent: IceAgent,
    /// The credentials of the remote description in force.
    remote_creds: Option<IceCreds>,
    /// When our offer went out that is still without an answer.
    offered: Option<Instant>,
    /// A restart that waits for the answer to the offer before.
    restart_wanted: bool,
    /// Candidates that came before the description they belong to.
    early: Vec<Candidate>,
    selected: Option<(SocketAddr, SocketAddr)>,
    /// Since when the present connection counts as alive or given its chance.
    alive_since: Option<Instant>,
    /// The other member's socket is lost; a restart would only be queued.
    remote_offline: bool,
    restarts: u32,
    wishes: Vec<Wish>,
}

impl Call {
    pub(crate) fn new(now: Instant, remote: &str, polite: bool, generator: &mut Generator) -> Self {
        let mut call = Self {
            remote: remote.to_owned(),
            polite,
            agent: IceAgent::new(credentials(generator)),
            remote_creds: None,
            offered: None,
            restart_wanted: false,
            early: Vec::new(),
            selected: None,
            alive_since: None,
            remote_offline: false,
            restarts: 0,
            wishes: Vec::new(),
        };
        call.agent.set_controlling(!polite);
        if !polite {
            call.renew(now, generator);
            call.offer(now);
        }
        call
    }

    pub(crate) fn remote(&self) -> &str {
        &self.remote
    }

    /// ICE restarts that this side began.
    pub(crate) fn restarts(&self) -> u32 {
        self.restarts
    }

    pub(crate) fn selected(&self) -> Option<(SocketAddr, SocketAddr)> {
        self.selected
    }

    pub(crate) fn set_remote_offline(&mut self, now: Instant, offline: bool) {
        self.remote_offline = offline;
        self.alive_since = self.alive_since.map(|_| now);
    }

    pub(crate) fn take_wishes(&mut self) -> Vec<Wish> {
        std::mem::take(&mut self.wishes)
    }

    /// Makes the offer; the candidates follow.
    fn offer(&mut self, now: Instant) {
        self.offered = Some(now);
        self.tell_description("offer");
    }

    /// Another local candidate.
    pub(crate) fn add_local(&mut self, candidate: Candidate) {
        if let Some(candidate) = self.agent.add_local_candidate(candidate) {
            let text = candidate.to_sdp_string();
            self.wishes.push(Wish::Tell("candidate", candidate_message(&text)));
        }
    }

    pub(crate) fn handle_offer(&mut self, now: Instant, sdp: &str, generator: &mut Generator) {
        let Some(creds) = parse_credentials(sdp) else {
            return;
        };
        let collided = self.offered.is_some();
        if collided && !self.polite {
            return;
        }
        self.offered = None;
        // The other side's restart does for both.
        self.restart_wanted = false;
        // An offer that is told again is answered again; after a collision our own agent is a new one already.
        if self.remote_creds.as_ref() != Some(&creds) && !collided {
            self.renew(now, generator);
        }
        self.take_remote(now, creds);
        self.tell_description("answer");
        self.progress(now);
    }

    pub(crate) fn handle_answer(&mut self, now: Instant, sdp: &str, generator: &mut Generator) {
        let Some(creds) = parse_credentials(sdp).filter(|_| self.offered.is_some()) else {
            return;
        };
        self.offered = None;
        self.take_remote(now, creds);
        if std::mem::take(&mut self.restart_wanted) {
            self.restart(now, generator);
        }
        self.progress(now);
    }

    pub(crate) fn handle_candidate(&mut self, now: Instant, text: &str) {
        let Ok(candidate) = Candidate::from_sdp_string(text) else {
            return;
        };
        let belongs = |creds: &IceCreds| candidate.ufrag().is_none_or(|ufrag| ufrag == creds.ufrag);
        if self.remote_creds.as_ref().is_some_and(belongs) && self.offered.is_none() {
            self.agent.add_remote_candidate(candidate);
            self.progress(now);
        } else {
            self.early.push(candidate);
        }
    }

    /// A datagram that is not media.
    pub(crate) fn handle_check(&mut self, now: Instant, source: SocketAddr, destination: SocketAddr, payload: &[u8]) {
        if let Ok(message) = StunMessage::parse(payload) {
            let packet = StunPacket { proto: Protocol::Udp, source, destination, message };
            self.agent.handle_packet(now, packet);
            self.progress(now);
        }
    }

    /// Media came.
    pub(crate) fn hear(&mut self, now: Instant) {
        self.alive_since = Some(now);
    }

    /// The network has changed and the sockets are gone.
    pub(crate) fn change_network(&mut self, now: Instant, generator: &mut Generator) {
        self.selected = None;
        self.alive_since = Some(now);
        self.restart(now, generator);
    }

    /// Restarts ICE (RFC 8445 section 9). An offer that has no answer yet must have it first.
    fn restart(&mut self, now: Instant, generator: &mut Generator) {
        if self.offered.is_some() {
            self.restart_wanted = true;
            return;
        }
        self.restarts += 1;
        self.renew(now, generator);
        self.offer(now);
        self.progress(now);
    }

    pub(crate) fn poll_timeout(&mut self) -> Option<Instant> {
        let ice = self.agent.poll_timeout();
        let answer = self.offered.map(|at| at + ANSWER_PATIENCE);
        ice.into_iter().chain(answer).chain(self.silence_ends()).min()
    }

    pub(crate) fn handle_timeout(&mut self, now: Instant, generator: &mut Generator) {
        if self.agent.poll_timeout().is_some_and(|at| at <= now) {
            self.progress(now);
        }
        if self.offered.is_some_and(|at| at + ANSWER_PATIENCE <= now) {
            self.offer(now);
        }
        if self.silence_ends().is_some_and(|at| at <= now) {
            self.alive_since = Some(now);
            self.wishes.push(Wish::Probe);
            self.restart(now, generator);
        }
    }

    /// When the connection counts as broken unless something is heard.
    fn silence_ends(&self) -> Option<Instant> {
        let patience = if self.polite { SILENCE + POLITE_DELAY } else { SILENCE };
        self.alive_since.filter(|_| !self.remote_offline).map(|at| at + patience)
    }

    /// Begins a new ICE generation; the roles stay (RFC 8445 section 9).
    fn renew(&mut self, now: Instant, generator: &mut Generator) {
        let controlling = self.agent.controlling();
        self.agent = IceAgent::new(credentials(generator));
        self.agent.set_controlling(controlling);
        self.agent.set_control_tie_breaker(generator.bits());
        self.agent.handle_timeout(now);
        self.wishes.push(Wish::Gather);
    }

    fn take_remote(&mut self, now: Instant, creds: IceCreds) {
        self.agent.set_remote_credentials(creds.clone());
        for candidate in std::mem::take(&mut self.early) {
            if candidate.ufrag().is_none_or(|ufrag| ufrag == creds.ufrag) {
                self.agent.add_remote_candidate(candidate);
            }
        }
        self.remote_creds = Some(creds);
        self.alive_since = Some(now);
    }

    fn tell_description(&mut self, kind: &'static str) {
        let creds = self.agent.local_credentials().clone();
        let sdp = format!(
            "v=0\r\no=- 1 1 IN IP4 0.0.0.0\r\ns=-\r\nt=0 0\r\na=ice-ufrag:{}\r\na=ice-pwd:{}\r\n",
            creds.ufrag, creds.pass
        );
        let content = serde_json::json!({ "type": kind, "sdp": sdp }).to_string();
        self.wishes.push(Wish::Tell(kind, content));
        let candidates: Vec<_> = self.agent.local_candidates().map(|candidate| candidate.to_sdp_string()).collect();
        for text in candidates {
            self.wishes.push(Wish::Tell("candidate", candidate_message(&text)));
        }
    }

    /// Lets the agent do what it wants to do at this instant.
    fn progress(&mut self, now: Instant) {
        self.agent.handle_timeout(now);
        while let Some(transmit) = self.agent.poll_transmit() {
            let (source, peer) = (transmit.source, transmit.destination);
            self.wishes.push(Wish::Send { source, peer, payload: transmit.contents.into() });
        }
        while let Some(event) = self.agent.poll_event() {
            if let IceAgentEvent::NominatedSend { source, destination, .. } = event {
                self.selected = Some((source, destination));
                self.alive_since = Some(now);
                self.wishes.push(Wish::Selected { source, peer: destination });
            }
        }
    }
}

fn credentials(generator: &mut Generator) -> IceCreds {
    IceCreds { ufrag: generator.word(8), pass: generator.word(24) }
}

fn parse_credentials(sdp: &str) -> Option<IceCreds> {
    let line = |name: &str| sdp.lines().find_map(|line| line.strip_prefix(name)).map(str::to_owned);
    Some(IceCreds { ufrag: line("a=ice-ufrag:")?, pass: line("a=ice-pwd:")? })
}

/// Both shapes in one object, as the clients in the field read one or the other.
fn candidate_message(text: &str) -> String {
    serde_json::json!({ "label": 0, "id": "0", "sdpMLineIndex": 0, "sdpMid": "0", "candidate": text }).to_string()
}
