//! Frames about order in the room: who may do what, who waits, what was said before.

use serde::Serialize;

use crate::{
    id::Uid,
    member::Member,
    room::{Room, Waiter},
    show::StreamPolicy,
};

/// How the door of the room stands.
#[derive(Debug, Serialize)]
pub(crate) struct Door<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<&'a str>,
    locked: bool,
    lobby: bool,
    /// Who may watch without being a member; `None`: nobody.
    #[serde(skip_serializing_if = "Option::is_none")]
    stream: Option<StreamPolicy>,
    /// How many do.
    #[serde(skip_serializing_if = "Option::is_none")]
    viewers: Option<u32>,
    /// For who may let in.
    #[serde(skip_serializing_if = "Option::is_none")]
    waiting: Option<Vec<Waiting<'a>>>,
}

/// Somebody in the lobby.
#[derive(Debug, Serialize)]
pub(crate) struct Waiting<'a> {
    uid: &'a Uid,
    name: &'a str,
}

impl<'a> Door<'a> {
    /// As `to` may see it.
    pub(crate) fn new(room: &'a Room, to: &Member) -> Self {
        let one = |waiter: &'a Waiter| Waiting { uid: &waiter.uid, name: waiter.name() };
        let waiting = to.grants.may_admit().then(|| room.waiters().iter().map(one).collect());
        let stream = Some(room.policy.stream).filter(|policy| *policy != StreamPolicy::Off);
        Self {
            name: room.policy.name.as_deref(),
            locked: room.policy.locked,
            lobby: room.policy.lobby,
            stream,
            viewers: stream.map(|_| room.air.viewers),
            waiting,
        }
    }
}

/// One line of what was said in the room before.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Line {
    pub(crate) uid: Uid,
    pub(crate) name: String,
    pub(crate) text: String,
    /// Milliseconds since the Unix epoch.
    pub(crate) at: u64,
}
