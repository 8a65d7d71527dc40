//! `/metrics` for Prometheus (text format 0.0.4), on a port of its own. Labels have words of ours alone: nothing that a stranger can multiply.

mod relays;
mod streams;
mod text;

use std::sync::atomic::Ordering;

use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse as _, Response};

use super::site::Site;
use crate::clock;
use crate::latency::LATENCIES_MS;
use crate::live::clients::{Clients, Kind};
use crate::workers::Stats;

use text::{Family, Text};

/// The page.
pub(super) async fn page(site: &Site) -> Response {
    let clients = site.census.take().await;
    let (rooms, survey) = tokio::join!(site.signal.stats(), site.workers.survey());
    let mut sum = Stats::default();
    survey.iter().filter_map(|worker| worker.stats).for_each(|stats| sum += stats);
    let mut text = Text::default();
    process(site, &mut text);
    live(site, clients, &sum, &mut text);
    streams::write(&site.stage.directory, &sum.media.streams, &mut text);
    forwards(site, &mut text);
    text.gauge("parlor_rooms", "Rooms", rooms.rooms as u64);
    text.gauge("parlor_room_members", "Members of rooms", rooms.members as u64);
    text.gauge("parlor_workers_late", "Media workers that did not answer within a second", late(&survey));
    media(&sum, &mut text);
    relays::write(&sum, &mut text);
    ([(CONTENT_TYPE, "text/plain; version=0.0.4")], text.finish()).into_response()
}

fn late(survey: &[crate::workers::WorkerSurvey]) -> u64 {
    survey.iter().map(|worker| u64::from(worker.stats.is_none())).sum()
}

fn process(site: &Site, text: &mut Text) {
    let figures = site.system.figures(clock::now());
    let mut build = text.family("parlor_build_info", "gauge", "This server");
    build.sample(&[("version", env!("CARGO_PKG_VERSION"))], 1);
    text.gauge("parlor_uptime_seconds", "Since the start", figures.uptime.as_secs());
    text.family("process_cpu_seconds_total", "counter", "Time on processors")
        .number(&[], clock::process_time().as_secs_f64());
    text.gauge("process_resident_memory_bytes", "Memory in use", figures.memory_kbyte.saturating_mul(1024));
}

fn live(site: &Site, clients: &Clients, sum: &Stats, text: &mut Text) {
    let streams = site.stage.directory.streams();
    text.gauge("parlor_live_streams", "Live streams on air", streams.len() as u64);
    let kinds = clients.kinds();
    let of = |kind: Kind| kinds.get(&kind).copied().unwrap_or_default();
    let mut each = |name, what, help, value: &dyn Fn(Kind) -> u64| {
        let mut family: Family<'_> = text.family(name, what, help);
        for kind in Kind::ALL {
            family.sample(&labels(kind), value(kind));
        }
    };
    each("parlor_live_clients", "gauge", "Who publishes and who plays", &|kind| of(kind).0);
    each("parlor_live_clients_total", "counter", "Who has come since the start", &|kind| of(kind).1);
    each("parlor_live_received_bytes_total", "counter", "What came from them", &|kind| of(kind).2.received);
    each("parlor_live_sent_bytes_total", "counter", "What went to them", &|kind| of(kind).2.sent);
    let mut family =
        text.family("parlor_live_join_seconds", "histogram", "From being let in, or the offer, to the first media");
    for kind in Kind::ALL.into_iter().filter(|kind| !kind.publishes()) {
        let latency = if kind == Kind::RtcPlay { sum.media.streams.joins } else { clients.joins(kind) };
        family.histogram(&labels(kind), &LATENCIES_MS, &latency.buckets, latency.sum);
    }
}

fn forwards(site: &Site, text: &mut Text) {
    let mut family = text.family("parlor_live_forward_targets", "gauge", "Servers that streams are forwarded to");
    for (state, count) in site.forwards.states() {
        family.sample(&[("state", state)], count);
    }
    let totals = site.forwards.totals();
    for (name, help, count) in [
        ("parlor_live_forward_bytes_total", "What went to them", &totals.bytes),
        ("parlor_live_forward_retries_total", "Connections that were tried again", &totals.retries),
        (
            "parlor_live_forward_skipped_total",
            "Parts of streams that were left out because they took too long",
            &totals.skipped,
        ),
    ] {
        text.counter(name, help, count.load(Ordering::Relaxed));
    }
}

fn labels(kind: Kind) -> [(&'static str, &'static str); 2] {
    [("protocol", kind.protocol()), ("role", if kind.publishes() { "publisher" } else { "viewer" })]
}

fn media(sum: &Stats, text: &mut Text) {
    let media = &sum.media;
    text.gauge("parlor_media_connections", "Peer connections of rooms and live streams", media.connections);
    text.gauge("parlor_media_tracks", "Published tracks", media.tracks);
    for (name, help, value) in [
        ("parlor_media_received_packets_total", "RTP packets that came", media.rtp_received),
        ("parlor_media_received_bytes_total", "Their bytes", media.rtp_received_bytes),
        ("parlor_media_sent_packets_total", "RTP packets that went to members and viewers", media.post.rtp_sent),
        ("parlor_media_sent_bytes_total", "Their bytes", media.post.rtp_sent_bytes),
        ("parlor_media_offers_refused_total", "Offers that could not be answered", media.offers_refused),
        ("parlor_media_disconnects_total", "Connections that ended by themselves", media.disconnects),
        ("parlor_media_failures_total", "Connections that ended over a fault of this server", media.failures),
        ("parlor_media_resent_packets_total", "Packets sent again, and padding", media.resent),
        ("parlor_media_lost_packets_total", "Packets asked for again of publishers", media.nacked),
        ("parlor_media_key_frame_requests_total", "Key frames asked of publishers", media.key_frame_requests),
    ] {
        text.counter(name, help, value);
    }
}

#[cfg(test)]
mod tests;
