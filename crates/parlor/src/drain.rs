//! `parlor drain`.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::time::Duration;

use anyhow::{Context as _, anyhow};
use clap::Args;
use client::{Endpoint, HttpAddress, Trust};
use server::config::Config;
use tokio::runtime::Builder;

use crate::greeting;
use crate::settings::SettingArguments;
use crate::token::lifetime;

/// What is wanted.
#[derive(Debug, Args)]
pub(crate) struct DrainArguments {
    /// When the server ends what is left, as in 90s, 30m or 12h; unset, as drain.seconds says
    #[arg(long, value_parser = lifetime)]
    deadline: Option<Duration>,
    /// Change nothing: print whether it drains and what is left
    #[arg(long, conflicts_with_all = ["deadline", "cancel"])]
    status: bool,
    /// Take new calls again
    #[arg(long, conflicts_with = "deadline")]
    cancel: bool,
    #[command(flatten)]
    settings: SettingArguments,
}

/// Asks the server, and prints its answer in JSON.
pub(crate) fn run(arguments: &DrainArguments) -> anyhow::Result<()> {
    let config = arguments.settings.load()?.config;
    let token = server::admin::token(&config, TOKEN_LIFETIME)?;
    let (method, query) = match (arguments.status, arguments.cancel, arguments.deadline) {
        (true, _, _) => ("GET", String::new()),
        (_, true, _) => ("DELETE", String::new()),
        (_, _, None) => ("POST", String::new()),
        (_, _, Some(deadline)) => ("POST", format!("?seconds={}", deadline.as_secs())),
    };
    let url = own_url(&config)?;
    let address = HttpAddress::parse(&format!("{url}/api/v1/drain{query}"))?;
    // The server on this machine, which is known by its port; its certificate is for the name that others use.
    let endpoint = Endpoint { address, trust: Trust::Anyone, token: Some(token) };
    let runtime = Builder::new_current_thread().enable_all().build()?;
    let answer = runtime.block_on(endpoint.request(method)).with_context(|| format!("no answer from {url}"))?;
    greeting::print(&format!("{answer}\n"))
}

/// Where the server of this configuration is reached from this machine.
///
/// # Errors
/// When no port is named.
pub(crate) fn own_url(config: &Config) -> anyhow::Result<String> {
    let first = |addresses: &[SocketAddr]| addresses.iter().find(|address| address.port() != 0).copied().map(near);
    let http = first(&config.http_listen.0).map(|address| format!("http://{address}"));
    let https = || first(&config.https_listen.0).map(|address| format!("https://{address}"));
    http.or_else(https).ok_or_else(|| anyhow!("neither http.listen nor https.listen names a port"))
}

/// The address by which this machine reaches a listener of its own.
fn near(address: SocketAddr) -> SocketAddr {
    let ip = match address.ip() {
        ip if !ip.is_unspecified() => ip,
        IpAddr::V4(_) => Ipv4Addr::LOCALHOST.into(),
        IpAddr::V6(_) => Ipv6Addr::LOCALHOST.into(),
    };
    SocketAddr::new(ip, address.port())
}

/// It is used at once.
const TOKEN_LIFETIME: Duration = Duration::from_secs(60);
