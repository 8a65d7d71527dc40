//! `cargo xtask test`: installs what the steps need, runs every step, and closes with one line that counts.

mod complaint;
mod count;
mod package;
mod steps;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context, Result, bail};
use clap::Args;

use crate::install;
use crate::stopwatch::Stopwatch;
use crate::workspace;
use complaint::Complaint;
use count::Count;
pub(crate) use steps::{BROWSER, playwright};
use steps::{STEPS, Step};

/// How much of a failed step's output is shown; the whole is in its log.
const LINES_SHOWN: usize = 200;

#[derive(Args)]
pub(crate) struct Options {
    /// Run only these steps
    #[arg(long, num_args = 1.., value_name = "STEP")]
    only: Vec<String>,
    /// List the steps and what each proves
    #[arg(long)]
    list: bool,
}

/// How a step ended, when nothing went wrong.
pub(crate) enum Outcome {
    Passed,
    /// The machine cannot run it, for this reason.
    Skipped(String),
}

/// Runs the chosen steps. The exit code is 0 only when none failed.
pub(crate) fn run(options: &Options) -> Result<ExitCode> {
    if options.list {
        for step in STEPS {
            println!("{:<8} {}", step.name, step.proves);
        }
        return Ok(ExitCode::SUCCESS);
    }
    let chosen = choose(&options.only)?;
    let logs = workspace::target().join("xtask");
    fs::create_dir_all(&logs).with_context(|| logs.display().to_string())?;

    let whole = Stopwatch::start();
    install::install(&chosen.iter().flat_map(|step| step.needs).copied().collect())?;
    let mut total = Count::default();
    let mut failed = Vec::new();
    let mut complaints = Vec::new();
    for (index, step) in chosen.iter().enumerate() {
        println!("[{}/{}] {}: {}", index + 1, chosen.len(), step.name, step.proves);
        let counted = run_step(step, &logs.join(format!("{}.log", step.name)), &mut complaints)?;
        if counted.failed > 0 {
            failed.push(step.name);
        }
        total += counted;
    }
    println!("\nThe whole run took {whole}.");
    for Complaint { test, words } in &complaints {
        println!("{test} failed:");
        words.iter().for_each(|line| println!("      {line}"));
    }
    if !failed.is_empty() {
        println!("Failed: {}. To run these alone: cargo xtask test --only {}", failed.join(", "), failed.join(" "));
    }
    println!("{total}");
    Ok(if failed.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn choose(only: &[String]) -> Result<Vec<&'static Step>> {
    if let Some(unknown) = only.iter().find(|name| STEPS.iter().all(|step| step.name != **name)) {
        let names: Vec<_> = STEPS.iter().map(|step| step.name).collect();
        bail!("there is no step {unknown:?}; the steps are {}", names.join(", "));
    }
    Ok(STEPS.iter().filter(|step| only.is_empty() || only.iter().any(|name| name == step.name)).collect())
}

/// Runs one step with its output in `log`, and says how it went. What failed is told again at the very end, where nobody has to look for it.
fn run_step(step: &Step, log: &PathBuf, complaints: &mut Vec<Complaint>) -> Result<Count> {
    fs::write(log, "").with_context(|| log.display().to_string())?;
    let watch = Stopwatch::start();
    let result = (step.run)(log);
    let output = fs::read(log).with_context(|| log.display().to_string())?;
    let output = String::from_utf8_lossy(&output);
    let mut counted = Count::read(&output);
    match result {
        Ok(Outcome::Passed) => {
            if counted == Count::default() {
                counted.passed = 1;
            }
            println!("      passed in {watch} ({counted})");
        }
        Ok(Outcome::Skipped(reason)) => {
            let line = "!".repeat(78);
            println!(
                "{line}\n      SKIPPED {}: {reason}\n      Nothing of it was tested on this machine.\n{line}",
                step.name
            );
            counted.skipped += 1;
        }
        Err(error) => {
            show_failure(step, log, &output);
            complaints.extend(Complaint::read(&output));
            println!("      FAILED in {watch}: {error:#}");
            counted.failed = counted.failed.max(1);
        }
    }
    Ok(counted)
}

fn show_failure(step: &Step, log: &Path, output: &str) {
    let lines: Vec<_> = output.lines().collect();
    let from = lines.len().saturating_sub(LINES_SHOWN);
    println!("------ output of {} (the whole: {})", step.name, log.display());
    for line in &lines[from..] {
        println!("{line}");
    }
    println!("------ to run it alone: cargo xtask test --only {}", step.name);
}
