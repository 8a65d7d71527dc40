//! What waits to be written to one client.

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

use room::Limits;
use tokio::sync::{mpsc, oneshot};

/// One frame to write.
#[derive(Debug)]
pub(crate) enum Outgoing {
    Text(String),
    Ping,
    /// The last one.
    Close {
        code: u16,
        reason: &'static str,
    },
}

/// The side of the rooms. Dropping it lets the client's side write what is queued and then close.
#[derive(Debug)]
pub(crate) struct Outbox {
    frames: mpsc::Sender<Outgoing>,
    bytes: Arc<AtomicUsize>,
    bytes_max: usize,
    cut: oneshot::Sender<()>,
}

/// The side of the client.
#[derive(Debug)]
pub(crate) struct Pending {
    pub(crate) queue: Queue,
    /// Ready when nothing more should be written, because the client does not read.
    pub(crate) cut: oneshot::Receiver<()>,
}

/// The frames, in order.
#[derive(Debug)]
pub(crate) struct Queue {
    frames: mpsc::Receiver<Outgoing>,
    bytes: Arc<AtomicUsize>,
}

/// The client reads too slowly: this frame does not fit any more.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Full;

/// An empty outbox, as large as `limits` need: what a resumed member gets at once must fit.
pub(crate) fn outbox(limits: &Limits) -> (Outbox, Pending) {
    let frames_max = match limits.resume_messages {
        0 => FRAMES_MAX_UNLIMITED,
        kept => usize::try_from(kept).unwrap_or(FRAMES_MAX_UNLIMITED).saturating_add(FRAMES_MAX),
    };
    let bytes_max = match limits.resume_bytes {
        0 => usize::MAX,
        kept => usize::try_from(kept).unwrap_or(usize::MAX).saturating_add(BYTES_MAX),
    };
    let (sender, receiver) = mpsc::channel(frames_max.min(FRAMES_MAX_UNLIMITED));
    let (cut, cut_seen) = oneshot::channel();
    let bytes = Arc::new(AtomicUsize::new(0));
    let outbox = Outbox { frames: sender, bytes: bytes.clone(), bytes_max, cut };
    (outbox, Pending { queue: Queue { frames: receiver, bytes }, cut: cut_seen })
}

impl Outbox {
    /// Queues a frame. A single one always fits, however long.
    ///
    /// # Errors
    /// When the queue is full; the frame is lost, so the connection must end.
    pub(crate) fn push(&self, frame: Outgoing) -> Result<(), Full> {
        let length = frame.bytes();
        let queued = self.bytes.load(Ordering::Relaxed);
        if queued > 0 && queued.saturating_add(length) > self.bytes_max {
            return Err(Full);
        }
        self.bytes.fetch_add(length, Ordering::Relaxed);
        match self.frames.try_send(frame) {
            // A client whose side is gone ends by itself.
            Ok(()) | Err(mpsc::error::TrySendError::Closed(_)) => Ok(()),
            Err(mpsc::error::TrySendError::Full(_)) => Err(Full),
        }
    }

    /// Ends the connection without writing what is queued.
    pub(crate) fn cut(self) {
        // An error says that it has ended already.
        let _ = self.cut.send(());
    }
}

impl Queue {
    /// The next frame; `None` when there will be no more.
    pub(crate) async fn next(&mut self) -> Option<Outgoing> {
        let frame = self.frames.recv().await?;
        self.bytes.fetch_sub(frame.bytes(), Ordering::Relaxed);
        Some(frame)
    }
}

impl Outgoing {
    fn bytes(&self) -> usize {
        match self {
            Self::Text(text) => text.len(),
            Self::Ping | Self::Close { .. } => 0,
        }
    }
}

/// Frames that wait for one client beside those kept for a resume: some ten calls' worth of candidates.
const FRAMES_MAX: usize = 512;
/// The same when what is kept for a resume has no limit.
const FRAMES_MAX_UNLIMITED: usize = 65_536;
/// Bytes that wait for one client beside those kept for a resume: four frames of the greatest length.
const BYTES_MAX: usize = 1024 * 1024;

#[cfg(test)]
mod tests;
