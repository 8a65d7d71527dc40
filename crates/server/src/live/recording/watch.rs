//! Which streams are recorded: those that the operator has named, as soon as they are on air, and those that somebody has started.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use live::StreamName;
use live::record::Config;
use room::manage::Manage;
use room::show::Taken;
use tokio::sync::{mpsc, oneshot, watch};
use tokio::task::JoinSet;
use tokio::time::{interval, timeout};

use super::disk::{Disk, Failure, Session};
use super::{RecordingRefusal, session};
use crate::clock;
use crate::config::StreamPatterns;
use crate::live::directory::Directory;
use crate::live::shows::{Shows, room_of};
use crate::signal::Signal;

/// What somebody wants.
#[derive(Debug)]
pub(super) enum Command {
    Start(StreamName, oneshot::Sender<Result<(), RecordingRefusal>>),
    Stop(StreamName, oneshot::Sender<Result<(), RecordingRefusal>>),
    /// Ends everything, and then the task.
    Shutdown,
}

/// The task that watches over the streams on air.
pub(super) struct Watch {
    pub(super) directory: Directory,
    /// What rooms show, and want recorded.
    pub(super) shows: Shows,
    pub(super) signal: Signal,
    pub(super) patterns: StreamPatterns,
    pub(super) config: Config,
    pub(super) disk: Disk,
    pub(super) commands: mpsc::Receiver<Command>,
    /// At most as many as there are streams on air.
    pub(super) active: BTreeMap<StreamName, Active>,
    /// Streams that are not recorded by themselves for now; only those on air.
    pub(super) held: BTreeMap<StreamName, Held>,
    pub(super) tasks: JoinSet<Arc<Session>>,
}

/// A stream that is recorded.
pub(super) struct Active {
    session: Arc<Session>,
    /// When its publisher came: another one gets another recording.
    since: Instant,
    stopping: watch::Sender<bool>,
}

/// Why a stream is not recorded although it is named.
#[derive(Debug, Clone, Copy)]
pub(super) struct Held {
    /// When its publisher came: it holds for no other.
    since: Instant,
    /// `None`: until the publisher goes.
    until: Option<Instant>,
}

impl Watch {
    pub(super) async fn run(mut self) {
        let (mut changes, mut shows) = (self.directory.changes(), self.shows.changes());
        let mut ticks = interval(TICK);
        loop {
            self.look();
            tokio::select! {
                // Both are kept here, so their senders live.
                _ = changes.changed() => {}
                _ = shows.changed() => {}
                _ = ticks.tick() => {}
                Some(ended) = self.tasks.join_next() => {
                    if let Ok(session) = ended {
                        self.forget(&session);
                    }
                }
                command = self.commands.recv() => match command {
                    // Who has gone away does not hear the answer.
                    Some(Command::Start(name, answer)) => drop(answer.send(self.start(name))),
                    Some(Command::Stop(name, answer)) => drop(answer.send(self.stop(&name))),
                    Some(Command::Shutdown) | None => break,
                },
            }
        }
        for active in self.active.values() {
            active.stopping.send_replace(true);
        }
        let ended = async { while self.tasks.join_next().await.is_some() {} };
        if timeout(FAREWELL, ended).await.is_err() {
            tracing::warn!("the disk is too slow: some recordings end without their index");
        }
    }

    /// Stops what has gone off air, and begins what has come.
    fn look(&mut self) {
        let on_air: BTreeMap<StreamName, Instant> =
            self.directory.streams().into_iter().map(|(name, on_air)| (name, on_air.since)).collect();
        for (name, active) in &self.active {
            let is_over =
                || room_of(name).is_some() && take(self.taken(name).as_deref()) != take(active.session.taken());
            if on_air.get(name) != Some(&active.since) || is_over() {
                active.stopping.send_replace(true);
            }
        }
        let now = clock::now();
        self.held
            .retain(|name, held| on_air.get(name) == Some(&held.since) && held.until.is_none_or(|until| now < until));
        for (name, since) in on_air {
            // Whoever is in a room has to know of it: only the room itself begins it.
            let is_named = || self.patterns.contain(&name);
            let is_wanted = if room_of(&name).is_some() { self.taken(&name).is_some() } else { is_named() };
            if !is_wanted || self.held.contains_key(&name) || self.active.contains_key(&name) {
                continue;
            }
            if !self.disk.is_full() {
                self.begin(name, since);
            } else if let Some(room) = room_of(&name) {
                self.give_up(room);
            }
        }
    }

