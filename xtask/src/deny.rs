//! `cargo xtask deny`: licences, sources and banned crates, by the rules in deny.toml.

use std::process::ExitCode;

use anyhow::Result;

use crate::command::show;
use crate::install::{Need, install};
use crate::workspace::cargo;

pub(crate) fn run() -> Result<ExitCode> {
    install(&[Need::Crate("cargo-deny", "which reads deny.toml")].into())?;
    // Advisories need a database from outside the package registry, so they are a job of their own.
    show(cargo().args(["deny", "check", "bans", "licenses", "sources"]))?;
    Ok(ExitCode::SUCCESS)
}
