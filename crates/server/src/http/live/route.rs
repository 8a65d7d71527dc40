//! What a path and its query ask for.

use std::borrow::Cow;

use axum::http::Method;
use axum::http::request::Parts;
use live::{NameError, StreamAddress, StreamName};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

use super::refusal::Refusal;
use crate::live::access::Deed;
use crate::live::sessions::SessionId;

/// What is asked for.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Route {
    /// Where offers are posted.
    Endpoint { deed: Deed, address: StreamAddress, form: Form },
    /// A session that has been opened.
    Session(Place),
    /// Where offers are posted in JSON.
    Json(Deed),
    /// Where a test has packets be lost.
    Nack,
}

/// A session of a stream.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Place {
    pub(super) name: StreamName,
    pub(super) id: SessionId,
}

/// Of which kind the path is, and so that of its sessions.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Form {
    /// `/whip/{app}/{stream}`
    Clean,
    /// `/rtc/v1/whip/?app={app}&stream={stream}`
    Srs,
}

impl Route {
    /// Finds it.
    pub(super) fn find(parts: &Parts) -> Result<Self, Refusal> {
        let path = parts.uri.path();
        let query = parts.uri.query().unwrap_or_default();
        let deed = match path.trim_end_matches('/') {
            "/rtc/v1/publish" => return Ok(Self::Json(Deed::Publish)),
            "/rtc/v1/play" => return Ok(Self::Json(Deed::Play)),
            "/rtc/v1/nack" => return Ok(Self::Nack),
            "/rtc/v1/whip" => Deed::Publish,
            "/rtc/v1/whep" | "/rtc/v1/whip-play" => Deed::Play,
            path => return Self::clean(&parts.method, path, query),
        };
        // What is meant where the query says nothing.
        let address = StreamAddress::parse(&format!("/live/livestream?{query}"))?;
        let part =
            |name: &'static str, otherwise: &'static str| address.parameter(name).unwrap_or(Cow::Borrowed(otherwise));
        let (app, stream) = (part("app", "live"), part("stream", "livestream"));
        let name = StreamName::new(app.trim_matches('/'), &stream)?;
        let is_session = parts.method == Method::DELETE || parts.method == Method::PATCH;
        if is_session || address.parameter("action").as_deref() == Some("delete") {
            let id = address.parameter("token").ok_or(Refusal::NoSession)?;
            return Ok(Self::Session(Place { name, id: SessionId(id.into_owned()) }));
        }
        let deed = if address.parameter("action").as_deref() == Some("play") { Deed::Play } else { deed };
        let query = address.query.clone();
        Ok(Self::Endpoint { deed, address: StreamAddress { name, query }, form: Form::Srs })
    }

    fn clean(method: &Method, path: &str, query: &str) -> Result<Self, Refusal> {
        let (deed, named) = if let Some(named) = path.strip_prefix("/whip/") {
            (Deed::Publish, named)
        } else if let Some(named) = path.strip_prefix("/whep/") {
            (Deed::Play, named)
        } else {
            return Err(Refusal::NotFound);
        };
        // An app may have several segments: what a path is for, its end says, which no stream has by chance.
        let parsed = |named: &str| StreamAddress::parse(&format!("/{named}?{query}"));
        if let Some((named, id)) = named.rsplit_once('/').filter(|(_, last)| is_session_id(last)) {
            return Ok(Self::Session(Place { name: parsed(named)?.name, id: SessionId(id.to_owned()) }));
        }
        if *method == Method::DELETE || *method == Method::PATCH {
            return Err(Refusal::NoSession);
        }
        Ok(Self::Endpoint { deed, address: parsed(named)?, form: Form::Clean })
    }
}

impl Place {
    /// The path by which the session is found again.
    pub(super) fn path(&self, deed: Deed, form: Form, session: &str) -> String {
        let id = &self.id.0;
        match form {
            Form::Clean => {
                let what = if deed == Deed::Publish { "whip" } else { "whep" };
                format!("/{what}{}/{id}", escaped_path(&self.name))
            }
            Form::Srs => {
                let (app, stream) = (escaped(self.name.app()), escaped(self.name.stream()));
                // What stands in it the client may have written.
                let session = escaped(session).replace("%3A", ":");
                format!("/rtc/v1/whip/?action=delete&token={id}&app={app}&stream={stream}&session={session}")
            }
        }
    }
}

/// The path of the stream as it stands in a URL.
pub(super) fn escaped_path(name: &StreamName) -> String {
    let app: Vec<String> = name.app().split('/').map(escaped).collect();
    format!("/{}/{}", app.join("/"), escaped(name.stream()))
}

fn escaped(text: &str) -> String {
    utf8_percent_encode(text, ESCAPED).to_string()
}

impl From<NameError> for Refusal {
    fn from(error: NameError) -> Self {
        Self::BadName(error)
    }
}

/// 32 hexadecimal digits.
fn is_session_id(segment: &str) -> bool {
    segment.len() == SESSION_ID_CHARS && segment.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
}

/// 128 bits.
pub(super) const SESSION_ID_CHARS: usize = 32;
/// RFC 3986 §2.3.
const ESCAPED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');
