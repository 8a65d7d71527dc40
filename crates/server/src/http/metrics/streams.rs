//! How well live streams arrive, and what their sound costs.

use std::time::Instant;

use sfu::{Freezes, Standstills};

use super::text::Text;
use crate::clock;
use crate::latency::{LATENCIES_MS, Latency};
use crate::live::directory::{Directory, Protocol};
use crate::media::StreamStats;

/// Everything about them that is not counted by client.
pub(super) fn write(directory: &Directory, stats: &StreamStats, text: &mut Text) {
    key_pictures(directory, stats, clock::now(), text);
    viewers(directory, stats, text);
    freezes(directory, stats, text);
    transcoders(directory, text);
}

/// A histogram of this moment: its counts fall, too.
fn key_pictures(directory: &Directory, stats: &StreamStats, now: Instant, text: &mut Text) {
    let (mut rtmp, mut room) = (Latency::default(), Latency::default());
    for (protocol, age) in directory.key_picture_ages(now) {
        match protocol {
            Protocol::Rtmp => rtmp.count(age),
            Protocol::Room => room.count(age),
            // Known to the media workers, also while nobody reads its frames.
            Protocol::WebRtc => {}
        }
    }
    let help =
        "Age of the latest key frame of each stream on air, at this moment; of rooms while they are watched as frames";
    let mut family = text.family("parlor_live_key_frame_age_seconds", "histogram", help);
    for (protocol, ages) in [("rtmp", rtmp), ("webrtc", stats.key_picture_ages), ("room", room)] {
        family.histogram(&[("protocol", protocol)], &LATENCIES_MS, &ages.buckets, ages.sum);
    }
}

fn viewers(directory: &Directory, stats: &StreamStats, text: &mut Text) {
    let tally = directory.tally();
    for (name, help, value) in [
        ("parlor_live_resent_packets_total", "Packets sent to WebRTC viewers again, and padding", stats.resent),
        ("parlor_live_lost_packets_total", "Packets that WebRTC viewers lacked and asked for again", stats.asked),
        ("parlor_live_publisher_lost_packets_total", "Packets asked for again of WebRTC publishers", stats.nacked),
        ("parlor_live_undecoded_total", "Key frames that WebRTC viewers asked for, unable to decode", stats.undecoded),
        ("parlor_live_replays_total", "WebRTC viewers who began with a kept key frame", stats.replays),
        ("parlor_live_skipped_total", "Frames that slow readers missed, of every protocol but WebRTC", tally.skipped()),
        ("parlor_live_too_slow_total", "Times that readers fell behind for good", tally.too_slow()),
    ] {
        text.counter(name, help, value);
    }
}

/// Time that viewers could not be shown anything although there was something.
fn freezes(directory: &Directory, stats: &StreamStats, text: &mut Text) {
    let Freezes { unsent, undecodable } = stats.freezes;
    let of_webrtc = |frozen: Standstills| (u64::from(frozen.count), frozen.total);
    let causes = [
        ([("cause", "unsent")], of_webrtc(unsent)),
        ([("cause", "undecodable")], of_webrtc(undecodable)),
        ([("cause", "skipped")], directory.tally().skips()),
    ];
    let help =
        "Times that the picture of a viewer stood still while its publisher was sending, counted when it goes on";
    let mut family = text.family("parlor_live_freezes_total", "counter", help);
    causes.iter().for_each(|(labels, (count, _))| family.sample(labels, *count));
    let mut family = text.family("parlor_live_frozen_seconds_total", "counter", "How long these were together");
    causes.iter().for_each(|(labels, (_, time))| family.number(labels, time.as_secs_f64()));
}

fn transcoders(directory: &Directory, text: &mut Text) {
    let tally = directory.tally();
    let loads = [([("to", "opus")], &tally.to_opus), ([("to", "aac")], &tally.to_aac)];
    let mut family = text.family("parlor_live_transcoders", "gauge", "Tracks of sound that are transcoded");
    loads.iter().for_each(|(labels, load)| family.sample(labels, load.tracks()));
    let mut family = text.family("parlor_live_transcoded_frames_total", "counter", "Frames that were transcoded");
    loads.iter().for_each(|(labels, load)| family.sample(labels, load.frames()));
    let help = "Time on processors for that";
    let mut family = text.family("parlor_live_transcoder_cpu_seconds_total", "counter", help);
    loads.iter().for_each(|(labels, load)| family.number(labels, load.cpu().as_secs_f64()));
}
