//! HLS: for each stream that somebody asks for a packager, which reads the stream as any viewer does and feeds it to the core, and the requests that wait
//! for what the core does not have yet. A packager that nobody asks for any more ends; so a stream that nobody watches this way costs nothing.

mod announcer;
mod contexts;
mod packager;
mod queue;
mod viewer;

use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use bytes::Bytes;
use live::StreamName;
use live::hls::{Answer, Container, File, HlsError, Reload, Tag};
use live::hub::Grade;
use live::ts;
use tokio::time::timeout;

pub(crate) use self::announcer::Announcer;

use self::contexts::Contexts;
use self::packager::Packager;
use self::queue::queue;
use self::viewer::Viewer;
use super::clients::{Client, Presence};
use super::directory::{self, Directory};
use crate::address::ClientNetwork;
use crate::clock;
use crate::headcount::{Full, Headcount};

/// All packagers.
#[derive(Debug)]
pub(crate) struct Hls {
    directory: Directory,
    /// One for each stream that is or was on air and that somebody asked for; they remove themselves.
    packagers: Mutex<BTreeMap<StreamName, Arc<Packager>>>,
    contexts: Mutex<Contexts>,
    /// Requests that wait.
    queue: Headcount,
    /// Tells programs of segments, where they want to hear of them.
    announcer: Option<Announcer>,
}

/// The name of a player's session: `hls_ctx`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Context(u128);

/// Why there is nothing to give.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum HlsRefusal {
    /// Nobody publishes the stream.
    #[error("nobody publishes this stream")]
    OffAir,
    /// The core says so.
    #[error(transparent)]
    Stream(#[from] HlsError),
    /// What was waited for did not come.
    #[error("nothing has come for {0} s; the publisher may have stopped")]
    Late(u64),
    /// More requests of this address wait already than may.
    #[error("too many requests of this address wait")]
    ClientFull,
    /// More requests wait, or more players are there, than may.
    #[error("too many players")]
    ServerFull,
}

impl Hls {
    /// For the streams of that directory.
    pub(crate) fn new(directory: Directory, announcer: Option<Announcer>) -> Arc<Self> {
        let contexts = Mutex::new(Contexts::new(clock::now()));
        Arc::new(Self { directory, packagers: Mutex::default(), contexts, queue: queue(), announcer })
    }

    /// A name for a session, which nobody can guess.
    ///
    /// # Errors
    /// [`HlsRefusal::ServerFull`].
    pub(crate) fn new_context() -> Result<Context, HlsRefusal> {
        let mut bytes = [0; 16];
        getrandom::fill(&mut bytes).map_err(|_| HlsRefusal::ServerFull)?;
        Ok(Context(u128::from_be_bytes(bytes)))
    }

    /// Begins the session of a player who was let in.
    ///
    /// # Errors
    /// [`HlsRefusal::ServerFull`].
    pub(crate) fn open_context(&self, context: Context, presence: Presence) -> Result<(), HlsRefusal> {
        self.contexts().open(clock::now(), context.0, presence).map_err(|contexts::Full| HlsRefusal::ServerFull)
    }

    /// Who was given this `hls_ctx` for this stream.
    pub(crate) fn client_of(&self, context: &str, name: &StreamName) -> Option<Arc<Client>> {
        let is_hex = context.len() == CONTEXT_CHARS && context.bytes().all(|byte| byte.is_ascii_hexdigit());
        let id = u128::from_str_radix(context, 16).ok().filter(|_| is_hex)?;
        self.contexts().client(clock::now(), id, name)
    }

    /// Forgets the players who have not come back for a minute or two.
    pub(crate) fn forget_contexts(&self, now: Instant) {
        self.contexts().turn(now);
    }

    /// The multivariant playlist, where `uri` says where the media playlist of a grade is.
    ///
    /// # Errors
    /// [`HlsRefusal`].
    pub(crate) async fn multivariant_playlist(
        self: &Arc<Self>,
        name: &StreamName,
        client: ClientNetwork,
        container: Container,
        uri: impl Fn(Grade) -> String,
    ) -> Result<Bytes, HlsRefusal> {
        self.ask(name, client, |packager| packager.multivariant_playlist(container, &uri)).await
    }

    /// The media playlist of a grade, where `uri` says where that of another one is, relative to it.
    ///
    /// # Errors
    /// [`HlsRefusal`].
    pub(crate) async fn media_playlist(
        self: &Arc<Self>,
        name: &StreamName,
        client: ClientNetwork,
        (container, grade): (Container, Grade),
        reload: Reload,
        uri: impl Fn(Grade) -> String,
    ) -> Result<Bytes, HlsRefusal> {
        self.ask(name, client, |packager| packager.media_playlist((container, grade), reload, &uri)).await
    }

    /// A file, in pieces.
    ///
    /// # Errors
    /// [`HlsRefusal`].
    pub(crate) async fn file(
        self: &Arc<Self>,
        name: &StreamName,
        client: ClientNetwork,
        tag: Tag,
        file: File,
    ) -> Result<Vec<Bytes>, HlsRefusal> {
        // A file is named by a playlist: without a packager there is none, and nobody has to make one.
        let packager = self.packagers().get(name).cloned().ok_or(HlsRefusal::OffAir)?;
        self.wait(&packager, client, |packager| packager.file(tag, file)).await
    }

