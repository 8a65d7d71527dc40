//! Frames about order in the room: who may do what, who waits, what was said before.

use serde::Serialize;

use crate::{
    id::Uid,
    media::Source,
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
    /// What a moderator shows them.
    #[serde(skip_serializing_if = "Option::is_none")]
    shown: Option<Shown<'a>>,
    /// The recording that goes on.
    #[serde(skip_serializing_if = "Option::is_none")]
    recording: Option<Box<Recorded<'a>>>,
    /// For who may let in.
    #[serde(skip_serializing_if = "Option::is_none")]
    waiting: Option<Vec<Waiting<'a>>>,
}

/// The picture of a member that audiences see.
#[derive(Debug, Serialize)]
pub(crate) struct Shown<'a> {
    uid: &'a Uid,
    source: Source,
}

/// That the room is recorded.
#[derive(Debug, Serialize)]
pub(crate) struct Recorded<'a> {
    /// Since when, in milliseconds since the Unix epoch.
    since: u64,
    /// Who has begun it.
    uid: &'a Uid,
    name: &'a str,
    /// Only those are recorded who agree.
    consent: bool,
    /// Whether the receiver is.
    agreed: bool,
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
        let recording = room.take.as_ref().map(|take| {
            let agreed = take.records(&to.uid);
            Box::new(Recorded { since: take.since, uid: &take.by, name: &take.name, consent: take.asks, agreed })
        });
        let stream = Some(room.policy.stream).filter(|policy| *policy != StreamPolicy::Off);
        let shown = room.air.stage.pinned().map(|(uid, source)| Shown { uid, source: *source });
        Self {
            name: room.policy.name.as_deref(),
            locked: room.policy.locked,
            lobby: room.policy.lobby,
            stream,
            viewers: stream.map(|_| room.air.viewers),
            shown,
            recording,
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
