//! What clients of AppRTC say to each other, and what it is called in a room.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};
use serde_json::json;

/// What a message is, by its `type`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Offer,
    Answer,
    Candidate,
    Bye,
    /// Of which only another client of AppRTC can make something, if anybody.
    Other,
}

impl Kind {
    pub(crate) fn of(text: &str) -> Self {
        match type_of(text).as_deref() {
            Some("offer") => Self::Offer,
            Some("answer") => Self::Answer,
            Some("candidate") => Self::Candidate,
            Some("bye") => Self::Bye,
            _ => Self::Other,
        }
    }

    /// The command that carries it from member to member. What has no name in a room goes as a candidate does: unread, and in its turn.
    pub(crate) fn command(self) -> &'static str {
        match self {
            Self::Offer => "offer",
            Self::Answer => "answer",
            Self::Candidate | Self::Bye | Self::Other => "candidate",
        }
    }
}

/// The message as it is said to a member that does not speak AppRTC; `None` for what it could not understand.
pub(crate) fn to_room(text: &str, kind: Kind) -> Option<Cow<'_, str>> {
    match kind {
        Kind::Offer | Kind::Answer => Some(text.into()),
        Kind::Candidate => {
            let Candidate { candidate, label, id, sdp_m_line_index, sdp_mid } = object(text)?;
            // Some devices name no section. There is one transport, and it is the first one's.
            let index = label.or(sdp_m_line_index).unwrap_or(0);
            let mid = id.or(sdp_mid);
            Some(json!({ "candidate": candidate, "label": index, "id": mid, "sdpMLineIndex": index, "sdpMid": mid }))
                .map(|value| value.to_string().into())
        }
        Kind::Bye | Kind::Other => None,
    }
}

/// What a member has said with this command, as clients of AppRTC say it. What has a `type` already goes as it came.
pub(crate) fn from_room(command: &str, text: String) -> String {
    if type_of(&text).is_some() {
        return text;
    }
    let said = match command {
        "candidate" => object::<Candidate<'_>>(&text).map(|it| {
            let index = it.sdp_m_line_index.or(it.label).unwrap_or(0);
            let mid = it.sdp_mid.or(it.id);
            json!({ "type": "candidate", "label": index, "id": mid, "candidate": it.candidate })
        }),
        _ => object::<Description<'_>>(&text).map(|it| json!({ "type": command, "sdp": it.sdp })),
    };
    said.map_or(text, |said| said.to_string())
}

/// In both shapes that are about.
#[derive(Deserialize, Serialize)]
#[serde(rename_all = "camelCase")]
struct Candidate<'a> {
    #[serde(borrow)]
    candidate: Cow<'a, str>,
    label: Option<u32>,
    #[serde(borrow)]
    id: Option<Cow<'a, str>>,
    sdp_m_line_index: Option<u32>,
    #[serde(borrow)]
    sdp_mid: Option<Cow<'a, str>>,
}

#[derive(Deserialize)]
struct Description<'a> {
    #[serde(borrow)]
    sdp: Cow<'a, str>,
}

#[derive(Deserialize)]
struct Typed<'a> {
    #[serde(borrow, rename = "type")]
    kind: Cow<'a, str>,
}

fn type_of(text: &str) -> Option<Cow<'_, str>> {
    object::<Typed<'_>>(text).map(|typed| typed.kind)
}

/// Reads an object; the derived readers would take an array for one.
fn object<'a, T: Deserialize<'a>>(text: &'a str) -> Option<T> {
    text.trim_start().starts_with('{').then(|| serde_json::from_str(text).ok()).flatten()
}