    /// Whether somebody publishes the stream.
    pub(crate) fn is_on_air(&self, name: &StreamName) -> bool {
        self.directory.is_on_air(name)
    }

    /// A viewer of the stream as a transport stream without end. It counts as one who waits.
    ///
    /// # Errors
    /// [`HlsRefusal`].
    pub(crate) async fn view(
        &self,
        name: &StreamName,
        client: ClientNetwork,
        presence: Presence,
    ) -> Result<Viewer, HlsRefusal> {
        let place = self.queue.enter(client)?;
        let viewer = self.directory.view_on_air(name, WAIT_MAX).await.ok_or(HlsRefusal::OffAir)?;
        let foreign = viewer.codecs().into_iter().find(|codec| !ts::can_carry(*codec));
        foreign.map_or(Ok(()), |codec| Err(HlsError::Codec(codec)))?;
        Ok(Viewer::new(viewer, place, presence))
    }

    async fn ask<T>(
        self: &Arc<Self>,
        name: &StreamName,
        client: ClientNetwork,
        question: impl FnMut(&Packager) -> Result<Answer<T>, HlsError>,
    ) -> Result<T, HlsRefusal> {
        let packager = self.packager(name, client).await?;
        self.wait(&packager, client, question).await
    }

    /// Asks until there is an answer, again with each part that comes.
    async fn wait<T>(
        &self,
        packager: &Packager,
        client: ClientNetwork,
        mut question: impl FnMut(&Packager) -> Result<Answer<T>, HlsError>,
    ) -> Result<T, HlsRefusal> {
        let mut revisions = packager.revisions();
        if let Answer::Ready(value) = question(packager)? {
            return Ok(value);
        }
        let _place = self.queue.enter(client)?;
        let patience = packager.patience();
        let answer = timeout(patience, async {
            loop {
                // The sender lives as long as the packager, which is held here.
                let _known = revisions.changed().await;
                match question(packager) {
                    Ok(Answer::Wait) => {}
                    Ok(Answer::Ready(value)) => return Ok(value),
                    Err(error) => return Err(HlsRefusal::Stream(error)),
                }
            }
        });
        answer.await.unwrap_or(Err(HlsRefusal::Late(patience.as_secs())))
    }

    /// The packager of the stream; a new one if there is none, or if its publication has ended and there is another.
    async fn packager(self: &Arc<Self>, name: &StreamName, client: ClientNetwork) -> Result<Arc<Packager>, HlsRefusal> {
        let known = self.packagers().get(name).cloned();
        if let Some(packager) = known.as_ref().filter(|packager| !packager.has_ended()) {
            return Ok(Arc::clone(packager));
        }
        let viewer = match self.directory.view(name) {
            Some(viewer) => Some(viewer),
            None => {
                let _place = self.queue.enter(client)?;
                self.directory.view_on_air(name, WAIT_MAX).await
            }
        };
        // What is left of the last publication may still be watched to its end.
        let Some(viewer) = viewer else { return known.ok_or(HlsRefusal::OffAir) };
        self.start(name, viewer)
    }

    /// A new packager, unless somebody else has started one meanwhile.
    fn start(self: &Arc<Self>, name: &StreamName, viewer: directory::Viewer) -> Result<Arc<Packager>, HlsRefusal> {
        let mut packagers = self.packagers();
        if let Some(packager) = packagers.get(name).filter(|packager| !packager.has_ended()) {
            return Ok(Arc::clone(packager));
        }
        let packager = Packager::start(name, viewer.layers(), self.announcer.clone()).ok_or(HlsRefusal::ServerFull)?;
        packagers.insert(name.clone(), Arc::clone(&packager));
        let (hls, name, fed) = (Arc::clone(self), name.clone(), Arc::clone(&packager));
        tokio::spawn(async move {
            packager::feed(&fed, viewer).await;
            if fed.has_ended() {
                tokio::time::sleep(LINGER).await;
            }
            hls.forget(&name, &fed);
        });
        Ok(packager)
    }

    /// Forgets the packager, unless another has taken its place.
    fn forget(&self, name: &StreamName, packager: &Arc<Packager>) {
        let mut packagers = self.packagers();
        if packagers.get(name).is_some_and(|known| Arc::ptr_eq(known, packager)) {
            packagers.remove(name);
        }
    }

    fn packagers(&self) -> MutexGuard<'_, BTreeMap<StreamName, Arc<Packager>>> {
        self.packagers.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn contexts(&self) -> MutexGuard<'_, Contexts> {
        self.contexts.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Display for Context {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:032x}", self.0)
    }
}

impl From<Full> for HlsRefusal {
    fn from(full: Full) -> Self {
        match full {
            Full::Client => Self::ClientFull,
            Full::Total => Self::ServerFull,
        }
    }
}

/// How long a player waits for the first frames of a stream that is on air.
const WAIT_MAX: Duration = Duration::from_secs(10);
/// What is left of a stream that has ended is kept for slow players.
const LINGER: Duration = Duration::from_secs(30);
/// 128 bits in hexadecimal.
const CONTEXT_CHARS: usize = 32;

#[cfg(test)]
mod tests;
