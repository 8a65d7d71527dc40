//! What clients of the demos hear.

use serde::Serialize;
use serde_json::value::RawValue;

use super::Participant;
use crate::{error::Error, id::RoomId};

/// One frame. The order of the fields is the order on the wire.
#[derive(Debug, Serialize)]
#[serde(untagged)]
pub(crate) enum Reply<'a> {
    Joined {
        #[serde(skip_serializing_if = "Option::is_none")]
        tid: Option<&'a RawValue>,
        msg: Joined<'a>,
    },
    /// What was asked is done.
    Done {
        #[serde(skip_serializing_if = "Option::is_none")]
        tid: Option<&'a RawValue>,
        msg: (),
    },
    Notify {
        msg: Notify<'a>,
    },
    /// The demos have no such frame; whoever sends it closes.
    Error {
        #[serde(skip_serializing_if = "Option::is_none")]
        tid: Option<&'a RawValue>,
        error: Fault,
    },
}

#[derive(Debug, Serialize)]
pub(crate) struct Joined<'a> {
    action: &'static str,
    room: &'a RoomId,
    #[serde(rename = "self")]
    own: &'a Participant,
    /// With the one who hears it.
    participants: &'a [Participant],
}

/// What has happened.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Notice<'a> {
    pub(crate) event: &'static str,
    pub(crate) param: Option<&'a RawValue>,
    pub(crate) data: Option<&'a RawValue>,
}

#[derive(Debug, Serialize)]
pub(crate) struct Notify<'a> {
    action: &'static str,
    event: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    param: Option<&'a RawValue>,
    #[serde(skip_serializing_if = "Option::is_none")]
    data: Option<&'a RawValue>,
    room: &'a RoomId,
    #[serde(rename = "self")]
    own: &'a Participant,
    peer: &'a Participant,
    participants: &'a [Participant],
}

#[derive(Debug, Serialize)]
pub(crate) struct Fault {
    code: u16,
    reason: &'static str,
    message: String,
}

impl<'a> Reply<'a> {
    pub(crate) fn joined(
        tid: Option<&'a RawValue>,
        room: &'a RoomId,
        own: &'a Participant,
        participants: &'a [Participant],
    ) -> Self {
        Self::Joined { tid, msg: Joined { action: "join", room, own, participants } }
    }

    /// `own` hears of `peer`.
    pub(crate) fn notify(
        notice: Notice<'a>,
        room: &'a RoomId,
        own: &'a Participant,
        peer: &'a Participant,
        participants: &'a [Participant],
    ) -> Self {
        let Notice { event, param, data } = notice;
        Self::Notify { msg: Notify { action: "notify", event, param, data, room, own, peer, participants } }
    }

    pub(crate) fn error(tid: Option<&'a RawValue>, error: &Error) -> Self {
        let (code, reason) = error.code();
        Self::Error { tid, error: Fault { code, reason, message: error.to_string() } }
    }

    pub(crate) fn text(&self) -> String {
        serde_json::to_string(self).expect("every value has a JSON form and every key is a string")
    }
}
