//! `cargo xtask bench`: builds the server and the tool that measures it, and runs that in a network of its own.

use std::process::ExitCode;

use anyhow::Result;
use clap::Subcommand;

use crate::command::{log, show};
use crate::namespace;
use crate::workspace::{cargo, target};

#[derive(Subcommand)]
pub(crate) enum Subject {
    /// The media server beside Janus (apt-get install janus): CPU per forwarded packet, delivery, delay, memory
    Sfu {
        /// What the tool takes: --quick, --json, --cases NAME,NAME, --rounds N, --seconds N, --alone, --write FILE
        #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
        options: Vec<String>,
    },
    /// TURN beside coturn (apt-get install coturn): CPU per relayed packet, loss, delay, memory, allocations
    Turn {
        /// As above, and --coturn FILE for another coturn than the one on the path
        #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
        options: Vec<String>,
    },
    /// Live streams beside Janus (streaming): the same figures for the viewers of one stream
    Live {
        /// As above
        #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
        options: Vec<String>,
    },
}

pub(crate) fn run(subject: &Subject) -> Result<ExitCode> {
    let (name, options) = match subject {
        Subject::Sfu { options } => ("sfu", options),
        Subject::Turn { options } => ("turn", options),
        Subject::Live { options } => ("live", options),
    };
    // Standard output belongs to the tool: with --json it is one object.
    let built = target().join("bench-build.log");
    std::fs::create_dir_all(target())?;
    log(cargo().args(["build", "--release", "--package", "parlor", "--package", "bench"]), &built)?;
    let release = target().join("release");
    let mut command = namespace::isolated();
    command.arg(release.join("bench")).arg(name).arg("--parlor").arg(release.join("parlor")).args(options);
    show(&mut command)?;
    Ok(ExitCode::SUCCESS)
}
