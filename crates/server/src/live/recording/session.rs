//! One stream is recorded: a viewer whose player is the disk.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use futures_util::FutureExt as _;
use live::hub::{Content, Item, Rendition};
use live::record::{Config, Recorder, Wanted};
use media::Frame;
use tokio::sync::watch;

use super::disk::{Disk, Session};
use crate::clock;
use crate::live::directory::{Directory, ViewEnd, Viewer};

/// Records until it is stopped, or the disk fails.
pub(super) async fn record(
    session: Arc<Session>,
    config: Config,
    directory: Directory,
    disk: Disk,
    mut stopping: watch::Receiver<bool>,
) {
    let since = clock::now();
    let Some(viewer) = viewer(&session, config, &directory, &mut stopping).await else { return };
    let mut recording = Recording {
        session,
        disk,
        viewer,
        recorder: Recorder::new(config),
        items: Vec::new(),
        skipped: 0,
        origin: None,
        since,
    };
    loop {
        tokio::select! {
            // What came before the stop is recorded.
            came = recording.viewer.next(&mut recording.items) => recording.take(came).await,
            () = recording.session.failed() => return,
            () = stop(&mut stopping) => break,
        }
    }
    while let Some(came) = recording.viewer.next(&mut recording.items).now_or_never() {
        recording.take(came).await;
        if came.is_err() {
            break;
        }
    }
    recording.recorder.handle_end();
    recording.write().await;
}

/// A place in the stream, once something can be seen there.
async fn viewer(
    session: &Session,
    config: Config,
    directory: &Directory,
    stopping: &mut watch::Receiver<bool>,
) -> Option<Viewer> {
    // Whoever wants FLV has programs in mind that know AAC there, and nothing else.
    let rendition = if config.format == Wanted::Flv { Rendition::Common } else { Rendition::Original };
    tokio::select! {
        viewer = directory.wait_long_and_view(&session.name, rendition) => viewer,
        () = stop(stopping) => None,
    }
}

/// Waits for the stop; whoever could have said so may be gone, which is one as well.
async fn stop(stopping: &mut watch::Receiver<bool>) {
    let _ = stopping.wait_for(|stopping| *stopping).await;
}

struct Recording {
    session: Arc<Session>,
    disk: Disk,
    viewer: Viewer,
    recorder: Recorder,
    /// What came; at most a batch of the hub.
    items: Vec<Arc<Item>>,
    /// What the viewer had missed when it was last asked.
    skipped: u64,
    /// The moment of the stream's time 0, if it is known.
    origin: Option<Instant>,
    /// When the recording was wanted.
    since: Instant,
}

impl Recording {
    async fn take(&mut self, came: Result<(), ViewEnd>) {
        match came {
            Ok(()) => {}
            // Nothing comes for a while: whoever started the recording knows when to stop it.
            Err(ViewEnd::Silence) => return,
            Err(ViewEnd::TooSlow(_)) => self.viewer.begin_again(),
        }
        if came.is_err() || self.viewer.skipped() != self.skipped {
            self.skipped = self.viewer.skipped();
            let gaps = self.session.gaps.fetch_add(1, Ordering::Relaxed) + 1;
            tracing::warn!(stream = %self.session.name, gaps, "the disk is too slow: pictures are missing in the recording");
            self.recorder.handle_break();
        }
        for item in std::mem::take(&mut self.items) {
            match item.content() {
                Content::Parameters(parameters) => self.recorder.handle_parameters(parameters),
                Content::Frame(frame) => {
                    self.follow_clock(item.origin()).await;
                    if !self.is_too_early(frame) {
                        self.recorder.handle_frame(frame);
                    }
                }
                Content::Metadata(_) => {}
            }
        }
        self.write().await;
    }

    /// The publisher's clock has jumped, or its tracks were silent for long: a part of a room goes on in another file, which says where it belongs.
    async fn follow_clock(&mut self, origin: Option<Instant>) {
        if self.origin == origin {
            return;
        }
        if self.origin.is_some() && self.session.taken().is_some() {
            self.recorder.handle_end();
        }
        self.write().await;
        self.origin = origin;
    }

    /// A viewer begins with the latest key picture. In a room that is from before everybody was told of the recording, and before the member agreed.
    fn is_too_early(&self, frame: &Frame) -> bool {
        let made_at = |origin: Instant| origin + Duration::from_micros(u64::try_from(frame.dts.micros()).unwrap_or(0));
        self.session.taken().is_some() && self.origin.is_none_or(|origin| made_at(origin) < self.since)
    }

    /// Waits for the disk if it must, and meanwhile takes nothing from the stream.
    async fn write(&mut self) {
        while let Some(output) = self.recorder.poll_output() {
            self.disk.write(&self.session, output, self.origin).await;
        }
    }
}
