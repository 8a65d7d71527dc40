//! The parameters of a call, which AppRTC's server decides and its clients read.

use axum::http::request::Parts;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use room::apprtc::Joined;
use serde_json::{Value, json};

use super::super::api;
use super::super::arrival::Arrival;
use super::super::site::Site;
use crate::clock;

/// What a request leads to.
pub(super) struct Params {
    /// Whether the request came over TLS, here or at a proxy.
    secure: bool,
    /// Under which host and port it asked for us.
    authority: String,
    /// What it came with, which is needed again for the ICE servers.
    token: Option<String>,
    wishes: Wishes,
}

/// What the page asks for in its own URL, as far as the server has a part in it.
struct Wishes {
    audio: Value,
    video: Value,
    /// `it`: which candidates count.
    ice_transports: Option<&'static str>,
    /// `tt`: over what TURN is reached.
    turn_transports: &'static str,
    warnings: Vec<&'static str>,
}

impl Params {
    pub(super) fn of(site: &Site, arrival: Arrival, parts: &Parts) -> Self {
        Self {
            secure: site.is_secure(arrival, parts),
            authority: Arrival::shown_authority(parts).unwrap_or_else(|| arrival.local.to_string()),
            token: api::token(parts),
            wishes: Wishes::of(parts),
        }
    }

    /// What is the same for every room.
    pub(super) fn defaults(&self) -> Value {
        let Wishes { audio, video, ice_transports, turn_transports, warnings } = &self.wishes;
        let mut configuration = json!({ "rtcpMuxPolicy": "require", "bundlePolicy": "max-bundle", "iceServers": [] });
        if let Some(transports) = ice_transports {
            configuration["iceTransports"] = json!(transports);
            configuration["iceTransportPolicy"] = json!(transports);
        }
        let token = self.token.as_deref().map(|token| utf8_percent_encode(token, NON_ALPHANUMERIC).to_string());
        let token = token.map(|token| format!("&token={token}")).unwrap_or_default();
        let (http, ws) = if self.secure { ("https", "wss") } else { ("http", "ws") };
        let authority = &self.authority;
        json!({
            "error_messages": [],
            "warning_messages": warnings,
            "is_loopback": "false",
            "pc_config": configuration.to_string(),
            "pc_constraints": r#"{"optional":[]}"#,
            "offer_options": "{}",
            "media_constraints": json!({ "audio": audio, "video": video }).to_string(),
            "ice_server_url": format!("{http}://{authority}/v1alpha/iceconfig?key={token}"),
            "ice_server_transports": turn_transports,
            "include_loopback_js": "",
            "wss_url": format!("{ws}://{authority}/ws"),
            "wss_post_url": format!("{http}://{authority}/collider"),
            "bypass_join_confirmation": "false",
            "version_info": json!({ "name": "Parlor", "version": env!("CARGO_PKG_VERSION") }).to_string(),
            "header_message": "",
        })
    }

    /// What somebody learns who has joined.
    pub(super) fn of_room(&self, room: &str, joined: &Joined) -> Value {
        let mut params = self.defaults();
        let scheme = if self.secure { "https" } else { "http" };
        let link = format!("{scheme}://{}/r/{}", self.authority, utf8_percent_encode(room, NON_ALPHANUMERIC));
        params["room_id"] = json!(room);
        params["room_link"] = json!(link);
        params["client_id"] = json!(joined.client);
        // Devices compare it with a string.
        params["is_initiator"] = json!(joined.is_initiator.to_string());
        params["messages"] = json!(joined.messages);
        params
    }
}

impl Wishes {
    fn of(parts: &Parts) -> Self {
        let asked = |name| api::query(parts, name);
        let wanted = |name| json!(asked(name).as_deref() != Some("false"));
        let mut video = wanted("video");
        if asked("hd").as_deref() == Some("true") && video == json!(true) {
            video = json!({ "mandatory": {}, "optional": [{ "minWidth": "1280" }, { "minHeight": "720" }] });
        }
        let ice_transports = match asked("it").as_deref() {
            Some("relay") => Some("relay"),
            _ => None,
        };
        let turn_transports = match asked("tt").as_deref() {
            Some("udp") => "udp",
            Some("tcp") => "tcp",
            Some("tls") => "tls",
            _ => "",
        };
        let no_loopback = (asked("debug").as_deref() == Some("loopback")).then_some(NO_LOOPBACK);
        Self {
            audio: wanted("audio"),
            video,
            ice_transports,
            turn_transports,
            warnings: no_loopback.into_iter().collect(),
        }
    }
}

/// The ICE servers as devices need them that read the first one only, and the time out of its name.
pub(super) fn ice_servers(site: &Site, arrival: Arrival, parts: &Parts, room: Option<&str>) -> Value {
    let mut servers = site.mint_ice_servers(&arrival.url_host(parts), room);
    let expires_at = clock::unix_time().as_secs().saturating_add(site.config.turn_credential_seconds.0);
    for server in servers.as_array_mut().into_iter().flatten() {
        let Some(server) = server.as_object_mut() else { continue };
        // STUN has no use for it, and browsers pass over it.
        server.entry("username").or_insert_with(|| json!(format!("{expires_at}:stun")));
        server.entry("credential").or_insert_with(|| json!(""));
    }
    servers
}

const NO_LOOPBACK: &str = "There is no loopback here: this is a call like any other. The network is checked at /check.";
