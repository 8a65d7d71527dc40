//! One large room on one worker and on two: what each worker spends on a packet. Where the load generator shares the processors with the
//! server throughput cannot double; the time of the busiest worker tells how far it could grow.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result};
use tokio::time::sleep;

use crate::case::Case;
use crate::parlor;
use crate::process::Process;

/// What came of one run.
#[derive(Debug)]
struct Spending {
    /// Nanoseconds on a processor, of each worker.
    workers: BTreeMap<String, u64>,
    /// Packets that reached somebody who watches.
    packets: u64,
    delivered: Option<f64>,
}

impl Spending {
    /// Of the worker that has the most to do, for each packet.
    fn busiest_us(&self) -> f64 {
        self.per_packet(self.workers.values().copied().max().unwrap_or(0))
    }

    /// Of all workers, for each packet.
    fn all_us(&self) -> f64 {
        self.per_packet(self.workers.values().sum())
    }

    fn per_packet(&self, nanoseconds: u64) -> f64 {
        nanoseconds as f64 / 1000.0 / self.packets.max(1) as f64
    }
}

/// Runs a case with one worker and with two, in turn, and prints what the workers spent.
pub(crate) async fn compare(case: &Case, rounds: u32, seconds: u32, binary: &Path) -> Result<()> {
    println!("{}: {}", case.name, case.text);
    let mut busiest: BTreeMap<u8, Vec<f64>> = BTreeMap::new();
    for round in 0..rounds {
        let order = if round % 2 == 0 { [1, 2] } else { [2, 1] };
        for workers in order {
            let spent = run(case, workers, seconds, binary).await?;
            println!(
                "round {round}: {workers} workers: busiest {:.2} us, all {:.2} us per packet, delivered {:.2} %",
                spent.busiest_us(),
                spent.all_us(),
                spent.delivered.unwrap_or(0.0) * 100.0
            );
            busiest.entry(workers).or_default().push(spent.busiest_us());
        }
    }
    let [one, two] = [1, 2].map(|workers| median(busiest.remove(&workers).unwrap_or_default()));
    println!("busiest worker, medians: {one:.2} us alone, {two:.2} us of two: {:.2} times", one / two);
    Ok(())
}

async fn run(case: &Case, workers: u8, seconds: u32, binary: &Path) -> Result<Spending> {
    let folder = tempfile::tempdir().context("folder")?;
    let process = parlor::start_with(binary, folder.path(), &[format!("media.workers={workers}")]).await?;
    let session = parlor::fill(case.plan(seconds)).await?;
    let population = Arc::clone(session.population());
    for _ in 0..FLOW_TRIES {
        let report = population.report();
        if report.streams >= report.streams_expected {
            break;
        }
        sleep(FLOW_STEP).await;
    }
    sleep(population.plan().warm_up).await;
    population.reset();
    let before = worker_times(&process)?;
    sleep(population.plan().duration).await;
    let after = worker_times(&process)?;
    let report = population.report();
    let spent = after.into_iter().map(|(name, ns)| {
        let earlier = before.get(&name).copied().unwrap_or(0);
        (name, ns.saturating_sub(earlier))
    });
    Ok(Spending { workers: spent.collect(), packets: report.received, delivered: report.delivered })
}

/// How long each worker has been on a processor, in nanoseconds.
fn worker_times(process: &Process) -> Result<BTreeMap<String, u64>> {
    let mut times = BTreeMap::new();
    for task in fs::read_dir(format!("/proc/{}/task", process.id())).context("the server is gone")? {
        let folder = task?.path();
        // A thread may end between the reads.
        let name = fs::read_to_string(folder.join("comm")).unwrap_or_default().trim().to_owned();
        let text = fs::read_to_string(folder.join("schedstat")).unwrap_or_default();
        if name.starts_with("worker-") {
            times.insert(name, text.split(' ').next().and_then(|first| first.parse().ok()).unwrap_or(0));
        }
    }
    Ok(times)
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or(f64::NAN)
}

const FLOW_STEP: Duration = Duration::from_millis(100);

/// Thirty seconds in all: two hundred join one after another.
const FLOW_TRIES: u32 = 300;
