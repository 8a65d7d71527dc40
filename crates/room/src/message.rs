//! Frames from clients: what they ask for. Reading never panics, and gives back what is wrong.

pub(crate) mod media;
mod moderate;

use serde::{Deserialize, Deserializer, de};
use serde_json::value::RawValue;

use crate::{
    config::Limits,
    error::{Error, Malformed},
    id::{RoomId, Uid},
    limit::fits,
    member::MediaState,
    resume::CLAIM_BYTES_MAX,
};

pub(crate) use self::moderate::{Action, DATA_BYTES_MAX, is_topic};

/// One frame, read as far as everybody's commands need it.
#[derive(Debug)]
pub(crate) struct Request<'a> {
    /// The frame as it came.
    pub(crate) text: &'a str,
    pub(crate) command: Command,
    fields: Fields<'a>,
}

/// What a frame asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Command {
    Join,
    Leave,
    Offer,
    /// `answer`, `candidate` or `hangup`.
    Forward,
    Subscribe,
    State,
    Chat,
    Data,
    React,
    Moderate,
    /// Of AppRTC: the connection is a client's socket.
    Register,
    /// Of AppRTC: to the other client.
    Send,
    Record,
    Consent,
    /// `ping` or `keepLive`.
    Ping,
    Unknown,
}

/// The keys that the server looks at, unread. A key that comes twice makes the frame malformed: the next reader might
/// take the other one, and what was checked here would not be what is read there.
#[derive(Debug, Deserialize)]
struct Fields<'a> {
    #[serde(borrow)]
    cmd: Option<&'a RawValue>,
    #[serde(borrow)]
    id: Option<&'a RawValue>,
    #[serde(borrow, rename = "roomId")]
    room: Option<&'a RawValue>,
    #[serde(borrow)]
    uid: Option<&'a RawValue>,
    #[serde(borrow, rename = "remoteUid")]
    remote: Option<&'a RawValue>,
    #[serde(borrow)]
    v: Option<&'a RawValue>,
    #[serde(borrow)]
    name: Option<&'a RawValue>,
    #[serde(borrow)]
    caps: Option<&'a RawValue>,
    #[serde(borrow)]
    token: Option<&'a RawValue>,
    #[serde(borrow)]
    state: Option<&'a RawValue>,
    #[serde(borrow)]
    resume: Option<&'a RawValue>,
    #[serde(borrow)]
    text: Option<&'a RawValue>,
    #[serde(borrow)]
    msg: Option<&'a RawValue>,
    #[serde(borrow)]
    slots: Option<&'a RawValue>,
    #[serde(borrow)]
    topic: Option<&'a RawValue>,
    #[serde(borrow)]
    data: Option<&'a RawValue>,
    #[serde(borrow)]
    reaction: Option<&'a RawValue>,
    #[serde(borrow)]
    action: Option<&'a RawValue>,
    #[serde(borrow)]
    source: Option<&'a RawValue>,
    #[serde(borrow)]
    role: Option<&'a RawValue>,
    #[serde(borrow)]
    ban: Option<&'a RawValue>,
    #[serde(borrow)]
    on: Option<&'a RawValue>,
    #[serde(borrow)]
    stream: Option<&'a RawValue>,
    #[serde(borrow, rename = "roomid")]
    apprtc_room: Option<&'a RawValue>,
    #[serde(borrow, rename = "clientid")]
    apprtc_client: Option<&'a RawValue>,
}

/// A `join`.
#[derive(Debug)]
pub(crate) struct Join {
    pub(crate) room: RoomId,
    pub(crate) uid: Option<Uid>,
    pub(crate) v2: bool,
    pub(crate) token: Option<String>,
    // What follows is of v2 only.
    pub(crate) name: Option<String>,
    pub(crate) caps: Vec<String>,
    pub(crate) state: Option<MediaState>,
    pub(crate) resume: Option<String>,
}

impl<'a> Fields<'a> {
    fn parse(text: &'a str) -> Result<Self, Malformed> {
        check_object(text)?;
        Ok(serde_json::from_str(text)?)
    }
}

