//! `parlor publish`.

use std::fs::File;
use std::path::PathBuf;
use std::time::Duration;

use anyhow::{anyhow, ensure};
use clap::Args;
use client::pattern::Shape;
use client::{Clock, Outcome, Publisher};

use crate::greeting;
use crate::guest::{self, GuestArguments, LiveLine, Place};

/// What to send.
#[derive(Debug, Args)]
pub(crate) struct PublishArguments {
    #[command(flatten)]
    guest: GuestArguments,
    /// Pictures: IVF with VP8, VP9 or AV1, or an H.264 byte stream (.h264)
    #[arg(long, value_name = "FILE")]
    video: Option<PathBuf>,
    /// Sound: Ogg with Opus
    #[arg(long, value_name = "FILE")]
    audio: Option<PathBuf>,
    /// Frames per second of a .h264 file, and of the pattern
    #[arg(long, default_value_t = 25.0)]
    fps: f64,
    /// Stop at the end of the files instead of beginning again
    #[arg(long)]
    once: bool,
    /// Send well-formed VP8 and Opus packets that no decoder shows, for load and tests
    #[arg(long, conflicts_with_all = ["video", "audio"])]
    pattern: bool,
    /// Packets per second of the pattern's pictures
    #[arg(long, default_value_t = 110.0, requires = "pattern")]
    packets: f64,
    /// Bytes in each packet of the pattern
    #[arg(long, default_value_t = 1100, requires = "pattern", value_parser = clap::value_parser!(u16).range(64..=1150))]
    bytes: u16,
    /// Send the pattern in three layers: q, h and f
    #[arg(long, requires = "pattern")]
    simulcast: bool,
    /// How to be called
    #[arg(long, default_value = "parlor publish")]
    name: String,
    /// Stop after so many seconds
    #[arg(long)]
    seconds: Option<u64>,
}

/// Sends until it is stopped.
pub(crate) fn run(arguments: &PublishArguments) -> anyhow::Result<()> {
    let place = arguments.guest.place()?;
    let files = arguments.video.is_some() || arguments.audio.is_some();
    ensure!(files || arguments.pattern, "nothing to send: give --video, --audio or --pattern");
    ensure!((1.0..=240.0).contains(&arguments.fps), "--fps is 1 to 240");
    ensure!((1.0..=20_000.0).contains(&arguments.packets), "--packets is 1 to 20000");
    // Before the room, which may keep it waiting for a third member.
    for file in [&arguments.video, &arguments.audio].into_iter().flatten() {
        File::open(file).map_err(|error| anyhow!("{} cannot be read: {error}", file.display()))?;
    }
    let shape = Shape {
        packets_per_second: arguments.packets,
        frames_per_second: arguments.fps,
        payload_bytes: usize::from(arguments.bytes),
    };
    let publisher = Publisher {
        room: place.room(),
        name: arguments.name.clone(),
        video: arguments.video.clone(),
        audio: arguments.audio.clone(),
        frames_per_second: arguments.fps,
        repeat: !arguments.once,
        pattern: arguments.pattern.then_some(shape),
        layers: if arguments.simulcast { LAYERS.map(String::from).into() } else { Vec::new() },
    };
    let clock = Clock::start();
    let limit = arguments.seconds.map(Duration::from_secs);
    let mut live = LiveLine::default();
    let outcome = guest::visit(async {
        let tell = |outcome: Option<&Outcome>| {
            live.show(&guest::line(outcome));
            limit.is_none_or(|limit| clock.elapsed() < limit)
        };
        Ok(match &place {
            Place::Room(door, _) => client::publish(&publisher, door, tell).await?,
            Place::Stream(endpoint, transport) => {
                client::publish_stream(&publisher, endpoint, *transport, tell).await?
            }
        })
    });
    live.end();
    let outcome = outcome?;
    if arguments.guest.json { greeting::print(&guest::json(&outcome)) } else { Ok(()) }
}

/// From the smallest to the largest.
const LAYERS: [&str; 3] = ["q", "h", "f"];
