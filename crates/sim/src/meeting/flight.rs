//! What is under way in a meeting.

use std::time::Instant;

use super::mesh::Crossing;

/// Orders by time, then by order of sending.
#[derive(Debug)]
pub(super) struct Flight {
    pub(super) at: Instant,
    pub(super) order: u64,
    pub(super) load: Load,
}

#[derive(Debug)]
pub(super) enum Load {
    ToServer {
        from: u32,
        connection: u32,
        is_rtcp: bool,
        datagram: Vec<u8>,
    },
    ToMember {
        to: u32,
        connection: u32,
        is_rtcp: bool,
        datagram: Vec<u8>,
    },
    /// Signalling: who wants which layer.
    Layers {
        to: u32,
        connection: u32,
        layers: Vec<(String, bool)>,
    },
    /// Signalling: the server has lost somebody's connection.
    Lost {
        whose: u32,
    },
    /// From worker to worker.
    Crossing {
        from: u8,
        to: u8,
        crossing: Crossing,
    },
}

impl PartialEq for Flight {
    fn eq(&self, other: &Self) -> bool {
        (self.at, self.order) == (other.at, other.order)
    }
}

impl Eq for Flight {}

impl PartialOrd for Flight {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Flight {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        (self.at, self.order).cmp(&(other.at, other.order))
    }
}