impl<'a> Request<'a> {
    pub(crate) fn parse(text: &'a str) -> Result<Self, Malformed> {
        let fields = Fields::parse(text)?;
        let command = fields.cmd.and_then(string).ok_or(Malformed::NoCommand)?;
        let command = match command.as_str() {
            "join" => Command::Join,
            "leave" => Command::Leave,
            "offer" => Command::Offer,
            "answer" | "candidate" | "hangup" => Command::Forward,
            "subscribe" => Command::Subscribe,
            "state" => Command::State,
            "chat" => Command::Chat,
            "data" => Command::Data,
            "react" => Command::React,
            "moderate" => Command::Moderate,
            "register" => Command::Register,
            "send" => Command::Send,
            "record" => Command::Record,
            "consent" => Command::Consent,
            "ping" | "keepLive" => Command::Ping,
            _ => Command::Unknown,
        };
        Ok(Self { text, command, fields })
    }

    /// A text message of a data channel: `data` without `cmd`.
    pub(crate) fn parse_data(text: &'a str) -> Result<Self, Malformed> {
        Ok(Self { text, command: Command::Data, fields: Fields::parse(text)? })
    }

    /// Whether who leaves may be back in a moment. Of v2 only. Leaving fails for no other value: who wants to go, goes.
    pub(crate) fn may_return(&self) -> bool {
        self.fields.resume.is_some_and(|resume| resume.get() == "true")
    }

    /// The id that v2 answers carry.
    pub(crate) fn id(&self) -> Result<Option<String>, Error> {
        let Some(raw) = self.fields.id else { return Ok(None) };
        let id = string(raw).filter(|id| (1..=ID_BYTES_MAX).contains(&id.len()));
        id.map(Some).ok_or(Error::Field { field: "id" })
    }

    pub(crate) fn room(&self) -> Result<Option<RoomId>, Error> {
        self.fields.room.map(RoomId::parse).transpose()
    }

    pub(crate) fn uid(&self) -> Result<Option<Uid>, Error> {
        self.fields.uid.map(|raw| Uid::parse(raw, "uid")).transpose()
    }

    pub(crate) fn remote(&self) -> Result<Option<Uid>, Error> {
        self.fields.remote.map(|raw| Uid::parse(raw, "remoteUid")).transpose()
    }

    /// Whether this is a `join` that makes its connection speak v2.
    pub(crate) fn wants_v2(&self) -> bool {
        self.command == Command::Join && self.version().is_some_and(|version| version >= 2)
    }

    /// The fields of a `join` on a connection that speaks v2, or not.
    pub(crate) fn join(&self, v2: bool, limits: &Limits) -> Result<Join, Error> {
        if self.version().is_some_and(|version| version > 2) {
            return Err(Error::Version);
        }
        let room = self.room()?.ok_or(Error::Field { field: "roomId" })?;
        let uid = self.uid()?;
        let token = self.fields.token.and_then(string);
        let (mut name, mut caps, mut state, mut resume) = (None, Vec::new(), None, None);
        if v2 {
            name = self.name(limits)?;
            caps = self.caps()?;
            state = self.fields.state.map(media_state).transpose()?;
            // What is longer opens nothing, and would be kept for who waits in a lobby.
            resume = self.fields.resume.and_then(string).filter(|resume| resume.len() <= CLAIM_BYTES_MAX);
        } else if uid.is_none() {
            return Err(Error::Field { field: "uid" });
        }
        Ok(Join { room, uid, v2, token, name, caps, state, resume })
    }

    /// Room and client of a `register`.
    pub(crate) fn registration(&self) -> Result<(RoomId, String), Error> {
        let room = self.fields.apprtc_room.ok_or(Error::Field { field: "roomid" }).and_then(RoomId::parse)?;
        let client = self.fields.apprtc_client.and_then(string).ok_or(Error::Field { field: "clientid" })?;
        Ok((room, client))
    }

    /// What a `send` says.
    pub(crate) fn message(&self) -> Result<String, Error> {
        self.fields.msg.and_then(string).filter(|text| !text.is_empty()).ok_or(Error::Field { field: "msg" })
    }

    pub(crate) fn state(&self) -> Result<MediaState, Error> {
        self.fields.state.ok_or(Error::Field { field: "state" }).and_then(media_state)
    }

