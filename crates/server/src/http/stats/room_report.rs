//! A room in numbers, joined from what the rooms and the workers know.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::ops::Range;
use std::time::Duration;

use room::manage::{MemberReport, RoomSeats};
use room::media::{MediaPeerId, Source};
use rtc::Transport;
use rtp::parameters::Kind;
use serde::Serialize;
use sfu::{LayerSnapshot, PeerSnapshot, QualityReason, SlotSnapshot, SlotState, Standstills, TrackSnapshot};

use super::report::millis;
use crate::worker::as_count;
use crate::workers::{MemberLook, RoomSurvey, Viewers};

/// `RoomStats` of the document.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct RoomStats {
    room_id: String,
    name: String,
    mode: &'static str,
    at: u64,
    started_at: u64,
    member_count: u64,
    waiting: u64,
    /// Workers that did not answer within a second: what is connected there is missing.
    late_workers: Vec<usize>,
    members: Vec<MemberStats>,
    next: Option<String>,
}

/// `MemberStats` of the document.
#[derive(Debug, Clone, PartialEq, Serialize)]
struct MemberStats {
    uid: String,
    name: String,
    role: String,
    connection: &'static str,
    muted: Vec<Source>,
    media: Option<ConnectionStats>,
}

/// `ConnectionStats` of the document.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
struct ConnectionStats {
    worker: usize,
    state: &'static str,
    transport: Option<&'static str>,
    /// Where the member is, as far as its network.
    network: Option<String>,
    refused_packets: u64,
    flow: Option<FlowStats>,
}

/// `FlowStats` of the document.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
struct FlowStats {
    silent_ms: u64,
    round_trip_ms: Option<u64>,
    loss_in_percent: f32,
    loss_out_percent: f32,
    estimate_bps: u64,
    wanted_bps: u64,
    granted_bps: u64,
    queued_bytes: u64,
    queue_drops: u64,
    quality: u8,
    quality_reason: Option<&'static str>,
    packets_in: u64,
    bytes_in: u64,
    packets_out: u64,
    bytes_out: u64,
    resent_packets: u64,
    probe_bytes: u64,
    tracks: Vec<TrackStats>,
    slots: Vec<SlotStats>,
}

/// `TrackStats` of the document.
#[derive(Debug, Clone, PartialEq, Serialize)]
struct TrackStats {
    source: Source,
    kind: &'static str,
    codec: Option<&'static str>,
    muted: bool,
    standstills: Option<StandstillStats>,
    layers: Vec<LayerStats>,
}

/// `LayerStats` of the document.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
struct LayerStats {
    rid: Option<String>,
    active: bool,
    bps: u32,
    width: Option<u32>,
    height: Option<u32>,
    packets: u64,
    bytes: u64,
    pictures: u64,
    key_frames: u64,
    nacked_packets: u64,
    key_frame_requests: u64,
    viewers: u64,
}

/// `SlotStats` of the document.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
struct SlotStats {
    mid: String,
    kind: &'static str,
    uid: Option<String>,
    source: Option<Source>,
    state: &'static str,
    reason: Option<&'static str>,
    layer: Option<String>,
    width: u32,
    height: u32,
    packets: u64,
    bytes: u64,
    resent_packets: u64,
    nacked_packets: u64,
    key_frame_requests: u64,
    loss_percent: f32,
    standstills: Option<StandstillStats>,
}

/// `Standstills` of the document.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
struct StandstillStats {
    count: u32,
    total_ms: u64,
    longest_ms: u64,
}

impl RoomStats {
    /// `shown` are the places of the members that were asked for.
    pub(super) fn new(at: Duration, seats: &RoomSeats, shown: Range<usize>, survey: &RoomSurvey) -> Self {
        let report = &seats.report;
        let members = report.members.iter().zip(&seats.seats);
        let page = members.skip(shown.start).take(shown.len());
        let joined = Joined { seats, survey };
        let late = survey.looks.iter().enumerate().filter(|(_, look)| look.is_none());
        let last = report.members.get(..shown.end).and_then(<[MemberReport]>::last);
        Self {
            room_id: report.room_id.clone(),
            name: report.name.clone(),
            mode: report.mode,
            at: millis(at),
            started_at: report.started_at,
            member_count: as_count(report.members.len()),
            waiting: as_count(report.waiting.len()),
            late_workers: late.map(|(worker, _)| worker).collect(),
            members: page.map(|(member, seat)| joined.member(member, *seat)).collect(),
            next: last.filter(|_| shown.end < report.members.len()).map(|member| member.uid.clone()),
        }
    }
}

/// Finds who is who.
struct Joined<'a> {
    seats: &'a RoomSeats,
    survey: &'a RoomSurvey,
}

