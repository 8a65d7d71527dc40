//! A server that a stream is forwarded to, and how that goes.

use std::fmt;
use std::str::FromStr;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

use live::rtmp::Url;

/// Its number. Written in decimal.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct TargetId(pub(crate) u64);

/// Who has said that the stream goes there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Source {
    /// `live.forward`
    Settings,
    /// `live.on_forward`
    Hook,
    /// Somebody with a token.
    Request,
}

/// How it goes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum State {
    /// Nobody publishes the stream.
    OffAir,
    /// It waits for frames, or for the other server.
    Connecting,
    /// The other server has it.
    OnAir { since: Instant },
    /// It did not work, and will be tried again.
    Retrying { reason: String, at: Instant },
}

/// What has gone to all targets, since the start.
#[derive(Debug, Default)]
pub(crate) struct Counts {
    pub(crate) bytes: AtomicU64,
    /// Attempts behind the first.
    pub(crate) retries: AtomicU64,
    /// Parts of streams that were left out because the other server took too long.
    pub(crate) skipped: AtomicU64,
}

/// One target of one stream.
#[derive(Debug)]
pub(crate) struct Target {
    pub(crate) id: TargetId,
    pub(crate) source: Source,
    pub(crate) url: Url,
    pub(crate) counts: Counts,
    totals: Arc<Counts>,
    state: Mutex<State>,
}

impl Target {
    pub(super) fn new(id: TargetId, source: Source, url: Url, totals: Arc<Counts>) -> Arc<Self> {
        Arc::new(Self { id, source, url, counts: Counts::default(), totals, state: Mutex::new(State::OffAir) })
    }

    /// How it goes at this moment.
    pub(crate) fn state(&self) -> State {
        self.state.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    pub(super) fn set(&self, state: State) {
        *self.state.lock().unwrap_or_else(PoisonError::into_inner) = state;
    }

    pub(super) fn count_bytes(&self, bytes: usize) {
        self.count(|counts| &counts.bytes, u64::try_from(bytes).unwrap_or(u64::MAX));
    }

    pub(super) fn count_retry(&self) {
        self.count(|counts| &counts.retries, 1);
    }

    pub(super) fn count_skipped(&self, items: u64) {
        self.count(|counts| &counts.skipped, items);
    }

    fn count(&self, counter: impl Fn(&Counts) -> &AtomicU64, by: u64) {
        for counts in [&self.counts, &*self.totals] {
            counter(counts).fetch_add(by, Ordering::Relaxed);
        }
    }
}

impl State {
    /// All of their names.
    pub(super) const WORDS: [&'static str; 4] = ["off-air", "connecting", "on-air", "retrying"];

    /// Its name for programs.
    pub(crate) fn word(&self) -> &'static str {
        let [off_air, connecting, on_air, retrying] = Self::WORDS;
        match self {
            Self::OffAir => off_air,
            Self::Connecting => connecting,
            Self::OnAir { .. } => on_air,
            Self::Retrying { .. } => retrying,
        }
    }
}

impl Source {
    /// Its name for programs.
    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::Settings => "settings",
            Self::Hook => "hook",
            Self::Request => "request",
        }
    }
}

impl fmt::Display for TargetId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl FromStr for TargetId {
    type Err = std::num::ParseIntError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        text.parse().map(Self)
    }
}
