//! The streams on air, by name. A stream has one publisher, whatever its protocol: whoever wants to publish claims the name first. Who wants to view
//! waits for the name. What the publisher sends goes through the stream's hub, in which every viewer has a place of its own.

mod inlet;
mod row;
mod tally;
mod viewer;

use std::collections::BTreeMap;
use std::fmt;
use std::ops::Bound;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use bytes::Bytes;
use live::StreamName;
use live::hub::{Hub, Limits, Rendition};
use media::{Frame, Parameters};
use tokio::sync::watch;
use tokio::time::timeout;

pub(crate) use self::inlet::Inlet;
use self::row::Rows;
pub(crate) use self::row::{Back, Seat, Socket, Write, joined};
pub(crate) use self::tally::Tally;
use self::viewer::Reader;
pub(crate) use self::viewer::Readers;
pub use self::viewer::{PATIENCE, ViewEnd, Viewer};
use crate::config::Limit;

/// All streams on air. Clones are the same directory.
#[derive(Debug, Clone)]
pub struct Directory(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    streams_max: Limit,
    /// Streams with a publisher, at most `streams_max`, and those whose viewers wait for the next: at most as many as there are viewers.
    entries: Mutex<BTreeMap<StreamName, Entry>>,
    /// Tells who waits for a stream that one can be viewed.
    arrivals: watch::Sender<()>,
    /// Tells that a publisher came or went.
    changes: watch::Sender<()>,
    tally: Arc<Tally>,
    /// No new publishers.
    draining: AtomicBool,
}

#[derive(Debug)]
struct Entry {
    stream: Arc<Stream>,
    publisher: Option<OnAir>,
}

/// A hub, and the news of it.
#[derive(Debug)]
struct Stream {
    published: Mutex<Published>,
    news: watch::Sender<()>,
    /// Viewers, and those who wait for something to view. It changes while the directory is locked.
    readers: watch::Sender<Readers>,
    rows: Rows,
}

/// What one publisher after the other has sent.
#[derive(Debug)]
struct Published {
    hub: Hub,
    /// Which publisher it is; 0 before the first. Only its word counts.
    publication: u64,
    /// When its latest key picture came.
    key_picture_at: Option<Instant>,
    /// How many layers of simulcast its pictures have, as far as that is known.
    layers: usize,
}

/// A stream that somebody publishes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OnAir {
    /// What the publisher speaks.
    pub protocol: Protocol,
    /// Since when.
    pub since: Instant,
}

/// A stream on air, as far as it shows from outside.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sight {
    /// Which stream.
    pub name: StreamName,
    /// Its publisher.
    pub on_air: OnAir,
    /// How its pictures are encoded, if the publisher has told of any.
    pub video: Option<Parameters>,
    /// How its sounds are encoded, if the publisher has told of any.
    pub audio: Option<Parameters>,
    /// How many pictures it has sent.
    pub pictures: u64,
}

/// What a publisher speaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Protocol {
    /// RTMP or RTMPS.
    Rtmp,
    /// WHIP, or the JSON API of WebRTC.
    WebRtc,
    /// Nothing: a member of a room is shown.
    Room,
}

/// The right to publish a stream; given back when dropped.
#[derive(Debug)]
pub struct Claim {
    directory: Directory,
    inlet: Inlet,
}

/// Why a name cannot be claimed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Taken {
    /// There is a publisher.
    #[error("somebody publishes this stream already, over {0}")]
    OnAir(Protocol),
    /// The server is about to stop.
    #[error("this server is draining and takes no new streams")]
    Draining,
    /// `limits.streams`
    #[error("{0} streams are on air, which is the limit of this server")]
    Full(u64),
}

impl Directory {
    /// Nothing is on air yet, and never more than so many streams will be.
    #[must_use]
    pub fn new(streams_max: Limit) -> Self {
        Self::with_tally(streams_max, Arc::default())
    }

    /// Another one, for a single stream that is none of these; what happens to it is counted here.
    pub(crate) fn apart(&self) -> Self {
        Self::with_tally(Limit(1), Arc::clone(&self.0.tally))
    }

    fn with_tally(streams_max: Limit, tally: Arc<Tally>) -> Self {
        let (arrivals, changes) = (watch::Sender::new(()), watch::Sender::new(()));
        Self(Arc::new(Inner {
            streams_max,
            entries: Mutex::default(),
            arrivals,
            changes,
            tally,
            draining: AtomicBool::default(),
        }))
    }

    /// From here on nobody begins to publish, or again. What is on air stays.
    pub(crate) fn set_draining(&self, draining: bool) {
        self.0.draining.store(draining, Ordering::Relaxed);
    }

