//! `parlor load`.

mod stream;
mod turn;

use std::fmt::Write as _;
use std::time::Duration;

use anyhow::{bail, ensure};
use clap::{Args, Subcommand, ValueEnum};
use client::DataShape;
use client::load::{Plan, Progress, Quantiles, Report};
use client::pattern::Shape;

use crate::greeting;
use crate::guest::{self, GuestArguments, LiveLine};

/// What to load.
#[derive(Debug, Subcommand)]
pub(crate) enum LoadCommand {
    /// Fill rooms with members who send and watch the pattern, and measure what comes of it.
    ///
    /// Delays are from the sender to the watcher, both of which are this process. With rooms that are not moved to the media
    /// server by policy, a room needs three members.
    Rooms(RoomsArguments),
    /// Publish the pattern by WHIP, let viewers come by WHEP, and measure what comes of it.
    Stream(stream::StreamArguments),
    /// Make allocations at a TURN server, anybody's, have their clients and peers talk, and measure what comes of it.
    Turn(turn::TurnArguments),
}

/// What is sent, and for how long.
#[derive(Debug, Args)]
struct PatternArguments {
    /// Packets per second of each camera
    #[arg(long, default_value_t = 110.0)]
    packets: f64,
    /// Bytes in each packet of a camera
    #[arg(long, default_value_t = 1100, value_parser = clap::value_parser!(u16).range(64..=1150))]
    bytes: u16,
    /// Frames per second of each camera; 0 is a frame per packet
    #[arg(long, default_value_t = 25.0)]
    fps: f64,
    /// Each camera in three layers: q, h and f
    #[arg(long)]
    simulcast: bool,
    /// Members or viewers who join in a second
    #[arg(long, default_value_t = 10.0)]
    ramp: f64,
    /// Seconds from the last join to the measurement
    #[arg(long, default_value_t = 3)]
    warm_up: u64,
    /// Seconds that are measured
    #[arg(long, default_value_t = 10)]
    duration: u64,
    /// Percent of the packets that each who watches loses
    #[arg(long, default_value_t = 0.0)]
    loss: f64,
    /// Threads that drive the peer connections
    #[arg(long, default_value_t = 1, value_parser = clap::value_parser!(u8).range(1..=64))]
    threads: u8,
}

/// How many of what.
#[derive(Debug, Args)]
pub(crate) struct RoomsArguments {
    #[command(flatten)]
    guest: GuestArguments,
    /// What the members do
    #[arg(long, value_enum, default_value_t = Mix::Meeting)]
    mix: Mix,
    /// Rooms
    #[arg(long, default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..=1000))]
    rooms: u32,
    /// Members of each room who send
    #[arg(long, value_parser = clap::value_parser!(u32).range(1..=200))]
    publishers: Option<u32>,
    /// Members of each room who only watch
    #[arg(long, value_parser = clap::value_parser!(u32).range(0..=2000))]
    subscribers: Option<u32>,
    /// Messages per second that each who sends says to everybody on a data channel
    #[arg(long, value_name = "MESSAGES", default_value_t = 0.0)]
    data: f64,
    /// Bytes in each message
    #[arg(long, default_value_t = 200, requires = "data", value_parser = clap::value_parser!(u16).range(24..=16_384))]
    data_bytes: u16,
    /// Say it on the channel of which nothing is sent again
    #[arg(long, requires = "data")]
    data_lossy: bool,
    #[command(flatten)]
    pattern: PatternArguments,
}

/// What the members do.
#[derive(Debug, Clone, Copy, ValueEnum)]
enum Mix {
    /// Everybody sends camera and microphone and watches all others: 4 who send unless told otherwise
    Meeting,
    /// One sends camera and microphone: 20 watch unless told otherwise
    Lecture,
    /// One speaks: 100 listen unless told otherwise
    Audio,
}

/// Runs the load and prints what came of it.
pub(crate) fn run(command: &LoadCommand) -> anyhow::Result<()> {
    let mut live = LiveLine::default();
    let show = |progress: &Progress| live.show(&progress_line(progress));
    let (report, json) = match command {
        LoadCommand::Rooms(arguments) => {
            let (plan, door) = (arguments.plan()?, arguments.guest.door()?);
            (guest::visit(async { Ok(client::load::run(plan, door, show).await?) }), arguments.guest.json)
        }
        LoadCommand::Turn(arguments) => return turn::run(arguments),
        LoadCommand::Stream(arguments) => {
            let (plan, door) = (arguments.plan()?, arguments.door()?);
            (guest::visit(async { Ok(client::load::run_stream(plan, &door, show).await?) }), arguments.guest.json)
        }
    };
    live.end();
    let report = report?;
    greeting::print(&if json { report.to_json() + "\n" } else { summary(&report) })?;
    match &report.first_error {
        Some(error) => bail!("{} of {} members failed, the first because: {error}", report.failed, report.members),
        None => Ok(()),
    }
}

