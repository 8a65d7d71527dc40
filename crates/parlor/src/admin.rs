//! `parlor admin`.

use std::time::Duration;

use clap::Args;

use crate::greeting;
use crate::settings::SettingArguments;
use crate::token::lifetime;

/// For how long.
#[derive(Debug, Args)]
pub(crate) struct AdminArguments {
    /// How long the link is valid, as in 90s, 30m, 12h or 7d
    #[arg(long, default_value = "12h", value_parser = lifetime)]
    ttl: Duration,
    /// Print the token alone, for programs
    #[arg(long)]
    token: bool,
    #[command(flatten)]
    settings: SettingArguments,
}

/// Prints the link.
pub(crate) fn run(arguments: &AdminArguments) -> anyhow::Result<()> {
    let config = arguments.settings.load()?.config;
    let token = server::admin::token(&config, arguments.ttl)?;
    let text = if arguments.token { token } else { greeting::admin_link(&config, &token) };
    greeting::print(&format!("{text}\n"))
}
