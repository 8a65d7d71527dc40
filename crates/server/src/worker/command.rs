//! What the rest of the server sends to the worker.

use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, Ordering};

use room::media::MediaRequest;
use tokio::sync::{mpsc, oneshot};
use turn::ClientAddr;

use super::answers::StunAnswer;
use super::relay_request::RelayRequest;
use super::stats::Stats;
use super::stream::{Newcomer, StreamId};
use crate::media::{CheckRequest, Feed, LookRequest, Tap};

/// One wish. Each owns its data: nothing is shared with the worker.
pub(crate) enum Command {
    /// A TCP or TLS connection was accepted.
    Serve(Box<Newcomer>),
    /// Whoever handed the connection over has given it up.
    GiveUp { client: ClientAddr, id: StreamId },
    /// Somebody wants to check the network.
    Check(Box<CheckRequest>),
    /// What the rooms ask of media.
    Media(Box<MediaRequest>),
    /// What a member without a connection does.
    Feed(Feed),
    /// What a member without a connection that receives does.
    Tap(Tap),
    /// Fail while doing something with media.
    #[cfg(test)]
    Fail,
    /// Somebody looks at a room.
    Look(Box<LookRequest>),
    /// Clients reach the media server there, from the next connection on.
    Candidates(Vec<rtc::Candidate>),
    /// These STUN servers are about to be asked; whoever asks hears what they answer.
    ExpectAnswers(Vec<SocketAddr>, mpsc::Sender<StunAnswer>),
    /// A datagram of the server itself, by the listener that is bound there.
    SendFrom { local: SocketAddr, to: SocketAddr, datagram: Vec<u8> },
    /// Somebody looks after allocations.
    Relay(RelayRequest),
    /// Tell what was counted.
    Stats(oneshot::Sender<Stats>),
    /// End.
    Stop,
}

/// Wakes the worker, with one system call for many commands.
pub(crate) struct Bell {
    waker: mio::Waker,
    /// Rung and not yet answered.
    rung: AtomicBool,
}

impl Bell {
    pub(crate) fn new(waker: mio::Waker) -> Self {
        Self { waker, rung: AtomicBool::new(false) }
    }

    /// To be called after a command was put into the inbox.
    pub(crate) fn ring(&self) {
        if !self.rung.swap(true, Ordering::AcqRel)
            && let Err(error) = self.waker.wake()
        {
            tracing::warn!(%error, "cannot wake a worker");
        }
    }

    /// Whether it was rung since the last call. To be called by the worker before it looks into the inbox: whoever rings from here on wakes
    /// it again.
    pub(crate) fn answer(&self) -> bool {
        // Mostly it was not, and looking costs less than writing.
        self.rung.load(Ordering::Relaxed) && self.rung.swap(false, Ordering::AcqRel)
    }
}

#[cfg(test)]
mod tests;
