//! Parlor under measurement.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::Result;
use client::load::{Audience, Door, Plan, Session, StreamDoor};
use client::{Endpoint, HttpAddress, RoomAddress, Transport, Trust};

use crate::network::{self, ADDRESS};
use crate::process::Process;
use crate::relay::{PASSWORD, REALM, USER};
use crate::trains;

/// Starts it, with all rooms through the media server, room for everybody from one address, and everything else as it comes.
///
/// `goes_first`: with the priority that packaging/debian/parlor.service gives it.
pub(crate) async fn start(binary: &Path, folder: &Path, workers: Option<u32>, goes_first: bool) -> Result<Process> {
    let mut command = Command::new(if goes_first { Path::new("nice") } else { binary });
    if goes_first {
        command.args(["-n", NICENESS]).arg(binary);
    }
    command.arg("serve").args(["--set", &format!("http.listen={ADDRESS}:{PORT}")]);
    for setting in SETTINGS.into_iter().chain(TURN_SETTINGS) {
        command.args(["--set", setting]);
    }
    command.args(["--set", &format!("turn.realm={REALM}"), "--set", &format!("turn.users={USER}:{PASSWORD}")]);
    if let Some(workers) = workers {
        command.args(["--set", &format!("media.workers={workers}")]);
    }
    let (certificate, key) = network::certificate(folder)?;
    command.args(["--set", &format!("https.cert={}", certificate.display())]);
    command.args(["--set", &format!("https.key={}", key.display())]);
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

/// Fills its rooms, which are called `name` and so on.
pub(crate) async fn fill_rooms(name: &str, plan: Plan) -> Result<Session> {
    let address = RoomAddress::parse(&format!("http://{ADDRESS}:{PORT}/r/{name}"))?;
    let door = Door { address, trust: Trust::System, token: None, transport: Transport::Udp };
    Ok(Session::open(plan, door, |_| {}).await?)
}

/// Publishes a stream and lets its viewers come.
pub(crate) async fn fill_stream(plan: Plan) -> Result<Audience> {
    let door = StreamDoor { publish: Some(endpoint("whip")?), play: endpoint("whep")?, transport: Transport::Udp };
    Ok(Audience::open(plan, &door, |_| {}).await?)
}

/// Lets viewers come to the stream that an encoder publishes.
pub(crate) async fn fill_published(plan: Plan) -> Result<Audience> {
    let door = StreamDoor { publish: None, play: endpoint("whep")?, transport: Transport::Udp };
    Ok(Audience::open(plan, &door, |_| {}).await?)
}

fn endpoint(protocol: &str) -> Result<Endpoint> {
    let address = HttpAddress::parse(&format!("http://{ADDRESS}:{PORT}/{protocol}/live/bench"))?;
    Ok(Endpoint { address, trust: Trust::System, token: None })
}

/// Hundreds who come from one address within seconds would be sent away, which is right for a server on the Internet.
const SETTINGS: [&str; 7] = [
    "https.listen=off",
    "rooms.topology=sfu",
    "udp.listen=3478",
    "stun.second_listen=off",
    "live.rtmp_listen=10.99.0.1:1935",
    "limits.members=1000",
    "limits.joins_burst=1000",
];

/// The same of allocations. The peers are in the network of the measurement, which is a private one.
const TURN_SETTINGS: [&str; 7] = [
    "turn.relay_ports=20000-60000",
    "turn.allow_peers=10.99.0.0/24",
    "limits.allocations=20000",
    "limits.allocations_per_user=20000",
    "limits.allocations_per_address=20000",
    "limits.tcp_connections_per_address=1000",
    "limits.challenges_per_second=0",
];

/// `Nice=` of the unit.
const NICENESS: &str = "-10";

/// Of TURN, over whatever.
pub(crate) const TURN_PORT: u16 = 3478;

/// Of HTTP.
pub(crate) const PORT: u16 = 8080;
