//! Allocations that are made and ended, as fast as the server answers.

use std::net::{IpAddr, SocketAddr};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;

use super::address::Door;
use super::allocation::Allocation;
use super::flow::CHANNEL;
use super::way::Way;
use crate::{Clock, Error};

/// Clients that come and go, each one on a new socket: it allocates, binds a channel, and ends the allocation. They do until this is dropped.
pub struct Churn {
    shared: Arc<Shared>,
    threads: Vec<JoinHandle<()>>,
}

#[derive(Default)]
struct Shared {
    made: AtomicU64,
    is_over: AtomicBool,
    failure: Mutex<Option<Error>>,
}

impl Churn {
    /// Begins with so many at once. They bind their channels to the discard port of `peer`.
    ///
    /// # Errors
    /// When the server's name has no address, or there can be no TLS, or there are no threads.
    pub fn start(door: &Door, peer: IpAddr, at_once: u32) -> Result<Self, Error> {
        let (way, shared) = (Way::to(door)?, Arc::<Shared>::default());
        let thread = |_| {
            let (way, shared) = (way.clone(), Arc::clone(&shared));
            let run = move || {
                let clock = Clock::start();
                while !shared.is_over.load(Ordering::Relaxed) {
                    match once(&way, peer, clock) {
                        Ok(()) => drop(shared.made.fetch_add(1, Ordering::Relaxed)),
                        // The server still knows the port of somebody who has gone: another one is taken (RFC 8656 §7.4).
                        Err(Error::Refused { code: ALLOCATION_MISMATCH, .. }) => {}
                        Err(error) => {
                            shared.failure.lock().unwrap_or_else(PoisonError::into_inner).get_or_insert(error);
                            return;
                        }
                    }
                }
            };
            std::thread::Builder::new().name("turn churn".into()).spawn(run).map_err(Error::Socket)
        };
        let threads = (0..at_once).map(thread).collect::<Result<_, _>>()?;
        Ok(Self { shared, threads })
    }

    /// How many were made and ended since the last reset.
    #[must_use]
    pub fn made(&self) -> u64 {
        self.shared.made.load(Ordering::Relaxed)
    }

    /// Starts to count anew.
    pub fn reset(&self) {
        self.shared.made.store(0, Ordering::Relaxed);
    }

    /// Why one of them gave up, if one did.
    #[must_use]
    pub fn failure(&self) -> Option<String> {
        self.shared.failure.lock().unwrap_or_else(PoisonError::into_inner).as_ref().map(ToString::to_string)
    }
}

impl Drop for Churn {
    fn drop(&mut self) {
        self.shared.is_over.store(true, Ordering::Relaxed);
        for thread in self.threads.drain(..) {
            let _ = thread.join();
        }
    }
}

fn once(way: &Way, peer: IpAddr, clock: Clock) -> Result<(), Error> {
    let mut allocation = Allocation::make(way, clock)?;
    let peer = SocketAddr::new(peer, DISCARD_PORT);
    allocation.bind(CHANNEL, peer, &way.user, clock)?;
    allocation.end(&way.user, clock)
}

/// RFC 8656 §19.
const ALLOCATION_MISMATCH: i64 = 437;
/// RFC 863: nothing is sent there.
const DISCARD_PORT: u16 = 9;
