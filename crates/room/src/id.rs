//! What names a connection, a room and a member.

use std::{cmp::Ordering, fmt};

use serde::{Serialize, Serializer};
use serde_json::value::RawValue;

use crate::error::Error;

/// One WebSocket connection, numbered by the shell, which never uses a number twice.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ConnId(u64);

impl ConnId {
    /// The connection with this number.
    pub const fn new(number: u64) -> Self {
        Self(number)
    }
}

impl fmt::Display for ConnId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "c{}", self.0)
    }
}

/// A room: 1 to 128 bytes of UTF-8 without control characters.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(transparent)]
pub(crate) struct RoomId(Name);

impl RoomId {
    /// Reads a JSON string or number.
    pub(crate) fn parse(raw: &RawValue) -> Result<Self, Error> {
        Name::parse(raw, ROOM_BYTES_MAX).map(Self).ok_or(Error::Field { field: "roomId" })
    }

    pub(crate) fn as_str(&self) -> &str {
        &self.0.text
    }

    /// The room with this text, `None` if the text is not a valid one.
    pub(crate) fn new(text: &str) -> Option<Self> {
        Name::new(text.to_owned(), false, ROOM_BYTES_MAX).map(Self)
    }
}

/// A member of a room: 1 to 64 bytes of UTF-8 without control characters.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(transparent)]
pub(crate) struct Uid(Name);

impl Uid {
    /// Reads a JSON string or number; `field` is the key that an error names.
    pub(crate) fn parse(raw: &RawValue, field: &'static str) -> Result<Self, Error> {
        Name::parse(raw, UID_BYTES_MAX).map(Self).ok_or(Error::Field { field })
    }

    /// The media server.
    pub(crate) fn media() -> Self {
        Self::new(MEDIA_UID).expect("six letters are a uid")
    }

    /// Whoever moderates through the HTTP API.
    pub(crate) fn server() -> Self {
        Self::new(SERVER_UID).expect("seven characters are a uid")
    }

    pub(crate) fn as_str(&self) -> &str {
        &self.0.text
    }

    /// Whether only the server may have it.
    pub(crate) fn is_reserved(&self) -> bool {
        [MEDIA_UID, SERVER_UID].contains(&&*self.0.text)
    }

    pub(crate) fn is_media(&self) -> bool {
        &*self.0.text == MEDIA_UID
    }

    /// The uid with this text, `None` if the text is not a valid one.
    pub(crate) fn new(text: &str) -> Option<Self> {
        Name::new(text.to_owned(), false, UID_BYTES_MAX).map(Self)
    }
}

/// A string that some clients write as a JSON number. It is compared as text, and written back the way it came.
#[derive(Clone, Debug)]
struct Name {
    text: Box<str>,
    /// It came as a JSON number; `text` is the number's text.
    numeric: bool,
}

impl Name {
    fn parse(raw: &RawValue, bytes_max: usize) -> Option<Self> {
        match raw.get().as_bytes().first()? {
            b'"' => Self::new(serde_json::from_str(raw.get()).ok()?, false, bytes_max),
            b'-' | b'0'..=b'9' => Self::new(raw.get().to_owned(), true, bytes_max),
            _ => None,
        }
    }

    fn new(text: String, numeric: bool, bytes_max: usize) -> Option<Self> {
        let valid = (1..=bytes_max).contains(&text.len()) && !text.chars().any(char::is_control);
        valid.then(|| Self { text: text.into(), numeric })
    }
}

impl PartialEq for Name {
    fn eq(&self, other: &Self) -> bool {
        self.text == other.text
    }
}

impl Eq for Name {}

impl PartialOrd for Name {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Name {
    fn cmp(&self, other: &Self) -> Ordering {
        self.text.cmp(&other.text)
    }
}

impl Serialize for Name {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if !self.numeric {
            return serializer.serialize_str(&self.text);
        }
        let number = RawValue::from_string(self.text.to_string()).map_err(serde::ser::Error::custom)?;
        number.serialize(serializer)
    }
}

/// The uid of the media server.
pub(crate) const MEDIA_UID: &str = "@media";
/// The uid of whoever moderates through the HTTP API.
pub(crate) const SERVER_UID: &str = "@server";
/// Longest room name, in bytes of UTF-8.
pub(crate) const ROOM_BYTES_MAX: usize = 128;
/// Longest uid, in bytes of UTF-8.
pub(crate) const UID_BYTES_MAX: usize = 64;
