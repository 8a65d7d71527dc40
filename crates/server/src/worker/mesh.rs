//! What one worker hands to another: datagrams that the kernel gave to the wrong one, payloads between allocations of two workers, media
//! of rooms on several workers.
//!
//! Everything for one worker gathers in a parcel, which goes into that worker's bounded queue once per wake-up. Emptied parcels go
//! back, so that their memory is used again. A parcel that finds the queue full stays and grows; when it is full itself, what is in it is
//! dropped, but for the notes.

use std::net::SocketAddr;
use std::ops::Range;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, SyncSender, TrySendError, sync_channel};

use quinn_udp::EcnCodepoint;
use sfu::{LinkId, Links};
use turn::{ClientAddr, PeerAddr, RelayAddr, Transport};

use super::command::Bell;
use super::stats::as_count;
use super::stream::Handover;
use super::tuples::Plane;
use crate::media::{Crossing, Note};

/// The 5-tuple of a client's datagrams.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Tuple {
    /// Our end.
    pub(crate) local: SocketAddr,
    /// The client's end.
    pub(crate) remote: SocketAddr,
}

impl Tuple {
    /// The client, as TURN knows it.
    pub(crate) fn client(&self) -> ClientAddr {
        ClientAddr { transport: Transport::Udp, local: self.local, remote: self.remote }
    }

    /// Whether its datagrams arrive at a socket that is bound to that address.
    pub(crate) fn is_at(&self, bound: SocketAddr) -> bool {
        let same_family = bound.is_ipv4() == self.local.is_ipv4();
        same_family
            && bound.port() == self.local.port()
            && (bound.ip().is_unspecified() || bound.ip() == self.local.ip())
    }
}

/// What is handed over, with the bytes it comes with.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Item {
    /// A client's datagram.
    Datagram {
        /// From where to where.
        tuple: Tuple,
        /// The congestion mark it carried.
        ecn: Option<EcnCodepoint>,
    },
    /// A payload for an allocation.
    Relayed {
        /// The relay of the allocation.
        relay: RelayAddr,
        /// The relayed transport address of the sender.
        source: PeerAddr,
        /// The congestion mark it carried.
        ecn: Option<EcnCodepoint>,
    },
    /// What comes from this 5-tuple in this plane is the sender's: hand it over.
    Remember(Tuple, Plane),
    /// It is the one on which a member of the sender's has its media: have the kernel give that to the sender.
    Steer(Tuple),
    /// Media of a room that both have a part of.
    Crossing(Crossing),
    /// It is not the sender's (any more).
    Forget(Tuple, Plane),
}

/// Items for one worker in the order in which they were posted.
#[derive(Debug, Default)]
pub(crate) struct Parcel {
    /// Who packed it.
    from: u8,
    /// What must not get lost. Read first.
    notes: Vec<Note>,
    /// Connections that are the receiver's from now on. Lost, they are closed.
    connections: Vec<Handover>,
    items: Vec<(Item, Range<usize>)>,
    bytes: Vec<u8>,
}

impl Parcel {
    /// Who packed it.
    pub(crate) fn from(&self) -> u8 {
        self.from
    }

    /// Takes the notes out, in order.
    pub(crate) fn take_notes(&mut self) -> Vec<Note> {
        std::mem::take(&mut self.notes)
    }

    /// Takes the connections out, in order.
    pub(crate) fn take_connections(&mut self) -> Vec<Handover> {
        std::mem::take(&mut self.connections)
    }

    /// How many items there are.
    pub(crate) fn len(&self) -> usize {
        self.items.len()
    }

    /// The item at `position` and its bytes, which the receiver may decrypt in place.
    pub(crate) fn item(&mut self, position: usize) -> Option<(Item, &mut [u8])> {
        let (item, range) = self.items.get(position)?;
        Some((*item, self.bytes.get_mut(range.clone())?))
    }

    fn is_empty(&self) -> bool {
        self.items.is_empty() && self.notes.is_empty() && self.connections.is_empty()
    }

    fn is_full(&self, more_bytes: usize) -> bool {
        self.items.len() >= PARCEL_ITEMS_MAX || self.bytes.len() + more_bytes > PARCEL_BYTES_MAX
    }

    fn push(&mut self, item: Item, bytes: &[u8]) {
        let start = self.bytes.len();
        self.bytes.extend_from_slice(bytes);
        self.items.push((item, start..self.bytes.len()));
    }

    fn clear(&mut self) {
        self.notes.clear();
        self.connections.clear();
        self.items.clear();
        self.bytes.clear();
    }
}

/// The ways from one worker to all others, and to itself.
pub(crate) struct Mesh {
    /// Our number.
    me: u8,
    /// By the number of the other; our own is there and never used.
    links: Vec<Link>,
    arrivals: Receiver<Parcel>,
    /// Our own parcels, emptied by others.
    returns: Receiver<Parcel>,
    /// Items that found the queue of their worker full.
    dropped: u64,
    /// Workers to which notes were lost.
    lost: Links,
}

/// The way to one worker.
struct Link {
    sender: SyncSender<Parcel>,
    returns: SyncSender<Parcel>,
    bell: Arc<Bell>,
    /// What gathers for it.
    open: Parcel,
    /// The next to be opened, when there was no use for it yet.
    spare: Option<Parcel>,
    /// There is nobody at its end any more.
    has_ended: bool,
}