impl PatternArguments {
    /// One camera without anybody who watches.
    fn plan(&self) -> anyhow::Result<Plan> {
        ensure!((1.0..=20_000.0).contains(&self.packets), "--packets is 1 to 20000");
        ensure!((0.0..=240.0).contains(&self.fps), "--fps is 0 to 240");
        ensure!((0.1..=1000.0).contains(&self.ramp), "--ramp is 0.1 to 1000");
        ensure!((0.0..=90.0).contains(&self.loss), "--loss is 0 to 90");
        let shape = Shape {
            packets_per_second: self.packets,
            frames_per_second: self.fps,
            payload_bytes: usize::from(self.bytes),
        };
        Ok(Plan {
            rooms: 1,
            publishers: 1,
            subscribers: 0,
            mutual: false,
            video: Some(shape),
            layers: if self.simulcast { ["q", "h", "f"].map(String::from).into() } else { Vec::new() },
            audio_payload_bytes: Some(AUDIO_BYTES),
            data: None,
            idle_slots: 0,
            joins_per_second: self.ramp,
            warm_up: Duration::from_secs(self.warm_up),
            duration: Duration::from_secs(self.duration),
            look_after: None,
            loss_ppm: (self.loss * 10_000.0) as u32,
            feedback: true,
            threads: usize::from(self.threads),
        })
    }
}

impl RoomsArguments {
    fn plan(&self) -> anyhow::Result<Plan> {
        ensure!((0.0..=DATA_MAX).contains(&self.data), "--data is 0 to {DATA_MAX}, as much as the server takes of one");
        let (publishers, subscribers, mutual) = match self.mix {
            Mix::Meeting => (4, 0, true),
            Mix::Lecture => (1, 20, false),
            Mix::Audio => (1, 100, false),
        };
        let data = DataShape {
            messages_per_second: self.data,
            message_bytes: usize::from(self.data_bytes),
            lossy: self.data_lossy,
        };
        let camera = self.pattern.plan()?;
        Ok(Plan {
            rooms: self.rooms,
            publishers: self.publishers.unwrap_or(publishers),
            subscribers: self.subscribers.unwrap_or(subscribers),
            mutual,
            video: camera.video.filter(|_| !matches!(self.mix, Mix::Audio)),
            data: (self.data > 0.0).then_some(data),
            ..camera
        })
    }
}

fn progress_line(progress: &Progress) -> String {
    format!(
        "{:9} {}/{} members  {}/{} streams  {:.0} packets/s  {:.1} Mbit/s  delivered {}  delay p50 {:.1} p99 {:.1} ms  {} freezes",
        progress.phase,
        progress.joined,
        progress.members,
        progress.streams.0,
        progress.streams.1,
        progress.packets_per_second,
        progress.megabits_per_second,
        percent(progress.delivered),
        progress.delay_us.p50 / 1000.0,
        progress.delay_us.p99 / 1000.0,
        progress.freezes
    )
}

/// The report for people.
fn summary(report: &Report) -> String {
    let mut text = String::new();
    let mut line = |label: &str, value: String| {
        let _ = writeln!(text, "{label:<14}{value}");
    };
    line(
        "members",
        format!("{} of {} joined, {} connections lost", report.joined, report.members, report.lost_connections),
    );
    line("join", spread(&report.join_ms, 1.0));
    line("first frame", spread(&report.first_frame_ms, 1.0));
    line("streams", format!("{} of {}", report.streams, report.streams_expected));
    let rate = report.received as f64 / report.window_s.max(0.001);
    line("packets", format!("{} in {:.1} s ({rate:.0}/s), {} lost", report.received, report.window_s, report.lost));
    line("delivered", percent(report.delivered));
    line("delay", spread(&report.delay_us, 1000.0));
    line("sent late", spread(&report.late_us, 1000.0));
    line(
        "freezes",
        format!("{}, {} ms in all, the longest {} ms", report.freezes, report.frozen_ms, report.longest_freeze_ms),
    );
    if let Some(data) = &report.data {
        let rate = data.received as f64 / report.window_s.max(0.001);
        line("messages", format!("{} said, {} heard ({rate:.0}/s)", data.sent, data.received));
        line("  delivered", percent(data.delivered));
        line("  delay", spread(&data.delay_us, 1000.0));
    }
    text
}

/// In milliseconds; `unit` is how many of the quantiles' make one.
fn spread(quantiles: &Quantiles, unit: f64) -> String {
    let Quantiles { p50, p95, p99, max } = quantiles;
    format!("p50 {:.1}, p95 {:.1}, p99 {:.1}, max {:.1} ms", p50 / unit, p95 / unit, p99 / unit, max / unit)
}

fn percent(share: Option<f64>) -> String {
    share.map_or("-".into(), |share| format!("{:.2} %", share * 100.0))
}

/// What the server takes of one member in a second in the long run.
const DATA_MAX: f64 = 200.0;

/// Opus at about 32 kbit/s.
const AUDIO_BYTES: usize = 80;
