//! One room on one worker: who gets which packet.

mod adapt;
mod allocate;
mod backlog;
mod control;
mod deadline;
mod look;
mod receive;
mod remote;
mod replay;
mod report;
mod resend;
mod subscribe;
mod voices;

use std::collections::{BTreeMap, VecDeque};
use std::time::Instant;

use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};
use rtp::parameters::{ReceiveParameters, SendParameters};

use crate::allocator::Demand;
use crate::bandwidth::incoming::Incoming;
use crate::config::Config;
use crate::forwarder::StreamId;
use crate::header::Template;
use crate::id::{PeerId, Source, TrackId};
use crate::interest::Interest;
use crate::link::{LinkId, Links, Relayed};
use crate::output::Output;
use crate::peer::{Context, Peer, StreamPlace};
use crate::sink::Sink;
use crate::slab::Slab;
use crate::slot::Wish;
use crate::stats::Stats;
use crate::timeline::RouterClock;
use crate::track::Track;

/// A room's router. See the crate's documentation for the contract.
///
/// Inputs that name a peer, track or slot which does not exist are ignored: signalling and media race each other.
#[derive(Debug)]
pub struct Router {
    config: Config,
    clock: RouterClock,
    /// Decides where sequence numbers begin.
    random: ChaCha8Rng,
    /// Everybody in the room.
    peers: Slab<Peer>,
    /// The keys of `peers`.
    peer_keys: BTreeMap<PeerId, usize>,
    /// Everything that is published: at most four tracks a peer.
    tracks: Slab<Track>,
    /// The keys of `tracks`.
    track_keys: BTreeMap<TrackId, usize>,
    /// The name of the next incoming stream.
    next_stream: u32,
    context: Context,
    /// RTCP is written here; grows to the largest compound once.
    scratch: Vec<u8>,
    /// What is being allocated; kept for its memory.
    demands: Vec<Demand>,
    outputs: VecDeque<Output>,
    /// Not later than anything that is due.
    wake: Option<Instant>,
    /// When the slow things are looked at next.
    tick_at: Option<Instant>,
    /// The other workers that have a part of the room.
    links: Links,
    /// What is in the slots has changed: more of the tracks on other workers may be wanted, or less.
    wants_changed: bool,
    /// Automatic slots of some peers are to be filled anew.
    voices_due: Option<Instant>,
    /// Who speaks and how well all are connected, as told last.
    told: report::Told,
}

impl Router {
    /// An empty room. `seed` decides every random number: where sequence numbers begin.
    #[must_use]
    pub fn new(config: Config, seed: [u8; 32], now: Instant) -> Self {
        Self {
            config,
            clock: RouterClock::new(now),
            random: ChaCha8Rng::from_seed(seed),
            peers: Slab::default(),
            peer_keys: BTreeMap::new(),
            tracks: Slab::default(),
            track_keys: BTreeMap::new(),
            next_stream: 0,
            context: Context { start: now, template: Template::new(), stats: Stats::default() },
            scratch: Vec::new(),
            demands: Vec::new(),
            outputs: VecDeque::new(),
            wake: None,
            tick_at: None,
            links: Links::EMPTY,
            wants_changed: false,
            voices_due: None,
            told: report::Told::default(),
        }
    }

    /// A peer has come. It neither publishes nor has slots yet.
    pub fn handle_join(&mut self, now: Instant, peer: PeerId) {
        if self.peer_keys.contains_key(&peer) {
            return;
        }
        let joined = Peer::new(&self.config, peer, now);
        let due = joined.poll_timeout();
        let key = self.peers.insert(joined);
        self.peer_keys.insert(peer, key);
        self.wake_at(due);
    }

    /// A peer that is here has another connection: what was learned from the one before, of its streams, its path and its clock, holds no
    /// longer. Its tracks go on; what it negotiated anew is told with [`Self::handle_slots`] and [`Self::handle_publish`].
    pub fn handle_reconnect(&mut self, now: Instant, peer: PeerId) {
        let Some(known) = self.peer_keys.get(&peer).and_then(|key| self.peers.get_mut(*key)) else { return };
        known.handle_reconnect(&self.config, now);
        let due = known.poll_timeout();
        for key in tracks_of(&self.track_keys, peer) {
            let Some(track) = self.tracks.get_mut(key) else { continue };
            track.layers.iter_mut().for_each(crate::layer::Layer::handle_reconnect);
            // What was said of the layers was for the connection before.
            track.interest = Interest::default();
        }
        self.wake_at(due);
    }

