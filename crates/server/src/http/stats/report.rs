//! The server in numbers. Counters are since the start and never fall, so that two answers give a rate; the others are of the moment.

use std::time::Duration;

use serde::Serialize;

use crate::clock;
use crate::worker::as_count;
use crate::workers::{Stats, WorkerSurvey};

/// `ServerStats` of the document.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ServerStats {
    version: &'static str,
    /// Milliseconds since the Unix epoch, as every time.
    at: u64,
    started_at: u64,
    uptime_ms: u64,
    rooms: u64,
    members: u64,
    reconnecting: u64,
    web_sockets: u64,
    media: MediaNumbers,
    relays: RelayNumbers,
    traffic: Traffic,
    drops: Drops,
    workers: Vec<WorkerReport>,
}

/// `MediaNumbers` of the document.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
struct MediaNumbers {
    rooms: u64,
    connections: u64,
    tracks: u64,
    live_slots: u64,
    offers_answered: u64,
    offers_refused: u64,
    disconnects: u64,
    resent_packets: u64,
    nacked_packets: u64,
    key_frame_requests: u64,
    packets_in_trains: u64,
}

/// `RelayNumbers` of the document.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
struct RelayNumbers {
    allocations: u64,
    allocations_made: u64,
    bindings: u64,
    challenges: u64,
    rejects: u64,
    streams: u64,
}

/// `Traffic` of the document.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
struct Traffic {
    media_in: Flow,
    media_out: Flow,
    relay_to_peers: Flow,
    relay_to_clients: Flow,
}

/// `Flow` of the document.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
struct Flow {
    packets: u64,
    bytes: u64,
}

/// `Drops` of the document: packets that were lost here or not wanted, by cause.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
struct Drops {
    send_buffer_full: u64,
    network_refused: u64,
    receive_errors: u64,
    slow_streams: u64,
    handover_full: u64,
    tuple_table_full: u64,
    room_queue_full: u64,
    data_refused: u64,
    data_late: u64,
    media_malformed: u64,
    media_strays: u64,
    media_no_connection: u64,
    media_no_path: u64,
    turn_malformed: u64,
    turn_rate_limited: u64,
    turn_no_allocation: u64,
    turn_no_permission: u64,
    turn_no_channel: u64,
    turn_forbidden_peer: u64,
    turn_oversized: u64,
    turn_capped: u64,
}

/// `WorkerReport` of the document.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
struct WorkerReport {
    worker: usize,
    /// It did not answer within a second, and is not in the sums.
    late: bool,
    /// Commands that waited for it when it was asked.
    queued: u64,
    #[serde(flatten)]
    work: Option<Work>,
}

/// What a worker that has answered says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
struct Work {
    cpu_ms: u64,
    wake_ups: u64,
    rooms: u64,
    members: u64,
    connections: u64,
    allocations: u64,
    datagrams_in: u64,
    datagrams_out: u64,
    media_in: Flow,
    media_out: Flow,
}

impl ServerStats {
    pub(super) fn new(started_at: Duration, uptime: Duration, rooms: &room::Stats, survey: &[WorkerSurvey]) -> Self {
        let mut sum = Stats::default();
        survey.iter().filter_map(|worker| worker.stats).for_each(|stats| sum += stats);
        Self {
            version: env!("CARGO_PKG_VERSION"),
            at: millis(clock::unix_time()),
            started_at: millis(started_at),
            uptime_ms: millis(uptime),
            rooms: as_count(rooms.rooms),
            members: as_count(rooms.members),
            reconnecting: as_count(rooms.reconnecting),
            web_sockets: as_count(rooms.connections),
            media: media_numbers(&sum),
            relays: relay_numbers(&sum),
            traffic: Traffic {
                media_in: media_in(&sum),
                media_out: media_out(&sum),
                relay_to_peers: Flow { packets: sum.core.to_peers, bytes: sum.core.to_peers_bytes },
                relay_to_clients: Flow { packets: sum.core.to_clients, bytes: sum.core.to_clients_bytes },
            },
            drops: drops(&sum),
            workers: survey.iter().enumerate().map(|(worker, survey)| worker_report(worker, survey)).collect(),
        }
    }
}

fn media_numbers(sum: &Stats) -> MediaNumbers {
    let media = &sum.media;
    MediaNumbers {
        rooms: media.rooms,
        connections: media.connections,
        tracks: media.tracks,
        live_slots: media.live_slots,
        offers_answered: media.offers_answered,
        offers_refused: media.offers_refused,
        disconnects: media.disconnects,
        resent_packets: media.resent,
        nacked_packets: media.nacked,
        key_frame_requests: media.key_frame_requests,
        packets_in_trains: media.post.rtp_sent_in_trains,
    }
}

fn relay_numbers(sum: &Stats) -> RelayNumbers {
    RelayNumbers {
        allocations: sum.core.allocations,
        allocations_made: sum.core.allocations_made,
        bindings: sum.core.bindings + sum.second.bindings,
        challenges: sum.core.challenges,
        rejects: sum.core.rejects + sum.second.rejects,
        streams: sum.io.streams_open,
    }
}

fn drops(sum: &Stats) -> Drops {
    let (io, media, turn, second) = (&sum.io, &sum.media, &sum.core.drops, &sum.second.drops);
    Drops {
        send_buffer_full: io.datagrams_dropped,
        network_refused: io.datagrams_refused,
        receive_errors: io.receive_errors,
        slow_streams: io.stream_data_dropped,
        handover_full: io.handovers_dropped,
        tuple_table_full: io.tuples_refused,
        room_queue_full: media.events_dropped,
        data_refused: media.data.refused,
        data_late: media.data.dropped,
        media_malformed: media.malformed,
        media_strays: media.strays,
        media_no_connection: media.post.unconnected,
        media_no_path: media.post.pathless,
        turn_malformed: turn.malformed + second.malformed,
        turn_rate_limited: turn.rate_limited + second.rate_limited,
        turn_no_allocation: turn.no_allocation,
        turn_no_permission: turn.no_permission,
        turn_no_channel: turn.no_channel,
        turn_forbidden_peer: turn.forbidden_peer,
        turn_oversized: turn.oversized,
        turn_capped: turn.over_allocation_cap + turn.over_user_cap + turn.over_room_cap,
    }
}

fn worker_report(worker: usize, survey: &WorkerSurvey) -> WorkerReport {
    let work = survey.stats.as_ref().map(|stats| Work {
        cpu_ms: millis(stats.load.cpu),
        wake_ups: stats.load.wake_ups,
        rooms: stats.media.rooms,
        members: stats.media.members,
        connections: stats.media.connections,
        allocations: stats.core.allocations,
        datagrams_in: stats.io.datagrams_received,
        datagrams_out: stats.io.datagrams_sent,
        media_in: media_in(stats),
        media_out: media_out(stats),
    });
    WorkerReport { worker, late: work.is_none(), queued: as_count(survey.queued), work }
}

fn media_in(stats: &Stats) -> Flow {
    Flow { packets: stats.media.rtp_received, bytes: stats.media.rtp_received_bytes }
}

fn media_out(stats: &Stats) -> Flow {
    Flow { packets: stats.media.post.rtp_sent, bytes: stats.media.post.rtp_sent_bytes }
}

pub(super) fn millis(span: Duration) -> u64 {
    u64::try_from(span.as_millis()).unwrap_or(u64::MAX)
}
