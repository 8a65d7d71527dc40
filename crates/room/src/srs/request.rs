//! What clients of the demos say.

use serde::Deserialize;
use serde_json::value::RawValue;

use super::TID_BYTES_MAX;
use crate::{
    error::{Error, Malformed},
    id::{RoomId, Uid},
    message::check_object,
};

/// One frame of a client.
#[derive(Debug)]
pub(crate) struct Request<'a> {
    /// Comes back with the answer.
    pub(crate) tid: Option<&'a RawValue>,
    message: Message<'a>,
}

/// What a client wants.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Action<'a> {
    Join,
    Publish,
    /// Goes to all the others, who know what it means.
    Control {
        call: Option<&'a RawValue>,
        data: Option<&'a RawValue>,
    },
    Leave,
}

#[derive(Deserialize)]
struct Envelope<'a> {
    #[serde(borrow)]
    tid: Option<&'a RawValue>,
    #[serde(borrow)]
    msg: Option<&'a RawValue>,
}

#[derive(Debug, Deserialize)]
struct Message<'a> {
    #[serde(borrow)]
    action: Option<&'a RawValue>,
    #[serde(borrow)]
    room: Option<&'a RawValue>,
    #[serde(borrow)]
    display: Option<&'a RawValue>,
    #[serde(borrow)]
    call: Option<&'a RawValue>,
    #[serde(borrow)]
    data: Option<&'a RawValue>,
}

impl<'a> Request<'a> {
    pub(crate) fn parse(text: &'a str) -> Result<Self, Malformed> {
        check_object(text)?;
        let Envelope { tid, msg } = serde_json::from_str(text)?;
        let msg = msg.ok_or(Malformed::NoMessage)?.get();
        check_object(msg)?;
        let tid = tid.filter(|tid| tid.get().len() <= TID_BYTES_MAX);
        Ok(Self { tid, message: serde_json::from_str(msg)? })
    }

    pub(crate) fn room(&self) -> Result<RoomId, Error> {
        self.message.room.ok_or(Error::Field { field: "room" }).and_then(RoomId::parse)
    }

    pub(crate) fn display(&self) -> Result<Uid, Error> {
        let display = self.message.display.ok_or(Error::Field { field: "display" })?;
        Uid::parse(display, "display")
    }

    pub(crate) fn action(&self) -> Result<Action<'a>, Error> {
        let action: Option<String> = self.message.action.and_then(|raw| serde_json::from_str(raw.get()).ok());
        match action.as_deref() {
            Some("join") => Ok(Action::Join),
            Some("publish") => Ok(Action::Publish),
            Some("leave") => Ok(Action::Leave),
            Some("control") => Ok(Action::Control { call: said(self.message.call), data: said(self.message.data) }),
            _ => Err(Error::UnknownCommand),
        }
    }
}

/// What there is to pass on: SRS leaves out what is empty.
fn said(raw: Option<&RawValue>) -> Option<&RawValue> {
    raw.filter(|raw| !matches!(raw.get(), r#""""# | "null"))
}
