//! What frames say about order in the room, and short messages to it.

use serde_json::value::RawValue;

use crate::{error::Error, id::Uid, media::Source, show::StreamPolicy};

use super::{Request, string};

/// What a moderator does. A uid that is left out means everybody concerned.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Action {
    Mute {
        uid: Option<Uid>,
        source: Source,
    },
    Unmute {
        uid: Option<Uid>,
        source: Source,
    },
    LowerHand {
        uid: Option<Uid>,
    },
    Remove {
        uid: Uid,
        ban: bool,
    },
    Lock {
        on: bool,
    },
    Lobby {
        on: bool,
    },
    Stream {
        policy: StreamPolicy,
    },
    Admit {
        uid: Option<Uid>,
    },
    Deny {
        uid: Option<Uid>,
    },
    Role {
        uid: Uid,
        host: bool,
    },
    /// Whose camera or screen audiences see; `None`: that of whoever speaks.
    Show {
        shot: Option<(Uid, Source)>,
    },
    End,
}

impl Action {
    /// The word on the wire.
    pub(crate) fn word(&self) -> &'static str {
        match self {
            Self::Mute { .. } => "mute",
            Self::Unmute { .. } => "unmute",
            Self::LowerHand { .. } => "lower-hand",
            Self::Remove { .. } => "remove",
            Self::Lock { on: true } => "lock",
            Self::Lock { on: false } => "unlock",
            Self::Lobby { .. } => "lobby",
            Self::Stream { .. } => "stream",
            Self::Admit { .. } => "admit",
            Self::Deny { .. } => "deny",
            Self::Role { .. } => "role",
            Self::Show { .. } => "show",
            Self::End => "end",
        }
    }
}

impl Request<'_> {
    /// The action of a `moderate`.
    pub(crate) fn action(&self) -> Result<Action, Error> {
        let invalid = || Error::Field { field: "action" };
        let uid = self.remote()?;
        let one = || uid.clone().ok_or(Error::Field { field: "remoteUid" });
        let word = self.fields.action.and_then(string).ok_or_else(invalid)?;
        Ok(match word.as_str() {
            "mute" => Action::Mute { source: self.source()?, uid },
            "unmute" => Action::Unmute { source: self.source()?, uid },
            "lower-hand" => Action::LowerHand { uid },
            "remove" => Action::Remove { uid: one()?, ban: flag(self.fields.ban, "ban")?.unwrap_or(false) },
            "lock" => Action::Lock { on: true },
            "unlock" => Action::Lock { on: false },
            "lobby" => Action::Lobby { on: self.on()? },
            "stream" => Action::Stream { policy: self.stream()? },
            "admit" => Action::Admit { uid },
            "deny" => Action::Deny { uid },
            "role" => Action::Role { uid: one()?, host: self.host()? },
            "show" => Action::Show { shot: self.shot(uid)? },
            "end" => Action::End,
            _ => return Err(invalid()),
        })
    }

    /// The `on` of `lobby`, `record` and `consent`.
    pub(crate) fn on(&self) -> Result<bool, Error> {
        flag(self.fields.on, "on")?.ok_or(Error::Field { field: "on" })
    }

    /// The `topic` of `data`.
    pub(crate) fn topic(&self) -> Result<String, Error> {
        self.fields.topic.and_then(string).filter(|topic| is_topic(topic)).ok_or(Error::Field { field: "topic" })
    }

    /// The value of `data`, as it was written; `null` when it is left out.
    pub(crate) fn data(&self) -> Result<&RawValue, Error> {
        let data = self.fields.data.unwrap_or(RawValue::NULL);
        if data.get().len() > DATA_BYTES_MAX {
            return Err(Error::TooLarge {
                field: "data",
                limit_bytes: u32::try_from(DATA_BYTES_MAX).unwrap_or(u32::MAX),
            });
        }
        Ok(data)
    }

    /// The `reaction` of `react`.
    pub(crate) fn reaction(&self) -> Result<String, Error> {
        self.fields
            .reaction
            .and_then(string)
            .filter(|word| is_word(word, REACTION_BYTES_MAX))
            .ok_or(Error::Field { field: "reaction" })
    }

    fn source(&self) -> Result<Source, Error> {
        let source = self.fields.source.and_then(|raw| serde_json::from_str(raw.get()).ok());
        source.ok_or(Error::Field { field: "source" })
    }

    /// The picture of a member: its camera, unless `source` says otherwise.
    fn shot(&self, uid: Option<Uid>) -> Result<Option<(Uid, Source)>, Error> {
        let source = if self.fields.source.is_some() { self.source()? } else { Source::Camera };
        if !source.is_picture() {
            return Err(Error::Field { field: "source" });
        }
        Ok(uid.map(|uid| (uid, source)))
    }

    fn stream(&self) -> Result<StreamPolicy, Error> {
        let policy = self.fields.stream.and_then(|raw| serde_json::from_str(raw.get()).ok());
        policy.ok_or(Error::Field { field: "stream" })
    }

    fn host(&self) -> Result<bool, Error> {
        match self.fields.role.and_then(string).as_deref() {
            Some("host") => Ok(true),
            Some("member") => Ok(false),
            _ => Err(Error::Field { field: "role" }),
        }
    }
}

fn flag(raw: Option<&RawValue>, field: &'static str) -> Result<Option<bool>, Error> {
    raw.map(|raw| serde_json::from_str(raw.get()).map_err(|_| Error::Field { field })).transpose()
}

/// Whether a text can be a `topic`.
pub(crate) fn is_topic(text: &str) -> bool {
    is_word(text, TOPIC_BYTES_MAX)
}

/// Whether a text has 1 to `bytes_max` bytes and no control characters.
fn is_word(text: &str, bytes_max: usize) -> bool {
    (1..=bytes_max).contains(&text.len()) && !text.chars().any(char::is_control)
}

/// Longest `topic`, in bytes.
pub(crate) const TOPIC_BYTES_MAX: usize = 64;
/// Longest `data`, in bytes as it was written.
pub(crate) const DATA_BYTES_MAX: usize = 16 * 1024;
/// Longest `reaction`, in bytes.
pub(crate) const REACTION_BYTES_MAX: usize = 32;
