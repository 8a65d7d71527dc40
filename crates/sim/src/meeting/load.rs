//! What is under way in a meeting.

use super::mesh::Crossing;

/// One thing that arrives.
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
