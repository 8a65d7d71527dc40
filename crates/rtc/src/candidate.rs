//! Where this server can be reached: the host candidates of an ICE-lite agent (RFC 8445 §5.1.1, RFC 6544 §4).

use std::net::SocketAddr;

/// How packets travel between two addresses.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Transport {
    /// Datagrams.
    Udp,
    /// Frames of RFC 4571 on a connection which the other side opens.
    Tcp,
}

/// One address of the server that is told to the other side.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Candidate {
    /// UDP, or TCP with us as the passive side.
    pub transport: Transport,
    /// As the other side sees it: behind a one-to-one NAT the public address.
    pub address: SocketAddr,
}
