//! What a member has at the media server, as far as the rooms know it.

use std::{
    collections::{BTreeMap, VecDeque},
    mem,
};

use crate::media::{Lane, MediaPeerId, SlotReport, Source, TrackDescription};

/// A member's place at the media server.
#[derive(Debug)]
pub(crate) struct MediaSeat {
    pub(crate) peer: MediaPeerId,
    /// The client's name for the connection that it offered last; `None` while the media server does not know the peer.
    pub(crate) connection: Option<String>,
    /// Media can flow.
    pub(crate) connected: bool,
    /// Offers that wait for their answers, the oldest first. Bounded by [`OFFERS_MAX`].
    offers: VecDeque<PendingOffer>,
    /// What the member publishes. One for a source.
    pub(crate) tracks: Vec<TrackDescription>,
    /// What is in its slots, by `mid`. Bounded by [`SLOTS_MAX`].
    slots: BTreeMap<String, SlotReport>,
    /// Which encodings of its tracks are wanted.
    pub(crate) layers: BTreeMap<Source, Vec<(String, bool)>>,
    /// Its data channels.
    pub(crate) lanes: Vec<Lane>,
}

/// An offer that the media server has not answered.
#[derive(Debug)]
pub(crate) struct PendingOffer {
    /// Its number between rooms and media server.
    pub(crate) request: u64,
    /// The `id` of the request.
    pub(crate) id: Option<String>,
    /// The `offer` mark inside `msg`, which the answer repeats.
    pub(crate) mark: Option<String>,
}

impl MediaSeat {
    pub(crate) fn new(peer: MediaPeerId) -> Self {
        Self {
            peer,
            connection: None,
            connected: false,
            offers: VecDeque::new(),
            tracks: Vec::new(),
            slots: BTreeMap::new(),
            layers: BTreeMap::new(),
            lanes: Vec::new(),
        }
    }

    /// Whether the media server has heard of the peer.
    pub(crate) fn known(&self) -> bool {
        self.connection.is_some()
    }

    /// Takes note of an offer; false when too many wait already.
    pub(crate) fn offer(&mut self, offer: PendingOffer, connection: &str) -> bool {
        if self.offers.len() >= OFFERS_MAX {
            return false;
        }
        self.offers.push_back(offer);
        if self.connection.as_deref() != Some(connection) {
            self.connection = Some(connection.to_owned());
            // The slots are those of the former connection.
            self.slots.clear();
        }
        true
    }

    /// What is sent comes from within the media server's process: there is nothing to negotiate.
    pub(crate) fn place(&mut self) {
        self.connection = Some(PLACED.to_owned());
        self.connected = true;
    }

    /// The media server has lost the connection. The next one begins with all encodings and no data channels, which nobody says.
    pub(crate) fn disconnect(&mut self) {
        self.connected = false;
        self.layers.clear();
        self.lanes.clear();
    }

    /// The offer that this is the answer to.
    pub(crate) fn take_offer(&mut self, request: u64) -> Option<PendingOffer> {
        let index = self.offers.iter().position(|offer| offer.request == request)?;
        self.offers.remove(index)
    }

    /// The offers that wait for an answer, which will not come.
    pub(crate) fn take_offers(&mut self) -> VecDeque<PendingOffer> {
        mem::take(&mut self.offers)
    }

    /// Takes note of what is in the slots.
    pub(crate) fn report(&mut self, reports: &[SlotReport]) {
        for report in reports {
            if self.slots.len() < SLOTS_MAX || self.slots.contains_key(&report.mid) {
                self.slots.insert(report.mid.clone(), report.clone());
            }
        }
    }

    pub(crate) fn slots(&self) -> impl Iterator<Item = &SlotReport> {
        self.slots.values()
    }
}

/// The name of the connection of a member that has none.
const PLACED: &str = "placed";
/// Offers of one member that wait for the media server.
pub(crate) const OFFERS_MAX: usize = 8;
/// Slots of one member that are repeated when it resumes: 49 tiles, as many voices, and room for more.
pub(crate) const SLOTS_MAX: usize = 256;
