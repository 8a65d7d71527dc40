//! Draining: the server takes nothing new, and is over when what there is has ended, or at a deadline.

use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use serde::Serialize;
use tokio::sync::watch;
use tokio::time::sleep_until;

use crate::clock;
use crate::config::Config;
use crate::live::directory::Directory;
use crate::signal::Signal;
use crate::worker::as_count;
use crate::workers::{Handle, Stats};

/// The way to drain the server.
#[derive(Debug)]
pub(crate) struct Drain {
    signal: Signal,
    workers: Handle,
    on_air: Directory,
    state: watch::Sender<Option<Draining>>,
    /// `drain.seconds`; none: no deadline.
    patience: Mutex<Option<Duration>>,
}

/// It has been asked to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Draining {
    since: Instant,
    /// When it ends whatever is left; none: never.
    deadline: Option<Instant>,
}

/// Why draining is over.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Drained {
    /// Nothing is left.
    Empty,
    /// The deadline has come.
    Deadline,
}

/// `DrainStatus` of the document.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct DrainStatus {
    pub(crate) draining: bool,
    /// Milliseconds since the Unix epoch, as `deadline`.
    pub(crate) since: Option<u64>,
    pub(crate) deadline: Option<u64>,
    pub(crate) left: Left,
}

/// `Left` of the document: what is waited for.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub(crate) struct Left {
    pub(crate) allocations: u64,
    /// In rooms. A room that waits without members holds nobody up.
    pub(crate) members: u64,
    pub(crate) streams: u64,
}

impl Left {
    fn is_nothing(self) -> bool {
        self == Self::default()
    }
}

impl Drain {
    pub(crate) fn new(config: &Config, signal: Signal, workers: Handle, on_air: Directory) -> Self {
        let patience = Mutex::new(patience(config));
        Self { signal, workers, on_air, state: watch::Sender::new(None), patience }
    }

    /// Whether new calls should go elsewhere.
    pub(crate) fn is_on(&self) -> bool {
        self.state.borrow().is_some()
    }

    /// As [`Self::begin`], with the deadline of the configuration.
    pub(crate) async fn begin_as_set(&self) {
        let patience = *self.patience.lock().unwrap_or_else(PoisonError::into_inner);
        self.begin(patience).await;
    }

    /// Takes over the deadline of another configuration, for when it begins.
    pub(crate) fn reconfigure(&self, config: &Config) {
        *self.patience.lock().unwrap_or_else(PoisonError::into_inner) = patience(config);
    }

    /// Takes nothing new from here on. While it drains already, the deadline alone is another.
    pub(crate) async fn begin(&self, patience: Option<Duration>) {
        let now = clock::now();
        let deadline = patience.and_then(|patience| now.checked_add(patience));
        self.state.send_modify(|state| {
            let since = state.map_or(now, |draining| draining.since);
            *state = Some(Draining { since, deadline });
        });
        self.tell(true).await;
        let Left { allocations, members, streams } = self.left().await;
        tracing::info!(allocations, members, streams, patience_s = patience.map(|span| span.as_secs()), "draining");
    }

    /// Goes on as before.
    pub(crate) async fn cancel(&self) {
        if self.state.send_replace(None).is_some() {
            self.tell(false).await;
            tracing::info!("not draining any more");
        }
    }

    async fn tell(&self, draining: bool) {
        self.on_air.set_draining(draining);
        tokio::join!(self.workers.set_draining(draining), self.signal.set_draining(draining));
    }

    pub(crate) async fn status(&self) -> DrainStatus {
        let state = *self.state.borrow();
        let (now, unix_time) = (clock::now(), clock::unix_time());
        let millis = |span: Duration| u64::try_from(span.as_millis()).unwrap_or(u64::MAX);
        let since =
            |draining: Draining| millis(unix_time.saturating_sub(now.saturating_duration_since(draining.since)));
        let deadline = |at: Instant| millis(unix_time.saturating_add(at.saturating_duration_since(now)));
        DrainStatus {
            draining: state.is_some(),
            since: state.map(since),
            deadline: state.and_then(|draining| draining.deadline).map(deadline),
            left: self.left().await,
        }
    }

    async fn left(&self) -> Left {
        let (rooms, survey) = tokio::join!(self.signal.stats(), self.workers.survey());
        let mut sum = Stats::default();
        survey.iter().filter_map(|worker| worker.stats).for_each(|stats| sum += stats);
        // Whether a worker that does not answer has allocations is not known: it counts as one.
        let late = as_count(survey.iter().filter(|worker| worker.stats.is_none()).count());
        Left {
            allocations: sum.core.allocations + late,
            members: as_count(rooms.members),
            streams: as_count(self.on_air.streams().len()),
        }
    }

    /// Waits until draining is over; for ever while nobody asks for it.
    pub(crate) async fn over(&self) -> Drained {
        let mut changes = self.state.subscribe();
        loop {
            let state = *changes.borrow_and_update();
            let Some(Draining { deadline, .. }) = state else {
                // It cannot fail while `self` has the other end.
                let _ = changes.changed().await;
                continue;
            };
            // Who asks for it is answered before it is over.
            let look_at = clock::now() + LOOK_EVERY;
            let look_at = deadline.map_or(look_at, |at| at.min(look_at));
            tokio::select! {
                _ = changes.changed() => continue,
                () = sleep_until(look_at.into()) => {}
            }
            if deadline.is_some_and(|at| at <= clock::now()) {
                return Drained::Deadline;
            }
            if self.left().await.is_nothing() {
                return Drained::Empty;
            }
        }
    }
}

fn patience(config: &Config) -> Option<Duration> {
    config.drain_seconds.bound().map(Duration::from_secs)
}

/// How often it is looked whether something is left.
const LOOK_EVERY: Duration = Duration::from_secs(1);
