//! Keeping the list of clients up to date with what others know: the media workers' counts, and players of HLS who have not come back.

use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::sync::Mutex;
use tokio::time::interval;

use super::Clients;
use crate::clock;
use crate::live::hls::Hls;
use crate::workers::Handle;

/// Whom to ask.
#[derive(Debug)]
pub(crate) struct Census {
    clients: Clients,
    workers: Handle,
    hls: Arc<Hls>,
    /// When the last one was taken. Who asks while one is taken waits for it.
    latest: Mutex<Option<Instant>>,
}

impl Census {
    /// None was taken yet.
    pub(crate) fn new(clients: Clients, workers: Handle, hls: Arc<Hls>) -> Self {
        Self { clients, workers, hls, latest: Mutex::new(None) }
    }

    /// The list of clients, as it is at most half a second later.
    pub(crate) async fn take(&self) -> &Clients {
        let mut latest = self.latest.lock().await;
        if latest.is_none_or(|at| clock::now().saturating_duration_since(at) >= FRESH) {
            let weighed = self.workers.weigh_streams().await;
            let now = clock::now();
            self.hls.forget_contexts(now);
            self.clients.sample(now, &weighed);
            *latest = Some(now);
        }
        &self.clients
    }

    /// Takes one every few seconds, so that rates are those of the last half minute also for who asks once a day.
    pub(crate) async fn go_on(self: Arc<Self>) {
        let mut ticks = interval(PERIOD);
        loop {
            ticks.tick().await;
            self.take().await;
        }
    }
}

/// What is so old is new enough.
const FRESH: Duration = Duration::from_millis(500);
/// Three or more samples are in the window of a rate.
const PERIOD: Duration = Duration::from_secs(10);
