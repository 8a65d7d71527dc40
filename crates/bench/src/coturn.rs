//! coturn under measurement.

use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result};

use crate::network::{self, ADDRESS};
use crate::process::Process;
use crate::relay::{PASSWORD, REALM, USER};

/// Starts it with one thread that relays, as its manual says, and everything else as it comes.
pub(crate) async fn start(binary: &Path, folder: &Path) -> Result<Process> {
    let (certificate, key) = network::certificate(folder)?;
    let mut command = Command::new(binary);
    command.args(["-n", "--lt-cred-mech", "--no-cli", "--no-dtls", "--log-file", "stdout", "--simple-log"]);
    command.args(["--relay-threads", "1", "--min-port", "20000", "--max-port", "60000"]);
    command.args(["--realm", REALM, "--user", &format!("{USER}:{PASSWORD}")]);
    command.args(["--listening-ip", &ADDRESS.to_string(), "--relay-ip", &ADDRESS.to_string()]);
    command.args(["--listening-port", &PORT.to_string(), "--tls-listening-port", &TLS_PORT.to_string()]);
    command.arg("--cert").arg(certificate).arg("--pkey").arg(key);
    command.arg("--pidfile").arg(folder.join("turnserver.pid")).arg("--userdb").arg(folder.join("users"));
    Process::start(&mut command, &folder.join("coturn.log"), PORT).await
}

/// Its name and version.
pub(crate) fn version(binary: &Path) -> Result<String> {
    let output = Command::new(binary).arg("--version").output();
    let output = output.context("coturn is not installed: apt-get install coturn")?;
    let text = [output.stdout, output.stderr].concat();
    let text = String::from_utf8_lossy(&text);
    let version = text.lines().map(str::trim).find(|line| line.starts_with(|c: char| c.is_ascii_digit()));
    Ok(format!("coturn {}", version.unwrap_or_default()))
}

/// Of UDP and TCP.
pub(crate) const PORT: u16 = 3478;
/// Of TLS.
pub(crate) const TLS_PORT: u16 = 5349;
