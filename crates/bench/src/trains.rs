//! How much leaves in trains, several packets in one system call: the server's own count.

use std::path::Path;
use std::process::Command;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use serde_json::Value;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;

use crate::network::ADDRESS;

/// The way to the counts of a server.
#[derive(Debug)]
pub(crate) struct Door {
    /// Opens the server's statistics.
    token: String,
    port: u16,
}

/// What has left so far.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Count {
    packets: u64,
    in_trains: u64,
}

impl Door {
    /// As the operator of the server whose data are in `data`.
    pub(crate) fn open(binary: &Path, data: &Path, port: u16) -> Result<Self> {
        let mut command = Command::new(binary);
        command.args(["admin", "--token", "--set"]).arg(format!("data.dir={}", data.display()));
        let output = command.output().context("cannot start parlor admin")?;
        ensure!(output.status.success(), "parlor admin: {}", String::from_utf8_lossy(&output.stderr).trim());
        let token = String::from_utf8(output.stdout).context("token")?.trim().to_owned();
        Ok(Self { token, port })
    }

    /// Asks the server.
    pub(crate) async fn count(&self) -> Result<Count> {
        let answer = timeout(PATIENCE, self.ask()).await.context("the server does not tell its numbers")??;
        let (head, body) = answer.split_once("\r\n\r\n").context("no answer of HTTP")?;
        ensure!(head.starts_with("HTTP/1.1 200"), "statistics: {}", head.lines().next().unwrap_or_default());
        let numbers: Value = serde_json::from_str(body).context("statistics")?;
        let number = |pointer: &str| numbers.pointer(pointer).and_then(Value::as_u64).context(pointer.to_owned());
        Ok(Count { packets: number("/traffic/mediaOut/packets")?, in_trains: number("/media/packetsInTrains")? })
    }

    async fn ask(&self) -> Result<String> {
        let mut stream = TcpStream::connect((ADDRESS, self.port)).await.context("the server is gone")?;
        let request = format!(
            "GET /api/v1/stats HTTP/1.1\r\nHost: {ADDRESS}\r\nAuthorization: Bearer {}\r\nConnection: close\r\n\r\n",
            self.token
        );
        stream.write_all(request.as_bytes()).await?;
        let mut answer = String::new();
        stream.read_to_string(&mut answer).await?;
        Ok(answer)
    }
}

impl Count {
    /// Packets since `earlier`.
    pub(crate) fn packets_since(&self, earlier: &Self) -> u64 {
        self.packets.saturating_sub(earlier.packets)
    }

    /// The share of the packets since `earlier` that left in trains; `None` when nothing left.
    pub(crate) fn share_since(&self, earlier: &Self) -> Option<f64> {
        let packets = self.packets.saturating_sub(earlier.packets);
        let in_trains = self.in_trains.saturating_sub(earlier.in_trains);
        (packets > 0).then(|| in_trains as f64 / packets as f64)
    }
}

/// The server answers within a second even when one of its workers does not.
const PATIENCE: Duration = Duration::from_secs(3);
