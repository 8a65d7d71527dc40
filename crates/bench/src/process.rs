//! A server under measurement, and what the kernel says about it.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use anyhow::{Context, Result, bail};
use tokio::net::TcpStream;

use crate::network::ADDRESS;

/// A running server. It is killed when this is dropped.
pub(crate) struct Process {
    child: Child,
}

/// What a process has used since it began.
#[derive(Debug, Clone, Default)]
pub(crate) struct Usage {
    /// Of each thread by its number.
    threads: BTreeMap<u64, Time>,
    /// Clock ticks in user mode.
    user_ticks: u64,
    /// Clock ticks in the kernel.
    system_ticks: u64,
}

/// How a thread has spent its time, as the scheduler counts it (`/proc/PID/task/TID/schedstat`).
#[derive(Debug, Clone, Copy, Default)]
struct Time {
    /// On a processor.
    ran_ns: u64,
    /// Ready to run, while others had the processors.
    waited_ns: u64,
}

/// What a process has used in a window.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Spent {
    /// On a processor, of all threads.
    pub(crate) cpu_ns: u64,
    /// Of that, in user mode.
    pub(crate) user_ns: u64,
    /// Of that, the thread that has used most.
    pub(crate) busiest_ns: u64,
    /// How long that thread waited for a processor.
    pub(crate) busiest_waited_ns: u64,
}

impl Process {
    /// Starts `command` with its output in `log`, and waits until it takes TCP connections on `port`.
    pub(crate) async fn start(command: &mut Command, log: &Path, port: u16) -> Result<Self> {
        let output = fs::File::create(log).with_context(|| log.display().to_string())?;
        let errors = output.try_clone().context("log")?;
        command.stdin(Stdio::null()).stdout(output).stderr(errors);
        let child = command.spawn().with_context(|| format!("cannot start {}", command.get_program().display()))?;
        let mut process = Self { child };
        for _ in 0..START_TRIES {
            if TcpStream::connect((ADDRESS, port)).await.is_ok() {
                return Ok(process);
            }
            if let Some(status) = process.child.try_wait().context("wait")? {
                let log = fs::read_to_string(log).unwrap_or_default();
                let end: Vec<_> = log.lines().rev().take(5).collect();
                bail!("{} ended with {status}: {}", command.get_program().display(), end.join(" | "));
            }
            tokio::time::sleep(START_STEP).await;
        }
        bail!("{} does not listen on port {port}", command.get_program().display())
    }

    /// What it has used so far.
    pub(crate) fn usage(&self) -> Result<Usage> {
        let folder = format!("/proc/{}", self.child.id());
        let mut threads = BTreeMap::new();
        for task in fs::read_dir(format!("{folder}/task")).context("the server is gone")? {
            let task = task?;
            // A thread may end between the two reads.
            let text = fs::read_to_string(task.path().join("schedstat")).unwrap_or_default();
            let mut times = text.split(' ').map(|time| time.parse().unwrap_or(0));
            let mut next = || times.next().unwrap_or(0);
            let time = Time { ran_ns: next(), waited_ns: next() };
            let number = task.file_name().to_string_lossy().parse().unwrap_or(0);
            threads.insert(number, time);
        }
        let stat = fs::read_to_string(format!("{folder}/stat")).context("the server is gone")?;
        // Behind the name, which may have spaces: field 3 is the state, 14 and 15 are the ticks.
        let fields: Vec<&str> = stat.rsplit(") ").next().unwrap_or_default().split(' ').collect();
        let field = |number: usize| fields.get(number - 3).and_then(|text| text.parse().ok()).unwrap_or(0);
        Ok(Usage { threads, user_ticks: field(14), system_ticks: field(15) })
    }

    /// The same, when it has stopped growing: a server takes connections before it has finished its start.
    pub(crate) async fn settled_memory_bytes(&self) -> Result<u64> {
        let mut before = self.memory_bytes()?;
        for _ in 0..SETTLE_TRIES {
            tokio::time::sleep(SETTLE_STEP).await;
            let now = self.memory_bytes()?;
            if now <= before {
                break;
            }
            before = now;
        }
        self.memory_bytes()
    }

    /// Memory in use that cannot be given back (RSS), in bytes.
    pub(crate) fn memory_bytes(&self) -> Result<u64> {
        let status = fs::read_to_string(format!("/proc/{}/status", self.child.id())).context("the server is gone")?;
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap_or_default();
        Ok(line.trim().trim_end_matches(" kB").parse::<u64>().unwrap_or(0) * 1024)
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // One that has ended already needs no killing.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Usage {
    /// What was used from `earlier` to this.
    pub(crate) fn since(&self, earlier: &Self) -> Spent {
        let spent = |(number, now): (&u64, &Time)| {
            let before = earlier.threads.get(number).copied().unwrap_or_default();
            let ran_ns = now.ran_ns.saturating_sub(before.ran_ns);
            Time { ran_ns, waited_ns: now.waited_ns.saturating_sub(before.waited_ns) }
        };
        let cpu_ns = self.threads.iter().map(|thread| spent(thread).ran_ns).sum();
        let busiest = self.threads.iter().map(spent).max_by_key(|time| time.ran_ns).unwrap_or_default();
        let user = self.user_ticks.saturating_sub(earlier.user_ticks);
        let system = self.system_ticks.saturating_sub(earlier.system_ticks);
        let share = if user + system == 0 { 0.0 } else { user as f64 / (user + system) as f64 };
        let user_ns = (cpu_ns as f64 * share) as u64;
        Spent { cpu_ns, user_ns, busiest_ns: busiest.ran_ns, busiest_waited_ns: busiest.waited_ns }
    }
}

const START_STEP: Duration = Duration::from_millis(50);

/// Ten seconds in all.
const START_TRIES: u32 = 200;

const SETTLE_STEP: Duration = Duration::from_millis(200);

/// Two seconds in all.
const SETTLE_TRIES: u32 = 10;