    /// A peer of the same room publishes on another worker. Its tracks are announced with [`Self::handle_publish`], what they carry comes by
    /// [`Self::handle_relayed`] as far as it was asked for with [`Output::Wanted`]; it has no slots here. What is asked of it (lost packets,
    /// key frames) comes out of the sink as RTCP for its id: it belongs to that worker's [`Self::handle_remote_rtcp`].
    pub fn handle_remote_join(&mut self, now: Instant, peer: PeerId) {
        self.handle_join(now, peer);
        if let Some(joined) = self.peer_keys.get(&peer).and_then(|key| self.peers.get_mut(*key)) {
            joined.is_remote = true;
        }
    }

    /// A peer has come that is in this process, as a recorder is. No path leads to it: everything it wishes goes out at once and at its best,
    /// and nothing is estimated, paced or tried out.
    pub fn handle_local_join(&mut self, now: Instant, peer: PeerId) {
        self.handle_join(now, peer);
        if let Some(joined) = self.peer_keys.get(&peer).and_then(|key| self.peers.get_mut(*key)) {
            joined.is_local = true;
        }
    }

    /// A peer has come whose tracks are made in this process, of what an encoder sends that cannot be asked for a key picture: who begins to
    /// watch them gets what came since the latest, as by [`Config::replays`].
    pub fn handle_fed_join(&mut self, now: Instant, peer: PeerId) {
        self.handle_join(now, peer);
        if let Some(joined) = self.peer_keys.get(&peer).and_then(|key| self.peers.get_mut(*key)) {
            joined.is_fed = true;
        }
    }

    /// The other workers that have a part of this room. To those that have come since goes what they cannot wait for, once the tracks
    /// of the peers here are announced there; those that are gone want nothing any more.
    pub fn handle_links(&mut self, now: Instant, links: Links, sink: &mut impl Sink) {
        self.follow_links(now, links, sink);
    }

    /// What comes from the worker of a remote peer about one of its tracks. Allocates nothing in steady state.
    pub fn handle_relayed(&mut self, now: Instant, track: TrackId, relayed: Relayed<'_>, sink: &mut impl Sink) {
        let Some(key) = self.track_keys.get(&track).copied() else { return };
        self.receive_relayed(now, key, relayed, sink);
    }

    /// What the router of another worker asks of a publisher that is connected here, which it knows as a remote peer.
    pub fn handle_remote_rtcp(
        &mut self,
        now: Instant,
        publisher: PeerId,
        link: LinkId,
        compound: &[u8],
        sink: &mut impl Sink,
    ) {
        let Some(key) = self.peer_keys.get(&publisher).copied() else { return };
        self.receive_remote_control(now, key, link, compound, sink);
    }

    /// What [`Output::Wanted`] says on another worker about a track whose publisher is connected here. A link that is not one of
    /// [`Self::handle_links`] gets nothing.
    pub fn handle_remote_want(&mut self, now: Instant, track: TrackId, link: LinkId, layers: u8, sink: &mut impl Sink) {
        let Some(key) = self.track_keys.get(&track).copied() else { return };
        self.note_remote_want(now, key, link, layers, sink);
    }

    /// A peer has gone, with all its tracks and slots.
    pub fn handle_leave(&mut self, now: Instant, peer: PeerId) {
        let gone: Vec<TrackId> = self.track_keys.keys().copied().filter(|track| track.peer == peer).collect();
        for track in gone {
            self.handle_unpublish(now, track);
        }
        let Some(key) = self.peer_keys.remove(&peer) else { return };
        for (_, track) in self.tracks.iter_mut() {
            track.subscribers.retain(|subscription| subscription.peer != key);
        }
        self.peers.remove(key);
        self.told.forget(peer);
    }