    /// As what part of a room this is recorded, if it is.
    fn taken(&self, name: &StreamName) -> Option<Arc<Taken>> {
        self.shows.find(name)?.taken
    }

    /// A room cannot be recorded any more, and its members must not believe that it is.
    fn give_up(&self, room: &str) {
        let (signal, request) = (self.signal.clone(), Manage::Record { room: room.to_owned(), on: false });
        // Whatever becomes of it: the room may have ended.
        tokio::spawn(async move { drop(signal.manage(request).await) });
    }

    fn start(&mut self, name: StreamName) -> Result<(), RecordingRefusal> {
        if room_of(&name).is_some() {
            return Err(RecordingRefusal::OfRoom);
        }
        let on_air = self.directory.streams().into_iter().find(|(known, _)| *known == name);
        let (_, on_air) = on_air.ok_or(RecordingRefusal::NotOnAir)?;
        if self.active.contains_key(&name) {
            return Err(RecordingRefusal::AlreadyRecording);
        }
        if self.disk.is_full() {
            return Err(RecordingRefusal::DiskFull);
        }
        self.held.remove(&name);
        self.begin(name, on_air.since);
        Ok(())
    }

    /// A stream that the operator has named is not recorded again before its next publisher.
    fn stop(&mut self, name: &StreamName) -> Result<(), RecordingRefusal> {
        let active = self.active.get(name).ok_or(RecordingRefusal::NotRecording)?;
        active.stopping.send_replace(true);
        self.held.insert(name.clone(), Held { since: active.since, until: None });
        Ok(())
    }

    fn begin(&mut self, name: StreamName, since: Instant) {
        let session = Session::new(name.clone(), self.taken(&name));
        let (stopping, stopped) = watch::channel(false);
        let recorded =
            session::record(Arc::clone(&session), self.config, self.directory.clone(), self.disk.clone(), stopped);
        let ended = Arc::clone(&session);
        self.tasks.spawn(async move {
            recorded.await;
            ended
        });
        self.active.insert(name, Active { session, since, stopping });
    }

    /// A session has ended.
    fn forget(&mut self, session: &Arc<Session>) {
        let name = &session.name;
        if self.active.get(name).is_some_and(|active| Arc::ptr_eq(&active.session, session))
            && let Some(active) = self.active.remove(name)
            && let Some(failure) = session.failure()
        {
            let pause = if let Some(room) = room_of(name) {
                self.give_up(room);
                // The room has heard of it by then.
                TICK
            } else if failure == Failure::DiskFull && self.disk.is_full() {
                // It goes on when the guard sees room.
                TICK
            } else {
                // What failed otherwise is likely to fail again, as is a disk that is full by another measure.
                PAUSE
            };
            self.held.insert(name.clone(), Held { since: active.since, until: Some(clock::now() + pause) });
        }
    }
}

/// Which recording of its room a part belongs to.
fn take(taken: Option<&Taken>) -> Option<u64> {
    taken.map(|taken| taken.since_ms)
}

/// How often it looks without being told of a change: for room on the disk, and for what was held.
const TICK: Duration = Duration::from_secs(5);
/// Between a failure and the next attempt.
const PAUSE: Duration = Duration::from_secs(60);
/// How long the disk may take with what is left when the server stops.
const FAREWELL: Duration = Duration::from_secs(5);
