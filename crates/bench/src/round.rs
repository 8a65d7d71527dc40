//! One run of one server under one load.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result};
use client::load::{Population, Report};
use tokio::time::sleep;

use crate::case::Case;
use crate::process::Process;
use crate::trains::{Count, Door};
use crate::{janus, parlor};

/// Who is measured.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Contender {
    Parlor,
    Janus,
}

/// What came of a run.
#[derive(Debug)]
pub(crate) struct Round {
    pub(crate) contender: Contender,
    pub(crate) case: &'static str,
    pub(crate) outcome: Result<Measurement>,
}

/// What was measured.
#[derive(Debug, Clone)]
pub(crate) struct Measurement {
    /// Per packet that reached somebody who watches.
    pub(crate) cpu_us: f64,
    /// Of that, in user mode.
    pub(crate) user_us: f64,
    /// Of that, in the busiest thread.
    pub(crate) busiest_us: f64,
    /// The share of one core that the busiest thread had.
    pub(crate) load: f64,
    /// The share of the packets that left with others in one system call; `None` where nobody counts.
    pub(crate) in_trains: Option<f64>,
    /// Memory that each member adds.
    pub(crate) memory_per_member_bytes: u64,
    pub(crate) report: Report,
    /// Why the figures mean nothing, if they do.
    pub(crate) flaw: Option<String>,
}

impl Round {
    /// The measurement, where it counts.
    pub(crate) fn valid(&self) -> Option<&Measurement> {
        self.outcome.as_ref().ok().filter(|measured| measured.flaw.is_none())
    }

    /// Why it does not count.
    pub(crate) fn flaw(&self) -> Option<String> {
        match &self.outcome {
            Ok(measured) => measured.flaw.clone(),
            Err(error) => Some(format!("{error:#}")),
        }
    }
}

/// Starts the server, fills it, measures, and ends it.
pub(crate) async fn run(contender: Contender, case: &Case, seconds: u32, parlor: &Path) -> Round {
    let outcome = attempt(contender, case, seconds, parlor).await;
    let outcome = outcome.map(|measured| Measurement { flaw: flaw(case, &measured.report), ..measured });
    Round { contender, case: case.name, outcome }
}

/// Who did not get in, and what did not arrive.
fn flaw(case: &Case, report: &Report) -> Option<String> {
    if report.joined < u64::from(report.members) {
        let error = report.first_error.as_ref().map(|error| format!(" ({error})")).unwrap_or_default();
        return Some(format!("{} of {} members connected{error}", report.joined, report.members));
    }
    if report.streams < report.streams_expected {
        return Some(format!("{} of {} streams arrived", report.streams, report.streams_expected));
    }
    let wanted = case.delivered_min(report.window_s);
    let delivered = report.delivered.filter(|delivered| *delivered < wanted)?;
    Some(format!("{:.2} % of the packets arrived, {:.2} % must", delivered * 100.0, wanted * 100.0))
}

async fn attempt(contender: Contender, case: &Case, seconds: u32, binary: &Path) -> Result<Measurement> {
    let folder = tempfile::tempdir().context("folder")?;
    let plan = case.plan(seconds);
    match contender {
        Contender::Parlor => {
            let process = parlor::start(binary, folder.path(), case.workers).await?;
            let before = process.memory_bytes()?;
            let session = parlor::fill(plan).await?;
            let population = Arc::clone(session.population());
            let door = parlor::door(binary, folder.path())?;
            let mut measurement = measure(&process, &population, before, Some(&door)).await?;
            measurement.report = session.close(measurement.report).await?;
            Ok(measurement)
        }
        Contender::Janus => {
            let process = janus::start(folder.path()).await?;
            let before = process.memory_bytes()?;
            let population = Population::new(plan)?;
            let _session = janus::fill(&population).await?;
            measure(&process, &population, before, None).await
        }
    }
}

/// Waits until all streams flow, then counts for the time of the plan.
async fn measure(
    process: &Process,
    population: &Population,
    memory_before: u64,
    door: Option<&Door>,
) -> Result<Measurement> {
    let plan = population.plan();
    for _ in 0..FLOW_TRIES {
        let report = population.report();
        if report.streams >= report.streams_expected && report.joined >= u64::from(report.members) {
            break;
        }
        sleep(FLOW_STEP).await;
    }
    sleep(plan.warm_up).await;
    let left_before = count(door).await?;
    population.reset();
    let before = process.usage()?;
    sleep(plan.duration).await;
    let after = process.usage()?;
    let report = population.report();
    let left_after = count(door).await?;
    let memory = process.memory_bytes()?.saturating_sub(memory_before);
    let spent = after.since(&before);
    let per_packet = |ns: u64| ns as f64 / 1000.0 / report.received.max(1) as f64;
    Ok(Measurement {
        cpu_us: per_packet(spent.cpu_ns),
        user_us: per_packet(spent.user_ns),
        busiest_us: per_packet(spent.busiest_ns),
        load: spent.busiest_ns as f64 / 1e9 / plan.duration.as_secs_f64().max(0.001),
        in_trains: left_after.zip(left_before).and_then(|(after, before)| after.share_since(&before)),
        memory_per_member_bytes: memory / u64::from(plan.members().max(1)),
        report,
        flaw: None,
    })
}

async fn count(door: Option<&Door>) -> Result<Option<Count>> {
    match door {
        Some(door) => door.count().await.map(Some),
        None => Ok(None),
    }
}

const FLOW_STEP: Duration = Duration::from_millis(100);

/// Ten seconds in all.
const FLOW_TRIES: u32 = 100;
