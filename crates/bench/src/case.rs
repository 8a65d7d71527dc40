//! The loads under which the servers are compared.

use std::time::Duration;

use anyhow::{Result, bail};
use client::load::Plan;
use client::pattern::Shape;

/// One load.
#[derive(Debug, Clone)]
pub(crate) struct Case {
    pub(crate) name: &'static str,
    /// What it is for people.
    pub(crate) text: &'static str,
    /// Whether the other server runs, too. A case without it is a question about Parlor alone.
    pub(crate) has_rival: bool,
    /// How many workers Parlor is told to have; as many as it likes where `None`.
    pub(crate) workers: Option<u32>,
    plan: Plan,
}

impl Case {
    /// The plan with a window of so many seconds.
    pub(crate) fn plan(&self, seconds: u32) -> Plan {
        Plan { duration: Duration::from_secs(u64::from(seconds)), ..self.plan.clone() }
    }

    /// The share of the packets that must arrive in a window for a figure to be valid: nearly all that the path lets through, less one
    /// frame, which may be on its way when the window ends. A server that drops packets saves its work.
    pub(crate) fn delivered_min(&self, window_s: f64) -> f64 {
        let through = 1.0 - f64::from(self.plan.loss_ppm) / 1e6;
        through * (DELIVERED_MIN - FRAME_S / window_s.max(FRAME_S))
    }

    fn alone(name: &'static str, text: &'static str, workers: Option<u32>, plan: Plan) -> Self {
        Self { name, text, has_rival: false, workers, plan }
    }

    fn beside_rival(name: &'static str, text: &'static str, plan: Plan) -> Self {
        Self { name, text, has_rival: true, workers: None, plan }
    }
}

/// The named cases, or all; `quick` has two of them.
pub(crate) fn chosen(names: &[String], quick: bool) -> Result<Vec<Case>> {
    let all = all();
    if let Some(unknown) = names.iter().find(|name| all.iter().all(|case| case.name != **name)) {
        let known: Vec<_> = all.iter().map(|case| case.name).collect();
        bail!("there is no case {unknown:?}; the cases are {}", known.join(", "));
    }
    let wanted = |case: &Case| match (names.is_empty(), quick) {
        (false, _) => names.iter().any(|name| name == case.name),
        (true, true) => QUICK.contains(&case.name),
        (true, false) => true,
    };
    Ok(all.into_iter().filter(wanted).collect())
}

fn all() -> Vec<Case> {
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
    let meetings = Plan { rooms: 5, ..meeting.clone() };
    let idle = Plan {
        publishers: 0,
        video: None,
        idle_slots: 9,
        warm_up: Duration::from_secs(5),
        ..broadcast(200, VIDEO_110)
    };
    vec![
        Case::beside_rival("1x20@500", "1 to 20, video of 500 packets/s", broadcast(20, VIDEO_500)),
        Case::beside_rival("1x60@110", "1 to 60, video of 110 packets/s", broadcast(60, VIDEO_110)),
        Case::beside_rival("1x200@110", "1 to 200, video of 110 packets/s", broadcast(200, VIDEO_110)),
        Case::beside_rival("1x200@500", "1 to 200, video of 500 packets/s", broadcast(200, VIDEO_500)),
        Case::beside_rival("1x20@500-smooth", "as 1x20@500, but every packet comes alone", broadcast(20, SMOOTH_500)),
        Case::beside_rival("10x10", "a meeting of ten with sound and video of 110 packets/s", meeting),
        Case::beside_rival("audio-1x100", "one speaks to 100", audio),
        Case::beside_rival("1x20@500-loss", "as 1x20@500, 2 % lost on the way to each", lossy),
        Case::alone("busy-worker", "five meetings of ten, all on one worker", Some(1), meetings),
        Case::alone(ONE_WORKER, "1 to 200, video of 110 packets/s, one worker", Some(1), broadcast(200, VIDEO_110)),
        Case::alone(TWO_WORKERS, "the same room on two workers", Some(2), broadcast(200, VIDEO_110)),
        Case::alone(IDLE, "200 members with places for nine pictures and a voice, who get nothing", None, idle),
    ]
}

/// One camera, twenty who watch.
fn broadcast_plan(video: Shape) -> Plan {
    Plan {
        rooms: 1,
        publishers: 1,
        subscribers: 20,
        mutual: false,
        video: Some(video),
        layers: Vec::new(),
        audio_payload_bytes: None,
        data: None,
        idle_slots: 0,
        joins_per_second: 100.0,
        warm_up: Duration::from_secs(1),
        duration: Duration::from_secs(10),
        loss_ppm: 0,
        threads: 1,
        look_after: Some(LOOK_AFTER),
    }
}

/// The members look for packets by themselves. Who sends to a thread that sleeps pays for waking it, and here that would be the server: no
/// server in the field wakes its viewers.
const LOOK_AFTER: Duration = Duration::from_micros(100);

/// One large room, and what a second worker makes of it.
pub(crate) const ONE_WORKER: &str = "large-room-1-worker";
pub(crate) const TWO_WORKERS: &str = "large-room-2-workers";

/// Nothing flows: its figure is the memory.
pub(crate) const IDLE: &str = "idle-200";

const QUICK: &[&str] = &["1x20@500", "1x60@110"];

/// Of what the path lets through.
const DELIVERED_MIN: f64 = 0.996;

/// From one frame of 25 in a second to the next.
const FRAME_S: f64 = 0.04;

/// A camera of 4.4 Mbit/s: each of 25 frames a second is 20 packets at once.
const VIDEO_500: Shape = Shape { packets_per_second: 500.0, frames_per_second: 25.0, payload_bytes: 1100 };

/// A camera of 1 Mbit/s: frames of four or five packets.
const VIDEO_110: Shape = Shape { packets_per_second: 110.0, frames_per_second: 25.0, payload_bytes: 1100 };

/// As many packets, one every 2 ms: nothing that could be sent together.
const SMOOTH_500: Shape = Shape { packets_per_second: 500.0, frames_per_second: 0.0, payload_bytes: 1100 };

/// Opus at about 32 kbit/s.
const AUDIO_BYTES: usize = 80;
