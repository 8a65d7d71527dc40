//! The network of a measurement: one address of a namespace's own, as Janus takes no loopback.

use std::fs;
use std::net::{IpAddr, Ipv4Addr};
use std::path::{Path, PathBuf};
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

/// Writes a certificate for the address and its key into `folder`; where they are.
pub(crate) fn certificate(folder: &Path) -> Result<(PathBuf, PathBuf)> {
    let (certificate, key) = (folder.join("cert.pem"), folder.join("key.pem"));
    let made = rcgen::generate_simple_self_signed(vec![ADDRESS.to_string()]).context("certificate")?;
    fs::write(&certificate, made.cert.pem())?;
    fs::write(&key, made.signing_key.serialize_pem())?;
    Ok((certificate, key))
}

fn ip(arguments: &[&str]) -> Result<()> {
    let output = Command::new("ip").args(arguments).output().context("cannot start ip")?;
    let error = String::from_utf8_lossy(&output.stderr);
    ensure!(output.status.success(), "ip {}: {}", arguments.join(" "), error.trim());
    Ok(())
}
