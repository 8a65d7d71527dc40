//! What is published by another protocol, for viewers over WebRTC: frames of the stream's hub become packets of a member of its room.
//!
//! ```text
//! hub ─frames─▶ Program (AAC ─▶ Opus; H.264 in pieces) ─packets─▶ worker: a member without a connection ─▶ router ─▶ viewers
//! ```

mod program;
mod track;

use std::sync::Arc;
use std::time::Duration;

use live::StreamName;
use room::media::{MediaPeerId, MediaRoomId, Source};
use rtp::parameters::ReceiveParameters;
use tokio::sync::{oneshot, watch};
use tokio::task::spawn_blocking;
use tokio::time::sleep;

use self::program::Program;
use super::directory::{Directory, Viewer};
use crate::media::Feed;
use crate::workers::{Handle, Stopped};

/// Feeds a stream to its viewers.
#[derive(Debug)]
pub(crate) struct Feeder {
    pub(crate) directory: Directory,
    pub(crate) workers: Handle,
    pub(crate) worker: usize,
    pub(crate) name: StreamName,
    pub(crate) room: MediaRoomId,
    pub(crate) peer: MediaPeerId,
    /// Hears what is published at the moment.
    pub(crate) published: watch::Sender<Vec<Source>>,
}

/// A stream is fed until this is dropped.
#[derive(Debug)]
pub(crate) struct Feeding(#[expect(dead_code, reason = "its end is the message")] oneshot::Sender<()>);

impl Feeder {
    /// Starts the task, on the current runtime.
    pub(crate) fn spawn(self) -> Feeding {
        let (feeding, ended) = oneshot::channel();
        tokio::spawn(async move {
            tokio::select! {
                _ = ended => {}
                stopped = self.feed() => tracing::debug!(stream = %self.name, ?stopped, "the feed of a stream is over"),
            }
            // The worker may have ended.
            let _ = self.workers.feed(self.worker, Feed::Leave { peer: self.peer }).await;
        });
        Feeding(feeding)
    }

    /// One publisher after the other, until the worker ends.
    async fn feed(&self) -> Result<(), Stopped> {
        loop {
            // The directory lives as long as this.
            let Some(viewer) = self.directory.wait_idly_and_view(&self.name).await else { continue };
            self.feed_from(viewer).await?;
            self.publish(Vec::new()).await?;
            // What ended it may still be there: a frame that fails, at which every beginning would fail again.
            sleep(PAUSE).await;
        }
    }

    /// Until nothing comes any more.
    async fn feed_from(&self, mut viewer: Viewer) -> Result<(), Stopped> {
        let load = Arc::clone(&self.directory.tally().to_opus);
        let Ok(mut program) = Program::new(load) else { return Ok(()) };
        let mut items = Vec::new();
        while viewer.next(&mut items).await.is_ok() {
            let taken = std::mem::take(&mut items);
            // Sound is decoded and encoded: that is nothing for the threads of the sockets.
            let worked = spawn_blocking(move || {
                let batches: Vec<_> = taken.iter().map(|item| program.take(item.content())).collect();
                (program, batches)
            });
            let Ok((back, batches)) = worked.await else {
                tracing::error!(stream = %self.name, "the feed of a stream failed; the stream is begun again");
                return Ok(());
            };
            program = back;
            for batch in batches {
                if let Some(tracks) = batch.tracks {
                    self.publish(tracks).await?;
                }
                if !batch.packets.is_empty() {
                    let packets = Feed::Packets { peer: self.peer, packets: batch.packets };
                    self.workers.feed(self.worker, packets).await?;
                }
            }
        }
        Ok(())
    }

    async fn publish(&self, tracks: Vec<(Source, ReceiveParameters)>) -> Result<(), Stopped> {
        self.published.send_replace(tracks.iter().map(|(source, _)| *source).collect());
        self.workers.feed(self.worker, Feed::Publish { room: self.room, peer: self.peer, tracks }).await
    }
}

/// Before a stream that ended is looked at again.
const PAUSE: Duration = Duration::from_secs(1);
