//! What the kernel says of this machine and of this process. What it does not say is left out.

use std::fs;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use serde::Serialize;

use crate::clock;

/// Reads the figures; keeps the last reading, since shares of a processor are reckoned between two.
#[derive(Debug)]
pub(crate) struct System {
    started: Instant,
    last: Mutex<Option<(Instant, Ticks, Figures)>>,
}

/// The figures of a moment.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(crate) struct Figures {
    /// How long this process runs.
    pub(crate) uptime: Duration,
    /// Its resident memory.
    pub(crate) memory_kbyte: u64,
    /// Its share of one processor since the reading before, 1 is all of it; 0 at the first reading.
    pub(crate) cpu: f64,
    /// The share of all processors that is in use, in the same way.
    pub(crate) cpu_of_all: f64,
    /// How long the machine runs, in seconds, and how long its processors had nothing to do.
    pub(crate) machine_uptime_s: (f64, f64),
    /// Runnable processes over 1, 5 and 15 minutes.
    pub(crate) load: [f64; 3],
    /// Memory and swap.
    pub(crate) memory: Memory,
    /// Bytes over all interfaces but loopback.
    pub(crate) network: Network,
    /// Over all disks since the reading before; 0 at the first reading.
    pub(crate) disk: DiskLoad,
    /// Sockets of TCP that are open, those that wait for their end, and sockets of UDP.
    pub(crate) sockets: [u64; 3],
}

/// Of the machine.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub(crate) struct Memory {
    /// Of memory.
    pub(crate) total_kbyte: u64,
    /// What programs may still have.
    pub(crate) available_kbyte: u64,
    /// Of swap.
    pub(crate) swap_total_kbyte: u64,
    /// What is left of it.
    pub(crate) swap_free_kbyte: u64,
}

/// Of the machine.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Network {
    pub(crate) received_bytes: u64,
    pub(crate) sent_bytes: u64,
}

/// Of the machine.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(crate) struct DiskLoad {
    /// In a second.
    pub(crate) read_kbyte: f64,
    /// In a second.
    pub(crate) written_kbyte: f64,
    /// The share of the time in which a disk had something to do.
    pub(crate) busy: f64,
}

/// What the processors have done, in units of the kernel or of time: only ratios count. And the disks.
#[derive(Debug, Clone, Copy, Default)]
struct Ticks {
    process: Duration,
    all: u64,
    idle: u64,
    disks: Disks,
}

/// What all disks have done since the machine has been running.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
struct Disks {
    read_sectors: u64,
    written_sectors: u64,
    busy_ms: u64,
}

impl System {
    /// The process has just started.
    pub(crate) fn new(started: Instant) -> Self {
        Self { started, last: Mutex::new(None) }
    }

    /// The figures; those of the last reading when that is of this second.
    pub(crate) fn figures(&self, now: Instant) -> Figures {
        let mut last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((at, _, figures)) = &*last
            && now.saturating_duration_since(*at) < FRESH
        {
            return *figures;
        }
        let ticks = Ticks::read();
        let mut figures = read();
        figures.uptime = now.saturating_duration_since(self.started);
        if let Some((at, before, _)) = &*last {
            let span = now.saturating_duration_since(*at).as_secs_f64();
            figures.cpu = ticks.process.saturating_sub(before.process).as_secs_f64() / span.max(f64::MIN_POSITIVE);
            let all = ticks.all.saturating_sub(before.all);
            let idle = ticks.idle.saturating_sub(before.idle);
            figures.cpu_of_all = if all == 0 { 0.0 } else { 1.0 - share(idle, all) };
            figures.disk = ticks.disks.load_since(before.disks, now.saturating_duration_since(*at));
        }
        *last = Some((now, ticks, figures));
        figures
    }
}

impl Ticks {
    fn read() -> Self {
        let stat = text("/proc/stat");
        let fields: Vec<u64> = numbers(stat.lines().next().unwrap_or_default());
        // "cpu user nice system idle iowait …": what waits for a disk does nothing either.
        let idle = fields.iter().skip(3).take(2).sum();
        Self { process: clock::process_time(), all: fields.iter().take(8).sum(), idle, disks: Disks::read() }
    }
}

impl Disks {
    fn read() -> Self {
        // Partitions and what only looks like a disk have their sectors counted with the disk below them.
        let disks = fs::read_dir("/sys/block").into_iter().flatten().flatten();
        let disks = disks.filter(|disk| disk.path().join("device").exists());
        let names: Vec<String> = disks.map(|disk| disk.file_name().to_string_lossy().into_owned()).collect();
        Self::sum(&text("/proc/diskstats"), &names)
    }

