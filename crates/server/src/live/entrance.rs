//! What everybody goes through who comes to a stream, whatever the protocol: who may, and the list of those who are there.

use live::StreamName;

use super::access::{Access, Deed, Denied};
use super::clients::{Clients, Presence, Visit};
use crate::clock;

/// The way in. Clones are the same.
#[derive(Debug, Clone)]
pub(crate) struct Entrance {
    /// Who may.
    pub(crate) access: Access,
    clients: Clients,
}

impl Entrance {
    /// By these rules onto this list.
    pub(crate) fn new(access: Access, clients: Clients) -> Self {
        Self { access, clients }
    }

    /// Whether the settings or the token allow it.
    ///
    /// # Errors
    /// [`Denied`].
    pub(crate) fn check(&self, deed: Deed, name: &StreamName, token: Option<&str>) -> Result<(), Denied> {
        self.access.check(deed, name, token, clock::unix_time())
    }

    /// Lets somebody in who may.
    ///
    /// # Errors
    /// [`Denied`].
    pub(crate) fn enter(&self, visit: Visit, token: Option<&str>) -> Result<Presence, Denied> {
        self.check(visit.kind.deed(), &visit.name, token)?;
        self.admit(visit)
    }

    /// Lets somebody in whose token was looked at.
    ///
    /// # Errors
    /// [`Denied`].
    pub(crate) fn admit(&self, visit: Visit) -> Result<Presence, Denied> {
        self.clients.enter(visit, clock::now()).map_err(|full| Denied::Full(full.0))
    }

    /// Everybody who is in.
    pub(crate) fn clients(&self) -> &Clients {
        &self.clients
    }
}
