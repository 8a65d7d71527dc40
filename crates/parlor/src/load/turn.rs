//! A TURN server and those who are relayed by it.

use std::fmt::Write as _;
use std::time::Duration;

use anyhow::{bail, ensure};
use clap::{Args, ValueEnum};
use client::Trust;
use client::turn::{Door, Method, Peers, Plan, Progress, Report, TurnAddress, User};

use super::{percent, spread};
use crate::greeting;
use crate::guest::LiveLine;

/// How many allocations, and what goes through them.
#[derive(Debug, Args)]
pub(crate) struct TurnArguments {
    /// The server: turn:HOST:PORT, turn:HOST:PORT?transport=tcp or turns:HOST:PORT; the port may be left out
    uri: String,
    /// A user of the server
    #[arg(long)]
    user: Option<String>,
    /// The user's password
    #[arg(long, env = "PARLOR_TURN_PASSWORD", hide_env_values = true)]
    password: Option<String>,
    /// A secret of the server, in the place of a password: the user gets a name that ends in an hour (TURN REST API)
    #[arg(long, env = "PARLOR_TURN_SECRET", hide_env_values = true, conflicts_with = "password")]
    secret: Option<String>,
    /// Accept any certificate: the server may be anybody
    #[arg(long)]
    insecure: bool,
    /// Allocations
    #[arg(long, default_value_t = 100, value_parser = clap::value_parser!(u32).range(1..=20_000))]
    allocations: u32,
    /// Packets per second that each client sends
    #[arg(long, default_value_t = 80.0)]
    packets: f64,
    /// So many of them at once, as the packets of a picture
    #[arg(long, default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..=64))]
    burst: u32,
    /// Send each packet of a burst by itself, and not all with one system call
    #[arg(long)]
    apart: bool,
    /// Bytes in each packet, a multiple of four
    #[arg(long, default_value_t = 1200, value_parser = clap::value_parser!(u16).range(24..=1400))]
    bytes: u16,
    /// What carries the packets
    #[arg(long, value_enum, default_value_t = Carrier::Channel)]
    method: Carrier,
    /// Whom the clients talk to
    #[arg(long, value_enum, default_value_t = Others::Pairs)]
    peers: Others,
    /// Seconds from the last allocation to the measurement
    #[arg(long, default_value_t = 1, value_parser = clap::value_parser!(u64).range(0..=60))]
    warm_up: u64,
    /// Seconds that are measured; nothing is refreshed
    #[arg(long, default_value_t = 10, value_parser = clap::value_parser!(u64).range(1..=200))]
    duration: u64,
    /// Print one JSON object at the end, and nothing else, on standard output
    #[arg(long)]
    json: bool,
}

/// What carries the packets.
#[derive(Debug, Clone, Copy, ValueEnum)]
enum Carrier {
    /// ChannelData
    Channel,
    /// Send and Data indications
    Indication,
}

/// Whom the clients talk to.
#[derive(Debug, Clone, Copy, ValueEnum)]
enum Others {
    /// Another client, through the relayed addresses of both: every server allows that
    Pairs,
    /// A socket of this machine, which sends everything back: the server must be allowed to relay to this address
    Echo,
}

/// Runs the load and prints what came of it.
pub(super) fn run(arguments: &TurnArguments) -> anyhow::Result<()> {
    let (plan, door) = (arguments.plan()?, arguments.door()?);
    let mut live = LiveLine::default();
    let report = client::turn::run(plan, &door, |progress| live.show(&progress_line(progress)));
    live.end();
    let report = report?;
    greeting::print(&if arguments.json { report.to_json() + "\n" } else { summary(&report) })?;
    ensure!(report.lost_connections == 0, "{} connections to the server were lost", report.lost_connections);
    Ok(())
}

impl TurnArguments {
    fn plan(&self) -> anyhow::Result<Plan> {
        ensure!((0.1..=100_000.0).contains(&self.packets), "--packets is 0.1 to 100000");
        ensure!(self.bytes.is_multiple_of(4), "--bytes is a multiple of four");
        Ok(Plan {
            allocations: self.allocations,
            packets_per_second: self.packets,
            burst: self.burst,
            together: !self.apart,
            payload_bytes: self.bytes,
            method: match self.method {
                Carrier::Channel => Method::Channel,
                Carrier::Indication => Method::Indication,
            },
            peers: match self.peers {
                Others::Pairs => Peers::Pairs,
                Others::Echo => Peers::Echo,
            },
            warm_up: Duration::from_secs(self.warm_up),
            duration: Duration::from_secs(self.duration),
        })
    }

    fn door(&self) -> anyhow::Result<Door> {
        let user = match (&self.user, &self.password, &self.secret) {
            (name, None, Some(secret)) => {
                let now = server::clock::unix_time();
                User::from_secret(secret, name.as_deref().unwrap_or("load"), now + SECRET_USER_LIFETIME)
            }
            (Some(name), Some(password), _) => User { name: name.clone(), password: password.clone() },
            _ => bail!("who is it? Give --user and --password, or --secret"),
        };
        let trust = if self.insecure { Trust::Anyone } else { Trust::System };
        Ok(Door { address: TurnAddress::parse(&self.uri)?, trust, user })
    }
}

fn progress_line(progress: &Progress) -> String {
    let Progress { phase, allocations, report } = progress;
    let rate = |count: u64| count as f64 / report.window_s.max(0.001);
    format!(
        "{phase:10} {allocations} allocations  {:.0} packets/s  {:.1} Mbit/s  delivered {}  delay p50 {:.1} p99 {:.1} ms",
        rate(report.received),
        rate(report.bytes) * 8e-6,
        percent(report.delivered),
        report.delay_us.p50 / 1000.0,
        report.delay_us.p99 / 1000.0,
    )
}

/// The report for people.
fn summary(report: &Report) -> String {
    let mut text = String::new();
    let mut line = |label: &str, value: String| {
        let _ = writeln!(text, "{label:<14}{value}");
    };
    let window_s = report.window_s.max(0.001);
    let (rate, megabits) = (report.received as f64 / window_s, report.bytes as f64 * 8e-6 / window_s);
    line("allocations", format!("{}, {:.0} made in a second", report.allocations, report.allocations_per_second));
    line("packets", format!("{} in {window_s:.1} s ({rate:.0}/s, {megabits:.1} Mbit/s)", report.received));
    line("delivered", percent(report.delivered));
    line("delay", spread(&report.delay_us, 1000.0));
    if report.late > 0 {
        line("too slow", format!("{} times this machine could not send as fast as it was told", report.late));
    }
    text
}

/// Longer than any load.
const SECRET_USER_LIFETIME: Duration = Duration::from_secs(3600);
