//! What the commands that visit a server have in common: whom to visit, and how they show how it goes.

use std::fmt::Write as _;
use std::future::Future;
use std::io::{self, IsTerminal, Write as _};

use anyhow::{Context as _, anyhow};
use clap::{Args, ValueEnum};
use client::load::Door;
use client::{Endpoint, HttpAddress, Outcome, RoomAddress, Transport, Trust};

/// Which room of which server.
#[derive(Debug, Args)]
pub(crate) struct GuestArguments {
    /// The link of a room, as http://localhost:8080/r/abc, the address of a server, or to publish and play a live stream by WHIP and WHEP that
    /// of the stream, as http://localhost:8080/whip/live/abc
    url: String,
    /// The room, when the link has none
    #[arg(long)]
    room: Option<String>,
    /// The token, for servers that want one and when the link has none
    #[arg(long, env = "PARLOR_TOKEN", hide_env_values = true)]
    token: Option<String>,
    /// Accept any certificate: the server may be anybody
    #[arg(long)]
    insecure: bool,
    /// How the media goes: by UDP, or over a TCP connection, as from a network that lets nothing else through
    #[arg(long, value_enum, default_value_t = Carrier::Udp)]
    transport: Carrier,
    /// Print one JSON object at the end, and nothing else, on standard output
    #[arg(long)]
    pub(crate) json: bool,
}

/// Where a command goes.
#[derive(Debug)]
pub(crate) enum Place {
    /// Into a room.
    Room(Door, String),
    /// To a live stream.
    Stream(Endpoint, Transport),
}

impl Place {
    /// The room's name, if it is one.
    pub(crate) fn room(&self) -> String {
        match self {
            Self::Room(_, room) => room.clone(),
            Self::Stream(..) => String::new(),
        }
    }
}

/// What carries the media.
#[derive(Debug, Clone, Copy, ValueEnum)]
enum Carrier {
    Udp,
    Tcp,
}

impl GuestArguments {
    /// The room, or the stream.
    pub(crate) fn place(&self) -> anyhow::Result<Place> {
        let Some(address) = HttpAddress::parse(&self.url).ok().filter(HttpAddress::is_stream) else {
            return self.room().map(|(door, room)| Place::Room(door, room));
        };
        let endpoint = Endpoint { address, trust: self.trust(), token: self.token.clone() };
        Ok(Place::Stream(endpoint, self.transport()))
    }

    /// The way in; the room may be missing.
    pub(crate) fn door(&self) -> anyhow::Result<Door> {
        let mut address = RoomAddress::parse(&self.url)?;
        if self.room.is_some() {
            address.room.clone_from(&self.room);
        }
        Ok(Door { address, trust: self.trust(), token: self.token.clone(), transport: self.transport() })
    }

    fn trust(&self) -> Trust {
        if self.insecure { Trust::Anyone } else { Trust::System }
    }

    fn transport(&self) -> Transport {
        match self.transport {
            Carrier::Udp => Transport::Udp,
            Carrier::Tcp => Transport::Tcp,
        }
    }

    /// The way in and the room.
    fn room(&self) -> anyhow::Result<(Door, String)> {
        let door = self.door()?;
        let room = door.address.room.clone().context("which room? Give its link, or --room")?;
        Ok((door, room))
    }
}

/// Runs a visit on a runtime of its own.
pub(crate) fn visit<T>(visit: impl Future<Output = anyhow::Result<T>>) -> anyhow::Result<T> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let runtime = runtime.map_err(|error| anyhow!("the runtime cannot start: {error}"))?;
    runtime.block_on(visit)
}

/// A line that is written over, on a terminal; a line each time otherwise.
#[derive(Debug, Default)]
pub(crate) struct LiveLine {
    width: usize,
}

impl LiveLine {
    /// Shows `text` on standard error.
    pub(crate) fn show(&mut self, text: &str) {
        let mut output = io::stderr().lock();
        // A closed standard error is no reason to stop.
        let _ = if output.is_terminal() {
            write!(output, "\r{text:<width$}", width = self.width)
        } else {
            writeln!(output, "{text}")
        };
        let _ = output.flush();
        self.width = text.chars().count();
    }

    /// Leaves the line as it stands.
    pub(crate) fn end(&self) {
        if io::stderr().is_terminal() && self.width > 0 {
            let _ = writeln!(io::stderr().lock());
        }
    }
}

/// What a peer connection has sent and received, in a line.
pub(crate) fn line(outcome: Option<&Outcome>) -> String {
    let Some(outcome) = outcome else {
        return "waiting: the room is peer to peer, a third member moves it to the media server".into();
    };
    if outcome.connected_after.is_none() {
        return "connecting".into();
    }
    let mut text = String::from(if outcome.lost { "connection lost" } else { "connected" });
    if outcome.sent > 0 {
        let _ = write!(text, "  sent {}", outcome.sent);
    }
    for (name, figures) in [("video", &outcome.video), ("audio", &outcome.audio)] {
        if figures.streams > 0 {
            let _ = write!(
                text,
                "  {name}: {} streams, {} packets, {:.1} MB, {} lost, {} frames, {} freezes",
                figures.streams,
                figures.packets,
                figures.bytes as f64 / 1e6,
                figures.lost,
                figures.frames,
                figures.freezes
            );
        }
    }
    if outcome.recorded > 0 {
        let _ = write!(text, "  written {} frames", outcome.recorded);
    }
    text
}

/// The same for programs.
pub(crate) fn json(outcome: &Outcome) -> String {
    let figures = |figures: &client::Figures| {
        format!(
            r#"{{"streams":{},"packets":{},"bytes":{},"lost":{},"frames":{},"freezes":{},"frozen_ms":{}}}"#,
            figures.streams,
            figures.packets,
            figures.bytes,
            figures.lost,
            figures.frames,
            figures.freezes,
            figures.frozen.as_millis()
        )
    };
    let millis = |time: Option<std::time::Duration>| time.map_or("null".into(), |time| time.as_millis().to_string());
    format!(
        "{{\"connected_ms\":{},\"first_frame_ms\":{},\"sent\":{},\"recorded\":{},\"video\":{},\"audio\":{}}}\n",
        millis(outcome.connected_after),
        millis(outcome.first_frame_after),
        outcome.sent,
        outcome.recorded,
        figures(&outcome.video),
        figures(&outcome.audio)
    )
}
