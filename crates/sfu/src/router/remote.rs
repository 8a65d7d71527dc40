//! A room on several workers: what other workers' routers want of the publishers here.

use std::time::Instant;

use rtp::parameters::Rid;
use rtp::rtcp::{self, Packet};

use super::Router;

impl Router {
    /// Key frames for subscribers elsewhere; everything else is between the publisher and this worker.
    pub(super) fn receive_remote_control(&mut self, now: Instant, publisher: usize, compound: &[u8]) {
        for packet in rtcp::read(compound).flatten() {
            if let Packet::PictureLossIndication(loss) = packet {
                self.want_key_frame(now, publisher, loss.media_ssrc);
            } else if let Packet::FullIntraRequest(request) = packet {
                request.requests().for_each(|(ssrc, _)| self.want_key_frame(now, publisher, ssrc));
            }
        }
    }

    fn want_key_frame(&mut self, now: Instant, publisher: usize, ssrc: u32) {
        let place = self.peers.get(publisher).and_then(|peer| peer.stream(ssrc)).filter(|place| !place.rtx);
        let Some(place) = place else { return };
        let track = self.tracks.get_mut(place.track);
        let Some(layer) = track.and_then(|track| track.layers.get_mut(place.layer)) else { return };
        layer.key_frames.want(now);
        if let Some(due) = layer.key_frames.poll_timeout() {
            self.wake_at(due);
        }
    }

    /// Remembers up to which layer another worker wants a track.
    pub(super) fn note_remote_layers(&mut self, key: usize, worker: u16, layers: &[(Rid, bool)]) {
        let Some(track) = self.tracks.get_mut(key) else { return };
        let is_wanted = |rid: &Option<Rid>| layers.iter().any(|(name, on)| *on && Some(name) == rid.as_ref());
        let wanted = track.layers.iter().rposition(|layer| is_wanted(&layer.rid)).unwrap_or(0);
        track.remote_interest.retain(|(known, _)| *known != worker);
        if track.remote_interest.len() < WORKERS_MAX {
            track.remote_interest.push((worker, wanted));
        }
    }
}

/// Workers of one machine that a room is spread over.
const WORKERS_MAX: usize = 256;
