//! `cargo xtask screenshots`: builds the server, starts it, and draws every page and state into docs/screenshots.

use std::collections::BTreeSet;
use std::process::ExitCode;

use anyhow::Result;

use crate::command::show;
use crate::install::install;
use crate::namespace::isolated;
use crate::test::{BROWSER, playwright};
use crate::workspace::{cargo, target};

pub(crate) fn run() -> Result<ExitCode> {
    install(&BROWSER.iter().copied().collect::<BTreeSet<_>>())?;
    show(cargo().args(["build", "--package", "parlor"]))?;
    let mut command = playwright(isolated(), "screenshots");
    show(command.env("E2E_PARLOR", target().join("debug/parlor")))?;
    Ok(ExitCode::SUCCESS)
}
