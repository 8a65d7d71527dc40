//! What another worker gets of a layer before the live packets: all since the latest key picture, so that who comes there in the middle begins with that.

use std::time::{Duration, Instant};

use crate::forwarder::StreamId;
use crate::link::{LinkId, Links};

/// One layer on its way to one other worker.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Backlog {
    pub(crate) link: LinkId,
    /// Its index in the track.
    pub(crate) layer: usize,
    pub(crate) stream: StreamId,
    /// The place of the next packet.
    pub(crate) next: u64,
}

/// Those of a track: one for each layer and link at most.
#[derive(Debug, Default)]
pub(crate) struct Backlogs {
    under_way: Vec<Backlog>,
    /// When the next portion goes.
    due: Option<Instant>,
}

impl Backlogs {
    /// Begins one, in the place of what was under way for the same worker.
    pub(crate) fn begin(&mut self, now: Instant, backlog: Backlog) {
        self.under_way.retain(|other| (other.link, other.layer) != (backlog.link, backlog.layer));
        self.under_way.push(backlog);
        self.due = Some(now);
    }

    /// Who does not get the live packets of a layer so far.
    pub(crate) fn of_layer(&self, layer: usize) -> Links {
        let behind = self.under_way.iter().filter(|backlog| backlog.layer == layer);
        behind.fold(Links::EMPTY, |all, backlog| all.with(Links::only(backlog.link)))
    }

    /// Another worker wants only so many layers.
    pub(crate) fn shorten(&mut self, link: LinkId, layers: usize) {
        self.under_way.retain(|backlog| backlog.link != link || backlog.layer < layers);
    }

    /// The other workers want nothing any more.
    pub(crate) fn forget(&mut self, gone: Links) {
        self.under_way.retain(|backlog| !gone.contains(backlog.link));
    }

    /// When the next portion goes.
    pub(crate) fn poll_timeout(&self) -> Option<Instant> {
        self.due
    }

    /// All that are due, to be given back with [`Self::put`] as far as they go on.
    pub(crate) fn take_due(&mut self, now: Instant) -> Vec<Backlog> {
        if self.due.is_none_or(|due| due > now) {
            return Vec::new();
        }
        self.due = None;
        std::mem::take(&mut self.under_way)
    }

    /// These have more to send.
    pub(crate) fn put(&mut self, now: Instant, under_way: Vec<Backlog>) {
        self.due = (!under_way.is_empty()).then(|| now + PORTION_EVERY);
        self.under_way = under_way;
    }
}

/// What goes to a worker at once: a quarter of what a link takes before it loses anything.
pub(crate) const PORTION_BYTES: usize = 64 * 1024;

/// The worker has the time to take it meanwhile.
const PORTION_EVERY: Duration = Duration::from_millis(1);
