//! One run of one server under one load.

use std::time::Duration;

use anyhow::{Context, Result};
use tokio::time::sleep;

use crate::binaries::Binaries;
use crate::case::Case;
use crate::crowd::{Crowd, Outcome};
use crate::parlor;
use crate::rival::Rival;
use crate::trains::{Count, Door};

/// Who is measured.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Contender {
    Parlor,
    Rival(Rival),
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
    /// Per unit of the case.
    pub(crate) cpu_us: f64,
    /// Of that, in user mode.
    pub(crate) user_us: f64,
    /// Of that, in the busiest thread.
    pub(crate) busiest_us: f64,
    /// The share of one core that the busiest thread had.
    pub(crate) load: f64,
    /// The share of the time in which that thread was ready and had no core.
    pub(crate) waiting: f64,
    /// The share of the packets that left with others in one system call; `None` where nobody counts.
    pub(crate) in_trains: Option<f64>,
    /// Memory that each member adds.
    pub(crate) memory_per_member_bytes: u64,
    pub(crate) outcome: Outcome,
}

impl Round {
    /// The measurement, where it counts.
    pub(crate) fn valid(&self) -> Option<&Measurement> {
        self.outcome.as_ref().ok().filter(|measured| measured.outcome.flaw.is_none())
    }

    /// Why it does not count.
    pub(crate) fn flaw(&self) -> Option<String> {
        match &self.outcome {
            Ok(measured) => measured.outcome.flaw.clone(),
            Err(error) => Some(format!("{error:#}")),
        }
    }
}

/// Starts the server, fills it, measures, and ends it.
pub(crate) async fn run(contender: Contender, case: &Case, seconds: u32, binaries: &Binaries) -> Round {
    Round { contender, case: case.name, outcome: attempt(contender, case, seconds, binaries).await }
}

async fn attempt(contender: Contender, case: &Case, seconds: u32, binaries: &Binaries) -> Result<Measurement> {
    let folder = tempfile::tempdir().context("folder")?;
    let process = match contender {
        Contender::Parlor => parlor::start(&binaries.parlor, folder.path(), case.workers, case.goes_first).await?,
        Contender::Rival(rival) => rival.start(folder.path(), binaries).await?,
    };
    let memory_before = process.settled_memory_bytes().await?;
    let crowd = Crowd::gather(contender, case, &binaries.parlor, folder.path()).await?;
    let door = match contender {
        Contender::Parlor => Some(parlor::door(&binaries.parlor, folder.path())?),
        Contender::Rival(_) => None,
    };
    for _ in 0..FLOW_TRIES {
        if crowd.is_complete() {
            break;
        }
        sleep(FLOW_STEP).await;
    }
    sleep(case.warm_up()).await;
    let left_before = count(door.as_ref()).await?;
    crowd.reset();
    if case.is_deaf {
        crowd.deafen();
    }
    let before = process.usage()?;
    sleep(Duration::from_secs(seconds.into())).await;
    let after = process.usage()?;
    let left_after = count(door.as_ref()).await?;
    let left = left_after.zip(left_before);
    let outcome = match left.filter(|_| case.is_deaf || case.deaf_rooms.is_some()) {
        Some((after, before)) => crowd.outcome_for_the_deaf(case, after.packets_since(&before), f64::from(seconds)),
        None => crowd.outcome(case, f64::from(seconds)),
    };
    let memory = process.memory_bytes()?.saturating_sub(memory_before);
    let spent = after.since(&before);
    let per_unit = |ns: u64| ns as f64 / 1000.0 / outcome.units.max(1.0);
    let share = |ns: u64| ns as f64 / 1e9 / f64::from(seconds.max(1));
    let measurement = Measurement {
        cpu_us: per_unit(spent.cpu_ns),
        user_us: per_unit(spent.user_ns),
        busiest_us: per_unit(spent.busiest_ns),
        load: share(spent.busiest_ns),
        waiting: share(spent.busiest_waited_ns),
        in_trains: left.and_then(|(after, before)| after.share_since(&before)),
        memory_per_member_bytes: memory / u64::from(crowd.members().max(1)),
        outcome,
    };
    crowd.close().await;
    Ok(measurement)
}

async fn count(door: Option<&Door>) -> Result<Option<Count>> {
    match door {
        Some(door) => door.count().await.map(Some),
        None => Ok(None),
    }
}

pub(crate) const FLOW_STEP: Duration = Duration::from_millis(100);

/// Ten seconds in all.
pub(crate) const FLOW_TRIES: u32 = 100;
