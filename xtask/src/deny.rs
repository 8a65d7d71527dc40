//! `cargo xtask deny`: licences, sources and banned crates, by the rules in deny.toml.

use std::process::ExitCode;

use anyhow::Result;

use crate::command::{exists, show};
use crate::workspace::cargo;

pub(crate) fn run() -> Result<ExitCode> {
    if !exists("cargo-deny") {
        println!("Installing cargo-deny, which reads deny.toml");
        show(cargo().args(["install", "--locked", "cargo-deny"]))?;
    }
    // Advisories need a database from outside the package registry, so they are a job of their own.
    show(cargo().args(["deny", "check", "bans", "licenses", "sources"]))?;
    Ok(ExitCode::SUCCESS)
}
