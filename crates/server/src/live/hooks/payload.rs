//! What the programs are told, in SRS's words.

use std::fmt;
use std::path::Path;

use live::StreamName;
use live::hls::Completed;
use serde_json::{Map, Value};

use crate::config::{Config, WebhookUrl};
use crate::http::srs::{Identity, VHOST};
use crate::live::clients::{Client, Kind, StreamId};

/// What is asked or told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Hook {
    /// Somebody has connected by RTMP, and wants to publish or to play.
    Connect,
    /// Its connection is over.
    Close,
    /// Somebody wants to publish.
    Publish,
    /// It does so no longer.
    Unpublish,
    /// Somebody wants to play.
    Play,
    /// It does so no longer.
    Stop,
    /// A file of a recording is complete.
    Dvr,
    /// A segment of HLS is complete.
    Hls,
    /// A stream is on air, and may go on to other servers.
    Forward,
}

impl Hook {
    /// Every hook.
    pub(crate) const ALL: [Self; 9] = [
        Self::Connect,
        Self::Close,
        Self::Publish,
        Self::Unpublish,
        Self::Play,
        Self::Stop,
        Self::Dvr,
        Self::Hls,
        Self::Forward,
    ];

    /// Whether its answer counts.
    pub(super) fn is_asked(self) -> bool {
        matches!(self, Self::Connect | Self::Publish | Self::Play | Self::Forward)
    }

    /// Where it goes.
    pub(super) fn urls(self, config: &Config) -> Vec<WebhookUrl> {
        let urls = match self {
            Self::Connect => &config.live_on_connect,
            Self::Close => &config.live_on_close,
            Self::Publish => &config.live_on_publish,
            Self::Unpublish => &config.live_on_unpublish,
            Self::Play => &config.live_on_play,
            Self::Stop => &config.live_on_stop,
            Self::Dvr => &config.live_on_dvr,
            Self::Hls => &config.live_on_hls,
            Self::Forward => &config.live_on_forward,
        };
        urls.0.clone()
    }

    fn action(self) -> &'static str {
        match self {
            Self::Connect => "on_connect",
            Self::Close => "on_close",
            Self::Publish => "on_publish",
            Self::Unpublish => "on_unpublish",
            Self::Play => "on_play",
            Self::Stop => "on_stop",
            Self::Dvr => "on_dvr",
            Self::Hls => "on_hls",
            Self::Forward => "on_forward",
        }
    }
}

impl fmt::Display for Hook {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.action())
    }
}

/// The body of a hook about that client.
pub(super) fn payload(identity: &Identity, hook: Hook, client: &Client) -> Value {
    let (visit, name) = (client.visit(), client.name());
    let mut body = common(identity, hook, name);
    insert_client(&mut body, client);
    if hook == Hook::Close {
        let bytes = client.bytes();
        body.insert("send_bytes".to_owned(), bytes.sent.into());
        body.insert("recv_bytes".to_owned(), bytes.received.into());
        return body.into();
    }
    insert_stream(&mut body, name);
    body.insert("tcUrl".to_owned(), visit.tc_url.clone().into());
    body.insert("param".to_owned(), param(visit.kind, &visit.query).into());
    if matches!(hook, Hook::Connect | Hook::Play) {
        body.insert("pageUrl".to_owned(), visit.page_url.clone().into());
    }
    body.into()
}

/// The body of `on_dvr`. A recording outlasts its publishers, so it names none.
pub(super) fn recorded(identity: &Identity, name: &StreamName, folder: &Path, file: &str) -> Value {
    let mut body = common(identity, Hook::Dvr, name);
    insert_stream(&mut body, name);
    for (field, value) in [("client_id", ""), ("ip", ""), ("param", ""), ("file", file)] {
        body.insert(field.to_owned(), value.into());
    }
    body.insert("cwd".to_owned(), folder.to_string_lossy().into());
    body.into()
}

/// The body of `on_hls`. A publisher may have gone before its last segment is complete.
pub(super) fn segment(
    identity: &Identity,
    name: &StreamName,
    publisher: Option<&Client>,
    segment: &Completed,
) -> Value {
    let mut body = common(identity, Hook::Hls, name);
    insert_stream(&mut body, name);
    for field in ["client_id", "ip", "param", "tcUrl"] {
        body.insert(field.to_owned(), "".into());
    }
    if let Some(client) = publisher {
        let visit = client.visit();
        insert_client(&mut body, client);
        body.insert("param".to_owned(), param(visit.kind, &visit.query).into());
        body.insert("tcUrl".to_owned(), visit.tc_url.clone().into());
    }
    // Segments are in memory: where SRS has files, these have their names.
    let url = format!("{}/{}", name.app(), segment.path);
    let playlist = format!("{}/{}", name.app(), segment.playlist);
    let cwd = std::env::current_dir().unwrap_or_default();
    for (field, value) in [
        ("cwd", cwd.to_string_lossy().into()),
        ("file", format!("./{url}").into()),
        ("url", url.into()),
        ("m3u8", format!("./{playlist}").into()),
        ("m3u8_url", playlist.into()),
        ("seq_no", segment.number.into()),
        ("duration", (segment.duration.micros() as f64 / 1e6).into()),
    ] {
        body.insert(field.to_owned(), value);
    }
    body.into()
}

fn insert_client(body: &mut Map<String, Value>, client: &Client) {
    body.insert("client_id".to_owned(), client.id().to_string().into());
    body.insert("ip".to_owned(), client.visit().address.to_string().into());
}

fn common(identity: &Identity, hook: Hook, name: &StreamName) -> Map<String, Value> {
    let fields = [
        ("server_id", identity.server.as_str()),
        ("service_id", &identity.service),
        ("action", hook.action()),
        ("vhost", VHOST),
        ("app", name.app()),
    ];
    fields.into_iter().map(|(field, value)| (field.to_owned(), value.into())).collect()
}

fn insert_stream(body: &mut Map<String, Value>, name: &StreamName) {
    body.insert("stream".to_owned(), name.stream().into());
    body.insert("stream_url".to_owned(), name.to_string().into());
    body.insert("stream_id".to_owned(), StreamId::of(name).to_string().into());
}

/// The parameters of the URL, with the question mark where the protocol has one; with WHIP and WHEP they are the whole query.
fn param(kind: Kind, query: &str) -> String {
    let is_whole = matches!(kind, Kind::RtcPublish | Kind::RtcPlay) || query.is_empty();
    if is_whole { query.to_owned() } else { format!("?{query}") }
}
