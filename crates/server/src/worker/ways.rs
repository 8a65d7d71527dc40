//! The ways out of a worker: to clients and peers, and to the other workers.

use super::egress::Egress;
use super::mesh::{Item, Mesh, Tuple};
use super::tuples::Tuples;

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
    pub(crate) fn remember(&mut self, worker: u8, tuple: Tuple) {
        self.mesh.post(worker, Item::Remember(tuple), &[]);
        self.mesh.flush();
    }
}
