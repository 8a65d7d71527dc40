//! The part of a meeting that is on one worker: its router, and whom it knows of the other parts.

use std::collections::BTreeMap;

use sfu::{LinkId, Links, PeerId, Relayed, Router, Sink, TrackId};

/// One part.
#[derive(Debug)]
pub(super) struct Part {
    pub(super) router: Router,
    pub(super) outbox: Outbox,
    /// The other workers that have a part.
    pub(super) links: Links,
    /// Who publishes on another worker, and on which.
    pub(super) guests: BTreeMap<PeerId, u8>,
}

/// What a router sends while it handles one input.
#[derive(Debug, Default)]
pub(super) struct Outbox {
    datagrams: Vec<Datagram>,
    relayed: Vec<(Links, TrackId, Carried)>,
}

/// To whom, whether it is RTCP, and its bytes.
type Datagram = (PeerId, bool, Vec<u8>);

/// What is relayed, with bytes of its own.
#[derive(Clone, Debug)]
pub(super) struct Carried {
    relayed: Relayed<'static>,
    bytes: Vec<u8>,
}

impl Part {
    pub(super) fn new(router: Router) -> Self {
        Self { router, outbox: Outbox::default(), links: Links::EMPTY, guests: BTreeMap::new() }
    }

    /// Whether this part speaks for the room where all know the same: the one on the lowest worker does.
    pub(super) fn leads(&self, worker: u8) -> bool {
        let mut links = self.links;
        links.next().is_none_or(|lowest| LinkId(worker) < lowest)
    }
}

impl Outbox {
    /// All there is.
    pub(super) fn take(&mut self) -> (Vec<Datagram>, Vec<(Links, TrackId, Carried)>) {
        (std::mem::take(&mut self.datagrams), std::mem::take(&mut self.relayed))
    }
}

impl Carried {
    /// As the other router takes it.
    pub(super) fn relayed(&self) -> Relayed<'_> {
        self.relayed.joined(&self.bytes)
    }
}

impl Sink for Outbox {
    fn send_rtp(&mut self, to: PeerId, _index: u64, header: &[u8], head: &[u8], payload: &[u8]) {
        self.datagrams.push((to, false, [header, head, payload].concat()));
    }

    fn send_rtcp(&mut self, to: PeerId, compound: &[u8]) {
        self.datagrams.push((to, true, compound.to_vec()));
    }

    fn relay(&mut self, to: Links, track: TrackId, relayed: Relayed<'_>) {
        let (relayed, bytes) = relayed.parted();
        self.relayed.push((to, track, Carried { relayed, bytes: bytes.to_vec() }));
    }
}
