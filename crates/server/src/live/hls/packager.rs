//! Feeds the core of one stream: its best pictures always, those of its smaller layers while somebody asks for them.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use bytes::Bytes;
use live::StreamName;
use live::hls::{Answer, Config, Container, Epoch, File, HlsError, Reload, Stream, Tag, Variants};
use live::hub::{Content, GRADES_MAX, Grade, Grades, Item};
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
    /// The grades that somebody asks for beside the best.
    wanted: watch::Sender<Grades>,
    name: StreamName,
    /// Tells programs of segments.
    announcer: Option<Announcer>,
}

#[derive(Debug)]
struct State {
    variants: Variants,
    /// How many layers of simulcast the pictures have.
    layers: usize,
    /// When somebody last asked for something, of each grade.
    asked: [Instant; GRADES_MAX],
    has_ended: bool,
    /// The first segment that no program was told of.
    untold: u64,
}

impl Packager {
    /// Nothing without randomness: the names of files must not be guessed.
    pub(super) fn start(name: &StreamName, layers: usize, announcer: Option<Announcer>) -> Option<Arc<Self>> {
        let tag = new_tag()?;
        let now = clock::now();
        let epoch = Epoch { at: now, unix: clock::unix_time() };
        let stem = utf8_percent_encode(name.stream(), ESCAPED).to_string();
        let best = Stream::new(Config::default(), tag, stem, epoch);
        let variants = Variants::new(best, Config { window_bytes_max: LAYER_BYTES_MAX, ..Config::default() });
        let state = Mutex::new(State { variants, layers, asked: [now; GRADES_MAX], has_ended: false, untold: 0 });
        let (revision, wanted) = (watch::Sender::new(0), watch::Sender::new(Grades::default()));
        Some(Arc::new(Self { state, revision, wanted, name: name.clone(), announcer }))
    }

    /// The multivariant playlist. Who asks for it wants to know what all layers are like.
    pub(super) fn multivariant_playlist(
        &self,
        container: Container,
        uri: &impl Fn(Grade) -> String,
    ) -> Result<Answer<Bytes>, HlsError> {
        let mut state = self.state();
        self.want(&mut state, Grade::BEST)?;
        for grade in Grade::beside_the_best(state.layers) {
            self.want(&mut state, grade)?;
        }
        state.variants.multivariant_playlist(container, uri)
    }

    /// The media playlist of a grade.
    pub(super) fn media_playlist(
        &self,
        (container, grade): (Container, Grade),
        reload: Reload,
        uri: &impl Fn(Grade) -> String,
    ) -> Result<Answer<Bytes>, HlsError> {
        let mut state = self.state();
        self.want(&mut state, grade)?;
        state.variants.media_playlist((container, grade), reload, uri)
    }

    /// A file, in pieces.
    pub(super) fn file(&self, tag: Tag, file: File) -> Result<Answer<Vec<Bytes>>, HlsError> {
        let mut state = self.state();
        let grade = state.variants.find(tag).ok_or(HlsError::NotFound)?;
        self.want(&mut state, grade)?;
        state.variants.stream(grade).ok_or(HlsError::NotFound)?.file(tag, file)
    }

    /// Somebody asks for that grade: it is made from here on, if the publisher sends it.
    fn want(&self, state: &mut State, grade: Grade) -> Result<(), HlsError> {
        let wanted = state.variants.wanted();
        let is_there = grade == Grade::BEST || wanted.contains(grade);
        if !is_there {
            let is_sent = Grade::beside_the_best(state.layers).any(|sent| sent == grade);
            let tag = new_tag().filter(|_| is_sent && !state.has_ended).ok_or(HlsError::NotFound)?;
            state.variants.want(grade, tag);
            self.wanted.send_replace(state.variants.wanted());
        }
        let now = clock::now();
        for asked in [Grade::BEST, grade] {
            if let Some(asked) = state.asked.get_mut(asked.index()) {
                *asked = now;
            }
        }
        Ok(())
    }

