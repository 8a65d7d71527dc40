//! One room on two workers, with the link between them.

use std::time::Duration;

use rtp::parameters::ReceiveParameters;

use crate::router::tests::world::{Crossing, World};
use crate::{LinkId, Links, Output, PeerId, Source, TrackId};

/// The worker of `away`, as the router of `home` knows it.
pub(super) const AWAY: LinkId = LinkId(5);

/// How a publisher at `home` is called at `away`.
pub(super) fn remote(peer: PeerId) -> PeerId {
    PeerId(peer.0 + 40)
}

/// Publishers live at `home`; at `away` they are remote.
pub(super) struct Pair {
    pub(super) home: World,
    pub(super) away: World,
    /// What both told, but for what the link itself is told.
    pub(super) told_home: Vec<Output>,
    pub(super) told_away: Vec<Output>,
    /// What crossed the link, lost or not.
    pub(super) crossed: Vec<Crossing>,
}

impl Pair {
    pub(super) fn new(home: &[PeerId], away: &[PeerId]) -> Self {
        Self::of(World::new(home), World::new(away))
    }

    pub(super) fn of(mut home: World, mut away: World) -> Self {
        away.now = home.now;
        home.router.handle_links(home.now, Links::only(AWAY), &mut home.sink);
        home.settle();
        away.settle();
        Self { home, away, told_home: Vec::new(), told_away: Vec::new(), crossed: Vec::new() }
    }

    /// Announces a track on both workers; returns its name at `away`.
    pub(super) fn publish(&mut self, peer: PeerId, source: Source, parameters: &ReceiveParameters) -> TrackId {
        self.home.publish(peer, source, parameters.clone());
        self.away.router.handle_remote_join(self.away.now, remote(peer));
        self.away.publish(remote(peer), source, parameters.clone())
    }

    /// Takes everything over the link but what is lost, until nothing is left.
    pub(super) fn cross(&mut self, mut is_lost: impl FnMut(&Crossing) -> bool) {
        loop {
            let (home, away) = (&mut self.home, &mut self.away);
            let mut requests = Vec::new();
            for (to, compound) in std::mem::take(&mut away.sink.rtcp) {
                // Remote peers have the upper numbers.
                if to.0 > 40 { requests.push((to, compound)) } else { away.sink.rtcp.push((to, compound)) }
            }
            let relayed = std::mem::take(&mut home.sink.relayed);
            let outputs = away.outputs();
            let wants = outputs.iter().filter(|output| matches!(output, Output::Wanted { .. })).count();
            if requests.is_empty() && relayed.is_empty() && wants == 0 {
                self.told_away.extend(outputs);
                self.told_home.extend(home.outputs());
                return;
            }
            for output in outputs {
                let Output::Wanted { track, layers } = output else {
                    self.told_away.push(output);
                    continue;
                };
                let track = TrackId { peer: PeerId(track.peer.0 - 40), ..track };
                home.router.handle_remote_want(home.now, track, AWAY, layers, &mut home.sink);
            }
            for (to, compound) in requests {
                home.router.handle_remote_rtcp(home.now, PeerId(to.0 - 40), AWAY, &compound, &mut home.sink);
            }
            for crossing in relayed {
                assert!(crossing.to.contains(AWAY));
                if !is_lost(&crossing) {
                    let track = TrackId { peer: remote(crossing.track.peer), ..crossing.track };
                    away.router.handle_relayed(away.now, track, crossing.relayed(), &mut away.sink);
                }
                self.crossed.push(crossing);
            }
            home.settle();
            away.settle();
        }
    }

    /// Lets time pass on both workers.
    pub(super) fn wait(&mut self, span: Duration, mut is_lost: impl FnMut(&Crossing) -> bool) {
        let step = Duration::from_millis(5);
        let end = self.home.now + span;
        while self.home.now < end {
            self.home.wait(step);
            self.away.wait(step);
            self.cross(&mut is_lost);
        }
    }

    /// Lets time pass, and nothing is lost.
    pub(super) fn pass(&mut self, span: Duration) {
        self.wait(span, |_| false);
    }

    /// How many packets crossed since the last look.
    pub(super) fn packets_crossed(&mut self) -> usize {
        let crossed = std::mem::take(&mut self.crossed);
        crossed.iter().filter(|crossing| matches!(crossing.relayed(), crate::Relayed::Packet { .. })).count()
    }
}
