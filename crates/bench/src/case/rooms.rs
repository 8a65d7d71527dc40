//! Rooms full of people: what `bench sfu` measures.

use std::time::Duration;

use client::load::Plan;
use client::pattern::Shape;

use super::{Case, Load, ONE_WORKER, TWO_WORKERS, VIDEO_110, VIDEO_500, broadcast_plan};
use crate::rival::Rival;

/// All cases.
pub(crate) fn all() -> Vec<Case> {
    let broadcast = |subscribers, video| Plan { subscribers, ..broadcast_plan(video) };
    let meeting = Plan {
        publishers: 10,
        subscribers: 0,
        mutual: true,
        audio_payload_bytes: Some(AUDIO_BYTES),
        ..broadcast_plan(VIDEO_110)
    };
    let audio = Plan { video: None, audio_payload_bytes: Some(AUDIO_BYTES), ..broadcast(100, VIDEO_110) };
    let lossy = Plan { loss_ppm: 20_000, ..broadcast_plan(VIDEO_500) };
    let meetings = |rooms| Plan { rooms, ..meeting.clone() };
    let idle = Plan {
        publishers: 0,
        video: None,
        idle_slots: 9,
        warm_up: Duration::from_secs(5),
        ..broadcast(200, VIDEO_110)
    };
    vec![
        beside_rival("1x20@500", "1 to 20, video of 500 packets/s", broadcast(20, VIDEO_500)),
        beside_rival("1x60@110", "1 to 60, video of 110 packets/s", broadcast(60, VIDEO_110)),
        beside_rival("1x200@110", "1 to 200, video of 110 packets/s", broadcast(200, VIDEO_110)),
        beside_rival("1x200@500", "1 to 200, video of 500 packets/s", broadcast(200, VIDEO_500)),
        beside_rival("1x20@500-smooth", "as 1x20@500, but every packet comes alone", broadcast(20, SMOOTH_500)),
        beside_rival("10x10", "a meeting of ten with sound and video of 110 packets/s", meeting.clone()),
        beside_rival("audio-1x100", "one speaks to 100", audio),
        beside_rival("1x20@500-loss", "as 1x20@500, 2 % lost on the way to each", lossy),
        alone("busy-worker", "five meetings of ten, all on one worker", Some(1), meetings(5)),
        half_load(HALF_LOAD, meetings(5), meetings(8)),
        Case { goes_first: true, ..half_load(HALF_LOAD_FIRST, meetings(5), meetings(8)) },
        alone(ONE_WORKER, "1 to 200, video of 500 packets/s, one worker", Some(1), broadcast(200, VIDEO_500)),
        alone(TWO_WORKERS, "the same room on two workers", Some(2), broadcast(200, VIDEO_500)),
        alone(IDLE, "200 members with places for nine pictures and a voice, who get nothing", None, idle),
    ]
}

fn beside_rival(name: &'static str, text: &'static str, plan: Plan) -> Case {
    Case::new(name, text, Load::Rooms(plan)).beside(Rival::JanusRooms)
}

fn alone(name: &'static str, text: &'static str, workers: Option<u32>, plan: Plan) -> Case {
    Case { workers, ..Case::new(name, text, Load::Rooms(plan)) }
}

/// The process of the load cannot read as much as keeps a worker busy for half of its time: in some of the meetings nobody reads.
fn half_load((name, text): (&'static str, &'static str), heard: Plan, deaf: Plan) -> Case {
    Case { deaf_rooms: Some(Plan { feedback: false, ..deaf }), ..alone(name, text, Some(1), heard) }
}

const HALF_LOAD: (&str, &str) = ("half-load", "the same, and eight more meetings of ten who do not read what comes");
const HALF_LOAD_FIRST: (&str, &str) =
    ("half-load-first", "the same, and the server has a core before the load has, as on a machine of its own");

/// Nothing flows: its figure is the memory.
pub(crate) const IDLE: &str = "idle-200";

/// Of `--quick`.
pub(crate) const QUICK: &[&str] = &["1x20@500", "1x60@110"];

/// As many packets, one every 2 ms: nothing that could be sent together.
const SMOOTH_500: Shape = Shape { packets_per_second: 500.0, frames_per_second: 0.0, payload_bytes: 1100 };

/// Opus at about 32 kbit/s.
const AUDIO_BYTES: usize = 80;
