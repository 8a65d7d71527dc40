//! Parlor under measurement.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::Result;
use client::load::{Door, Plan, Session};
use client::{RoomAddress, Transport, Trust};

use crate::network::ADDRESS;
use crate::process::Process;
use crate::trains;

/// Starts it, with all rooms through the media server, room for everybody from one address, and everything else as it comes.
pub(crate) async fn start(binary: &Path, folder: &Path, workers: Option<u32>) -> Result<Process> {
    let mut command = Command::new(binary);
    command.arg("serve").args(["--set", &format!("http.listen={ADDRESS}:{PORT}")]);
    for setting in SETTINGS {
        command.args(["--set", setting]);
    }
    if let Some(workers) = workers {
        command.args(["--set", &format!("media.workers={workers}")]);
    }
    command.args(["--set", &format!("data.dir={}", data(folder).display())]);
    Process::start(&mut command, &folder.join("parlor.log"), PORT).await
}

/// The way to what it counts.
pub(crate) fn door(binary: &Path, folder: &Path) -> Result<trains::Door> {
    trains::Door::open(binary, &data(folder), PORT)
}

fn data(folder: &Path) -> PathBuf {
    folder.join("data")
}

/// Fills its rooms.
pub(crate) async fn fill(plan: Plan) -> Result<Session> {
    let address = RoomAddress::parse(&format!("http://{ADDRESS}:{PORT}/r/bench"))?;
    let door = Door { address, trust: Trust::System, token: None, transport: Transport::Udp };
    Ok(Session::open(plan, door, |_| {}).await?)
}

/// Hundreds who come from one address within seconds would be sent away, which is right for a server on the Internet.
const SETTINGS: [&str; 6] = [
    "https.listen=off",
    "rooms.topology=sfu",
    "udp.listen=3478",
    "stun.second_listen=off",
    "limits.members=1000",
    "limits.joins_burst=1000",
];

const PORT: u16 = 8080;
