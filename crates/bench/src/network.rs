//! The network of a measurement: one address of a namespace's own, as Janus takes no loopback.

use std::net::{IpAddr, Ipv4Addr};
use std::process::Command;

use anyhow::{Context, Result, ensure};

/// Where servers and clients are.
pub(crate) const ADDRESS: IpAddr = IpAddr::V4(Ipv4Addr::new(10, 99, 0, 1));

/// The interface with that address.
pub(crate) const INTERFACE: &str = "bench0";

/// Makes the interface. It is gone with its namespace.
pub(crate) fn set_up() -> Result<()> {
    if ip(&["link", "show", INTERFACE]).is_ok() {
        return Ok(());
    }
    ip(&["link", "add", INTERFACE, "type", "veth", "peer", "name", "bench1"])?;
    ip(&["addr", "add", &format!("{ADDRESS}/24"), "dev", INTERFACE])?;
    ip(&["link", "set", INTERFACE, "up"])?;
    ip(&["link", "set", "bench1", "up"])
}

fn ip(arguments: &[&str]) -> Result<()> {
    let output = Command::new("ip").args(arguments).output().context("cannot start ip")?;
    let error = String::from_utf8_lossy(&output.stderr);
    ensure!(output.status.success(), "ip {}: {}", arguments.join(" "), error.trim());
    Ok(())
}
