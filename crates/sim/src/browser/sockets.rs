//! The sockets of a call: those of the present ICE generation, and those of the former one until the present one carries.

use std::net::SocketAddr;
use std::time::Instant;

use super::gathering::{Gathering, IceServers, Policy, SocketNews};
use crate::machine::Machine;
use crate::seed::Generator;
use crate::stream::StreamEvent;

#[derive(Debug, Default)]
pub(crate) struct Sockets {
    present: Option<Gathering>,
    former: Option<Gathering>,
}

impl Sockets {
    /// Opens new sockets. The old ones carry media until [`Self::settle_on`].
    pub(crate) fn renew(
        &mut self,
        machine: &mut Machine<'_>,
        policy: Policy,
        servers: &IceServers,
        generator: &mut Generator,
    ) {
        let gathering = Gathering::begin(machine, policy, servers, generator);
        if let Some(old) = self.present.replace(gathering) {
            // A generation that never carried anything gives way to the one before it.
            match &mut self.former {
                Some(_) => end(machine, Some(old)),
                None => self.former = Some(old),
            }
        }
    }

    /// The pair that begins here was nominated: the former sockets are closed, a relay binds a channel.
    pub(crate) fn settle_on(&mut self, machine: &mut Machine<'_>, source: SocketAddr, peer: SocketAddr) {
        if let Some(present) = self.present.as_mut().filter(|present| present.owns(source)) {
            present.bind(machine, source, peer);
            end(machine, self.former.take());
        }
    }

    /// Closes all and gives allocations back.
    pub(crate) fn close(&mut self, machine: &mut Machine<'_>) {
        end(machine, self.present.take());
        end(machine, self.former.take());
    }

    /// The address is gone and the sockets with it; the server is not told.
    pub(crate) fn lose(&mut self) {
        *self = Self::default();
    }

    /// Those of the present generation.
    pub(crate) fn present(&self) -> Option<&Gathering> {
        self.present.as_ref()
    }

    pub(crate) fn take_news(&mut self) -> Vec<SocketNews> {
        let mut news = self.present.as_mut().map(Gathering::take_news).unwrap_or_default();
        let former = self.former.as_mut().map(Gathering::take_news).unwrap_or_default();
        // A candidate of the former generation comes too late to be told.
        news.extend(former.into_iter().filter(|news| matches!(news, SocketNews::Bytes { .. })));
        news
    }

    pub(crate) fn poll_timeout(&self) -> Option<Instant> {
        self.all().filter_map(Gathering::poll_timeout).min()
    }

    pub(crate) fn handle_timeout(&mut self, machine: &mut Machine<'_>) {
        for gathering in self.all_mut() {
            gathering.handle_timeout(machine);
        }
    }

    pub(crate) fn handle_datagram(
        &mut self,
        machine: &mut Machine<'_>,
        source: SocketAddr,
        destination: SocketAddr,
        payload: &[u8],
    ) {
        for gathering in self.all_mut() {
            gathering.handle_datagram(machine, source, destination, payload);
        }
    }

    pub(crate) fn handle_stream(&mut self, machine: &mut Machine<'_>, event: &StreamEvent) {
        for gathering in self.all_mut() {
            gathering.handle_stream(machine, event);
        }
    }

    /// Sends to the other side from a local candidate.
    pub(crate) fn send(&mut self, machine: &mut Machine<'_>, source: SocketAddr, peer: SocketAddr, payload: &[u8]) {
        if let Some(gathering) = self.all_mut().find(|gathering| gathering.owns(source)) {
            gathering.send(machine, source, peer, payload);
        }
    }

    fn all(&self) -> impl Iterator<Item = &Gathering> {
        self.present.iter().chain(&self.former)
    }

    fn all_mut(&mut self) -> impl Iterator<Item = &mut Gathering> {
        self.present.iter_mut().chain(&mut self.former)
    }
}

fn end(machine: &mut Machine<'_>, gathering: Option<Gathering>) {
    if let Some(mut gathering) = gathering {
        gathering.end(machine);
    }
}