    /// A peer publishes a track, or a new negotiation changed what is known of it. A track whose layers stay the same goes on.
    pub fn handle_publish(&mut self, now: Instant, track: TrackId, parameters: ReceiveParameters) {
        let Some(peer) = self.peer_keys.get(&track.peer).copied() else { return };
        if parameters.codecs.is_empty() {
            return;
        }
        let known = self.track_keys.get(&track).copied();
        let stays = known
            .and_then(|key| self.tracks.get(key))
            .is_some_and(|known| known.parameters.kind == parameters.kind && known.parameters.rids == parameters.rids);
        if known.is_some() && !stays {
            self.handle_unpublish(now, track);
        }
        let key = match known.filter(|_| stays) {
            Some(key) => {
                self.replace_parameters(key, parameters);
                key
            }
            None => {
                let next_stream = &mut self.next_stream;
                let replays = self.config.replays || self.peers.get(peer).is_some_and(|peer| peer.is_fed);
                let mut published = Track::new(now, track, parameters, replays, || name_stream(next_stream));
                if self.peers.get(peer).is_some_and(|peer| peer.is_remote) {
                    published.is_remote = true;
                    published.interest = Interest::NOTHING;
                    // Whatever was asked for under this name before.
                    self.outputs.push_back(Output::Wanted { track, layers: 0 });
                }
                let key = self.tracks.insert(published);
                self.track_keys.insert(track, key);
                key
            }
        };
        self.learn_announced(now, peer, key);
        self.report_published(now, key);
        self.find_subscribers(now, key);
        self.tick_at.get_or_insert(now);
        self.wake_at(now);
    }

    /// A peer publishes a track no more.
    pub fn handle_unpublish(&mut self, now: Instant, track: TrackId) {
        let Some(key) = self.track_keys.remove(&track) else { return };
        if let Some(peer) = self.peer_keys.get(&track.peer).and_then(|peer| self.peers.get_mut(*peer)) {
            peer.forget_streams(key);
        }
        self.lose_subscribers(now, key);
        let is_remote = self.tracks.remove(key).is_some_and(|track| track.is_remote);
        if !is_remote {
            self.outputs.push_back(Output::Unpublished { track });
        }
        self.tick_at.get_or_insert(now);
        self.wake_at(now);
    }

    /// All slots of a peer after a negotiation. Slots that stay (same mid and SSRC) keep what is in them.
    pub fn handle_slots(&mut self, now: Instant, peer: PeerId, slots: Vec<SendParameters>) {
        let Some(key) = self.peer_keys.get(&peer).copied() else { return };
        self.replace_slots(now, key, slots);
    }

    /// A subscriber wants something else in one of its slots.
    pub fn handle_wish(&mut self, now: Instant, peer: PeerId, wish: Wish) {
        let Some(key) = self.peer_keys.get(&peer).copied() else { return };
        self.take_wish(now, key, wish);
    }

    /// Moderation: with `blocked` nothing of the track is forwarded.
    pub fn handle_block(&mut self, now: Instant, track: TrackId, blocked: bool) {
        let Some(key) = self.track_keys.get(&track).copied() else { return };
        self.block(now, key, blocked);
    }

    /// A decrypted RTP packet from a peer. Allocates nothing in steady state.
    pub fn handle_rtp(&mut self, now: Instant, from: PeerId, packet: &[u8], sink: &mut impl Sink) {
        let Some(key) = self.peer_keys.get(&from).copied() else { return };
        self.receive(now, key, packet, sink);
    }

    /// A decrypted RTCP packet from a peer.
    pub fn handle_rtcp(&mut self, now: Instant, from: PeerId, compound: &[u8], sink: &mut impl Sink) {
        let Some(key) = self.peer_keys.get(&from).copied() else { return };
        self.receive_control(now, key, compound, sink);
    }

    /// What the sink was given for a peer has left the machine, at this time and not when it was given: to be told wherever the sink
    /// gathers. What the machine itself is late is then not taken for a queue on the path.
    pub fn handle_departure(&mut self, now: Instant, peer: PeerId) {
        if let Some(peer) = self.peer_keys.get(&peer).and_then(|key| self.peers.get_mut(*key)) {
            peer.outbound.estimator.handle_departure(now);
        }
    }

    /// Does what has become due.
    pub fn handle_timeout(&mut self, now: Instant, sink: &mut impl Sink) {
        if self.wake.is_some_and(|wake| wake <= now) {
            self.run_due(now, sink);
        }
    }

