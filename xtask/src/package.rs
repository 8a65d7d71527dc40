//! `cargo xtask package`: the Debian package, by cargo-deb, as `[package.metadata.deb]` of crates/parlor/Cargo.toml describes it.

use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};

use anyhow::{Context, Result, bail};

use crate::command::show;
use crate::install::{Need, install};
use crate::workspace::{cargo, target};

/// What makes packages.
pub(crate) const CARGO_DEB: Need = Need::Crate("cargo-deb", "what makes Debian packages");

/// Builds the server for release, and the package of it.
pub(crate) fn run() -> Result<ExitCode> {
    install(&[CARGO_DEB, Need::Npm("web")].into())?;
    let folder = target().join("debian");
    show(cargo_deb(&folder).arg("--locked"))?;
    println!("Install it: sudo apt install {}", built(&folder)?.display());
    Ok(ExitCode::SUCCESS)
}

/// The command that makes a package in `folder`, which the caller may say more to.
pub(crate) fn cargo_deb(folder: &Path) -> Command {
    let mut command = cargo();
    command.args(["deb", "--package", "parlor", "--output"]).arg(folder);
    command
}

/// The one package in `folder`.
///
/// # Errors
/// When there is none, or more than one of them.
pub(crate) fn built(folder: &Path) -> Result<PathBuf> {
    let entries = folder.read_dir().with_context(|| folder.display().to_string())?;
    let packages: Vec<_> = entries
        .filter_map(|entry| Some(entry.ok()?.path()))
        .filter(|path| path.extension().is_some_and(|extension| extension == "deb"))
        .collect();
    match <[PathBuf; 1]>::try_from(packages) {
        Ok([package]) => Ok(package),
        Err(packages) => bail!("{} packages in {}: delete what is old", packages.len(), folder.display()),
    }
}
