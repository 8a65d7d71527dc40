//! `cargo xtask fuzz`: runs the fuzz targets with cargo-fuzz, each for a bounded time.

use std::process::{Command, ExitCode};

use anyhow::{Result, bail};
use clap::Args;

use crate::command::{read, show};
use crate::install::{Need, install};
use crate::stopwatch::Stopwatch;
use crate::workspace::{cargo, root};

#[derive(Args)]
pub(crate) struct Options {
    /// How long each target runs
    #[arg(long, default_value_t = 60)]
    seconds: u32,
    /// The targets to run; all when none is named
    target: Vec<String>,
}

pub(crate) fn run(options: &Options) -> Result<ExitCode> {
    install(&[Need::Crate("cargo-fuzz", "which drives the fuzz targets")].into())?;
    let listed = read(&mut cargo_fuzz("list"))?;
    let all: Vec<_> = listed.lines().map(str::to_owned).filter(|name| !name.is_empty()).collect();
    if let Some(unknown) = options.target.iter().find(|name| !all.contains(name)) {
        bail!("there is no fuzz target {unknown:?}; the targets are {}", all.join(", "));
    }
    let chosen = if options.target.is_empty() { &all } else { &options.target };
    let mut failed = Vec::new();
    for target in chosen {
        println!("{target}: {} s", options.seconds);
        let watch = Stopwatch::start();
        let mut command = cargo_fuzz("run");
        // The fuzzer writes what it finds into the first corpus; the second, committed one stays as it is.
        let scratch = root().join("target/fuzz-corpus").join(target);
        std::fs::create_dir_all(&scratch)?;
        command.args(["--features", "libfuzzer", target]).arg(&scratch).arg(root().join("fuzz/corpus").join(target));
        command.arg("--");
        command.args([
            format!("-max_total_time={}", options.seconds),
            "-timeout=10".into(),
            "-print_final_stats=1".into(),
        ]);
        match show(&mut command) {
            Ok(()) => println!("{target}: no finding in {watch}"),
            Err(error) => {
                println!("{target}: {error:#}");
                failed.push(target.as_str());
            }
        }
    }
    println!("{} passed, {} failed", chosen.len() - failed.len(), failed.len());
    Ok(if failed.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// `cargo fuzz COMMAND`. The sanitizers want a nightly compiler; the first variable makes the stable one take their flags. Optimisation at link
/// time takes minutes for every target and finds nothing.
fn cargo_fuzz(subcommand: &str) -> Command {
    let mut command = cargo();
    command
        .current_dir(root())
        .env("RUSTC_BOOTSTRAP", "1")
        .env("CARGO_PROFILE_RELEASE_LTO", "off")
        .args(["fuzz", subcommand]);
    command
}
