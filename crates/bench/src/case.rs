//! The loads under which the servers are compared.

pub(crate) mod relays;
pub(crate) mod rooms;
pub(crate) mod streams;

use std::time::Duration;

use anyhow::{Result, bail};
use clap::ValueEnum;
use client::load::Plan;
use client::pattern::Shape;
use serde::Serialize;

use crate::rival::Rival;
use crate::{listeners, relay};

/// What is compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Subject {
    /// Rooms: the media server beside Janus (videoroom)
    Sfu,
    /// TURN: relaying beside coturn
    Turn,
    /// Live streams: WHEP beside Janus (streaming), FLV and RTMP beside nginx with its RTMP module, HLS beside nginx with files
    Live,
}

/// One load.
#[derive(Debug, Clone)]
pub(crate) struct Case {
    pub(crate) name: &'static str,
    /// What it is for people.
    pub(crate) text: &'static str,
    /// Who else runs. A case without is a question about Parlor alone.
    pub(crate) rival: Option<Rival>,
    /// How many workers Parlor is told to have; as many as it likes where `None`.
    pub(crate) workers: Option<u32>,
    /// Whether Parlor runs before the load where both want a core, as its unit has it before others.
    pub(crate) goes_first: bool,
    pub(crate) load: Load,
    /// Whether nobody reads what comes: the server is asked how much it sent.
    pub(crate) is_deaf: bool,
    /// Rooms beside those of the load, in which nobody reads what comes, and gives no feedback.
    pub(crate) deaf_rooms: Option<Plan>,
}

/// What is asked of a server.
#[derive(Debug, Clone)]
pub(crate) enum Load {
    /// Rooms full of people.
    Rooms(Plan),
    /// A stream with its viewers, over WebRTC.
    Stream(Plan),
    /// A stream that comes by RTMP with ten seconds between its key pictures, with viewers over WebRTC who come all the time.
    Joins(Plan),
    /// A stream that comes by RTMP, with viewers over TCP; the other server sends them RTMP.
    Tags(listeners::Plan),
    /// HLS, as fast as it can be had; the other server has the same files.
    Files,
    /// Allocations, and what goes through them.
    Relay(relay::Plan),
    /// Allocations made and ended, as fast as the server answers.
    Churn,
}

/// By what the work of a server is divided.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Unit {
    /// A packet that reached somebody.
    Packet,
    /// A million bytes that reached somebody.
    Megabyte,
    /// A request that was answered.
    Request,
    /// An allocation that was made, given a channel and ended.
    Allocation,
}

impl Unit {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Packet => "packet",
            Self::Megabyte => "MB",
            Self::Request => "request",
            Self::Allocation => "allocation",
        }
    }
}

impl Case {
    fn new(name: &'static str, text: &'static str, load: Load) -> Self {
        Self { name, text, rival: None, workers: None, goes_first: false, load, is_deaf: false, deaf_rooms: None }
    }

    fn beside(self, rival: Rival) -> Self {
        Self { rival: Some(rival), ..self }
    }

    pub(crate) fn unit(&self) -> Unit {
        match &self.load {
            Load::Rooms(_) | Load::Stream(_) | Load::Joins(_) => Unit::Packet,
            Load::Tags(_) => Unit::Megabyte,
            Load::Files => Unit::Request,
            Load::Relay(plan) => relays::unit(plan),
            Load::Churn => Unit::Allocation,
        }
    }

    /// From the last join to the measurement.
    pub(crate) fn warm_up(&self) -> Duration {
        match &self.load {
            Load::Rooms(plan) | Load::Stream(plan) | Load::Joins(plan) => plan.warm_up,
            Load::Relay(plan) => plan.load.warm_up,
            Load::Tags(_) | Load::Files | Load::Churn => Duration::from_secs(1),
        }
    }

    /// The share of what was sent that must arrive in a window for a figure to be valid: nearly all that the path lets through, less one
    /// frame, which may be on its way when the window ends. A server that drops packets saves its work.
    pub(crate) fn delivered_min(&self, window_s: f64) -> f64 {
        let through = match &self.load {
            Load::Rooms(plan) | Load::Stream(plan) | Load::Joins(plan) => 1.0 - f64::from(plan.loss_ppm) / 1e6,
            Load::Relay(_) => return RELAYED_MIN,
            Load::Tags(_) | Load::Files | Load::Churn => 1.0,
        };
        through * (DELIVERED_MIN - FRAME_S / window_s.max(FRAME_S))
    }

    /// What is wrong when only this share of `what` was `delivered` in a window; nothing when it is enough.
    pub(crate) fn shortfall(&self, delivered: f64, window_s: f64, what: &str) -> Option<String> {
        let wanted = self.delivered_min(window_s);
        (delivered < wanted).then(|| format!("{:.2} % of the {what}, {:.2} % must", delivered * 100.0, wanted * 100.0))
    }
}

/// The named cases of a subject, or all; `quick` has some of them.
pub(crate) fn chosen(subject: Subject, names: &[String], quick: bool) -> Result<Vec<Case>> {
    let (all, few) = match subject {
        Subject::Sfu => (rooms::all(), rooms::QUICK),
        Subject::Turn => (relays::all(), relays::QUICK),
        Subject::Live => (streams::all(), streams::QUICK),
    };
    if let Some(unknown) = names.iter().find(|name| all.iter().all(|case| case.name != **name)) {
        let known: Vec<_> = all.iter().map(|case| case.name).collect();
        bail!("there is no case {unknown:?}; the cases are {}", known.join(", "));
    }
    let wanted = |case: &Case| match (names.is_empty(), quick) {
        (false, _) => names.iter().any(|name| name == case.name),
        (true, true) => few.contains(&case.name),
        (true, false) => true,
    };
    Ok(all.into_iter().filter(wanted).collect())
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
        feedback: true,
        threads: 1,
        look_after: Some(LOOK_AFTER),
    }
}

/// The members look for packets by themselves. Who sends to a thread that sleeps pays for waking it, and here that would be the server: no
/// server in the field wakes its viewers.
const LOOK_AFTER: Duration = Duration::from_micros(100);

/// One large room or stream, and what a second worker makes of it.
pub(crate) const ONE_WORKER: &str = "one-worker";
pub(crate) const TWO_WORKERS: &str = "two-workers";

/// Of what the path lets through.
const DELIVERED_MIN: f64 = 0.996;

/// Of what clients and peers send to each other.
const RELAYED_MIN: f64 = 0.99;

/// From one frame of 25 in a second to the next.
const FRAME_S: f64 = 0.04;

/// A camera of 4.4 Mbit/s: each of 25 frames a second is 20 packets at once.
const VIDEO_500: Shape = Shape { packets_per_second: 500.0, frames_per_second: 25.0, payload_bytes: 1100 };

/// A camera of 1 Mbit/s: frames of four or five packets.
const VIDEO_110: Shape = Shape { packets_per_second: 110.0, frames_per_second: 25.0, payload_bytes: 1100 };
