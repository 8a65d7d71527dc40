//! The shapes of what is answered.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Instant;

use live::StreamName;
use media::aac::AudioSpecificConfig;
use media::{Codec, Parameters, Shape, h264, h265};
use serde_json::{Value, json};

use crate::clock;
use crate::http::site::Site;
use crate::live::clients::{Client, Figures, Kbps, StreamId};
use crate::live::directory::Sight;

/// What this server calls itself, in answers and in hooks.
#[derive(Debug, Clone)]
pub(crate) struct Identity {
    /// `live.server_id`
    pub(crate) server: String,
    /// Another one after every start.
    pub(crate) service: String,
}

/// What every answer has, and what this one has besides; nothing where that is null.
pub(crate) fn envelope(identity: &Identity, name: &str, value: Value) -> Value {
    let mut body = json!({
        "code": 0,
        "server": identity.server,
        "service": identity.service,
        "pid": std::process::id().to_string(),
    });
    if let Some(body) = body.as_object_mut().filter(|_| !value.is_null()) {
        body.insert(name.to_owned(), value);
    }
    body
}

/// One server is one host, which has SRS's name for it.
pub(super) fn vhost(site: &Site, clients: usize, figures: &BTreeMap<StreamName, Figures>) -> Value {
    let (mut received, mut sent, mut kbps) = (0, 0, Kbps::default());
    for stream in figures.values() {
        received += stream.bytes.received;
        sent += stream.bytes.sent;
        kbps.received += stream.kbps.received;
        kbps.sent += stream.kbps.sent;
    }
    json!({
        "id": vhost_id(),
        "name": VHOST,
        "enabled": true,
        "clients": clients,
        "streams": site.stage.directory.streams().len(),
        "send_bytes": sent,
        "recv_bytes": received,
        "kbps": rates(kbps),
        "hls": { "enabled": true },
    })
}

/// A stream that is on air.
pub(super) fn stream(sight: &Sight, figures: &BTreeMap<StreamName, Figures>, clients: &[Arc<Client>]) -> Value {
    // The time of the answer, as SRS has it under this name.
    let live_ms = u64::try_from(clock::unix_time().as_millis()).unwrap_or(u64::MAX);
    let of_stream = figures.get(&sight.name).copied().unwrap_or_default();
    let publisher = clients.iter().find(|client| *client.name() == sight.name && client.kind().publishes());
    let tc_url = publisher.map(|publisher| publisher.visit().tc_url.as_str()).unwrap_or_default();
    json!({
        "id": stream_id(&sight.name),
        "name": sight.name.stream(),
        "vhost": vhost_id(),
        "app": sight.name.app(),
        "tcUrl": tc_url,
        "url": sight.name.to_string(),
        "live_ms": live_ms,
        "clients": of_stream.audience.publishers + of_stream.audience.viewers,
        "frames": sight.pictures,
        "send_bytes": of_stream.bytes.sent,
        "recv_bytes": of_stream.bytes.received,
        "kbps": rates(of_stream.kbps),
        "publish": {
            "active": true,
            "cid": publisher.map(|publisher| publisher.id().to_string()).unwrap_or_default(),
        },
        "video": sight.video.as_ref().map(video),
        "audio": sight.audio.as_ref().map(audio),
    })
}

/// Who publishes or views.
pub(super) fn client(now: Instant, client: &Client) -> Value {
    let (visit, bytes) = (client.visit(), client.bytes());
    let alive = now.saturating_duration_since(client.since());
    json!({
        "id": client.id().to_string(),
        "vhost": vhost_id(),
        "stream": stream_id(client.name()),
        "ip": visit.address.to_string(),
        "pageUrl": visit.page_url,
        "swfUrl": "",
        "tcUrl": visit.tc_url,
        "url": client.name().to_string(),
        "name": client.name().stream(),
        "type": client.kind().srs_word(),
        "publish": client.kind().publishes(),
        "alive": alive.as_secs_f64(),
        "send_bytes": bytes.sent,
        "recv_bytes": bytes.received,
        "kbps": rates(client.kbps(now)),
    })
}

