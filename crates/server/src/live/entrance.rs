//! What everybody goes through who comes to a stream, whatever the protocol: who may, and the list of those who are there.

use live::StreamName;

use super::access::{Access, Deed, Denied};
use super::clients::{Clients, Kind, Presence, Visit};
use super::hls::Announcer;
use super::hooks::{Hook, Hooks};
use crate::clock;

/// The way in. Clones are the same.
#[derive(Debug, Clone)]
pub(crate) struct Entrance {
    /// Who may.
    pub(crate) access: Access,
    clients: Clients,
    hooks: Option<Hooks>,
}

impl Entrance {
    /// By these rules onto this list, if these programs let it.
    pub(crate) fn new(access: Access, clients: Clients, hooks: Option<Hooks>) -> Self {
        Self { access, clients, hooks }
    }

    /// Whether the settings or the token allow it.
    ///
    /// # Errors
    /// [`Denied`].
    pub(crate) fn check(&self, deed: Deed, name: &StreamName, token: Option<&str>) -> Result<(), Denied> {
        self.access.check(deed, name, token, clock::unix_time())
    }

    /// Whether the settings or the token allow an encoder to ask that room for a seat.
    ///
    /// # Errors
    /// [`Denied`].
    pub(crate) fn check_encoder(&self, room: &str, token: Option<&str>) -> Result<(), Denied> {
        self.access.check_encoder(room, token, clock::unix_time())
    }

    /// Lets somebody in who may.
    ///
    /// # Errors
    /// [`Denied`].
    pub(crate) async fn enter(&self, visit: Visit, token: Option<&str>) -> Result<Presence, Denied> {
        self.check(visit.kind.deed(), &visit.name, token)?;
        self.admit(visit).await
    }

    /// Lets somebody in whose token was looked at.
    ///
    /// # Errors
    /// [`Denied`].
    pub(crate) async fn admit(&self, visit: Visit) -> Result<Presence, Denied> {
        let kind = visit.kind;
        self.access.check_address(kind.deed(), visit.address)?;
        let mut presence = self.clients.enter(visit, clock::now()).map_err(|full| Denied::Full(full.0))?;
        let Some(hooks) = &self.hooks else { return Ok(presence) };
        let connects = matches!(kind, Kind::RtmpPublish | Kind::RtmpPlay).then_some((Hook::Connect, Hook::Close));
        let comes = match kind.deed() {
            Deed::Publish => (Hook::Publish, Hook::Unpublish),
            Deed::Play => (Hook::Play, Hook::Stop),
        };
        for (asked, told) in connects.into_iter().chain([comes]) {
            // Who goes while a program thinks about it may have been let in, and is missed there.
            presence.promise(hooks, told);
            if let Err(refusal) = hooks.ask(asked, presence.client()).await {
                presence.withdraw(told);
                return Err(refusal.into());
            }
        }
        Ok(presence)
    }

    /// Whether programs are asked before somebody may play.
    pub(crate) fn asks_players(&self) -> bool {
        self.hooks.as_ref().is_some_and(|hooks| hooks.has(Hook::Play))
    }

    /// Who tells programs of segments of HLS, where they want to hear of them.
    pub(crate) fn announcer(&self) -> Option<Announcer> {
        Announcer::new(self.hooks.as_ref(), &self.clients)
    }

    /// Everybody who is in.
    pub(crate) fn clients(&self) -> &Clients {
        &self.clients
    }
}
