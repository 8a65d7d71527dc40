//! Has the kernel give a member's media to the worker that the member is on.
//!
//! The kernel deals 5-tuples out to the workers by a hash, and hits the right worker by chance. What lands on another can be handed over,
//! at the price of a copy and a wake-up for each datagram. So the worker at which a member's media lands, and which has been told whose it
//! is, adds the 5-tuple to a [program](filter::program) that the kernel asks before it hashes:
//!
//! ```text
//!                  ┌─ in the list: to the worker of the member
//! DTLS, SRTP, SRTCP┤
//! STUN, TURN ──────┴─ hash ─▶ worker ─▶ tuples ─▶ hand-over
//! ```
//! STUN and TURN are dealt out as ever: so checks go on landing where they landed first, the entries by which datagrams are handed over
//! stay fresh, and a 5-tuple may leave the list at any time. Only the worker where a 5-tuple lands by its hash puts it in: it knows whose it
//! is, and lets nobody take what is another's ([`Tuples`]).

mod filter;

use std::collections::BTreeMap;
use std::io;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use rustix::io::Errno;

use super::mesh::Tuple;
use super::sockets::Sockets;
use super::tuples::{Owner, Plane, Tuples};

/// The 5-tuples that the kernel gives to the worker of their member, for one of the workers that share the ports.
pub(crate) struct Steering {
    /// The worker.
    me: u8,
    /// What all workers have put in.
    list: Arc<Mutex<List>>,
    /// When the kernel is to be told.
    due: Option<Instant>,
}

/// By 5-tuple, where it lands by its hash and where its member is.
#[derive(Debug, Default)]
struct List {
    places: BTreeMap<Tuple, Place>,
    /// The kernel takes no program, and is not asked again.
    is_refused: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Place {
    landing: u8,
    home: u8,
}

impl Steering {
    /// For so many workers.
    pub(crate) fn among(workers: u8) -> Vec<Self> {
        let list = Arc::new(Mutex::new(List::default()));
        (0..workers).map(|me| Self { me, list: Arc::clone(&list), due: None }).collect()
    }

    /// Puts in what lands here and is of a member on worker `home`. With the list full it goes on being handed over.
    pub(crate) fn put(&mut self, now: Instant, tuple: Tuple, home: u8) {
        let place = Place { landing: self.me, home };
        let mut list = lock(&self.list);
        let known = list.places.get(&tuple).copied();
        let family = |other: &&Tuple| other.local.is_ipv4() == tuple.local.is_ipv4();
        let has_room = || list.places.keys().filter(family).count() < filter::tuples_max(tuple.local.is_ipv4());
        if known == Some(place) || list.is_refused || (known.is_none() && !has_room()) {
            return;
        }
        list.places.insert(tuple, place);
        drop(list);
        self.tell_soon(now);
    }

    /// Takes out what lands here and is not of another worker any more, as `tuples` say.
    pub(crate) fn sweep(&mut self, now: Instant, tuples: &Tuples) {
        let mut list = lock(&self.list);
        let before = list.places.len();
        list.places.retain(|tuple, place| {
            place.landing != self.me || tuples.peek(*tuple, Plane::Media) == Some(Owner::Worker(place.home))
        });
        let is_changed = list.places.len() != before;
        drop(list);
        if is_changed {
            self.tell_soon(now);
        }
    }

    /// When [`Self::handle_timeout`] wants to be called.
    pub(crate) fn poll_timeout(&self) -> Option<Instant> {
        self.due
    }

    /// Tells the kernel what has changed.
    pub(crate) fn handle_timeout(&mut self, now: Instant, sockets: &Sockets) {
        if self.due.is_none_or(|due| now < due) {
            return;
        }
        self.due = None;
        // Kept while the kernel is told: who comes later tells it more.
        let mut list = lock(&self.list);
        let shared = || sockets.listeners().filter(|listener| !listener.binding_only).map(|listener| &listener.socket);
        for socket in shared() {
            let bound = socket.local();
            let places = list.places.iter().filter(|(tuple, _)| tuple.is_at(bound));
            let places: Vec<_> = places.map(|(tuple, place)| (*tuple, place.home)).collect();
            if let Err(error) = tell(&places, |program| socket.steer(program)) {
                list.is_refused = true;
                list.places.clear();
                tracing::info!(%bound, %error, "media that arrives at another worker than its member's is handed over");
                // What was told before would be followed for ever. Where even that is refused, nothing was.
                let _ = shared().try_for_each(|socket| socket.steer(&mut filter::program(&[])));
                return;
            }
        }
    }

    /// Several members who join at once are one change.
    fn tell_soon(&mut self, now: Instant) {
        self.due.get_or_insert(now + TELL_DELAY);
    }
}

/// Tells the kernel as much of `places` as it takes: old ones take shorter programs.
fn tell(
    places: &[(Tuple, u8)],
    mut attach: impl FnMut(&mut [filter::Instruction]) -> io::Result<()>,
) -> io::Result<()> {
    let mut count = places.len();
    loop {
        let mut program = filter::program(places.get(..count).unwrap_or_default());
        match attach(&mut program) {
            Err(error) if is_too_long(&error) && count > 0 => count /= 2,
            outcome => return outcome,
        }
    }
}

/// Whether the kernel refuses a program for its length (`net.core.optmem_max`).
fn is_too_long(error: &io::Error) -> bool {
    error.raw_os_error().map(Errno::from_raw_os_error) == Some(Errno::NOMEM)
}

fn lock(list: &Mutex<List>) -> MutexGuard<'_, List> {
    list.lock().unwrap_or_else(PoisonError::into_inner)
}

/// What changes meanwhile is told together: a program of full length takes the kernel most of a millisecond.
const TELL_DELAY: Duration = Duration::from_millis(200);

#[cfg(test)]
mod tests;
