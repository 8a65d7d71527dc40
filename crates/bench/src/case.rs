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
    plan: Plan,
}

impl Case {
    /// The plan with a window of so many seconds.
    pub(crate) fn plan(&self, seconds: u32) -> Plan {
        Plan { duration: Duration::from_secs(u64::from(seconds)), ..self.plan.clone() }
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
    let broadcast = |name, text, subscribers, video| Case { name, text, plan: broadcast(subscribers, video) };
    let meeting = Plan {
        publishers: 10,
        subscribers: 0,
        mutual: true,
        audio_payload_bytes: Some(AUDIO_BYTES),
        ..broadcast_plan(VIDEO_110)
    };
    let audio =
        Plan { video: None, audio_payload_bytes: Some(AUDIO_BYTES), subscribers: 100, ..broadcast_plan(VIDEO_110) };
    let lossy = Plan { loss_ppm: 20_000, ..broadcast_plan(VIDEO_500) };
    vec![
        broadcast("1x20@500", "1 to 20, video of 500 packets/s", 20, VIDEO_500),
        broadcast("1x60@110", "1 to 60, video of 110 packets/s", 60, VIDEO_110),
        broadcast("1x200@110", "1 to 200, video of 110 packets/s", 200, VIDEO_110),
        broadcast("1x200@500", "1 to 200, video of 500 packets/s", 200, VIDEO_500),
        broadcast("1x20@500-smooth", "as 1x20@500, but every packet comes alone", 20, SMOOTH_500),
        Case { name: "10x10", text: "a meeting of 10 with sound and video of 110 packets/s", plan: meeting },
        Case { name: "audio-1x100", text: "1 speaks to 100", plan: audio },
        Case { name: "1x20@500-loss", text: "as 1x20@500, 2 % lost on the way to each", plan: lossy },
    ]
}

fn broadcast(subscribers: u32, video: Shape) -> Plan {
    Plan { subscribers, ..broadcast_plan(video) }
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
        joins_per_second: 100.0,
        warm_up: Duration::from_secs(1),
        duration: Duration::from_secs(10),
        loss_ppm: 0,
        threads: 1,
    }
}

const QUICK: &[&str] = &["1x20@500", "1x60@110"];

/// A camera of 4.4 Mbit/s: each of 25 frames a second is 20 packets at once.
const VIDEO_500: Shape = Shape { packets_per_second: 500.0, frames_per_second: 25.0, payload_bytes: 1100 };

/// A camera of 1 Mbit/s: frames of four or five packets.
const VIDEO_110: Shape = Shape { packets_per_second: 110.0, frames_per_second: 25.0, payload_bytes: 1100 };

/// As many packets, one every 2 ms: nothing that could be sent together.
const SMOOTH_500: Shape = Shape { packets_per_second: 500.0, frames_per_second: 0.0, payload_bytes: 1100 };

/// Opus at about 32 kbit/s.
const AUDIO_BYTES: usize = 80;
