//! Frames about media: which tracks there are, what is in the slots, who speaks, how well.

use serde::Serialize;

use crate::{
    id::Uid,
    media::{QualityReason, SlotReason, SlotReport, SlotState, Source, TrackDescription},
    room::Room,
};

/// One track that a member publishes.
#[derive(Debug, Serialize)]
pub(crate) struct Track<'a> {
    source: Source,
    kind: &'static str,
    codec: &'static str,
    layers: &'a [String],
    /// Left out where it is not.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    encrypted: bool,
}

impl<'a> Track<'a> {
    pub(crate) fn list(tracks: &'a [TrackDescription]) -> Vec<Self> {
        let kind = |video| if video { "video" } else { "audio" };
        let one = |track: &'a TrackDescription| Self {
            source: track.source,
            kind: kind(track.video),
            codec: track.codec,
            layers: &track.layers,
            encrypted: track.encrypted,
        };
        tracks.iter().map(one).collect()
    }
}

/// What one slot shows. `remoteUid` and `source` are null when it shows nothing.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Slot<'a> {
    mid: &'a str,
    remote_uid: Option<&'a Uid>,
    source: Option<Source>,
    state: SlotState,
    reason: Option<SlotReason>,
    layer: Option<&'a str>,
    temporal: Option<u8>,
}

impl<'a> Slot<'a> {
    /// A report with the names of the members, as far as they are still there.
    pub(crate) fn new(report: &'a SlotReport, room: &'a Room) -> Self {
        let track = report.track.and_then(|(peer, source)| Some((&room.member_at(peer)?.uid, source)));
        Self {
            mid: &report.mid,
            remote_uid: track.map(|(uid, _)| uid),
            source: track.map(|(_, source)| source),
            state: report.state,
            reason: report.reason,
            layer: report.layer.as_deref(),
            temporal: report.temporal,
        }
    }
}

/// One encoding of the receiver's own track, and whether somebody wants it.
#[derive(Debug, Serialize)]
pub(crate) struct Layer<'a> {
    rid: &'a str,
    active: bool,
}

impl<'a> Layer<'a> {
    pub(crate) fn list(layers: &'a [(String, bool)]) -> Vec<Self> {
        layers.iter().map(|(rid, active)| Self { rid, active: *active }).collect()
    }
}

/// Who speaks, and how loud in dBov.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Speaker {
    pub(crate) remote_uid: Uid,
    pub(crate) level: i8,
}

/// How well a member is connected, 0 to 5.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Quality {
    pub(crate) remote_uid: Uid,
    pub(crate) level: u8,
    pub(crate) reason: Option<QualityReason>,
}

/// The `msg` of an answer of the media server.
#[derive(Debug, Serialize)]
pub(crate) struct AnswerMessage<'a> {
    #[serde(rename = "type")]
    kind: &'static str,
    sdp: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    offer: Option<&'a str>,
}

impl<'a> AnswerMessage<'a> {
    pub(crate) fn text(sdp: &'a str, mark: Option<&'a str>) -> String {
        let message = Self { kind: "answer", sdp, offer: mark };
        serde_json::to_string(&message).expect("every value has a JSON form and every key is a string")
    }
}
