//! What the programs are told, in SRS's words.

use std::fmt;

use serde_json::{Value, json};

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
}

impl Hook {
    /// Every hook.
    pub(crate) const ALL: [Self; 6] =
        [Self::Connect, Self::Close, Self::Publish, Self::Unpublish, Self::Play, Self::Stop];

    /// Whether it may be refused.
    pub(super) fn is_asked(self) -> bool {
        matches!(self, Self::Connect | Self::Publish | Self::Play)
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
    let mut body = json!({
        "server_id": identity.server,
        "service_id": identity.service,
        "action": hook.action(),
        "client_id": client.id().to_string(),
        "ip": visit.address.to_string(),
        "vhost": VHOST,
        "app": name.app(),
    });
    let more = match hook {
        Hook::Close => {
            let bytes = client.bytes();
            json!({ "send_bytes": bytes.sent, "recv_bytes": bytes.received })
        }
        Hook::Connect | Hook::Publish | Hook::Unpublish | Hook::Play | Hook::Stop => json!({
            "tcUrl": visit.tc_url,
            "stream": name.stream(),
            "param": param(visit.kind, &visit.query),
            "stream_url": name.to_string(),
            "stream_id": StreamId::of(name).to_string(),
        }),
    };
    if let (Some(body), Some(more)) = (body.as_object_mut(), more.as_object()) {
        body.extend(more.clone());
        if matches!(hook, Hook::Connect | Hook::Play) {
            body.insert("pageUrl".to_owned(), visit.page_url.clone().into());
        }
    }
    body
}

/// The parameters of the URL, with the question mark where the protocol has one; with WHIP and WHEP they are the whole query.
fn param(kind: Kind, query: &str) -> String {
    let is_whole = matches!(kind, Kind::RtcPublish | Kind::RtcPlay) || query.is_empty();
    if is_whole { query.to_owned() } else { format!("?{query}") }
}
