//! Streams go on to other RTMP servers: to those of the settings, to those that a program names when a stream is on air, and to those that publishers name.
//!
//! ```text
//! hub ─▶ course (a task per stream and target) ─▶ connection (live::rtmp) ─▶ outside (TCP, TLS)
//!          ▲ watch (one task): who is on air, who goes where
//! ```
//! A target is a viewer of the stream like any other: it disturbs nobody, however slow it is.

mod connection;
mod course;
mod fault;
mod outside;
mod table;
mod target;
mod watch;

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use live::StreamName;
use live::rtmp::{Url, UrlError};
use tokio::sync::watch as channel;
use tokio::task::JoinSet;

pub(crate) use self::target::{Counts, State, Target, TargetId};

use self::outside::Outside;
use self::table::Table;
use self::watch::Watch;
use super::clients::Clients;
use super::directory::Directory;
use super::hooks::Hooks;
use super::rtmp::Stage;
use super::shows::Shows;
use crate::clock;
use crate::config::{Config, Limit};
use crate::trust::AuthorityError;

/// All targets of all streams. Clones are the same.
#[derive(Debug, Clone)]
pub(crate) struct Forwards(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    outside: Arc<Outside>,
    targets_max: Limit,
    table: Mutex<Table>,
    /// Tells the watch that there is another target.
    changes: channel::Sender<()>,
}

/// What there is to forward, and who has a say in it.
#[derive(Debug, Clone)]
pub(crate) struct Surroundings {
    directory: Directory,
    /// Among them the publishers, of whom programs are told.
    clients: Clients,
    hooks: Option<Hooks>,
    shows: Shows,
}

impl Surroundings {
    /// The streams of that stage, and these programs.
    pub(crate) fn new(stage: &Stage, hooks: Option<Hooks>) -> Self {
        let shows = stage.entrance.access.shows().clone();
        Self { directory: stage.directory.clone(), clients: stage.entrance.clients().clone(), hooks, shows }
    }
}

/// Why a target is not taken, or not removed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum TargetRefusal {
    #[error("the URL is none: {0}")]
    Url(#[from] UrlError),
    #[error("the URL leads to a private address, which live.forward_allow_networks does not allow")]
    Private,
    #[error("the stream goes there already")]
    Duplicate,
    #[error("the stream has {0} targets, which is the limit")]
    StreamFull(usize),
    #[error("there are {0} targets, which is the limit of this server")]
    Full(u64),
    #[error("there is no such target")]
    NoTarget,
    #[error("this target is one of the operator's")]
    OfOperator,
}

/// Waits for the end: of the publisher, of the target or of the server.
#[derive(Debug, Clone)]
struct Stop(channel::Receiver<()>);

impl Stop {
    /// Until whoever decides about it drops its end.
    async fn wait(&mut self) {
        while self.0.changed().await.is_ok() {}
    }
}

impl Forwards {
    /// Begins to forward. `own_ports` are those on which this server takes RTMP.
    ///
    /// # Errors
    /// When `live.forward_ca` cannot be read.
    pub(crate) fn spawn(
        config: &Config,
        own_ports: Vec<u16>,
        around: Surroundings,
        tasks: &mut JoinSet<()>,
        stopping: channel::Receiver<bool>,
    ) -> Result<Self, AuthorityError> {
        let outside =
            Outside::new(config.live_forward_allow_networks.clone(), own_ports, config.live_forward_ca.as_deref())?;
        let forwards = Self(Arc::new(Inner {
            outside: Arc::new(outside),
            targets_max: config.limits_forward_targets,
            table: Mutex::new(Table::default()),
            changes: channel::Sender::new(()),
        }));
        let rules = config.live_forward.clone();
        let watch = Watch { forwards: forwards.clone(), rules, around, courses: JoinSet::new() };
        tasks.spawn(watch.run(stopping));
        Ok(forwards)
    }

    /// The targets of a stream, in the order of their coming.
    pub(crate) fn targets(&self, name: &StreamName) -> Vec<Arc<Target>> {
        self.table().targets(name)
    }

    /// Forwards the stream there, whenever it is on air.
    ///
    /// # Errors
    /// [`TargetRefusal`].
    pub(crate) fn add(&self, name: &StreamName, url: Url) -> Result<Arc<Target>, TargetRefusal> {
        if !self.0.outside.may_be_named(&url.endpoint(name)) {
            return Err(TargetRefusal::Private);
        }
        let target = self.table().request(clock::now(), name, url, self.0.targets_max)?;
        self.0.changes.send_replace(());
        Ok(target)
    }

    /// Forwards it there no longer.
    ///
    /// # Errors
    /// [`TargetRefusal`].
    pub(crate) fn remove(&self, name: &StreamName, id: TargetId) -> Result<(), TargetRefusal> {
        self.table().remove(name, id)
    }

    /// How many targets are in each state.
    pub(crate) fn states(&self) -> BTreeMap<&'static str, u64> {
        self.table().states()
    }

    /// What has gone to all targets.
    pub(crate) fn totals(&self) -> Arc<Counts> {
        self.table().totals()
    }

    fn table(&self) -> MutexGuard<'_, Table> {
        self.0.table.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
