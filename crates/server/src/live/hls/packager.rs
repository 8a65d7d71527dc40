//! Feeds the core of one stream.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use live::StreamName;
use live::hls::{Answer, Config, Epoch, HlsError, Stream, Tag};
use live::hub::{Content, Item};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use tokio::sync::watch;
use tokio::time::timeout;

use super::announcer::Announcer;
use crate::clock;
use crate::live::directory::{ViewEnd, Viewer};

/// A stream as HLS.
#[derive(Debug)]
pub(super) struct Packager {
    state: Mutex<State>,
    /// The revision of the core, for those who wait.
    revision: watch::Sender<u64>,
    name: StreamName,
    /// Tells programs of segments.
    announcer: Option<Announcer>,
}

#[derive(Debug)]
struct State {
    stream: Stream,
    /// When somebody last asked for something.
    asked: Instant,
    has_ended: bool,
    /// Whether frames have come since the last parameters.
    has_frames: bool,
    /// The first segment that no program was told of.
    untold: u64,
}

impl Packager {
    /// Nothing without randomness: the names of files must not be guessed.
    pub(super) fn start(name: &StreamName, announcer: Option<Announcer>) -> Option<Arc<Self>> {
        let mut tag = [0; 16];
        getrandom::fill(&mut tag).ok()?;
        let now = clock::now();
        let epoch = Epoch { at: now, unix: clock::unix_time() };
        let stem = utf8_percent_encode(name.stream(), ESCAPED).to_string();
        let stream = Stream::new(Config::default(), Tag(u128::from_be_bytes(tag)), stem, epoch);
        let state = Mutex::new(State { stream, asked: now, has_ended: false, has_frames: false, untold: 0 });
        Some(Arc::new(Self { state, revision: watch::Sender::new(0), name: name.clone(), announcer }))
    }

    pub(super) fn ask<T>(
        &self,
        question: &mut impl FnMut(&mut Stream) -> Result<Answer<T>, HlsError>,
    ) -> Result<Answer<T>, HlsError> {
        let mut state = self.state();
        state.asked = clock::now();
        question(&mut state.stream)
    }

    pub(super) fn revisions(&self) -> watch::Receiver<u64> {
        self.revision.subscribe()
    }

    pub(super) fn patience(&self) -> Duration {
        self.state().stream.patience()
    }

    /// Whether its publication is over.
    pub(super) fn has_ended(&self) -> bool {
        self.state().has_ended
    }

    fn take(&self, items: &[Arc<Item>]) {
        let mut state = self.state();
        let now = clock::now();
        for item in items {
            match item.content() {
                Content::Parameters(parameters) => {
                    // They come once from each publisher, and when they change: what follows begins anew either way.
                    if std::mem::take(&mut state.has_frames) {
                        state.stream.handle_break(now);
                    }
                    state.stream.handle_parameters(now, parameters.clone());
                }
                Content::Frame(frame) => {
                    state.has_frames = true;
                    state.stream.handle_frame(now, frame);
                }
                Content::Metadata(_) => {}
            }
        }
        self.tell(&mut state);
    }

    /// The packager was too slow itself, and something is missing.
    fn skip(&self) {
        let mut state = self.state();
        state.stream.handle_break(clock::now());
        self.tell(&mut state);
    }

    fn end(&self) {
        let mut state = self.state();
        state.stream.handle_end(clock::now());
        state.has_ended = true;
        self.tell(&mut state);
    }

    fn tell(&self, state: &mut State) {
        let revision = state.stream.revision();
        let is_new = self.revision.send_if_modified(|known| std::mem::replace(known, revision) != revision);
        if let Some(announcer) = self.announcer.as_ref().filter(|_| is_new) {
            for segment in state.stream.completed(state.untold) {
                state.untold = segment.number + 1;
                announcer.announce(&self.name, &segment);
            }
        }
    }

    fn is_idle(&self) -> bool {
        // Programs are told of every segment, whether somebody watches or not.
        self.announcer.is_none() && clock::now().saturating_duration_since(self.state().asked) >= IDLE
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Feeds the packager until nothing has come for a while or nobody has asked for a while.
pub(super) async fn feed(packager: &Packager, mut viewer: Viewer) {
    let mut items = Vec::new();
    while !packager.is_idle() {
        match timeout(SILENCE, viewer.next(&mut items)).await {
            Ok(Ok(())) => packager.take(&items),
            Ok(Err(ViewEnd::TooSlow(_))) => {
                packager.skip();
                viewer.begin_again();
            }
            Ok(Err(ViewEnd::Silence)) | Err(_) => {
                packager.end();
                return;
            }
        }
        items.clear();
    }
}

/// A packager ends when nobody has asked it for so long: longer than a player that was paused takes to ask again.
const IDLE: Duration = Duration::from_secs(60);
/// A publisher of whom nothing comes for so long is gone.
const SILENCE: Duration = Duration::from_secs(30);
/// RFC 3986 §2.3: what needs no percent sign.
const ESCAPED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');