    pub(super) fn revisions(&self) -> watch::Receiver<u64> {
        self.revision.subscribe()
    }

    pub(super) fn patience(&self) -> Duration {
        self.state().variants.best().patience()
    }

    /// Whether its publication is over.
    pub(super) fn has_ended(&self) -> bool {
        self.state().has_ended
    }

    fn take(&self, items: &[Arc<Item>], layers: usize) {
        let mut state = self.state();
        let now = clock::now();
        state.layers = layers;
        for item in items {
            match item.content() {
                // They come once from each publisher, and when they change: what follows begins anew either way.
                Content::Parameters(parameters) => {
                    state.variants.handle_parameters(now, item.grade(), parameters);
                }
                Content::Frame(frame) => state.variants.handle_frame(now, item.grade(), frame),
                Content::Metadata(_) => {}
            }
        }
        self.tell(&mut state);
    }

    /// Layers that nobody has asked for in a while are made no longer.
    pub(super) fn forget_unasked(&self, now: Instant) {
        let mut state = self.state();
        let is_old = |asked: &Instant| now.saturating_duration_since(*asked) >= IDLE;
        for grade in state.variants.wanted().iter() {
            if state.asked.get(grade.index()).is_some_and(is_old) {
                state.variants.forget(grade);
                self.wanted.send_replace(state.variants.wanted());
            }
        }
    }

    /// The packager was too slow itself, and something is missing.
    fn skip(&self) {
        let mut state = self.state();
        state.variants.handle_break(clock::now());
        self.tell(&mut state);
    }

    fn end(&self) {
        let mut state = self.state();
        state.variants.handle_end(clock::now());
        state.has_ended = true;
        self.tell(&mut state);
    }

    fn tell(&self, state: &mut State) {
        let revision = state.variants.revision();
        let is_new = self.revision.send_if_modified(|known| std::mem::replace(known, revision) != revision);
        if let Some(announcer) = self.announcer.as_ref().filter(|_| is_new) {
            let mut untold = state.untold;
            for segment in state.variants.best().completed(untold) {
                untold = segment.number + 1;
                announcer.announce(&self.name, &segment);
            }
            state.untold = untold;
        }
    }

    fn is_idle(&self) -> bool {
        // Programs are told of every segment, whether somebody watches or not.
        self.announcer.is_none()
            && self.state().asked.iter().all(|asked| clock::now().saturating_duration_since(*asked) >= IDLE)
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Feeds the packager until nothing has come for a while or nobody has asked for a while.
pub(super) async fn feed(packager: &Packager, mut viewer: Viewer) {
    let mut items = Vec::new();
    let mut wanted = packager.wanted.subscribe();
    viewer.read_beside(*wanted.borrow_and_update());
    while !packager.is_idle() {
        let next = tokio::select! {
            next = timeout(SILENCE, viewer.next(&mut items)) => next,
            // The packager holds the sender.
            Ok(()) = wanted.changed() => {
                viewer.read_beside(*wanted.borrow_and_update());
                continue;
            }
        };
        match next {
            Ok(Ok(())) => {
                packager.take(&items, viewer.layers());
                packager.forget_unasked(clock::now());
            }
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

/// A name that nobody can guess; none without randomness.
fn new_tag() -> Option<Tag> {
    let mut tag = [0; 16];
    getrandom::fill(&mut tag).ok()?;
    Some(Tag(u128::from_be_bytes(tag)))
}

/// Bytes that are kept of a layer beside the best: a quarter of what is kept of that.
const LAYER_BYTES_MAX: usize = 32 << 20;
/// A packager ends when nobody has asked it for so long: longer than a player that was paused takes to ask again.
pub(super) const IDLE: Duration = Duration::from_secs(60);
/// A publisher of whom nothing comes for so long is gone.
const SILENCE: Duration = Duration::from_secs(30);
/// RFC 3986 §2.3: what needs no percent sign.
const ESCAPED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');
