//! `parlor token`.

use std::time::Duration;

use anyhow::{Context as _, bail};
use clap::Args;
use room::token::{Claims, Key, mint};
use server::clock;
use server::config::Config;

use crate::greeting;
use crate::settings::SettingArguments;

/// What the token says.
#[derive(Debug, Args)]
pub(crate) struct TokenArguments {
    /// The room it opens, or the stream as APP/STREAM; APP/* for every stream of an app, * for everything
    #[arg(long)]
    room: String,
    /// Who the holder is; without it the client chooses
    #[arg(long)]
    uid: Option<String>,
    /// What the holder is called; without it the client chooses
    #[arg(long)]
    name: Option<String>,
    /// The holder's role, shown to the other members
    #[arg(long)]
    role: Option<String>,
    /// What the holder may do, as often as needed; without it everything
    #[arg(long = "grant", value_name = "GRANT", value_parser = GRANTS)]
    grants: Vec<String>,
    /// How long it is valid, as in 90s, 30m, 12h or 7d
    #[arg(long, default_value = "12h", value_parser = lifetime)]
    ttl: Duration,
    /// Which key of auth.keys signs it; the first by default
    #[arg(long, value_name = "ID")]
    key: Option<String>,
    #[command(flatten)]
    settings: SettingArguments,
}

/// Prints the token.
pub(crate) fn run(arguments: &TokenArguments) -> anyhow::Result<()> {
    let keys = arguments.settings.load()?.config.auth_keys.0;
    let named = |id: &String| keys.iter().find(|(name, _)| name == id);
    let chosen = match &arguments.key {
        Some(id) => named(id).with_context(|| format!("auth.keys has no key {id}"))?,
        None => match keys.first() {
            Some(key) => key,
            None => bail!("auth.keys is not set: give the server's keys with --config, PARLOR_AUTH_KEYS or --set"),
        },
    };
    let key = Key::new(chosen.0.as_str(), chosen.1.reveal())?;
    let claims = Claims {
        room: arguments.room.clone(),
        uid: arguments.uid.clone(),
        name: arguments.name.clone(),
        role: arguments.role.clone(),
        grants: (!arguments.grants.is_empty()).then(|| arguments.grants.clone()),
        exp: (clock::unix_time() + arguments.ttl).as_secs(),
        nbf: None,
    };
    greeting::print(&format!("{}\n", mint(&key, &claims)?))
}

/// A short token for everything, where the configuration has a key to sign it.
///
/// # Errors
/// When the key cannot sign.
pub(crate) fn of_own(config: &Config) -> anyhow::Result<Option<String>> {
    let Some((name, secret)) = config.auth_keys.0.first() else { return Ok(None) };
    let exp = (clock::unix_time() + OWN_LIFETIME).as_secs();
    let claims = Claims { room: "*".to_owned(), uid: None, name: None, role: None, grants: None, exp, nbf: None };
    Ok(Some(mint(&Key::new(name.as_str(), secret.reveal())?, &claims)?))
}

/// A whole number with a unit.
pub(crate) fn lifetime(text: &str) -> Result<Duration, String> {
    let expected = || "expected a number with a unit: 90s, 30m, 12h or 7d".to_owned();
    let units = [('s', 1), ('m', 60), ('h', 3600), ('d', 86_400)];
    let split = units.iter().find_map(|(unit, seconds)| Some((text.strip_suffix(*unit)?, *seconds)));
    let (number, seconds_in_unit) = split.ok_or_else(expected)?;
    let number: u64 = number.parse().map_err(|_| expected())?;
    let seconds = number.checked_mul(seconds_in_unit).filter(|seconds| (1..=LIFETIME_SECONDS_MAX).contains(seconds));
    seconds.map(Duration::from_secs).ok_or_else(|| "expected a time from 1s to 3650d".to_owned())
}

/// It is used at once.
const OWN_LIFETIME: Duration = Duration::from_secs(60);

/// What a member can be allowed, a program of the operator, who publishes or plays a stream, and who watches a room.
const GRANTS: [&str; 12] = [
    "subscribe",
    "pub.audio",
    "pub.video",
    "pub.screen",
    "chat",
    "moderate",
    "admit",
    "manage",
    "publish",
    "play",
    "record",
    "view",
];
const LIFETIME_SECONDS_MAX: u64 = 3650 * 86_400;
