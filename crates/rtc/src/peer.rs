//! One client's connection: ICE, DTLS, SRTP, the negotiation, in one state machine.

mod data;
mod output;

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Instant;

use aws_lc_rs::digest::{self, digest};

use crate::config::Config;
use crate::credentials::IceCredentials;
use crate::data::DataChannels;
use crate::demux::{Class, classify};
use crate::dtls::{Dtls, Event, Keys};
use crate::error::{DisconnectReason, ProtectError};
use crate::ice::message::Binding;
use crate::ice::{Agent, Consent, RemoteCredentials};
use crate::path::Path;
use crate::session::{Allow, Answer, LocalTransport, OfferError, Session};

pub use output::{Output, Received, Stats};

/// The server's end of one RTCPeerConnection.
///
/// **One input, then drain [`Self::poll_output`], then the next input.**
#[derive(Debug)]
pub struct Peer {
    config: Arc<Config>,
    /// Source of the credentials of later ICE sessions.
    seed: [u8; 32],
    /// The fragment by which the shell finds this peer: every later one begins with it.
    ufrag: String,
    /// Of this end, in the newest ICE session.
    credentials: IceCredentials,
    /// ICE sessions after the first.
    restarts: u64,
    session: Session,
    /// Whether the newest answer has media in it, which wants keys.
    media: bool,
    ice: Agent,
    /// `None` before the first offer.
    dtls: Option<Box<Dtls>>,
    /// Where the datagrams of the handshake went.
    handshake: Handshake,
    /// `None` before the handshake is over.
    keys: Option<Box<Keys>>,
    /// `None` while none are negotiated.
    data: Option<Box<DataChannels>>,
    /// What [`Self::poll_output`] hands out. Bounded by what one input brings forth.
    outputs: VecDeque<Output>,
    /// Nothing happens any more.
    over: bool,
    stats: Stats,
}

impl Peer {
    /// A peer that waits for its first offer. `credentials` are told in the answer; the fragment is how the shell finds the peer of a
    /// check: after an ICE restart it is followed by other characters, so look at its beginning only. `seed` has to be secret.
    #[must_use]
    pub fn new(config: Arc<Config>, credentials: IceCredentials, seed: [u8; 32], now: Instant) -> Self {
        Self {
            config,
            seed,
            ufrag: credentials.ufrag().to_owned(),
            credentials,
            restarts: 0,
            session: Session::new(derived(&seed, Purpose::Session, 0)),
            media: false,
            ice: Agent::new(derived(&seed, Purpose::Consent, 0), now),
            dtls: None,
            handshake: Handshake::Unsent,
            keys: None,
            data: None,
            outputs: VecDeque::new(),
            over: false,
            stats: Stats::default(),
        }
    }

    /// An offer of the client: the first, or one that changes what was agreed upon. What the answer says holds at once.
    ///
    /// # Errors
    /// When it cannot be answered. Nothing has changed then.
    pub fn handle_offer(&mut self, now: Instant, offer: &str, allow: &Allow) -> Result<Answer, OfferError> {
        let negotiation = self.session.negotiate(offer, allow)?;
        if negotiation.restarts_ice() {
            self.restarts = self.restarts.wrapping_add(1);
            self.credentials =
                IceCredentials::derive(&self.ufrag, &derived(&self.seed, Purpose::Restart, self.restarts));
        }
        let remote = negotiation.remote();
        let remote_credentials = RemoteCredentials { ufrag: remote.ufrag.clone(), pwd: remote.pwd.clone() };
        self.ice.handle_session(&self.credentials, remote_credentials);
        if self.dtls.is_none() {
            self.dtls = Some(Box::new(Dtls::new(
                Arc::clone(&self.config),
                remote.role,
                remote.fingerprints.clone(),
                derived(&self.seed, Purpose::Dtls, 0),
                now,
            )));
        }
        let local = LocalTransport {
            ufrag: self.credentials.ufrag(),
            pwd: self.credentials.pwd(),
            fingerprint: self.config.certificate().fingerprint(),
            candidates: self.config.candidates(),
        };
        let answer = self.session.accept(negotiation, &local);
        self.media = answer.media.iter().any(|media| media.receive().is_some() || media.send().is_some());
        self.negotiate_data(&answer);
        self.check_keys();
        Ok(answer)
    }

    /// A datagram that came on `path`. Media is decrypted in place and given back; everything else is handled inside.
    pub fn handle_datagram(&mut self, now: Instant, path: Path, datagram: &mut [u8]) -> Received {
        if self.over {
            return Received::Nothing;
        }
        let class = classify(datagram);
        if class == Class::Stun {
            return self.handle_stun(now, path, datagram);
        }
        if !self.ice.is_valid(&path) {
            // Before an address has passed a check nothing is sent to it, and nothing that comes from it is worth a thought.
            self.stats.unexpected = self.stats.unexpected.saturating_add(1);
        } else {
            return self.handle_valid(now, &path, class, datagram);
        }
        Received::Nothing
    }

