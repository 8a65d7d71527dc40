//! Dependencies point inwards: the cores know no socket, no clock and no runtime. Every absence is paired with a presence,
//! so that a misspelt name cannot pass as "absent".

use std::collections::BTreeSet;

use anyhow::Result;

use crate::command::read;
use crate::workspace::cargo;

/// State machines without input and output of their own.
const CORES: &[&str] = &["turn", "media", "rtp", "rtc", "sfu", "room", "live", "transcode"];

/// The cores that another core may need: what packets look like is common knowledge of the media plane.
const SHARED: &[(&str, &[&str])] =
    &[("rtc", &["rtp"]), ("sfu", &["rtp"]), ("live", &["media", "rtp"]), ("transcode", &["media"])];

/// What opens sockets, reads clocks or spawns; the shell has the first of them.
const SHELL_ONLY: &[&str] =
    &["tokio", "axum", "mio", "socket2", "quinn-udp", "hyper", "rustls", "async-std", "smol", "server", "parlor"];

/// The crate that owns sockets, threads and clocks.
const SHELL: &str = "server";

pub(super) fn violations() -> Result<Vec<String>> {
    let mut found = Vec::new();
    for core in CORES {
        found.extend(forbidden(core, &needed_by(core)?));
    }
    let shell = needed_by(SHELL)?;
    for name in ["tokio", "turn", "room", "live"] {
        if !shell.contains(name) {
            found.push(format!("{SHELL} does not depend on {name}: is the rule about it still spelt right?"));
        }
    }
    Ok(found)
}

/// The names of all crates that `package` needs when it runs, itself left out.
fn needed_by(package: &str) -> Result<BTreeSet<String>> {
    let tree =
        read(cargo().args(["tree", "--package", package, "--edges", "normal", "--prefix", "none", "--format", "{p}"]))?;
    let names =
        tree.lines().filter_map(|line| line.split(' ').next()).filter(|name| !name.is_empty() && *name != package);
    Ok(names.map(str::to_owned).collect())
}

fn forbidden(core: &str, needed: &BTreeSet<String>) -> Vec<String> {
    let shared = SHARED.iter().find(|(name, _)| *name == core).map_or(&[][..], |(_, shared)| shared);
    let allowed = |name: &str| name == core || shared.contains(&name);
    let wrong = SHELL_ONLY.iter().chain(CORES).filter(|name| !allowed(name) && needed.contains(**name));
    wrong.map(|name| format!("{core} depends on {name}; see: cargo tree -p {core} -e normal -i {name}")).collect()
}

#[cfg(test)]
mod tests;
