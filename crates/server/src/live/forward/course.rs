//! The course of one target: it is connected to, and again when that ends, as long as the stream is on air.

use std::sync::Arc;
use std::time::Duration;

use live::StreamName;
use live::hub::Rendition;
use tokio::time::sleep;

use super::Stop;
use super::connection::Connection;
use super::fault::Fault;
use super::outside::Outside;
use super::target::{State, Target};
use crate::clock;
use crate::live::directory::{Directory, Viewer};

/// Forwards the stream to the target until it is stopped.
pub(super) struct Course {
    pub(super) name: StreamName,
    pub(super) target: Arc<Target>,
    pub(super) directory: Directory,
    pub(super) outside: Arc<Outside>,
    pub(super) stop: Stop,
}

impl Course {
    pub(super) async fn run(mut self) {
        let mut failures = 0;
        while let Some(fault) = self.attempt(&mut failures).await {
            let pause = pause(failures, noise());
            let reason = fault.reason(&self.target.url);
            if failures == 0 {
                tracing::warn!(stream = %self.name, to = %self.target.url, "not forwarded: {reason}");
            } else {
                tracing::debug!(stream = %self.name, to = %self.target.url, "still not forwarded: {reason}");
            }
            failures = failures.saturating_add(1);
            self.target.set(State::Retrying { reason, at: clock::now() + pause });
            tokio::select! {
                () = self.stop.wait() => break,
                () = sleep(pause) => self.target.count_retry(),
            }
        }
        self.target.set(State::OffAir);
    }

    /// One connection from its beginning to its end; `None` when it was stopped.
    async fn attempt(&mut self, failures: &mut u32) -> Option<Fault> {
        self.target.set(State::Connecting);
        // Frames of a publisher by WebRTC are made from here on.
        let mut viewer = self.viewer().await?;
        let endpoint = self.target.url.endpoint(&self.name);
        let opened = tokio::select! {
            () = self.stop.wait() => return None,
            opened = Connection::open(&self.outside, &self.target, &endpoint) => opened,
        };
        let mut connection = match opened {
            Ok(connection) => connection,
            Err(fault) => return Some(fault),
        };
        let since = clock::now();
        tracing::info!(stream = %self.name, to = %self.target.url, "forwarded");
        self.target.set(State::OnAir { since });
        let ended = connection.forward(&mut viewer, &self.target, &mut self.stop).await;
        if clock::now().saturating_duration_since(since) >= STEADY {
            *failures = 0;
        }
        match ended {
            Ok(()) => {
                connection.leave(&self.target).await;
                None
            }
            Err(fault) => Some(fault),
        }
    }

    /// A place in the stream, once something can be seen there.
    async fn viewer(&mut self) -> Option<Viewer> {
        tokio::select! {
            () = self.stop.wait() => None,
            viewer = self.directory.wait_long_and_view(&self.name, Rendition::Common) => viewer,
        }
    }
}

/// How long to wait after so many failures: twice as long each time, and somewhat more or less, so that not all come back at once.
fn pause(failures: u32, noise: u8) -> Duration {
    let pause = PAUSE_FIRST.saturating_mul(2_u32.saturating_pow(failures)).min(PAUSE_MAX);
    // Three to five quarters.
    pause.mul_f64(0.75 + f64::from(noise) / 510.0)
}

fn noise() -> u8 {
    let mut noise = [128];
    // Without randomness all pauses are alike, which is worse but not wrong.
    let _ = getrandom::fill(&mut noise);
    let [noise] = noise;
    noise
}

const PAUSE_FIRST: Duration = Duration::from_secs(1);
/// The other server may be away for a day: it should not take longer than this to be found.
const PAUSE_MAX: Duration = Duration::from_secs(60);
/// A connection that lasted so long was a good one: after it the pauses begin anew.
const STEADY: Duration = Duration::from_secs(30);

#[cfg(test)]
mod tests;