    /// Of the disks with these names.
    fn sum(diskstats: &str, names: &[String]) -> Self {
        let mut sum = Self::default();
        for line in diskstats.lines() {
            let Some(name) = line.split_whitespace().nth(2) else { continue };
            if names.iter().any(|known| known == name) {
                let (_, counts) = line.split_once(name).unwrap_or_default();
                let counts = numbers(counts);
                let count = |at: usize| counts.get(at).copied().unwrap_or_default();
                sum.read_sectors = sum.read_sectors.saturating_add(count(2));
                sum.written_sectors = sum.written_sectors.saturating_add(count(6));
                sum.busy_ms = sum.busy_ms.saturating_add(count(9));
            }
        }
        sum
    }

    fn load_since(self, before: Self, span: Duration) -> DiskLoad {
        let span_ms = u64::try_from(span.as_millis()).unwrap_or(u64::MAX);
        // A sector has 512 bytes whatever the disk has: two make a kibibyte, and there are 1000 ms in a second.
        let kbyte = |now: u64, before: u64| share(now.saturating_sub(before).saturating_mul(500), span_ms);
        DiskLoad {
            read_kbyte: kbyte(self.read_sectors, before.read_sectors),
            written_kbyte: kbyte(self.written_sectors, before.written_sectors),
            busy: share(self.busy_ms.saturating_sub(before.busy_ms), span_ms).min(1.0),
        }
    }
}

fn read() -> Figures {
    let status = text("/proc/self/status");
    let meminfo = text("/proc/meminfo");
    let uptime = text("/proc/uptime");
    let mut uptimes = uptime.split_whitespace().filter_map(|number| number.parse().ok());
    let loads = text("/proc/loadavg");
    let mut loads = loads.split_whitespace().filter_map(|number| number.parse().ok());
    let sockets = text("/proc/net/sockstat");
    let mut load = || loads.next().unwrap_or_default();
    let mut uptime = || uptimes.next().unwrap_or_default();
    Figures {
        memory_kbyte: labelled(&status, "VmRSS:"),
        machine_uptime_s: (uptime(), uptime()),
        load: [load(), load(), load()],
        memory: Memory {
            total_kbyte: labelled(&meminfo, "MemTotal:"),
            available_kbyte: labelled(&meminfo, "MemAvailable:"),
            swap_total_kbyte: labelled(&meminfo, "SwapTotal:"),
            swap_free_kbyte: labelled(&meminfo, "SwapFree:"),
        },
        network: network(&text("/proc/net/dev")),
        sockets: [worded(&sockets, "TCP:", "inuse"), worded(&sockets, "TCP:", "tw"), worded(&sockets, "UDP:", "inuse")],
        ..Figures::default()
    }
}

/// A file of the kernel's; empty where there is none of that name.
fn text(path: &str) -> String {
    fs::read_to_string(path).unwrap_or_default()
}

fn numbers(line: &str) -> Vec<u64> {
    line.split_whitespace().filter_map(|number| number.parse().ok()).collect()
}

/// The number behind a label at the beginning of a line.
fn labelled(text: &str, label: &str) -> u64 {
    let line = text.lines().find_map(|line| line.strip_prefix(label));
    line.and_then(|rest| rest.split_whitespace().next()?.parse().ok()).unwrap_or_default()
}

/// The number behind a word of a line.
fn worded(text: &str, label: &str, word: &str) -> u64 {
    let line = text.lines().find_map(|line| line.strip_prefix(label)).unwrap_or_default();
    let mut words = line.split_whitespace().skip_while(|known| *known != word);
    words.nth(1).and_then(|number| number.parse().ok()).unwrap_or_default()
}

fn network(dev: &str) -> Network {
    let mut sum = Network::default();
    for (name, rest) in dev.lines().filter_map(|line| line.split_once(':')) {
        if name.trim() != "lo" {
            let fields = numbers(rest);
            sum.received_bytes += fields.first().copied().unwrap_or_default();
            sum.sent_bytes += fields.get(8).copied().unwrap_or_default();
        }
    }
    sum
}

/// `part` of `whole`; both are far below 2^52.
#[expect(clippy::cast_precision_loss, reason = "a share is shown with a few digits")]
pub(crate) fn share(part: u64, whole: u64) -> f64 {
    if whole == 0 { 0.0 } else { part as f64 / whole as f64 }
}

/// Shares of a processor over less than this say little.
const FRESH: Duration = Duration::from_secs(1);

#[cfg(test)]
mod tests;
