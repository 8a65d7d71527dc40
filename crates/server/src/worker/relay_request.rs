//! What an operator wants to know of the allocations of a worker, or has it do with them.

use std::time::Instant;

use tokio::sync::oneshot;
use turn::{AllocationKey, AllocationSurvey, Config, ConfigError};

use super::egress::Egress;
use super::relaying::Relaying;
use super::sockets::RelayBinding;

/// A wish, with the way for its answer.
#[derive(Debug)]
pub(crate) enum RelayRequest {
    /// At most `limit` allocations behind a place.
    List { after: Option<u32>, limit: usize, answer: oneshot::Sender<Vec<AllocationSurvey>> },
    /// One allocation.
    Inspect { key: AllocationKey, answer: oneshot::Sender<Option<AllocationSurvey>> },
    /// Another configuration, as far as it can change while the server runs.
    Reconfigure { config: Box<Config>, binding: RelayBinding, answer: oneshot::Sender<Result<(), ConfigError>> },
    /// No new ones from here on, or again.
    Drain(bool),
    /// The end of one; the answer is whether there was one.
    End { key: AllocationKey, answer: oneshot::Sender<bool> },
}

impl Relaying {
    /// Does it between two packets; whoever asks has bounded it.
    pub(super) fn handle_request(&mut self, now: Instant, request: RelayRequest, egress: &mut Egress) {
        // Who asked may have given up: then nobody needs the answer.
        match request {
            RelayRequest::List { after, limit, answer } => {
                let _ = answer.send(self.core().survey(now, after, limit));
            }
            RelayRequest::Inspect { key, answer } => {
                let _ = answer.send(self.core().inspect(now, key));
            }
            RelayRequest::Reconfigure { config, binding, answer } => {
                let taken = self.reconfigure(now, &config);
                if taken.is_ok() {
                    egress.sockets.set_relay_binding(binding);
                }
                let _ = answer.send(taken);
            }
            RelayRequest::Drain(draining) => self.core_mut().set_draining(draining),
            RelayRequest::End { key, answer } => {
                let ended = self.core_mut().end_allocation(key);
                self.settle(now, egress);
                let _ = answer.send(ended);
            }
        }
    }
}
