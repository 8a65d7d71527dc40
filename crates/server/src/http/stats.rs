//! What the server does at this moment, and what flows in a room. Nothing is gathered while nobody asks.

mod report;
mod room_report;

use std::sync::Arc;
use std::time::{Duration, Instant};

use room::manage::RoomSeats;
use tokio::sync::{Mutex, Semaphore};

use super::problem::Problem;
use crate::clock;
use crate::signal::Signal;
use crate::workers::Handle;

use self::report::ServerStats;
use self::room_report::RoomStats;

/// The way to look at server and rooms.
#[derive(Debug)]
pub(crate) struct Stats {
    started: Instant,
    /// Since the Unix epoch.
    started_at: Duration,
    /// The last look at the server, which serves everybody who asks soon after. Who asks while it is taken waits for it.
    latest: Mutex<Option<(Instant, Arc<ServerStats>)>>,
    /// Permits for looks at rooms.
    looks: Semaphore,
}

/// Which members of a room are looked at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Page {
    /// Only those who came after this one.
    pub(crate) after: Option<String>,
    pub(crate) limit: usize,
}

impl Stats {
    pub(crate) fn new(started: Instant, started_at: Duration) -> Self {
        Self { started, started_at, latest: Mutex::new(None), looks: Semaphore::new(LOOKS_MAX) }
    }

    /// The server: asked anew when the last answer is older than [`FRESH`].
    pub(crate) async fn server(&self, signal: &Signal, workers: &Handle) -> Arc<ServerStats> {
        let mut latest = self.latest.lock().await;
        if let Some((at, stats)) = &*latest
            && clock::now().saturating_duration_since(*at) < FRESH
        {
            return Arc::clone(stats);
        }
        let (rooms, survey) = tokio::join!(signal.stats(), workers.survey());
        let now = clock::now();
        let uptime = now.saturating_duration_since(self.started);
        let stats = Arc::new(ServerStats::new(self.started_at, uptime, &rooms, &survey));
        *latest = Some((now, Arc::clone(&stats)));
        stats
    }

    /// A page of a room's members.
    ///
    /// # Errors
    /// [`Problem::StatsBusy`] when [`LOOKS_MAX`] looks are being taken, [`Problem::BadQuery`] when nobody has the uid of `page.after`.
    pub(crate) async fn room(&self, workers: &Handle, seats: RoomSeats, page: Page) -> Result<RoomStats, Problem> {
        let _permit = self.looks.try_acquire().map_err(|_| Problem::StatsBusy)?;
        let members = &seats.report.members;
        let first = match &page.after {
            None => 0,
            Some(after) => members.iter().position(|member| member.uid == *after).map_or(members.len(), |at| at + 1),
        };
        let last = first.saturating_add(page.limit).min(members.len());
        let wanted: Vec<_> = seats.seats.get(first..last).unwrap_or_default().iter().copied().flatten().collect();
        let survey = match seats.media_room {
            Some(room) if !wanted.is_empty() => workers.look_at_room(room, &wanted).await,
            _ => crate::workers::RoomSurvey::default(),
        };
        Ok(RoomStats::new(clock::unix_time(), &seats, first..last, &survey))
    }
}

/// Answers of this age are new enough: pages ask once a second.
const FRESH: Duration = Duration::from_millis(500);

/// Looks at rooms at once. Each has every worker put together a page of members.
const LOOKS_MAX: usize = 4;

#[cfg(test)]
mod tests;
