//! What came since the latest key picture, for another worker that begins to want a track.

use std::time::Instant;

use super::Router;
use super::remote::number_of;
use crate::backlog::{Backlog, PORTION_BYTES};
use crate::cache::Kept;
use crate::link::{LinkId, Links, Relayed};
use crate::replay::Replay;
use crate::sink::Sink;
use crate::track::Track;

impl Router {
    /// Another worker wants a layer anew. Where all since the latest key picture is kept for viewers, that one gets what it needs for the same;
    /// the live packets follow behind.
    pub(super) fn begin_backlog(&mut self, now: Instant, key: usize, layer: usize, link: LinkId) {
        let Some(track) = self.tracks.get_mut(key).filter(|track| !track.blocked) else { return };
        let Some(of) = track.layers.get(layer).filter(|layer| layer.cache.is_replaying()) else { return };
        let Some(next) = Replay::begin(now, of).map(|replay| replay.start()) else { return };
        track.backlogs.begin(now, Backlog { link, layer, stream: of.id, next });
    }

    /// The next portion of each.
    pub(super) fn relay_backlogs(&mut self, now: Instant, key: usize, sink: &mut impl Sink) {
        let Some(track) = self.tracks.get_mut(key) else { return };
        let mut due = track.backlogs.take_due(now);
        if due.is_empty() {
            return;
        }
        due.retain_mut(|backlog| !track.blocked && relay_portion(track, backlog, sink));
        track.backlogs.put(now, due);
    }
}

/// `false` when that was the last: all is there, or what follows is overwritten, or the publisher has begun anew.
fn relay_portion(track: &Track, backlog: &mut Backlog, sink: &mut impl Sink) -> bool {
    let Some(layer) = track.layers.get(backlog.layer).filter(|layer| layer.id == backlog.stream) else { return false };
    let Some(highest) = layer.highest() else { return false };
    let (to, number) = (Links::only(backlog.link), number_of(backlog.layer));
    let mut sent_bytes = 0_usize;
    while sent_bytes < PORTION_BYTES && backlog.next <= highest {
        let place = backlog.next;
        backlog.next = place.saturating_add(1);
        match layer.cache.kept(place) {
            Kept::Packet(cached) => {
                let bytes = cached.bytes;
                sent_bytes = sent_bytes.saturating_add(bytes.len());
                let past = place < highest;
                let relayed = if past {
                    Relayed::Past { layer: number, bytes }
                } else {
                    Relayed::Packet { layer: number, bytes }
                };
                sink.relay(to, track.id, relayed);
            }
            // The worker will ask for it.
            Kept::Missing => {}
            Kept::Forgotten => return false,
        }
    }
    backlog.next <= highest
}