impl Joined<'_> {
    fn member(&self, member: &MemberReport, seat: Option<MediaPeerId>) -> MemberStats {
        let looks = || self.survey.looks.iter().enumerate().filter_map(|(worker, look)| Some((worker, look.as_ref()?)));
        let found = seat.and_then(|seat| {
            let mut seen = looks().flat_map(|(worker, look)| look.members.iter().map(move |seen| (worker, seen)));
            seen.find(|(_, seen)| seen.member == seat)
        });
        let viewers: Vec<&Viewers> =
            looks().flat_map(|(_, look)| &look.viewers).filter(|viewers| Some(viewers.member) == seat).collect();
        MemberStats {
            uid: member.uid.clone(),
            name: member.name.clone(),
            role: member.role.clone(),
            connection: member.connection,
            muted: member.muted.clone(),
            media: found.map(|(worker, seen)| self.connection(worker, seen, &viewers)),
        }
    }

    fn connection(&self, worker: usize, seen: &MemberLook, viewers: &[&Viewers]) -> ConnectionStats {
        ConnectionStats {
            worker,
            state: if seen.connected { "connected" } else { "connecting" },
            transport: seen.path.map(|path| match path.transport {
                Transport::Udp => "udp",
                Transport::Tcp => "tcp",
            }),
            network: seen.path.map(|path| network(path.remote.ip())),
            refused_packets: seen.refused_packets,
            flow: seen.media.as_ref().map(|media| self.flow(media, &seen.watched, viewers)),
        }
    }

    fn flow(&self, media: &PeerSnapshot, watched: &[Option<(MediaPeerId, Source)>], viewers: &[&Viewers]) -> FlowStats {
        let (quality, reason) = media.quality;
        FlowStats {
            silent_ms: millis(media.silence),
            round_trip_ms: media.round_trip.map(millis),
            loss_in_percent: percent(media.loss_in),
            loss_out_percent: percent(media.loss_out),
            estimate_bps: media.estimate_bps,
            wanted_bps: media.wanted_bps,
            granted_bps: media.granted_bps,
            queued_bytes: as_count(media.queued_bytes),
            queue_drops: media.queue_drops,
            quality,
            quality_reason: reason.map(|reason| match reason {
                QualityReason::Loss => "loss",
                QualityReason::Delay => "delay",
                QualityReason::Bandwidth => "bandwidth",
            }),
            packets_in: media.received_packets,
            bytes_in: media.received_bytes,
            packets_out: media.sent_packets,
            bytes_out: media.sent_bytes,
            resent_packets: media.resent_packets,
            probe_bytes: media.probe_bytes,
            tracks: media.tracks.iter().map(|track| track_stats(track, viewers)).collect(),
            slots: media.slots.iter().zip(watched).map(|(slot, track)| self.slot(slot, *track)).collect(),
        }
    }

    fn slot(&self, slot: &SlotSnapshot, track: Option<(MediaPeerId, Source)>) -> SlotStats {
        let (state, reason) = state(slot.state);
        SlotStats {
            mid: slot.mid.as_str().to_owned(),
            kind: kind(slot.kind),
            uid: track.and_then(|(member, _)| self.uid(member)),
            source: track.map(|(_, source)| source),
            state,
            reason,
            layer: slot.layer.as_ref().map(|rid| rid.as_str().to_owned()),
            width: slot.tile_px.0,
            height: slot.tile_px.1,
            packets: slot.packets,
            bytes: slot.bytes,
            resent_packets: slot.resent_packets,
            nacked_packets: slot.nacked_packets,
            key_frame_requests: slot.key_frame_requests,
            loss_percent: percent(slot.loss),
            standstills: slot.standstills.map(standstills),
        }
    }

    fn uid(&self, member: MediaPeerId) -> Option<String> {
        let place = self.seats.seats.iter().position(|seat| *seat == Some(member))?;
        self.seats.report.members.get(place).map(|member| member.uid.clone())
    }
}

fn track_stats(track: &TrackSnapshot, viewers: &[&Viewers]) -> TrackStats {
    let source = crate::media::told(track.source);
    let watching = |layer: &LayerSnapshot| {
        let here = viewers.iter().filter(|viewers| viewers.source == source && viewers.rid == layer.rid);
        as_count(here.map(|viewers| viewers.slots).sum())
    };
    TrackStats {
        source,
        kind: kind(track.kind),
        codec: track.codec.map(|codec| codec.as_str()),
        muted: track.is_blocked,
        standstills: track.standstills.map(standstills),
        layers: track.layers.iter().map(|layer| layer_stats(layer, watching(layer))).collect(),
    }
}

fn layer_stats(layer: &LayerSnapshot, viewers: u64) -> LayerStats {
    LayerStats {
        rid: layer.rid.as_ref().map(|rid| rid.as_str().to_owned()),
        active: layer.is_active,
        bps: layer.bitrate_bps,
        width: layer.size_px.map(|(width, _)| width),
        height: layer.size_px.map(|(_, height)| height),
        packets: layer.packets,
        bytes: layer.bytes,
        pictures: layer.pictures,
        key_frames: layer.key_frames,
        nacked_packets: layer.nacked_packets,
        key_frame_requests: layer.key_frame_requests,
        viewers,
    }
}

fn standstills(seen: Standstills) -> StandstillStats {
    StandstillStats { count: seen.count, total_ms: millis(seen.total), longest_ms: millis(seen.longest) }
}

fn kind(kind: Kind) -> &'static str {
    match kind {
        Kind::Audio => "audio",
        Kind::Video => "video",
    }
}

/// The words of `slots` in signalling.
fn state(state: SlotState) -> (&'static str, Option<&'static str>) {
    match state {
        SlotState::Live => ("live", None),
        SlotState::Waiting => ("waiting", None),
        SlotState::NoBandwidth => ("paused", Some("bandwidth")),
        SlotState::Muted => ("paused", Some("muted")),
        SlotState::NoTrack => ("waiting", Some("no-track")),
        SlotState::NoCodec => ("waiting", Some("no-codec")),
        SlotState::Wish => ("paused", Some("wish")),
    }
}

/// With one decimal.
fn percent(share: f32) -> f32 {
    (share * 1000.0).round() / 10.0
}

/// The network of an address: enough to see whose, and too little to see who. /24 of IPv4, /48 of IPv6, which is what a site has.
pub(super) fn network(address: IpAddr) -> String {
    match address.to_canonical() {
        IpAddr::V4(address) => format!("{}/24", Ipv4Addr::from_bits(address.to_bits() & (u32::MAX << 8))),
        IpAddr::V6(address) => format!("{}/48", Ipv6Addr::from_bits(address.to_bits() & (u128::MAX << 80))),
    }
}