    /// Takes the name for a publisher, until the claim is dropped.
    ///
    /// # Errors
    /// When the stream has a publisher, or the server too many streams.
    pub fn claim(&self, name: &StreamName, protocol: Protocol, now: Instant) -> Result<Claim, Taken> {
        let mut entries = self.entries();
        if let Some(publisher) = entries.get(name).and_then(|entry| entry.publisher) {
            return Err(Taken::OnAir(publisher.protocol));
        }
        if self.0.draining.load(Ordering::Relaxed) {
            return Err(Taken::Draining);
        }
        let on_air = entries.values().filter(|entry| entry.publisher.is_some()).count();
        let on_air = u64::try_from(on_air).unwrap_or(u64::MAX);
        if !self.0.streams_max.allows(on_air.saturating_add(1)) {
            return Err(Taken::Full(on_air));
        }
        let entry = entries.entry(name.clone()).or_insert_with(Entry::new);
        entry.publisher = Some(OnAir { protocol, since: now });
        let stream = Arc::clone(&entry.stream);
        drop(entries);
        let publication = stream.begin();
        tracing::info!(stream = %name, %protocol, "on air");
        // Who waits for it counts as its reader from here on.
        self.0.arrivals.send_replace(());
        self.0.changes.send_replace(());
        let inlet = Inlet::new(self.clone(), name.clone(), stream, publication);
        Ok(Claim { directory: self.clone(), inlet })
    }

    /// Whether somebody publishes it.
    #[must_use]
    pub fn is_on_air(&self, name: &StreamName) -> bool {
        self.entries().get(name).is_some_and(|entry| entry.publisher.is_some())
    }

    /// What is on air at this moment, by name.
    #[must_use]
    pub fn streams(&self) -> Vec<(StreamName, OnAir)> {
        let entries = self.entries();
        entries.iter().filter_map(|(name, entry)| entry.publisher.map(|on_air| (name.clone(), on_air))).collect()
    }

    /// The streams on air that `is_wanted` takes, by name, behind `after`: so many at most.
    #[must_use]
    pub fn sights(
        &self,
        after: Option<&StreamName>,
        count_max: usize,
        is_wanted: impl Fn(&StreamName) -> bool,
    ) -> Vec<Sight> {
        let entries = self.entries();
        let from = after.map_or(Bound::Unbounded, Bound::Excluded);
        let behind = entries.range::<StreamName, _>((from, Bound::Unbounded)).filter(|(name, _)| is_wanted(name));
        behind.filter_map(|(name, entry)| entry.sight(name)).take(count_max).collect()
    }

    /// One stream, if it is on air.
    #[must_use]
    pub fn sight(&self, name: &StreamName) -> Option<Sight> {
        self.entries().get(name)?.sight(name)
    }

    /// By protocol, how long ago the latest key picture came of each stream with pictures, as far as those are read as frames here.
    pub(crate) fn key_picture_ages(&self, now: Instant) -> Vec<(Protocol, Duration)> {
        let entries = self.entries();
        let age = |entry: &Entry| {
            let (on_air, latest) = (entry.publisher?, entry.stream.published().key_picture_at?);
            Some((on_air.protocol, now.saturating_duration_since(latest)))
        };
        entries.values().filter_map(age).collect()
    }

    /// What was counted of all of them.
    pub(crate) fn tally(&self) -> &Tally {
        &self.0.tally
    }

    /// Changes whenever a publisher comes or goes.
    #[must_use]
    pub fn changes(&self) -> watch::Receiver<()> {
        self.0.changes.subscribe()
    }

    /// A place in the stream, when there is something in it to begin with.
    #[must_use]
    pub fn view(&self, name: &StreamName) -> Option<Viewer> {
        self.view_with(name, Rendition::Common)
    }

    /// The same, for one who takes this rendition of the sound.
    fn view_with(&self, name: &StreamName, rendition: Rendition) -> Option<Viewer> {
        let entries = self.entries();
        let entry = entries.get(name).filter(|entry| entry.stream.published().hub.can_begin(rendition))?;
        Some(Viewer::new(self.reader(name, entry, rendition)))
    }

    /// The same, for one who waits so long for the publisher.
    pub async fn wait_and_view(&self, name: &StreamName, wait_max: Duration) -> Option<Viewer> {
        timeout(wait_max, self.wait_long_and_view(name, Rendition::Common)).await.ok().flatten()
    }

    /// The same, for one who takes this rendition of the sound, and waits for as long as it takes.
    pub(crate) async fn wait_long_and_view(&self, name: &StreamName, rendition: Rendition) -> Option<Viewer> {
        self.viewable(name, rendition, || self.wait_for(name, rendition)).await
    }

    /// The same, for one who takes frames where there are some, and for whom none have to be made.
    pub(crate) async fn wait_idly_and_view(&self, name: &StreamName) -> Option<Viewer> {
        self.viewable(name, Rendition::Common, || None).await
    }

