//! What a program on a simulated host may do: send, connect, know the time.

use std::net::{IpAddr, SocketAddr};
use std::time::{Duration, Instant};

use crate::clock::Clock;
use crate::net::{HostId, Net};
use crate::stream::{StreamFull, StreamId};

/// One host's view of the network at one instant.
pub(crate) struct Machine<'net> {
    clock: Clock,
    net: &'net mut Net,
    host: HostId,
}

impl<'net> Machine<'net> {
    pub(crate) fn new(clock: Clock, net: &'net mut Net, host: HostId) -> Self {
        Self { clock, net, host }
    }

    pub(crate) fn now(&self) -> Instant {
        self.clock.now()
    }

    /// Time since the beginning of the run.
    pub(crate) fn elapsed(&self) -> Duration {
        self.clock.elapsed()
    }

    pub(crate) fn unix_time(&self) -> Duration {
        self.clock.unix_time()
    }

    pub(crate) fn address(&self) -> IpAddr {
        self.net.address(self.host)
    }

    pub(crate) fn send(&mut self, source: SocketAddr, destination: SocketAddr, payload: Vec<u8>) {
        self.net.send(self.clock.now(), self.host, source, destination, payload);
    }

    pub(crate) fn listen(&mut self, port: u16) {
        self.net.listen(self.host, port);
    }

    pub(crate) fn stop_listening(&mut self) {
        self.net.stop_listening(self.host);
    }

    pub(crate) fn connect(&mut self, remote: SocketAddr) -> StreamId {
        self.net.connect(self.clock.now(), self.host, remote)
    }

    pub(crate) fn send_stream(&mut self, stream: StreamId, bytes: &[u8]) -> Result<(), StreamFull> {
        self.net.send_stream(self.clock.now(), self.host, stream, bytes)
    }

    pub(crate) fn close_stream(&mut self, stream: StreamId) {
        self.net.close_stream(self.clock.now(), self.host, stream);
    }

    pub(crate) fn abort_stream(&mut self, stream: StreamId) {
        self.net.abort_stream(self.clock.now(), self.host, stream);
    }
}