    pub(crate) fn chat_text(&self, limits: &Limits) -> Result<String, Error> {
        let text = self.fields.text.and_then(string).filter(|text| !text.is_empty());
        let text = text.ok_or(Error::Field { field: "text" })?;
        if !fits(limits.chat_bytes, text.len()) {
            return Err(Error::TooLarge { field: "text", limit_bytes: limits.chat_bytes });
        }
        Ok(text)
    }

    /// The frame with all its members but `id`, in their order.
    pub(crate) fn text_without_id(&self) -> String {
        let Ok(Members(members)) = serde_json::from_str(self.text) else { return self.text.to_owned() };
        let mut text = String::with_capacity(self.text.len());
        for (key, value) in members.iter().filter(|(key, _)| string(key).is_none_or(|key| key != "id")) {
            text.push(if text.is_empty() { '{' } else { ',' });
            text.push_str(key.get());
            text.push(':');
            text.push_str(value.get());
        }
        text.push('}');
        text
    }

    fn version(&self) -> Option<u64> {
        self.fields.v.and_then(|raw| serde_json::from_str(raw.get()).ok())
    }

    fn name(&self, limits: &Limits) -> Result<Option<String>, Error> {
        let Some(raw) = self.fields.name else { return Ok(None) };
        let valid = string(raw).filter(|name| !name.chars().any(char::is_control));
        let name = valid.ok_or(Error::Field { field: "name" })?;
        if !fits(limits.name_bytes, name.len()) {
            return Err(Error::TooLarge { field: "name", limit_bytes: limits.name_bytes });
        }
        Ok(Some(name))
    }

    fn caps(&self) -> Result<Vec<String>, Error> {
        let Some(raw) = self.fields.caps else { return Ok(Vec::new()) };
        let caps: Vec<String> = serde_json::from_str(raw.get()).map_err(|_| Error::Field { field: "caps" })?;
        let valid = caps.len() <= CAPS_MAX && caps.iter().all(|cap| cap.len() <= CAP_BYTES_MAX);
        if valid { Ok(caps) } else { Err(Error::Field { field: "caps" }) }
    }
}

fn string(raw: &RawValue) -> Option<String> {
    serde_json::from_str(raw.get()).ok()
}

fn media_state(raw: &RawValue) -> Result<MediaState, Error> {
    let object = raw.get().starts_with('{').then(|| serde_json::from_str(raw.get()).ok()).flatten();
    object.ok_or(Error::Field { field: "state" })
}

/// Whether the text can be an object that is nested no deeper than it may be.
pub(crate) fn check_object(text: &str) -> Result<(), Malformed> {
    // The derived readers would take an array for an object.
    if !text.trim_start().starts_with('{') {
        return Err(Malformed::NotAnObject);
    }
    if depth(text) > DEPTH_MAX {
        return Err(Malformed::TooDeep { limit: DEPTH_MAX });
    }
    Ok(())
}

/// How deep the brackets of a JSON text nest; the text need not be valid.
fn depth(text: &str) -> usize {
    let (mut depth, mut deepest, mut quoted, mut escaped) = (0_usize, 0, false, false);
    for byte in text.bytes() {
        match byte {
            _ if escaped => escaped = false,
            b'\\' if quoted => escaped = true,
            b'"' => quoted = !quoted,
            b'{' | b'[' if !quoted => depth += 1,
            b'}' | b']' if !quoted => depth = depth.saturating_sub(1),
            _ => {}
        }
        deepest = deepest.max(depth);
    }
    deepest
}

/// The members of an object in their order, unread.
struct Members<'a>(Vec<(&'a RawValue, &'a RawValue)>);

impl<'de> Deserialize<'de> for Members<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(MembersVisitor)
    }
}

struct MembersVisitor;

impl<'de> de::Visitor<'de> for MembersVisitor {
    type Value = Members<'de>;

    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: de::MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut members = Vec::new();
        while let Some(member) = map.next_entry()? {
            members.push(member);
        }
        Ok(Members(members))
    }
}

/// Deepest nesting of a frame. Nobody's parser down the line should have to think about its stack.
pub(crate) const DEPTH_MAX: usize = 64;
/// Longest `id` of a request, in bytes.
pub(crate) const ID_BYTES_MAX: usize = 64;
/// Most `caps` of a member.
pub(crate) const CAPS_MAX: usize = 16;
/// Longest of them, in bytes.
pub(crate) const CAP_BYTES_MAX: usize = 32;

#[cfg(test)]
mod tests;