    /// As soon as there is something to begin with; until then what `wait` gives is held.
    async fn viewable(
        &self,
        name: &StreamName,
        rendition: Rendition,
        wait: impl Fn() -> Option<Reader>,
    ) -> Option<Viewer> {
        let mut arrivals = self.0.arrivals.subscribe();
        loop {
            arrivals.borrow_and_update();
            if let Some(viewer) = self.view_with(name, rendition) {
                return Some(viewer);
            }
            let _reader = wait();
            arrivals.changed().await.ok()?;
        }
    }

    /// The same, for one who waits for the first frames only, where there is a publisher.
    pub async fn view_on_air(&self, name: &StreamName, wait_max: Duration) -> Option<Viewer> {
        match self.view(name) {
            Some(viewer) => Some(viewer),
            None if self.is_on_air(name) => self.wait_and_view(name, wait_max).await,
            None => None,
        }
    }

    /// Counts as a reader of what somebody publishes and nobody can begin to view yet.
    fn wait_for(&self, name: &StreamName, rendition: Rendition) -> Option<Reader> {
        let entries = self.entries();
        let entry = entries.get(name).filter(|entry| entry.publisher.is_some())?;
        Some(self.reader(name, entry, rendition))
    }

    /// To be called with the directory locked.
    fn reader(&self, name: &StreamName, entry: &Entry, rendition: Rendition) -> Reader {
        Reader::new(self.clone(), name.clone(), Arc::clone(&entry.stream), rendition)
    }

    fn entries(&self) -> MutexGuard<'_, BTreeMap<StreamName, Entry>> {
        self.0.entries.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Changes the entry, and forgets it when nobody has anything to do with it any more.
    fn leave(&self, name: &StreamName, change: impl FnOnce(&mut Entry)) {
        let mut entries = self.entries();
        if let Some(entry) = entries.get_mut(name) {
            change(entry);
            if entry.publisher.is_none() && !entry.stream.readers.borrow().are_there() {
                entries.remove(name);
            }
        }
    }
}

impl Entry {
    fn new() -> Self {
        let published = Published { hub: Hub::new(Limits::default()), publication: 0, key_picture_at: None, layers: 0 };
        let (news, readers) = (watch::Sender::new(()), watch::Sender::new(Readers::default()));
        Self {
            stream: Arc::new(Stream { published: Mutex::new(published), news, readers, rows: Rows::default() }),
            publisher: None,
        }
    }

    fn sight(&self, name: &StreamName) -> Option<Sight> {
        let on_air = self.publisher?;
        let published = self.stream.published();
        let hub = &published.hub;
        let audio = hub.audio(Rendition::Common).or(hub.audio(Rendition::Original)).cloned();
        let video = hub.video().cloned();
        Some(Sight { name: name.clone(), on_air, video, audio, pictures: hub.pictures() })
    }
}

impl Stream {
    fn published(&self) -> MutexGuard<'_, Published> {
        self.published.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Another publisher begins; its number.
    fn begin(&self) -> u64 {
        let mut published = self.published();
        published.hub.begin();
        (published.key_picture_at, published.layers) = (None, 0);
        published.publication += 1;
        published.publication
    }

    /// The publisher is gone: nothing that it said and is still on its way counts.
    fn end(&self) {
        let mut published = self.published();
        published.hub.end();
        published.publication += 1;
    }
}

impl Claim {
    /// Which stream.
    #[must_use]
    pub fn name(&self) -> &StreamName {
        self.inlet.name()
    }

    /// The way into the stream, for somebody who publishes in this publisher's name.
    pub(crate) fn inlet(&self) -> Inlet {
        self.inlet.clone()
    }

    /// Passes `onMetaData` on. Viewers hear of it at the next [`Self::flush`].
    pub fn publish_metadata(&self, metadata: Bytes) {
        self.inlet.publish_metadata(metadata);
    }

    /// Passes parameters on. Viewers hear of them at the next [`Self::flush`].
    pub fn publish_parameters(&self, parameters: Parameters) {
        self.inlet.publish_parameters(parameters);
    }

    /// Passes a frame on. Viewers hear of it at the next [`Self::flush`].
    pub fn publish_frame(&self, frame: Frame) {
        self.inlet.publish_frame(frame);
    }

    /// Wakes the viewers.
    pub fn flush(&mut self) {
        self.inlet.flush();
    }
}

impl Drop for Claim {
    fn drop(&mut self) {
        let name = self.inlet.name();
        tracing::info!(stream = %name, "off air");
        self.inlet.stream().end();
        self.directory.leave(name, |entry| entry.publisher = None);
        self.directory.0.changes.send_replace(());
    }
}

impl fmt::Display for Protocol {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Rtmp => "RTMP",
            Self::WebRtc => "WebRTC",
            Self::Room => "a room",
        })
    }
}

#[cfg(test)]
mod tests;