    /// When [`Router::handle_timeout`] is to be called. O(1).
    #[must_use]
    pub fn poll_timeout(&self) -> Option<Instant> {
        self.wake
    }

    /// The next thing for the signalling side.
    pub fn poll_output(&mut self) -> Option<Output> {
        self.outputs.pop_front()
    }

    /// Counters since the beginning, and what there is.
    #[must_use]
    pub fn stats(&self) -> Stats {
        let slots = self.peers.iter().flat_map(|(_, peer)| &peer.slots);
        let live_slots = slots.filter(|slot| slot.forwarder.current().is_some()).count();
        let layers = self.tracks.iter().flat_map(|(_, track)| &track.layers);
        let cache_bytes = layers.map(|layer| layer.cache.allocated_bytes()).sum();
        let (peers, tracks) = (self.peer_keys.len(), self.track_keys.len());
        Stats { peers, tracks, live_slots, cache_bytes, ..self.context.stats }
    }

    fn wake_at(&mut self, due: Instant) {
        self.wake = Some(self.wake.map_or(due, |wake| wake.min(due)));
    }

    fn random_number(&mut self) -> u16 {
        let [high, low, ..] = self.random.next_u32().to_be_bytes();
        u16::from_be_bytes([high, low])
    }

    /// The streams that the publisher announced: the n-th is the n-th layer.
    fn learn_announced(&mut self, now: Instant, peer: usize, key: usize) {
        let (Some(peer), Some(track)) = (self.peers.get_mut(peer), self.tracks.get_mut(key)) else { return };
        merge(&mut peer.extensions, &track.parameters.extensions);
        if track.parameters.codecs.iter().any(|codec| codec.feedback.remb) && !peer.is_remote {
            peer.incoming.get_or_insert_with(|| Box::new(Incoming::new(now)));
        }
        for (layer, (announced, incoming)) in track.parameters.ssrcs.iter().zip(&mut track.layers).enumerate() {
            peer.learn_stream(announced.media, StreamPlace { track: key, layer, rtx: false });
            if incoming.ssrc != Some(announced.media) {
                let id = name_stream(&mut self.next_stream);
                incoming.restart(id, announced.media);
            }
            if let Some(rtx) = announced.rtx {
                peer.learn_stream(rtx, StreamPlace { track: key, layer, rtx: true });
            }
        }
    }

    fn replace_parameters(&mut self, key: usize, parameters: ReceiveParameters) {
        let Some(track) = self.tracks.get_mut(key) else { return };
        track.set_parameters(parameters);
        for subscription in &track.subscribers {
            let slot = self.peers.get_mut(subscription.peer).and_then(|peer| peer.slots.get_mut(subscription.slot));
            if let Some(slot) = slot {
                slot.codec = None;
            }
        }
    }
}

/// The keys of what a peer publishes, by source: at most four, however many there are in the room.
fn tracks_of(track_keys: &BTreeMap<TrackId, usize>, peer: PeerId) -> impl Iterator<Item = usize> {
    let [first, last] = [Source::Microphone, Source::ScreenAudio].map(|source| TrackId { peer, source });
    track_keys.range(first..=last).map(|(_, key)| *key)
}

/// A name that no stream had before.
fn name_stream(next: &mut u32) -> StreamId {
    let id = StreamId(*next);
    *next = next.wrapping_add(1);
    id
}

/// What one media description says about extensions counts for the transport.
fn merge(all: &mut rtp::parameters::ExtensionIds, one: &rtp::parameters::ExtensionIds) {
    let pairs = [
        (&mut all.mid, one.mid),
        (&mut all.rid, one.rid),
        (&mut all.repaired_rid, one.repaired_rid),
        (&mut all.audio_level, one.audio_level),
        (&mut all.abs_send_time, one.abs_send_time),
        (&mut all.transport_cc, one.transport_cc),
        (&mut all.dependency_descriptor, one.dependency_descriptor),
        (&mut all.video_orientation, one.video_orientation),
        (&mut all.playout_delay, one.playout_delay),
        (&mut all.abs_capture_time, one.abs_capture_time),
    ];
    for (all, one) in pairs {
        *all = one.or(*all);
    }
}

#[cfg(test)]
mod tests;
