//! Connections for checks of the network: offered over HTTP, in no room.

use std::time::Instant;

use rtc::session::{Allow, Publish};
use tokio::sync::oneshot;

use super::Media;
use super::connection::{Connection, Holder};
use super::echo::{CHECKS_MAX, Echo};
use crate::worker::Ways;

/// An offer for the echo of the check page.
#[derive(Debug)]
pub(crate) struct CheckRequest {
    pub(crate) sdp: String,
    /// Gets the SDP of the answer.
    pub(crate) answer: oneshot::Sender<Result<String, CheckRefusal>>,
}

/// Why there is no echo.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CheckRefusal {
    /// The offer cannot be answered.
    #[error("{0}")]
    BadOffer(String),
    /// Others check their network already.
    #[error("too many checks are running; try again in a minute")]
    Busy,
    /// The operator has switched the media server off, or it has ended.
    #[error("there is no media server")]
    Unavailable,
}

impl Media {
    /// Answers a check, where there is room for one more.
    pub(crate) fn handle_check(&mut self, now: Instant, request: CheckRequest, ways: &mut Ways) {
        let answered = self.check(now, &request.sdp, ways);
        // Who has gone away leaves a connection behind that ends by itself.
        let _ = request.answer.send(answered);
    }

    fn check(&mut self, now: Instant, offer: &str, ways: &mut Ways) -> Result<String, CheckRefusal> {
        if self.checks >= CHECKS_MAX {
            return Err(CheckRefusal::Busy);
        }
        let allow = Allow { publish: Publish::Nothing, subscribe: false, data: true, codecs: Vec::new() };
        let mut peer = self.peer(now).map_err(|_| CheckRefusal::Unavailable)?;
        let answer =
            peer.handle_offer(now, offer, &allow).map_err(|error| CheckRefusal::BadOffer(error.to_string()))?;
        let connection = Connection::new(Holder::Check(Echo::new(now)), String::new(), peer);
        let key = self.connections.insert(connection);
        self.checks += 1;
        self.settle(now, key, ways);
        Ok(answer.sdp)
    }
}
