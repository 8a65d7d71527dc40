//! The ways out of a worker: to clients and peers, and to the other workers.

use std::time::Instant;

use super::egress::Egress;
use super::mesh::{Item, Mesh, Tuple};
use super::steering::Steering;
use super::tuples::{Denied, Owner, Plane, Tuples};

/// Everything by which something leaves, and whose the 5-tuples are.
pub(crate) struct Ways {
    /// To clients and peers.
    pub(crate) egress: Egress,
    /// To the other workers.
    pub(crate) mesh: Mesh,
    /// Whose the 5-tuples are that are not the TURN core's.
    pub(crate) tuples: Tuples,
    /// Which of them the kernel gives to the right worker.
    pub(crate) steering: Steering,
}

impl Ways {
    /// Has `worker` hand over what comes on `tuple`. At once, before our answer leaves: the client's next datagram follows upon it.
    pub(crate) fn remember(&mut self, worker: u8, tuple: Tuple, plane: Plane) {
        self.mesh.post(worker, Item::Remember(tuple, plane), &[]);
        self.mesh.flush();
    }

    /// What comes on `tuple` is not the other worker's any more.
    pub(crate) fn forget(&mut self, now: Instant, tuple: Tuple, plane: Plane, worker: u8) {
        self.tuples.remove(tuple, plane, Owner::Worker(worker));
        self.steering.sweep(now, &self.tuples);
    }

    /// A member on `worker` has its media on `tuple`, as that worker says. Where it lands here, and is not another's, it goes there directly.
    pub(crate) fn steer(&mut self, now: Instant, tuple: Tuple, worker: u8) {
        if self.tuples.peek(tuple, Plane::Media) == Some(Owner::Worker(worker)) {
            self.steering.put(now, tuple, worker);
        }
    }

    /// Forgets what nobody has used for long.
    pub(crate) fn sweep(&mut self, now: Instant) {
        self.tuples.sweep(now);
        self.steering.sweep(now, &self.tuples);
    }

    /// Counts a claim that came to nothing.
    pub(crate) fn count_denied(&mut self, denied: Denied) {
        let counters = &mut self.egress.counters;
        match denied {
            Denied::Full => counters.tuples_refused += 1,
            Denied::Taken => counters.tuples_contested += 1,
        }
    }
}
