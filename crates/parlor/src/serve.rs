//! `parlor serve`.

use std::io::IsTerminal as _;
use std::time::Duration;

use anyhow::anyhow;
use sd_notify::NotifyState;
use server::{Drained, Server, config::LogFilter};
use tokio::runtime::Runtime;
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::time::timeout;
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::util::SubscriberInitExt as _;

use crate::greeting::{self, Greeting, Relaying};
use crate::settings::SettingArguments;
use crate::wishes::{Wish, Wishes};

/// Serves until a signal comes.
///
/// # Errors
/// When it cannot start, or cannot go on.
pub(crate) fn run(settings: &SettingArguments) -> anyhow::Result<()> {
    let loaded = settings.load()?;
    log_to_stderr(&loaded.config.log);
    for note in &loaded.notes {
        tracing::info!("{note}");
    }
    for warning in &loaded.warnings {
        tracing::warn!("{warning}");
    }
    let open_files = server::open_files::raise_limit();
    tracing::debug!(?open_files, "limit of open files");
    let runtime = Runtime::new().map_err(|error| anyhow!("the runtime cannot start: {error}"))?;
    let result = runtime.block_on(async {
        let mut stop = Stop::listen()?;
        let mut wishes = Wishes::new(settings, loaded.given)?;
        let public_host = loaded.config.public_host.0.clone();
        let public_addresses = loaded.config.public_addresses.clone();
        let relaying = Relaying::of(&loaded.config);
        let server = Server::start(loaded.config)?;
        let greeting = Greeting {
            addresses: server.addresses().clone(),
            self_signed: server.has_self_signed_certificate(),
            public_host,
            public_addresses,
            reachable: server::address::reachable(),
            relaying,
        };
        greeting::print(&greeting.text(std::io::stdout().is_terminal()))?;
        tell_service_manager(&[NotifyState::Ready, NotifyState::Status(&greeting.address().unwrap_or_default())]);
        let ended_by = run_until_ended(&server, &mut stop, &mut wishes).await;
        tracing::info!("{}: telling the members and closing", ended_by.as_ref().unwrap_or(&"broken"));
        tell_service_manager(&[NotifyState::Stopping]);
        tokio::select! {
            ended = timeout(STOP_DEADLINE, server.stop()) => if ended.is_err() {
                tracing::warn!("not everything closed in time");
            },
            name = stop.wait() => tracing::warn!("{name} again: closing at once"),
        }
        ended_by.map(drop)
    });
    // What still runs is cut off: the process is about to end.
    runtime.shutdown_timeout(Duration::from_millis(100));
    result
}

/// Serves; says what has ended that, or what has broken.
async fn run_until_ended(server: &Server, stop: &mut Stop, wishes: &mut Wishes<'_>) -> anyhow::Result<&'static str> {
    let (broken, drained) = (server.broken(), server.drained());
    tokio::pin!(broken, drained);
    loop {
        tokio::select! {
            name = stop.wait() => return Ok(name),
            part = &mut broken => {
                return Err(anyhow!("{part} has ended; the lines above say why. Start the server again"));
            }
            drained = &mut drained => return Ok(match drained {
                Drained::Empty => "drained",
                Drained::Deadline => "drained until the deadline",
            }),
            wish = wishes.next() => match wish {
                Wish::Drain => server.drain().await,
                Wish::Reload => wishes.reload(server).await,
                Wish::End => return Ok("the terminal is closed"),
            },
        }
    }
}

pub(crate) fn heard(kind: SignalKind) -> anyhow::Result<Signal> {
    signal(kind).map_err(|error| anyhow!("signals cannot be received: {error}"))
}

/// Tells systemd, where it has started us (`Type=notify`); nobody is told elsewhere.
fn tell_service_manager(state: &[NotifyState<'_>]) {
    if let Err(error) = sd_notify::notify(state) {
        tracing::warn!("the service manager cannot be told: {error}");
    }
}

fn log_to_stderr(filter: &LogFilter) {
    let lines =
        tracing_subscriber::fmt::layer().with_writer(std::io::stderr).with_ansi(std::io::stderr().is_terminal());
    tracing_subscriber::registry().with(lines).with(filter.0.clone()).init();
}

/// The signals that end the server.
struct Stop {
    interrupt: Signal,
    terminate: Signal,
}

impl Stop {
    fn listen() -> anyhow::Result<Self> {
        Ok(Self { interrupt: heard(SignalKind::interrupt())?, terminate: heard(SignalKind::terminate())? })
    }

    /// Waits for the next one and names it.
    async fn wait(&mut self) -> &'static str {
        tokio::select! {
            _ = self.interrupt.recv() => "interrupted",
            _ = self.terminate.recv() => "terminated",
        }
    }
}

/// Whoever sent the signal may kill us after some more seconds.
const STOP_DEADLINE: Duration = Duration::from_secs(4);
