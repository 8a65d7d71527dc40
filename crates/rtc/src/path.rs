//! Where datagrams come from and go to.

use std::net::SocketAddr;

use crate::candidate::Transport;

/// One way between this server and a client: a pair of addresses over a transport.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Path {
    /// What carries it.
    pub transport: Transport,
    /// Of this server: where its datagrams arrive and leave.
    pub local: SocketAddr,
    /// Of the client, as seen from here.
    pub remote: SocketAddr,
}
