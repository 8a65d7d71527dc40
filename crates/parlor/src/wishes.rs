//! What the operator wants of a running server: by signals, and by changing its configuration file.

use std::io::IsTerminal as _;
use std::path::PathBuf;
use std::time::{Duration, SystemTime};

use server::Server;
use server::config::Given;
use tokio::signal::unix::{Signal, SignalKind};
use tokio::time::{Interval, interval};

use crate::serve::heard;
use crate::settings::SettingArguments;

/// What is wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Wish {
    /// SIGUSR1
    Drain,
    /// SIGHUP, or the file has changed.
    Reload,
    /// SIGHUP, since the terminal in which the server was started is closed.
    End,
}

/// Hears them.
pub(crate) struct Wishes<'a> {
    drain: Signal,
    hang_up: Signal,
    /// Whether the log went to a terminal at the start.
    in_terminal: bool,
    file: FileWatch,
    settings: &'a SettingArguments,
    /// What was read for what runs.
    in_force: Given,
}

impl<'a> Wishes<'a> {
    pub(crate) fn new(settings: &'a SettingArguments, in_force: Given) -> anyhow::Result<Self> {
        let (drain, hang_up) = (heard(SignalKind::user_defined1())?, heard(SignalKind::hangup())?);
        let in_terminal = std::io::stderr().is_terminal();
        Ok(Self { drain, hang_up, in_terminal, file: FileWatch::new(settings.file()), settings, in_force })
    }

    /// Waits for the next one.
    pub(crate) async fn next(&mut self) -> Wish {
        tokio::select! {
            _ = self.drain.recv() => Wish::Drain,
            // What was a terminal is none any more when it has been closed.
            _ = self.hang_up.recv() => match self.in_terminal && !std::io::stderr().is_terminal() {
                true => Wish::End,
                false => Wish::Reload,
            },
            () = self.file.changed() => Wish::Reload,
        }
    }

    /// Reads the configuration anew, has the server take over what it can, and says in the log what became of it. Values are not in there.
    pub(crate) async fn reload(&mut self, server: &Server) {
        let loaded = match self.settings.load() {
            Ok(loaded) => loaded,
            Err(error) => return tracing::warn!("everything stays as it was: {error}"),
        };
        for warning in &loaded.warnings {
            tracing::warn!("{warning}");
        }
        match server.reload(&mut self.in_force, &loaded).await {
            Err(error) => tracing::warn!("everything stays as it was: the configuration is not accepted: {error}"),
            Ok(reload) if reload.applied.is_empty() && reload.restart.is_empty() => {
                tracing::info!("the configuration is as it was");
            }
            Ok(reload) => {
                if !reload.applied.is_empty() {
                    tracing::info!("the configuration has changed: {}", reload.applied.join(", "));
                }
                if !reload.restart.is_empty() {
                    tracing::warn!("in force after a restart only: {}", reload.restart.join(", "));
                }
            }
        }
    }
}

/// Notices when a file becomes another one.
struct FileWatch {
    path: Option<PathBuf>,
    known: Option<Mark>,
    ticks: Interval,
}

/// When it was last changed, and its length.
type Mark = (SystemTime, u64);

impl FileWatch {
    fn new(path: Option<PathBuf>) -> Self {
        let known = path.as_ref().and_then(mark);
        Self { path, known, ticks: interval(LOOK_EVERY) }
    }

    /// Waits until it has changed; for ever without a file. One that cannot be read has not changed: it may be about to be replaced.
    async fn changed(&mut self) {
        let Some(path) = self.path.clone() else { return std::future::pending().await };
        loop {
            self.ticks.tick().await;
            let found = mark(&path);
            if found.is_some() && found != self.known {
                self.known = found;
                return;
            }
        }
    }
}

fn mark(path: &PathBuf) -> Option<Mark> {
    let metadata = std::fs::metadata(path).ok()?;
    Some((metadata.modified().ok()?, metadata.len()))
}

/// How soon a changed file is noticed.
const LOOK_EVERY: Duration = Duration::from_secs(2);
