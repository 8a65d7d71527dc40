//! Encoders in rooms: whoever publishes under the name of a room joins it, as a member that only sends.
//!
//! ```text
//! POST /whip/room/{room} ─▶ Guest: join, offer to @media ─frames─▶ rooms ─▶ media workers
//!                          one task per encoder: what the host does, restarts of ICE, the end
//! ```
//! To the rooms it is a client like any other, that speaks v2 over a connection without a socket: locks, lobbies, bans, limits, mutes and
//! the turn to the media server are those of rooms.

mod declined;
mod guest;
mod on_stage;

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use live::StreamName;
use tokio::sync::{mpsc, oneshot};

pub(crate) use self::declined::Declined;
pub(crate) use self::guest::Guest;
use self::guest::{Member, State};
pub(crate) use self::on_stage::OnStage;
use super::clients::Presence;
use super::directory::Directory;
use super::offer::Offer;
use super::sessions::{Restart, SessionId};
use crate::signal::Signal;

/// All of them. Clones are the same.
#[derive(Debug, Clone)]
pub(crate) struct Encoders {
    signal: Signal,
    /// In whose tally counts what is transcoded.
    directory: Directory,
    table: Arc<Table>,
}

/// What an encoder wants to send over WebRTC.
#[derive(Debug)]
pub(crate) struct Publication {
    pub(crate) id: SessionId,
    /// That of the room.
    pub(crate) name: StreamName,
    pub(crate) offer: Offer,
    /// Of the ICE session.
    pub(crate) tag: String,
    /// Its place among those who are there.
    pub(crate) presence: Presence,
}

/// Each has a connection to the rooms, whose limits hold for them.
#[derive(Debug, Default)]
struct Table(Mutex<BTreeMap<SessionId, Entry>>);

/// What is known of an encoder outside of its task, which ends when this is dropped.
#[derive(Debug)]
struct Entry {
    name: StreamName,
    tag: String,
    /// The client's fragment.
    ufrag: String,
    restarts: mpsc::Sender<(Restart, Answer)>,
}

type Answer = oneshot::Sender<Result<String, Declined>>;

impl Encoders {
    /// None yet.
    pub(crate) fn new(signal: Signal, directory: Directory) -> Self {
        Self { signal, directory, table: Arc::default() }
    }

    /// Takes a seat, and answers the offer. When nobody waits for the answer any more, the seat is given back.
    ///
    /// # Errors
    /// [`Declined`].
    pub(crate) async fn open(&self, guest: Guest, publication: Publication) -> Result<String, Declined> {
        let Publication { id, name, offer, tag, presence } = publication;
        let sources: Vec<_> = offer.tracks().iter().map(|track| track.source).collect();
        let mut member = Member::join(&self.signal, guest, State::of(&sources)).await?;
        let answer = member.offer(&offer).await?;
        let (restarts, received) = mpsc::channel(RESTARTS_MAX);
        let entry = Entry { name, tag, ufrag: offer.ufrag().to_owned(), restarts };
        self.table.entries().insert(id.clone(), entry);
        let session = Session { id, member, offer, presence, table: Arc::clone(&self.table) };
        tokio::spawn(session.run(received));
        Ok(answer)
    }

    /// The tag of a session's ICE session and the client's fragment; `None` when no encoder has that session.
    pub(crate) fn tag(&self, id: &SessionId, name: &StreamName) -> Option<(String, String)> {
        let entries = self.table.entries();
        let entry = entries.get(id).filter(|entry| entry.name == *name)?;
        Some((entry.tag.clone(), entry.ufrag.clone()))
    }

    /// Begins ICE anew: the SDP of the answer.
    ///
    /// # Errors
    /// [`Declined`].
    pub(crate) async fn restart(&self, restart: Restart) -> Result<String, Declined> {
        let restarts = self.table.entries().get(&restart.id).map(|entry| entry.restarts.clone());
        let (reply, answer) = oneshot::channel();
        let asked = restarts.ok_or(Declined::Gone)?.try_send((restart, reply));
        asked.map_err(|error| match error {
            mpsc::error::TrySendError::Full(_) => Declined::Late,
            mpsc::error::TrySendError::Closed(_) => Declined::Gone,
        })?;
        answer.await.unwrap_or(Err(Declined::Gone))
    }

    /// An encoder goes. False: none has that session.
    pub(crate) fn close(&self, id: &SessionId, name: &StreamName) -> bool {
        let mut entries = self.table.entries();
        let known = entries.get(id).is_some_and(|entry| entry.name == *name);
        known && entries.remove(id).is_some()
    }
}

impl Table {
    fn entries(&self) -> MutexGuard<'_, BTreeMap<SessionId, Entry>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// An encoder's session, from its first answer on. When it is dropped, the seat and the place on the list are given back.
struct Session {
    id: SessionId,
    member: Member,
    offer: Offer,
    presence: Presence,
    table: Arc<Table>,
}

impl Session {
    /// Until the encoder, the room or the operator ends it.
    async fn run(mut self, mut restarts: mpsc::Receiver<(Restart, Answer)>) {
        loop {
            let restart = tokio::select! {
                restart = restarts.recv() => restart,
                ended = self.member.ended() => {
                    tracing::debug!(room = self.member.room(), "an encoder's session is over: {ended}");
                    return;
                }
                () = self.presence.ended() => return,
            };
            let Some((restart, answer)) = restart else { return };
            let answered = self.restart(restart).await;
            // Who has asked may have lost patience.
            let _ = answer.send(answered);
        }
    }

    async fn restart(&mut self, restart: Restart) -> Result<String, Declined> {
        let offer = self.offer.with_credentials(&restart.ufrag, &restart.pwd);
        let answer = self.member.offer(&offer).await?;
        if let Some(entry) = self.table.entries().get_mut(&self.id) {
            entry.tag = restart.tag;
            offer.ufrag().clone_into(&mut entry.ufrag);
        }
        self.offer = offer;
        Ok(answer)
    }
}

impl Drop for Session {
    fn drop(&mut self) {
        self.table.entries().remove(&self.id);
    }
}

/// Restarts of one session that wait.
const RESTARTS_MAX: usize = 4;
