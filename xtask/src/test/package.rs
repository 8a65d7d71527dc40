//! The step `package`: a Debian package of the server that the tests have built is looked at, and installed on a machine that is thrown away.

use std::fs;
use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result};

use super::Outcome;
use crate::command::log;
use crate::install::{Need, as_root};
use crate::package::{CARGO_DEB, built, cargo_deb};
use crate::workspace::{root, target};

pub(super) const NEEDS: &[Need] = &[
    Need::Npm("web"),
    CARGO_DEB,
    Need::Debian("lintian", "lintian", "what Debian asks of a package"),
    Need::Debian("systemd-container", "systemd-nspawn", "a machine on which the package is installed"),
    Need::Debian("python3", "python3", "the claims about the package"),
];

/// Packs the server, which has been built before, and proves what the package does.
pub(super) fn prove(to: &Path) -> Result<Outcome> {
    let folder = target().join("package");
    if folder.exists() {
        fs::remove_dir_all(&folder).with_context(|| folder.display().to_string())?;
    }
    let machine = folder.join("machine");
    fs::create_dir_all(&machine).with_context(|| machine.display().to_string())?;
    log(cargo_deb(&folder).args(["--no-build", "--profile", "dev", "--strip", "--fast"]), to)?;
    let package = built(&folder)?;
    log(Command::new("lintian").args(["--fail-on", "error,warning"]).args(MEANT).arg(&package), to)?;
    let mut container = as_root("unshare");
    container.args(["--mount", "--"]).arg(root().join("e2e/package/container.sh")).arg(&machine).arg(&package);
    log(&mut container, to)?;
    Ok(Outcome::Passed)
}

/// What is meant so: `--help` is the manual, and whoever makes a package is its maintainer (the project has no address and Debian has no
/// bug about it).
const MEANT: &[&str] = &[
    "--suppress-tags",
    "no-manual-page,bogus-mail-host,bogus-mail-host-in-debian-changelog,initial-upload-closes-no-bugs",
];
