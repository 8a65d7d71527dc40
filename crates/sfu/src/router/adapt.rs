//! What publishers are told who adapt to a REMB: what their own path carries, and no more than anybody can take of what they send.
//!
//! A publisher of several layers has one for everybody, and is told which of them nobody wants. One who sends a single picture would be shown
//! to some and paused for others; as it adapts, it comes down to what the best of the paths to its viewers carries, and to next to nothing
//! while nobody looks. Viewers on other workers are taken to take everything: how their paths are is known there alone.

use std::time::{Duration, Instant};

use rtp::rtcp::Writer;

use super::deadline::BLOCKS_MAX;
use super::{Router, tracks_of};
use crate::bandwidth::Condition;
use crate::peer::Peer;
use crate::sink::Sink;
use crate::slab::Slab;
use crate::track::Track;

impl Router {
    /// Finds out how much of what these publishers send is of use.
    pub(super) fn limit_publishers(&mut self, now: Instant) {
        if self.config.replays {
            // Who comes to a stream sees at once what came before: it is to be as good as it can be also while nobody looks.
            return;
        }
        for key in 0..self.peers.bound() {
            let Some(id) = self.peers.get(key).filter(|peer| peer.incoming.is_some()).map(|peer| peer.id) else {
                continue;
            };
            let mut use_bps = 0_u64;
            for key in tracks_of(&self.track_keys, id) {
                let Some(track) = self.tracks.get_mut(key).filter(|track| track.is_video()) else { continue };
                let taken_bps = most_taken_bps(now, track, &self.peers, self.config.layer_linger);
                use_bps = use_bps.saturating_add(taken_bps);
            }
            let Some(incoming) = self.peers.get_mut(key).and_then(|peer| peer.incoming.as_mut()) else { continue };
            incoming.set_use(use_bps);
            let spare_bps = incoming.path_bps().saturating_sub(use_bps);
            for key in tracks_of(&self.track_keys, id) {
                if let Some(track) = self.tracks.get_mut(key) {
                    track.spare_bps = if track.adapts() { spare_bps } else { 0 };
                }
            }
        }
    }

    /// What a publisher may send that knows REMB only.
    pub(super) fn tell_allowance(&mut self, now: Instant, key: usize, sink: &mut impl Sink) {
        let Some(peer) = self.peers.get_mut(key) else { return };
        let (id, own_ssrc) = (peer.id, peer.rtcp_ssrc());
        let Some(bps) = peer.incoming.as_mut().and_then(|incoming| incoming.poll(now)) else { return };
        let mut ssrcs = [0; BLOCKS_MAX];
        let own =
            tracks_of(&self.track_keys, id).filter_map(|key| self.tracks.get(key)).filter(|track| track.is_video());
        let known = own.flat_map(|track| &track.layers).filter_map(|layer| layer.ssrc);
        let count = ssrcs.iter_mut().zip(known).map(|(place, ssrc)| *place = ssrc).count();
        self.scratch.clear();
        let mut writer = Writer::new(&mut self.scratch);
        // Who knows no reduced-size RTCP wants a report in front (RFC 4585 §3.1).
        writer.receiver_report(own_ssrc, &[]);
        writer.remb(own_ssrc, bps, ssrcs.get(..count).unwrap_or_default());
        sink.send_rtcp(id, &self.scratch);
    }
}

/// How much of each picture that adapts the path to a viewer carries, who has been allocated; [`u64::MAX`] where nothing has spoken of
/// congestion yet, as the estimate is what was tried so far.
pub(super) fn share_bps(peer: &Peer, tracks: &Slab<Track>) -> u64 {
    let estimator = &peer.outbound.estimator;
    if peer.is_local || estimator.condition() == Condition::Open {
        return u64::MAX;
    }
    let (mut rest_bps, mut adapting) = (estimator.estimate_bps(), 0_u64);
    for slot in peer.slots.iter().filter(|slot| !slot.tile().paused) {
        match slot.track.and_then(|track| tracks.get(track)) {
            Some(track) if track.adapts() && !track.blocked => adapting = adapting.saturating_add(1),
            _ => rest_bps = rest_bps.saturating_sub(slot.demand.granted_bps()),
        }
    }
    rest_bps.saturating_mul(SHARE_PERCENT) / 100 / adapting.max(1)
}

/// What whoever can take the most takes of a track; [`u64::MAX`] where that is not known.
fn most_taken_bps(now: Instant, track: &mut Track, peers: &Slab<Peer>, linger: Duration) -> u64 {
    if !track.adapts() || track.remote_wants.most() > 0 {
        track.unwatched_since = None;
        return u64::MAX;
    }
    let subscribers = track.subscribers.iter().filter(|_| !track.blocked);
    let viewers = subscribers.filter_map(|here| {
        let peer = peers.get(here.peer)?;
        peer.slots.get(here.slot).filter(|slot| !slot.tile().paused).map(|_| peer)
    });
    if let Some(most_bps) = viewers.map(|peer| peer.share_bps).max() {
        track.unwatched_since = None;
        return most_bps;
    }
    let since = *track.unwatched_since.get_or_insert(now);
    if now.saturating_duration_since(since) < linger { u64::MAX } else { 0 }
}

/// Of what is there: an encoder sends now a little more, now a little less, and who was paused is shown again only with some to spare.
const SHARE_PERCENT: u64 = 85;
