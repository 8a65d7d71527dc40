//! Parlor beside another server, under the same load, on the same machine, in the same hour: `cargo xtask bench` builds what it
//! needs and starts this in a network namespace of its own.
#![expect(clippy::print_stdout, clippy::print_stderr, reason = "a command-line tool talks to its user")]

mod binaries;
mod case;
mod coturn;
mod crowd;
mod document;
mod encoder;
mod floor;
mod handshake;
mod janus;
mod listeners;
mod network;
mod nginx;
mod parlor;
mod players;
mod process;
mod relay;
mod rival;
mod round;
mod table;
mod trains;

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{Context, Result};
use clap::Parser;

use binaries::Binaries;
use case::{Case, Subject};
use round::{Contender, Round};

/// Measures CPU, delivery, delay and memory of Parlor and of another server.
#[derive(Debug, Parser)]
#[command(name = "bench", version)]
struct Arguments {
    /// What is compared
    #[arg(value_enum)]
    subject: Subject,
    /// One or two short cases, as many rounds as fit into 50 seconds
    #[arg(long)]
    quick: bool,
    /// Print one JSON object on standard output and nothing else
    #[arg(long)]
    json: bool,
    /// Names of the cases to run, by commas; all when none is named
    #[arg(long, value_delimiter = ',')]
    cases: Vec<String>,
    /// Interleaved rounds of each case
    #[arg(long, default_value_t = 5)]
    rounds: u32,
    /// Seconds measured in each round
    #[arg(long, default_value_t = 10)]
    seconds: u32,
    #[command(flatten)]
    binaries: Binaries,
    /// Leave the other server out
    #[arg(long)]
    alone: bool,
    /// A file in Markdown in which the tables between the two marks are replaced by those of this run
    #[arg(long)]
    write: Option<PathBuf>,
}

fn main() -> ExitCode {
    match run(&Arguments::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run(arguments: &Arguments) -> Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().context("runtime")?;
    runtime.block_on(measure(arguments))
}

async fn measure(arguments: &Arguments) -> Result<()> {
    if let Some(path) = &arguments.write {
        document::check(path, arguments.subject)?;
    }
    let clock = client::Clock::start();
    let cases = case::chosen(arguments.subject, &arguments.cases, arguments.quick)?;
    network::set_up()?;
    client::raise_open_files(OPEN_FILES);
    let floor = floor::measure()?;
    let handshake = if arguments.subject == Subject::Turn { None } else { Some(handshake::measure()?) };
    let mut rounds: Vec<Round> = Vec::new();
    let count = if arguments.quick { QUICK_ROUNDS_MAX } else { arguments.rounds };
    'all: for number in 0..count {
        for case in &cases {
            for contender in contenders(case, arguments.alone, number) {
                let seconds = if arguments.quick { QUICK_SECONDS } else { arguments.seconds };
                // One more run must not end later than promised.
                if arguments.quick && number > 0 && clock.elapsed() + QUICK_RUN > QUICK_LIMIT {
                    break 'all;
                }
                let round = round::run(contender, case, seconds, &arguments.binaries).await;
                if !arguments.json {
                    println!("{}", table::line(number, case, &round));
                }
                rounds.push(round);
            }
        }
    }
    let summary = table::Summary::new(&cases, &rounds, &arguments.binaries, floor, handshake);
    if let Some(path) = &arguments.write {
        document::replace(path, arguments.subject, &summary.to_string())?;
    }
    if arguments.json {
        println!("{}", serde_json::to_string(&summary)?);
    } else {
        println!("{summary}");
    }
    Ok(())
}

/// Who goes first changes from round to round.
fn contenders(case: &Case, alone: bool, round: u32) -> Vec<Contender> {
    match case.rival.filter(|_| !alone) {
        None => vec![Contender::Parlor],
        Some(rival) if round.is_multiple_of(2) => vec![Contender::Parlor, Contender::Rival(rival)],
        Some(rival) => vec![Contender::Rival(rival), Contender::Parlor],
    }
}

/// For ten thousand who are relayed, and as many peers.
const OPEN_FILES: u64 = 65_536;

/// What `--quick` promises, with some room for the end.
const QUICK_LIMIT: std::time::Duration = std::time::Duration::from_secs(46);

/// What one run of a quick case takes at most, as seen here.
const QUICK_RUN: std::time::Duration = std::time::Duration::from_secs(9);

const QUICK_SECONDS: u32 = 3;
const QUICK_ROUNDS_MAX: u32 = 5;
