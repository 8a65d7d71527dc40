//! One run of one server under one load.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result};
use client::load::{Population, Report};
use tokio::time::sleep;

use crate::case::Case;
use crate::process::Process;
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
    /// Memory that each who watches adds.
    pub(crate) memory_per_watcher_bytes: u64,
    pub(crate) report: Report,
}

impl Measurement {
    /// Whether enough came through for the figures to mean something.
    pub(crate) fn counts(&self) -> bool {
        self.report.delivered.is_some_and(|delivered| delivered >= DELIVERED_MIN)
    }
}

/// Starts the server, fills it, measures, and ends it.
pub(crate) async fn run(contender: Contender, case: &Case, seconds: u32, parlor: &Path) -> Round {
    let outcome = attempt(contender, case, seconds, parlor).await;
    Round { contender, case: case.name, outcome }
}

async fn attempt(contender: Contender, case: &Case, seconds: u32, binary: &Path) -> Result<Measurement> {
    let folder = tempfile::tempdir().context("folder")?;
    let plan = case.plan(seconds);
    match contender {
        Contender::Parlor => {
            let process = parlor::start(binary, folder.path()).await?;
            let before = process.memory_bytes()?;
            let session = parlor::fill(plan).await?;
            let population = Arc::clone(session.population());
            let mut measurement = measure(&process, &population, before).await?;
            measurement.report = session.close(measurement.report).await?;
            Ok(measurement)
        }
        Contender::Janus => {
            let process = janus::start(folder.path()).await?;
            let before = process.memory_bytes()?;
            let population = Population::new(plan)?;
            let _session = janus::fill(&population).await?;
            measure(&process, &population, before).await
        }
    }
}

/// Waits until all streams flow, then counts for the time of the plan.
async fn measure(process: &Process, population: &Population, memory_before: u64) -> Result<Measurement> {
    let plan = population.plan();
    for _ in 0..FLOW_TRIES {
        let report = population.report();
        if report.streams >= report.streams_expected {
            break;
        }
        sleep(FLOW_STEP).await;
    }
    sleep(plan.warm_up).await;
    population.reset();
    let before = process.usage()?;
    sleep(plan.duration).await;
    let after = process.usage()?;
    let report = population.report();
    let memory = process.memory_bytes()?.saturating_sub(memory_before);
    let (cpu_ns, user_ns) = after.since(before);
    let packets = report.received.max(1) as f64;
    Ok(Measurement {
        cpu_us: cpu_ns as f64 / 1000.0 / packets,
        user_us: user_ns as f64 / 1000.0 / packets,
        memory_per_watcher_bytes: memory / u64::from(plan.members().max(1)),
        report,
    })
}

/// With less, the server has saved its work.
const DELIVERED_MIN: f64 = 0.99;

const FLOW_STEP: Duration = Duration::from_millis(100);

/// Ten seconds in all.
const FLOW_TRIES: u32 = 100;
