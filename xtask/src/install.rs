//! Installs what the tests need and the machine lacks, saying what and why. A second run finds everything there and
//! touches nothing.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result, bail};

use crate::command::{exists, read, show};
use crate::workspace::{cargo, root};

/// Something that a step needs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Need {
    /// A Debian package, the program it is wanted for ("" for none), and what that is for.
    Debian(&'static str, &'static str, &'static str),
    /// A crate with a program of that name, and what that is for.
    Crate(&'static str, &'static str),
    /// The packages in the lock file of this folder.
    Npm(&'static str),
    /// The packages of e2e/requirements.txt in e2e/.venv.
    Pypi,
}

/// Installs whatever of `needs` is missing.
pub(crate) fn install(needs: &BTreeSet<Need>) -> Result<()> {
    let mut packages = Vec::new();
    for need in needs {
        if let Need::Debian(package, program, purpose) = *need
            && !installed(package, program)
            && !packages.iter().any(|(name, _)| *name == package)
        {
            packages.push((package, purpose));
        }
    }
    if !packages.is_empty() {
        install_debian(&packages)?;
    }
    for need in needs {
        match *need {
            Need::Debian(..) => {}
            Need::Crate(name, purpose) => install_crate(name, purpose)?,
            Need::Npm(folder) => install_npm(folder)?,
            Need::Pypi => install_pypi()?,
        }
    }
    Ok(())
}

/// A program that root must run: as it is for root, through sudo for others.
pub(crate) fn as_root(program: &str) -> Command {
    if is_root() {
        return Command::new(program);
    }
    let mut command = Command::new("sudo");
    command.arg(program);
    command
}

fn is_root() -> bool {
    read(Command::new("id").arg("-u")).is_ok_and(|id| id.trim() == "0")
}

/// A package of that name is there, or the program wanted from it came some other way.
fn installed(package: &str, program: &str) -> bool {
    let status = read(Command::new("dpkg-query").args(["--show", "--showformat=${Status}", package]));
    status.is_ok_and(|status| status.ends_with(" installed")) || (!program.is_empty() && exists(program))
}

fn install_debian(packages: &[(&str, &str)]) -> Result<()> {
    let names: Vec<_> = packages.iter().map(|(name, _)| *name).collect();
    println!("The tests need Debian packages that this machine lacks:");
    for (name, purpose) in packages {
        println!("  {name:<18} {purpose}");
    }
    if !exists("apt-get") {
        bail!("this machine has no apt-get; install what corresponds to: {}", names.join(" "));
    }
    if !is_root() && !exists("sudo") {
        bail!("to install them become root, or have sudo; or run as root: apt-get install {}", names.join(" "));
    }
    let quiet = ["-q", "-y", "-o", "Dpkg::Use-Pty=0"];
    let apt = |arguments: &[&str]| {
        let mut command = as_root("env");
        command.args(["DEBIAN_FRONTEND=noninteractive", "apt-get"]).args(quiet).args(arguments);
        command
    };
    show(&mut apt(&["update"])).context("apt-get update")?;
    show(apt(&["install", "--no-install-recommends"]).args(&names)).context("apt-get install")?;
    if names.contains(&"coturn") && Path::new("/run/systemd/system").exists() {
        println!("coturn is wanted for its clients only: stopping the server that its package starts");
        show(as_root("systemctl").args(["disable", "--now", "coturn.service"]))?;
    }
    Ok(())
}

/// Where cargo puts programs may be off the path; cargo finds its own subcommands there.
fn install_crate(name: &str, purpose: &str) -> Result<()> {
    if read(cargo().args(["install", "--list"]))?.lines().any(|line| line.starts_with(&format!("{name} ")))
        || exists(name)
    {
        return Ok(());
    }
    println!("Installing {name}, {purpose}");
    show(cargo().args(["install", "--locked", "--quiet", name])).with_context(|| format!("cargo install {name}"))
}

fn install_npm(folder: &str) -> Result<()> {
    let folder_path = root().join(folder);
    let lock = folder_path.join("package-lock.json");
    let stamp = folder_path.join("node_modules/.parlor-lock.json");
    let wanted = fs::read(&lock).with_context(|| lock.display().to_string())?;
    if fs::read(&stamp).is_ok_and(|done| done == wanted) {
        return Ok(());
    }
    check_node()?;
    println!("Installing the npm packages of {folder}/package-lock.json");
    let mut command = Command::new("npm");
    // The browser is Debian's.
    command.current_dir(&folder_path).env("PLAYWRIGHT_SKIP_BROWSER_DOWNLOAD", "1");
    show(command.args(["ci", "--no-audit", "--no-fund", "--loglevel=error"]))
        .with_context(|| format!("npm ci in {folder}"))?;
    fs::write(&stamp, wanted).with_context(|| stamp.display().to_string())
}

fn check_node() -> Result<()> {
    if !exists("node") || !exists("npm") {
        bail!("Node 20 or newer with npm is needed and not on the path");
    }
    let version = read(Command::new("node").arg("--version"))?;
    let major = version.trim().trim_start_matches('v').split('.').next().unwrap_or_default();
    if major.parse::<u32>().is_ok_and(|major| major < 20) {
        bail!("Node 20 or newer is needed; this is {}", version.trim());
    }
    Ok(())
}

fn install_pypi() -> Result<()> {
    let folder = root().join("e2e");
    let (venv, requirements) = (folder.join(".venv"), folder.join("requirements.txt"));
    let stamp = venv.join("requirements.txt");
    let wanted = fs::read(&requirements).with_context(|| requirements.display().to_string())?;
    if fs::read(&stamp).is_ok_and(|done| done == wanted) {
        return Ok(());
    }
    println!("Installing the PyPI packages of e2e/requirements.txt in e2e/.venv");
    // Debian's own: python3-venv belongs to it and to no other Python on the path.
    let debian = Path::new("/usr/bin/python3");
    let python = if debian.exists() { debian } else { Path::new("python3") };
    show(Command::new(python).args(["-m", "venv", "--clear"]).arg(&venv))?;
    let mut pip = Command::new(venv.join("bin/python"));
    pip.args(["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--requirement"]).arg(&requirements);
    show(&mut pip).context("pip install")?;
    fs::write(&stamp, wanted).with_context(|| stamp.display().to_string())
}
