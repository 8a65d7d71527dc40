//! The ways out of a worker: to clients and peers, and to the other workers.

use super::egress::Egress;
use super::mesh::{Item, Mesh, Tuple};
use super::tuples::{Denied, Plane, Tuples};

/// Everything by which something leaves, and whose the 5-tuples are.
pub(crate) struct Ways {
    /// To clients and peers.
    pub(crate) egress: Egress,
    /// To the other workers.
    pub(crate) mesh: Mesh,
    /// Whose the 5-tuples are that are not the TURN core's.
    pub(crate) tuples: Tuples,
}

impl Ways {
    /// Has `worker` hand over what comes on `tuple`. At once, before our answer leaves: the client's next datagram follows upon it.
    pub(crate) fn remember(&mut self, worker: u8, tuple: Tuple, plane: Plane) {
        self.mesh.post(worker, Item::Remember(tuple, plane), &[]);
        self.mesh.flush();
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
