//! Requests for workers that are busy. Those for one worker wait in their order, and nobody waits for those of another.

use std::collections::VecDeque;

use room::media::{MediaEvent, MediaPeerId, MediaRefusal, MediaRequest, SlotWish};

/// What waits for one worker.
///
/// It is bounded: offers are refused beyond [`OFFERS_MAX`], data are not sent here beyond [`DATA_BYTES_MAX`], and of everything else there
/// is one for a member between two of its offers.
#[derive(Debug, Default)]
pub(crate) struct Backlog {
    waiting: VecDeque<Box<MediaRequest>>,
    offers: usize,
    /// Of data.
    data_bytes: usize,
}

impl Backlog {
    /// Whether nothing waits.
    pub(crate) fn is_empty(&self) -> bool {
        self.waiting.is_empty()
    }

    /// Whether one more message may be pushed.
    pub(crate) fn takes_data(&self) -> bool {
        self.data_bytes < DATA_BYTES_MAX
    }

    /// Takes in a request. An offer that finds too many before it is refused.
    pub(crate) fn push(&mut self, request: MediaRequest) -> Result<(), MediaEvent> {
        match request {
            MediaRequest::Offer { peer, request, .. } if self.offers >= OFFERS_MAX => {
                return Err(MediaEvent::Refused { peer, request, reason: MediaRefusal::Unavailable });
            }
            MediaRequest::Offer { .. } => {
                self.offers += 1;
                self.waiting.push_back(Box::new(request));
            }
            MediaRequest::Subscribe { room, peer, slots } => {
                if let Some(slots) = self.subscribe(peer, slots) {
                    self.waiting.push_back(Box::new(MediaRequest::Subscribe { room, peer, slots }));
                }
            }
            MediaRequest::Block { room, peer, source, blocked } => {
                let same = |waiting: &&mut Box<MediaRequest>| matches!(&***waiting, MediaRequest::Block { peer: whose, source: of, .. } if (*whose, *of) == (peer, source));
                let decided = Box::new(MediaRequest::Block { room, peer, source, blocked });
                match self.waiting.iter_mut().find(same) {
                    Some(waiting) => *waiting = decided,
                    None => self.waiting.push_back(decided),
                }
            }
            MediaRequest::Lose { peer, .. } => {
                self.waiting
                    .retain(|waiting| !matches!(**waiting, MediaRequest::Lose { peer: whose, .. } if whose == peer));
                self.waiting.push_back(Box::new(request));
            }
            MediaRequest::Data { .. } => {
                self.data_bytes = self.data_bytes.saturating_add(data_bytes(&request));
                self.waiting.push_back(Box::new(request));
            }
            MediaRequest::Close { peer, .. } => {
                // Nobody waits for the answers any more.
                self.waiting.retain(|waiting| peer_of(waiting) != Some(peer));
                let offers = self.waiting.iter().filter(|waiting| matches!(***waiting, MediaRequest::Offer { .. }));
                self.offers = offers.count();
                self.waiting.push_back(Box::new(request));
            }
        }
        Ok(())
    }

    /// Hands over as many as `send` takes; it gives back what it does not.
    pub(crate) fn drain(&mut self, mut send: impl FnMut(Box<MediaRequest>) -> Result<(), Box<MediaRequest>>) {
        while let Some(request) = self.waiting.pop_front() {
            let is_offer = matches!(*request, MediaRequest::Offer { .. });
            let data_bytes = data_bytes(&request);
            if let Err(request) = send(request) {
                self.waiting.push_front(request);
                return;
            }
            self.offers = self.offers.saturating_sub(usize::from(is_offer));
            self.data_bytes = self.data_bytes.saturating_sub(data_bytes);
        }
    }

    /// Adds wishes to those that wait since the member's last offer; gives them back where none do.
    fn subscribe(&mut self, peer: MediaPeerId, slots: Vec<SlotWish>) -> Option<Vec<SlotWish>> {
        let last = self.waiting.iter_mut().rev().find(|waiting| {
            peer_of(waiting) == Some(peer)
                && !matches!(***waiting, MediaRequest::Block { .. } | MediaRequest::Close { .. })
        });
        let Some(MediaRequest::Subscribe { slots: before, .. }) = last.map(Box::as_mut) else { return Some(slots) };
        for wish in slots {
            if let Some(known) = before.iter_mut().find(|known| known.mid == wish.mid) {
                *known = wish;
            } else if before.len() < WISHES_MAX {
                before.push(wish);
            }
        }
        None
    }
}

/// What data take up while they wait; 0 for everything else.
fn data_bytes(request: &MediaRequest) -> usize {
    let MediaRequest::Data { to, message, .. } = request else { return 0 };
    message.len_bytes() + size_of_val(&to[..]) + DATA_OVERHEAD_BYTES
}

fn peer_of(request: &MediaRequest) -> Option<MediaPeerId> {
    match request {
        MediaRequest::Offer { peer, .. }
        | MediaRequest::Subscribe { peer, .. }
        | MediaRequest::Block { peer, .. }
        | MediaRequest::Lose { peer, .. }
        | MediaRequest::Close { peer, .. } => Some(*peer),
        MediaRequest::Data { .. } => None,
    }
}

/// Offers that wait for one worker: it answers some hundreds in a second.
const OFFERS_MAX: usize = 256;
/// What a message takes up beside its bytes and receivers.
const DATA_OVERHEAD_BYTES: usize = 256;
/// Bytes of data that wait for one worker: what eight members may say at once.
pub(super) const DATA_BYTES_MAX: usize = 8 * 1024 * 1024;
/// Slots of one member: an offer has no more media descriptions.
const WISHES_MAX: usize = 128;

#[cfg(test)]
mod tests;