fn rates(kbps: Kbps) -> Value {
    json!({ "recv_30s": kbps.received, "send_30s": kbps.sent })
}

fn video(parameters: &Parameters) -> Value {
    let (mut width, mut height) = match parameters.shape {
        Shape::Video { width, height } => (width, height),
        Shape::Audio { .. } => (0, 0),
    };
    let mut said = ("Other".to_owned(), "Other".to_owned());
    let record = &parameters.decoder_configuration;
    match parameters.codec {
        Codec::H264 => {
            let set = h264::DecoderConfiguration::parse(record).ok();
            let sps = set.and_then(|set| h264::Sps::parse(set.sps.first()?).ok());
            if let Some(sps) = sps {
                (width, height) = (sps.width, sps.height);
                said = (h264_profile(sps.profile, sps.constraints).to_owned(), level(sps.level, 10));
            }
        }
        Codec::H265 => {
            let set = h265::DecoderConfiguration::parse(record).ok();
            let sps = set.and_then(|set| h265::Sps::parse(set.sps.first()?).ok());
            if let Some(sps) = sps {
                (width, height) = (sps.width, sps.height);
                said = (h265_profile(sps.profile).to_owned(), level(sps.level, 30));
            }
        }
        Codec::Av1 | Codec::Vp8 | Codec::Vp9 | Codec::Aac | Codec::Mp3 | Codec::Opus | Codec::Pcmu | Codec::Pcma => {}
    }
    let codec = if parameters.codec == Codec::H265 { "HEVC" } else { parameters.codec.name() };
    json!({ "codec": codec, "profile": said.0, "level": said.1, "width": width, "height": height })
}

fn audio(parameters: &Parameters) -> Value {
    let (sample_rate, channel) = match parameters.shape {
        Shape::Audio { sample_rate_hz, channels } => (sample_rate_hz, channels),
        Shape::Video { .. } => (0, 0),
    };
    let config = AudioSpecificConfig::parse(&parameters.decoder_configuration).ok();
    let profile = match config.filter(|_| parameters.codec == Codec::Aac).map(|config| config.object_type) {
        Some(1) => "Main",
        Some(2) => "LC",
        Some(3) => "SSR",
        Some(5) => "HE",
        Some(29) => "HEv2",
        _ => "Other",
    };
    json!({ "codec": parameters.codec.name(), "sample_rate": sample_rate, "channel": channel, "profile": profile })
}

/// The names of profile_idc (ITU-T H.264 Annex A).
fn h264_profile(profile: u8, constraints: u8) -> &'static str {
    match (profile, constraints & 0x40 != 0) {
        (66, true) => "Baseline(Constrained)",
        (66, false) => "Baseline",
        (77, _) => "Main",
        (88, _) => "Extended",
        (100, _) => "High",
        (110, _) => "High(10)",
        (122, _) => "High(422)",
        (244, _) => "High(444)",
        _ => "Other",
    }
}

/// The names of general_profile_idc (ITU-T H.265 Annex A).
fn h265_profile(profile: u8) -> &'static str {
    match profile {
        1 => "Main",
        2 => "Main10",
        3 => "Main Still Picture",
        4 => "Rext",
        _ => "Other",
    }
}

/// As people write it: 3.1, and 4 where nothing stands behind the point.
fn level(number: u8, unit: u8) -> String {
    let (whole, tenths) = (number / unit, u16::from(number % unit) * 10 / u16::from(unit));
    if tenths == 0 { whole.to_string() } else { format!("{whole}.{tenths}") }
}

/// The id of a stream.
pub(super) fn stream_id(name: &StreamName) -> String {
    StreamId::of(name).to_string()
}

/// The id of the one host.
pub(super) fn vhost_id() -> String {
    StreamId::of_text(VHOST).to_string()
}

/// SRS's name for a host that has none.
pub(crate) const VHOST: &str = "__defaultVhost__";
