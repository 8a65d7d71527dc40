//! Tells the operator's programs of segments, and has every stream on air cut into some.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use live::StreamName;
use live::hls::Completed;
use tokio::task::JoinSet;
use tokio::time::interval;

use super::{Hls, WAIT_MAX};
use crate::live::clients::Clients;
use crate::live::hooks::{Hook, Hooks};

/// The programs of `on_hls`.
#[derive(Debug, Clone)]
pub(crate) struct Announcer {
    hooks: Hooks,
    clients: Clients,
}

impl Announcer {
    /// `None` where no program wants to hear of segments.
    pub(crate) fn new(hooks: Option<&Hooks>, clients: &Clients) -> Option<Self> {
        let hooks = hooks.filter(|hooks| hooks.has(Hook::Hls))?;
        Some(Self { hooks: hooks.clone(), clients: clients.clone() })
    }

    pub(super) fn announce(&self, name: &StreamName, segment: &Completed) {
        self.hooks.tell_segment(name, self.clients.publisher(name).as_deref(), segment);
    }
}

impl Hls {
    /// Has a packager for every stream on air, where programs want to hear of segments; else there is nothing to do.
    pub(crate) async fn package_all(self: Arc<Self>) {
        if self.announcer.is_none() {
            return;
        }
        let mut changes = self.directory.changes();
        let mut ticks = interval(TICK);
        let (mut starting, mut under_way) = (JoinSet::new(), BTreeSet::new());
        loop {
            for (name, _) in self.directory.streams() {
                if !self.is_packaged(&name) && under_way.insert(name.clone()) {
                    starting.spawn(Arc::clone(&self).package(name));
                }
            }
            tokio::select! {
                // The directory is kept here, so its sender lives.
                _ = changes.changed() => {}
                _ = ticks.tick() => {}
                Some(Ok(name)) = starting.join_next() => { under_way.remove(&name); }
            }
        }
    }

    /// Starts a packager, if something comes in time.
    async fn package(self: Arc<Self>, name: StreamName) -> StreamName {
        if let Some(viewer) = self.directory.wait_and_view(&name, WAIT_MAX).await
            && let Err(refusal) = self.start(&name, viewer)
        {
            tracing::warn!(stream = %name, "no segments are made: {refusal}");
        }
        name
    }

    fn is_packaged(&self, name: &StreamName) -> bool {
        self.packagers().get(name).is_some_and(|packager| !packager.has_ended())
    }
}

/// How often it looks without being told of a change: for packagers that have ended while their publisher was silent.
const TICK: Duration = Duration::from_secs(5);
