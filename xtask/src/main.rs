//! The project's own tool: `cargo xtask COMMAND`. Ordinary Rust where others have shell scripts.
#![expect(clippy::print_stdout, reason = "a command-line tool talks to its user")]

mod bench;
mod command;
mod deny;
mod fuzz;
mod install;
mod namespace;
mod package;
mod screenshots;
mod stopwatch;
mod test;
mod tidy;
mod workspace;

use std::process::ExitCode;

use anyhow::Result;
use clap::{Parser, Subcommand};

#[derive(Parser)]
#[command(name = "cargo xtask", about = "Everything a developer of Parlor runs", version)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Install what the tests need (Debian, npm and PyPI packages), then run every test
    Test(test::Options),
    /// Check the rules of the house that the compiler does not know
    Tidy,
    /// Run the fuzz targets (installs cargo-fuzz when it is missing)
    Fuzz(fuzz::Options),
    /// Check licences, sources and banned crates with cargo-deny (installs it when it is missing)
    Deny,
    /// Measure the server beside others
    #[command(subcommand)]
    Bench(bench::Subject),
    /// Make a Debian package in target/debian (installs cargo-deb when it is missing)
    Package,
    /// Build the server, start it and make docs/screenshots again
    Screenshots,
}

fn main() -> ExitCode {
    run(&Arguments::parse().command).unwrap_or_else(|error| {
        println!("error: {error:#}");
        ExitCode::FAILURE
    })
}

fn run(command: &Command) -> Result<ExitCode> {
    match command {
        Command::Test(options) => test::run(options),
        Command::Tidy => tidy::run(),
        Command::Fuzz(options) => fuzz::run(options),
        Command::Deny => deny::run(),
        Command::Bench(subject) => bench::run(subject),
        Command::Package => package::run(),
        Command::Screenshots => screenshots::run(),
    }
}
