//! One room on one worker: who gets which packet.

use std::collections::{BTreeMap, VecDeque};
use std::time::Instant;

use rtp::parameters::{ReceiveParameters, SendParameters};

use crate::config::Config;
use crate::id::{PeerId, TrackId};
use crate::output::{Output, TrackDescription};
use crate::sink::Sink;
use crate::slot::Wish;
use crate::stats::Stats;

/// A room's router. See the crate's documentation for the contract.
///
/// Inputs that name a peer, track or slot which does not exist are ignored: signalling and media race each other.
#[derive(Debug)]
pub struct Router {
    config: Config,
    peers: BTreeMap<PeerId, ()>,
    tracks: BTreeMap<TrackId, TrackDescription>,
    outputs: VecDeque<Output>,
    stats: Stats,
}

impl Router {
    /// An empty room. `seed` decides every random number (SSRC-independent starts of sequence numbers and timestamps).
    #[must_use]
    pub fn new(config: Config, seed: [u8; 32], now: Instant) -> Self {
        let _ = (seed, now);
        Self {
            config,
            peers: BTreeMap::new(),
            tracks: BTreeMap::new(),
            outputs: VecDeque::new(),
            stats: Stats::default(),
        }
    }

    /// A peer has come. It neither publishes nor has slots yet.
    pub fn handle_join(&mut self, now: Instant, peer: PeerId) {
        let _ = now;
        self.peers.entry(peer).or_default();
    }

    /// A peer has gone, with all its tracks and slots.
    pub fn handle_leave(&mut self, now: Instant, peer: PeerId) {
        self.peers.remove(&peer);
        let gone: Vec<TrackId> = self.tracks.keys().copied().filter(|track| track.peer == peer).collect();
        for track in gone {
            self.handle_unpublish(now, track);
        }
    }

    /// A peer publishes a track, or a new negotiation changed what is known of it.
    pub fn handle_publish(&mut self, now: Instant, track: TrackId, parameters: ReceiveParameters) {
        let _ = now;
        let Some(codec) = parameters.codecs.first() else { return };
        if !self.peers.contains_key(&track.peer) {
            return;
        }
        let description = TrackDescription { kind: parameters.kind, codec: codec.name, rids: parameters.rids };
        self.tracks.insert(track, description.clone());
        self.outputs.push_back(Output::Published { track, description });
    }

    /// A peer publishes a track no more.
    pub fn handle_unpublish(&mut self, now: Instant, track: TrackId) {
        let _ = now;
        if self.tracks.remove(&track).is_some() {
            self.outputs.push_back(Output::Unpublished { track });
        }
    }

    /// All slots of a peer after a negotiation. Slots that stay (same mid and SSRC) keep what is in them.
    pub fn handle_slots(&mut self, now: Instant, peer: PeerId, slots: Vec<SendParameters>) {
        let _ = (now, peer, slots);
    }

    /// A subscriber wants something else in one of its slots.
    pub fn handle_wish(&mut self, now: Instant, peer: PeerId, wish: Wish) {
        let _ = (now, peer, wish);
    }

    /// Moderation: with `blocked` nothing of the track is forwarded.
    pub fn handle_block(&mut self, now: Instant, track: TrackId, blocked: bool) {
        let _ = (now, track, blocked);
    }

    /// A decrypted RTP packet from a peer. Allocates nothing in steady state.
    pub fn handle_rtp(&mut self, now: Instant, from: PeerId, packet: &[u8], sink: &mut impl Sink) {
        let _ = (now, from, packet, sink);
    }

    /// A decrypted RTCP packet from a peer.
    pub fn handle_rtcp(&mut self, now: Instant, from: PeerId, compound: &[u8], sink: &mut impl Sink) {
        let _ = (now, from, compound, sink);
    }

    /// Does what has become due.
    pub fn handle_timeout(&mut self, now: Instant, sink: &mut impl Sink) {
        let _ = (now, sink);
    }

    /// When [`Router::handle_timeout`] is to be called. O(1).
    #[must_use]
    pub fn poll_timeout(&self) -> Option<Instant> {
        None
    }

    /// The next thing for the signalling side.
    pub fn poll_output(&mut self) -> Option<Output> {
        self.outputs.pop_front()
    }

    /// Counters since the beginning, and what there is.
    #[must_use]
    pub fn stats(&self) -> Stats {
        let _ = &self.config;
        Stats { peers: self.peers.len(), tracks: self.tracks.len(), ..self.stats }
    }
}