    /// The TCP connection of this path was closed. Media goes on over another path where there is one.
    pub fn handle_path_closed(&mut self, now: Instant, path: &Path) {
        self.ice.handle_closed(now, path);
    }

    /// Protects the RTP packet in the first `plain_len` bytes of `buffer`, behind which there is room for [`Self::tag_len`] bytes, and
    /// returns its length. `index` is `ROC << 16 | SEQ`; one index of one SSRC never stands for two packets.
    ///
    /// # Errors
    /// Before the peer is connected, and when the packet, the index or the room is wrong.
    pub fn protect_rtp(&self, index: u64, buffer: &mut [u8], plain_len: usize) -> Result<usize, ProtectError> {
        self.keys.as_ref().ok_or(ProtectError::NoKeys)?.protector.protect_rtp(index, buffer, plain_len)
    }

    /// Protects the compound RTCP packet in `buffer`, which grows.
    ///
    /// # Errors
    /// Before the peer is connected, and when the packet is none.
    pub fn protect_rtcp(&mut self, buffer: &mut Vec<u8>) -> Result<(), ProtectError> {
        self.keys.as_mut().ok_or(ProtectError::NoKeys)?.protector.protect_rtcp(buffer)
    }

    /// What protection adds to an RTP packet; 0 before the peer is connected.
    #[must_use]
    pub fn tag_len(&self) -> usize {
        self.keys.as_ref().map_or(0, |keys| keys.profile.tag_len())
    }

    /// Says goodbye to the client. The peer is over.
    pub fn close(&mut self, now: Instant) {
        if let Some(dtls) = &mut self.dtls {
            dtls.close();
        }
        self.drain_dtls(now);
        self.end(DisconnectReason::Closed);
    }

    /// What came of the last input.
    pub fn poll_output(&mut self) -> Option<Output> {
        let output = self.outputs.pop_front();
        if output.is_none() && self.outputs.capacity() > OUTPUTS_KEPT {
            // Peers are idle most of their time.
            self.outputs = VecDeque::new();
        }
        output
    }

    /// When [`Self::handle_timeout`] has to be called; `None` when the peer is over.
    #[must_use]
    pub fn poll_timeout(&self) -> Option<Instant> {
        let dtls = self.dtls.as_ref().and_then(|dtls| dtls.poll_timeout());
        let data = self.data.as_ref().and_then(|data| data.poll_timeout());
        let engines = [dtls, data].into_iter().flatten();
        (!self.over).then(|| engines.fold(self.ice.poll_timeout(), Instant::min))
    }

    /// The time has come.
    pub fn handle_timeout(&mut self, now: Instant) {
        if self.over {
            return;
        }
        if !self.ice.handle_timeout(now) {
            return self.end(DisconnectReason::Consent);
        }
        self.ask_for_consent();
        if self.dtls.as_ref().and_then(|dtls| dtls.poll_timeout()).is_some_and(|at| at <= now) {
            self.handle_dtls(now, |dtls| dtls.handle_timeout(now));
        }
        if self.data.as_ref().and_then(|data| data.poll_timeout()).is_some_and(|at| at <= now) {
            self.handle_data(|data| data.handle_timeout(now));
        }
    }

    /// The path to send media on: the client chose it, and has shown that it reads what is sent there. `None` before.
    #[must_use]
    pub fn path(&self) -> Option<Path> {
        self.ice.consenting()
    }

    /// Whether a check was accepted on this path: what else comes on it is this peer's.
    #[must_use]
    pub fn knows(&self, path: &Path) -> bool {
        self.ice.is_valid(path)
    }

    /// Whether media can be protected.
    #[must_use]
    pub fn is_connected(&self) -> bool {
        self.dtls.as_ref().is_some_and(|dtls| dtls.is_connected()) && !self.over
    }

    /// Counts since the beginning.
    #[must_use]
    pub fn stats(&self) -> Stats {
        Stats { checks_refused: self.ice.refused(), ..self.stats }
    }

    fn handle_stun(&mut self, now: Instant, path: Path, datagram: &[u8]) -> Received {
        if let Some(consent) = Consent::parse(datagram) {
            self.ice.handle_consent(now, path, &consent);
            return Received::Nothing;
        }
        let Ok(check) = Binding::parse(datagram) else { return Received::Nothing };
        let Some(checked) = self.ice.handle_check(now, path, &check) else { return Received::Nothing };
        self.outputs.push_back(Output::Transmit { path, datagram: checked.answer });
        self.ask_for_consent();
        if checked.moved && !self.is_connected() {
            // Where this end begins the handshake, it could not before.
            self.handle_dtls(now, |dtls| dtls.handle_timeout(now));
        }
        if checked.accepted { Received::Check } else { Received::Nothing }
    }