impl Mesh {
    /// Ways between as many workers as there are bells, in their order.
    pub(crate) fn between(bells: &[Arc<Bell>]) -> Vec<Self> {
        let queues: Vec<_> = bells.iter().map(|_| (sync_channel(PARCELS_MAX), sync_channel(RETURNS_MAX))).collect();
        let senders: Vec<_> =
            queues.iter().map(|((sender, _), (returns, _))| (sender.clone(), returns.clone())).collect();
        let meshes = queues.into_iter().zip(0_u8..).map(|(((_, arrivals), (_, returns)), me)| {
            let links = senders.iter().zip(bells).map(|((sender, returns), bell)| Link {
                sender: sender.clone(),
                returns: returns.clone(),
                bell: Arc::clone(bell),
                open: Parcel { from: me, ..Parcel::default() },
                spare: None,
                has_ended: false,
            });
            Self { me, links: links.collect(), arrivals, returns, dropped: 0, lost: Links::EMPTY }
        });
        meshes.collect()
    }

    /// Our number.
    pub(crate) fn me(&self) -> u8 {
        self.me
    }

    /// Whether there is another worker of that number.
    pub(crate) fn is_sibling(&self, worker: u8) -> bool {
        worker != self.me && usize::from(worker) < self.links.len()
    }

    /// Puts an item with its bytes, which are given in parts, into the parcel for `worker`.
    pub(crate) fn post(&mut self, worker: u8, item: Item, bytes: &[u8]) {
        let Some(link) = self.links.get_mut(usize::from(worker)).filter(|link| !link.has_ended) else {
            return;
        };
        if link.open.is_full(bytes.len()) && link.send(&self.returns, self.me) != Delivery::Done {
            self.dropped += link.drop_items();
        }
        link.open.push(item, bytes);
    }

    /// Tells `worker` something that must not get lost.
    pub(crate) fn tell(&mut self, worker: u8, note: Note) {
        let Some(link) = self.links.get_mut(usize::from(worker)).filter(|link| !link.has_ended) else {
            return;
        };
        if link.open.notes.len() >= NOTES_MAX {
            // It has stood still for so long that nothing that was said is worth keeping.
            link.open.notes.clear();
            self.lost = self.lost.with(Links::only(LinkId(worker)));
        }
        link.open.notes.push(note);
    }

    /// Gives a connection to `worker`. One for a worker that does not keep up is closed: its client may come again.
    pub(crate) fn entrust(&mut self, worker: u8, connection: Handover) {
        let link = self.links.get_mut(usize::from(worker)).filter(|link| !link.has_ended);
        match link.filter(|link| link.open.connections.len() < CONNECTIONS_MAX) {
            Some(link) => link.open.connections.push(connection),
            None => self.dropped += 1,
        }
    }

    /// Sends what has gathered. False: some of it waits for a worker that is behind.
    pub(crate) fn flush(&mut self) -> bool {
        let mut delivered = true;
        for (link, worker) in self.links.iter_mut().zip(0_u8..).filter(|(link, _)| !link.open.is_empty()) {
            match link.send(&self.returns, self.me) {
                Delivery::Done => {}
                Delivery::Waiting => delivered = false,
                Delivery::Ended => {
                    self.dropped += link.drop_items();
                    link.open.notes.clear();
                    link.open.connections.clear();
                    link.has_ended = true;
                    self.lost = self.lost.with(Links::only(LinkId(worker)));
                }
            }
        }
        delivered
    }

    /// The workers to which notes were lost since the last look, or that have ended.
    pub(crate) fn take_lost(&mut self) -> Links {
        std::mem::take(&mut self.lost)
    }

    /// The next parcel for us.
    pub(crate) fn next_arrival(&self) -> Option<Parcel> {
        self.arrivals.try_recv().ok()
    }

    /// Gives an emptied parcel back to who packed it.
    pub(crate) fn give_back(&self, mut parcel: Parcel) {
        parcel.clear();
        if let Some(link) = self.links.get(usize::from(parcel.from)) {
            // With enough spares there, this one is let go.
            let _ = link.returns.try_send(parcel);
        }
    }

    /// Items dropped because their worker did not keep up.
    pub(crate) fn dropped(&self) -> u64 {
        self.dropped
    }
}

/// What became of a parcel.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Delivery {
    /// It is in the queue.
    Done,
    /// The queue is full; it is still open.
    Waiting,
    /// There is nobody to take it.
    Ended,
}

impl Link {
    /// Sends the open parcel and opens another.
    fn send(&mut self, returns: &Receiver<Parcel>, me: u8) -> Delivery {
        let spare = self.spare.take().or_else(|| returns.try_recv().ok());
        let spare = spare.unwrap_or_else(|| Parcel { from: me, ..Parcel::default() });
        let full = std::mem::replace(&mut self.open, spare);
        let (kept, delivery) = match self.sender.try_send(full) {
            Ok(()) => {
                self.bell.ring();
                return Delivery::Done;
            }
            Err(TrySendError::Full(kept)) => (kept, Delivery::Waiting),
            Err(TrySendError::Disconnected(kept)) => (kept, Delivery::Ended),
        };
        self.spare = Some(std::mem::replace(&mut self.open, kept));
        delivery
    }

    /// Empties the open parcel but for the notes; returns how many items that were.
    fn drop_items(&mut self) -> u64 {
        let items = as_count(self.open.len());
        self.open.items.clear();
        self.open.bytes.clear();
        items
    }
}

/// Parcels that wait for one worker: some 16 MiB at the worst.
const PARCELS_MAX: usize = 64;

/// Emptied parcels that wait for their packer.
const RETURNS_MAX: usize = 16;

/// What one parcel holds.
const PARCEL_BYTES_MAX: usize = 256 * 1024;
const PARCEL_ITEMS_MAX: usize = 1024;

/// Notes that wait for one worker: every member of a large meeting could have published anew many times.
const NOTES_MAX: usize = 65_536;

/// Connections that wait for one worker, in one parcel.
const CONNECTIONS_MAX: usize = 1024;

#[cfg(test)]
mod tests;
