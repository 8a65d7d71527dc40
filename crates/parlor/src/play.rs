//! `parlor play`.

use std::path::PathBuf;
use std::time::Duration;

use anyhow::anyhow;
use clap::Args;
use client::{Clock, Outcome, Player};

use crate::greeting;
use crate::guest::{self, GuestArguments, LiveLine, Place};

/// What to receive.
#[derive(Debug, Args)]
pub(crate) struct PlayArguments {
    #[command(flatten)]
    guest: GuestArguments,
    /// Write everything into files in this folder: IVF (VP8, VP9, AV1), .h264, Ogg (Opus)
    #[arg(long, value_name = "FOLDER")]
    record: Option<PathBuf>,
    /// How many cameras and screens, and as many sounds, to receive at once
    #[arg(long, default_value_t = 4, value_parser = clap::value_parser!(u32).range(1..=49))]
    slots: u32,
    /// How to be called
    #[arg(long, default_value = "parlor play")]
    name: String,
    /// Stop after so many seconds
    #[arg(long)]
    seconds: Option<u64>,
}

/// Receives until it is stopped.
pub(crate) fn run(arguments: &PlayArguments) -> anyhow::Result<()> {
    let place = arguments.guest.place()?;
    if let Some(folder) = &arguments.record {
        std::fs::create_dir_all(folder).map_err(|error| anyhow!("{} cannot be made: {error}", folder.display()))?;
    }
    let record_into = arguments.record.clone();
    let player = Player { room: place.room(), name: arguments.name.clone(), slots: arguments.slots, record_into };
    let clock = Clock::start();
    let limit = arguments.seconds.map(Duration::from_secs);
    let mut live = LiveLine::default();
    let outcome = guest::visit(async {
        let tell = |outcome: Option<&Outcome>| {
            live.show(&guest::line(outcome));
            limit.is_none_or(|limit| clock.elapsed() < limit)
        };
        Ok(match &place {
            Place::Room(door, _) => client::play(&player, door, tell).await?,
            Place::Stream(endpoint, transport) => {
                client::play_stream(endpoint, *transport, player.record_into.clone(), tell).await?
            }
        })
    });
    live.end();
    let outcome = outcome?;
    if arguments.guest.json { greeting::print(&guest::json(&outcome)) } else { Ok(()) }
}