    fn ask_for_consent(&mut self) {
        let request = self.ice.poll_request();
        self.outputs.extend(request.map(|(path, datagram)| Output::Transmit { path, datagram }));
    }

    fn handle_valid(&mut self, now: Instant, path: &Path, class: Class, datagram: &mut [u8]) -> Received {
        let unprotected = match (class, &mut self.keys) {
            (Class::Rtp, Some(keys)) => keys.unprotector.unprotect_rtp(datagram).map(Received::Rtp),
            (Class::Rtcp, Some(keys)) => keys.unprotector.unprotect_rtcp(datagram).map(Received::Rtcp),
            (Class::Dtls, _) => {
                self.handle_dtls(now, |dtls| dtls.handle_datagram(now, datagram));
                return Received::Nothing;
            }
            _ => {
                self.stats.unexpected = self.stats.unexpected.saturating_add(1);
                return Received::Nothing;
            }
        };
        match unprotected {
            Ok(received) => {
                self.ice.handle_authentic(now, path);
                received
            }
            Err(error) => {
                self.stats.count(error);
                Received::Nothing
            }
        }
    }

    fn handle_dtls(&mut self, now: Instant, input: impl FnOnce(&mut Dtls) -> Result<(), DisconnectReason>) {
        let Some(dtls) = &mut self.dtls else { return };
        match input(dtls) {
            Ok(()) => self.drain_dtls(now),
            Err(reason) => {
                // A last word of the engine, where there is one.
                self.drain_dtls(now);
                self.end(reason);
            }
        }
    }

    fn drain_dtls(&mut self, now: Instant) {
        let Some(dtls) = &mut self.dtls else { return };
        let (outputs, keys, data) = (&mut self.outputs, &mut self.keys, &mut self.data);
        let (ice, handshake) = (&mut self.ice, &mut self.handshake);
        let mut closed = false;
        while let Some(event) = dtls.poll_event() {
            match event {
                Event::Transmit(datagram) => {
                    // The handshake goes where nothing has consented yet: it is small, and is part of the proof.
                    let path = ice.path_for_dtls();
                    handshake.note(path);
                    outputs.extend(path.map(|path| Output::Transmit { path, datagram }));
                }
                Event::Connected(exported) => {
                    ice.handle_connected(handshake.only_path());
                    outputs.push_back(Output::Connected { profile: exported.as_ref().map(|keys| keys.profile) });
                    *keys = exported;
                }
                Event::Data(record) => {
                    if let Some(data) = data {
                        data.handle_packet(now, &record);
                    }
                }
                Event::Closed => closed = true,
            }
        }
        if closed {
            self.end(DisconnectReason::ClosedByClient);
        } else {
            self.check_keys();
        }
        self.drain_data();
    }

    /// Media without keys would be silence for ever.
    fn check_keys(&mut self) {
        if self.media && self.keys.is_none() && self.is_connected() {
            self.end(DisconnectReason::NoSrtpProfile);
        }
    }

    fn end(&mut self, reason: DisconnectReason) {
        if !self.over {
            self.over = true;
            self.outputs.push_back(Output::Disconnected { reason });
        }
    }
}

/// Where the datagrams of a handshake went.
#[derive(Debug, Clone, Copy)]
enum Handshake {
    Unsent,
    To(Path),
    ToSeveral,
}

impl Handshake {
    fn note(&mut self, path: Option<Path>) {
        *self = match (*self, path) {
            (Self::Unsent, Some(path)) => Self::To(path),
            (Self::To(before), Some(path)) if before != path => Self::ToSeveral,
            (same, _) => same,
        };
    }

    /// The path that all of them went to: who went through with it reads what is sent there.
    fn only_path(self) -> Option<Path> {
        if let Self::To(path) = self { Some(path) } else { None }
    }
}

/// What secrets are derived from the seed for.
#[derive(Debug, Clone, Copy)]
enum Purpose {
    Session,
    Restart,
    Dtls,
    Consent,
}

fn derived(seed: &[u8; 32], purpose: Purpose, count: u64) -> [u8; 32] {
    let mut text = [0; 41];
    text[..32].copy_from_slice(seed);
    text[32] = purpose as u8;
    text[33..].copy_from_slice(&count.to_be_bytes());
    let mut derived = [0; 32];
    derived.copy_from_slice(digest(&digest::SHA256, &text).as_ref());
    derived
}

/// Places in the queue of outputs that an idle peer keeps.
const OUTPUTS_KEPT: usize = 4;

#[cfg(test)]
mod tests;
