//! `parlor doctor`: visits a server as a browser would, and says which of its doors are shut and what to do. On its own machine it looks at the
//! settings first.

mod host;
mod relay;
mod report;

use std::time::Duration;

use anyhow::ensure;
use clap::Args;
use client::turn::{TurnAddress, User};
use client::{Endpoint, Error, HttpAddress, RoomAddress, Trust, WebSocket};
use serde::Deserialize;

use self::report::{Finding, Report, State};
use crate::drain::own_url;
use crate::settings::SettingArguments;
use crate::{greeting, guest, token};

/// Whom to visit.
#[derive(Debug, Args)]
pub(crate) struct DoctorArguments {
    /// The server, as `https://call.example.org`; without it the one of this machine, by its settings
    #[arg(value_parser = HttpAddress::parse, conflicts_with_all = ["config", "env", "set"])]
    url: Option<HttpAddress>,
    /// A token for any room, for servers that want one
    #[arg(long, env = "PARLOR_TOKEN", hide_env_values = true)]
    token: Option<String>,
    /// Go on with any certificate: the server may be anybody
    #[arg(long, requires = "url")]
    insecure: bool,
    /// Print one JSON object, and nothing else, on standard output
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    settings: SettingArguments,
}

/// What `GET /api/v1/ice` says.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct IceAnswer {
    ice_servers: Vec<IceServer>,
    ttl_seconds: u64,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct IceServer {
    urls: Vec<String>,
    username: String,
    credential: String,
}

/// One visit, and what has been found so far.
struct Visit {
    url: HttpAddress,
    token: Option<String>,
    trust: Trust,
    /// Any certificate will do, and no finding is made of it.
    is_any_accepted: bool,
    /// The server and we have one clock.
    is_own: bool,
    findings: Findings,
}

/// What has been found so far.
#[derive(Default)]
struct Findings {
    is_json: bool,
    report: Report,
}

/// Checks, and prints each finding as it comes.
///
/// # Errors
/// When a check failed.
pub(crate) fn run(arguments: &DoctorArguments) -> anyhow::Result<()> {
    let findings = Findings { is_json: arguments.json, ..Findings::default() };
    let report = guest::visit(async {
        let findings = match &arguments.url {
            Some(url) => Visit::to(url.clone(), arguments, findings).check().await?,
            None => check_own(arguments, findings).await?,
        };
        Ok(findings.report)
    })?;
    if arguments.json {
        greeting::print(&(report.to_json() + "\n"))?;
    } else {
        greeting::print("\n  Camera, microphone and what a browser's own network lets through: open /check there.\n")?;
    }
    let failed = report.failed();
    ensure!(failed == 0, "{failed} of {} checks failed", report.findings.len());
    Ok(())
}

/// The machine first, then its server, if it runs.
async fn check_own(arguments: &DoctorArguments, mut findings: Findings) -> anyhow::Result<Findings> {
    let config = match arguments.settings.load() {
        Ok(loaded) => loaded.config,
        Err(error) => {
            findings.note(Finding::new("configuration", State::Fail, error.to_string(), ADVICE_CONFIGURATION))?;
            return Ok(findings);
        }
    };
    let file = arguments.settings.file().map_or("no file".to_owned(), |file| file.display().to_string());
    findings.note(Finding::ok("configuration", format!("accepted ({file})")))?;
    for finding in host::findings(&config) {
        findings.note(finding)?;
    }
    let mut stun = Vec::new();
    for server in &config.public_stun.0 {
        let seen = client::mapped_address(&server.host, server.port).await.map_err(|error| error.to_string());
        stun.push((server.to_string(), seen));
    }
    findings.note(host::public_address(&config, &server::address::reachable(), &stun))?;
    let url = HttpAddress::parse(&own_url(&config)?)?;
    let visit = Visit {
        url,
        token: arguments.token.clone().map_or_else(|| token::of_own(&config), |token| Ok(Some(token)))?,
        trust: Trust::Anyone,
        is_any_accepted: true,
        is_own: true,
        findings,
    };
    if visit.endpoint("/").request("GET").await.is_ok() {
        return visit.check().await;
    }
    let mut findings = visit.findings;
    let seen = format!("none answers at {}", visit.url.authority());
    findings.note(Finding::new("server", State::NotChecked, seen, ADVICE_START))?;
    for finding in host::ports(&config) {
        findings.note(finding)?;
    }
    Ok(findings)
}

impl Findings {
    fn note(&mut self, finding: Finding) -> anyhow::Result<()> {
        if !self.is_json {
            greeting::print(&finding.text())?;
        }
        self.report.findings.push(finding);
        Ok(())
    }
}

impl Visit {
    fn to(url: HttpAddress, arguments: &DoctorArguments, findings: Findings) -> Self {
        let is_any_accepted = arguments.insecure;
        let trust = if is_any_accepted { Trust::Anyone } else { Trust::System };
        Self { url, token: arguments.token.clone(), trust, is_any_accepted, is_own: false, findings }
    }

    async fn check(mut self) -> anyhow::Result<Findings> {
        if !self.check_page().await? {
            let unknown = |name| Finding::new(name, State::NotChecked, "the page does not answer", "");
            ["WebSocket", "STUN", "TURN"].map(unknown).into_iter().try_for_each(|finding| self.note(finding))?;
            return Ok(self.findings);
        }
        let websocket = self.websocket().await;
        self.note(websocket)?;
        match self.ice().await {
            Ok(answer) => self.check_ice(answer).await?,
            Err(error) => self.note(Finding::new("ICE servers", State::Fail, error.to_string(), ADVICE_TOKEN))?,
        }
        Ok(self.findings)
    }

    fn note(&mut self, finding: Finding) -> anyhow::Result<()> {
        self.findings.note(finding)
    }

    /// Whether there is a page to go on with. A certificate that is not trusted does not end the visit.
    async fn check_page(&mut self) -> anyhow::Result<bool> {
        let target = self.url.target.clone();
        let mut answer = self.endpoint(&target).request("GET").await;
        let certificate = match &answer {
            Err(error @ Error::Tls { .. }) => {
                Some(Finding::new("certificate", State::Fail, error.to_string(), ADVICE_CERTIFICATE))
            }
            // Its files have been looked at.
            _ if self.is_own => None,
            _ if !self.url.tls => {
                let seen = "plain HTTP: browsers give camera and microphone to localhost only";
                Some(Finding::new("certificate", State::NotChecked, seen, "Visit it by https://"))
            }
            Ok(_) if self.is_any_accepted => {
                Some(Finding::new("certificate", State::NotChecked, "any is accepted (--insecure)", ""))
            }
            Ok(_) => Some(Finding::ok("certificate", "this machine trusts it")),
            Err(_) => None,
        };
        if matches!(answer, Err(Error::Tls { .. })) {
            self.trust = Trust::Anyone;
            answer = self.endpoint(&target).request("GET").await;
        }
        let page = match &answer {
            Ok(page) => Finding::ok("page", format!("answers with {} bytes", page.len())),
            Err(error) => Finding::new("page", State::Fail, error.to_string(), ADVICE_PAGE),
        };
        self.note(page)?;
        certificate.into_iter().try_for_each(|finding| self.note(finding))?;
        Ok(answer.is_ok())
    }

    async fn websocket(&self) -> Finding {
        let url = format!("{}://{}", if self.url.tls { "https" } else { "http" }, self.url.authority());
        let connected = match RoomAddress::parse(&url) {
            Ok(address) => WebSocket::connect(&address.websocket, None, self.trust).await,
            Err(error) => Err(error),
        };
        match connected {
            Ok(mut socket) => {
                socket.close().await;
                Finding::ok("WebSocket", "opens")
            }
            Err(error) => Finding::new("WebSocket", State::Fail, error.to_string(), ADVICE_WEBSOCKET),
        }
    }

    async fn ice(&self) -> anyhow::Result<IceAnswer> {
        Ok(serde_json::from_str(&self.endpoint("/api/v1/ice").request("GET").await?)?)
    }

    async fn check_ice(&mut self, answer: IceAnswer) -> anyhow::Result<()> {
        let users: Vec<_> = answer.ice_servers.iter().map(|server| server.username.as_str()).collect();
        if !self.is_own {
            let clock = clock(&users, answer.ttl_seconds, server::clock::unix_time());
            self.note(clock)?;
        }
        let mut relays = Vec::new();
        for server in answer.ice_servers {
            for url in server.urls {
                if let Some(place) = url.strip_prefix("stun:") {
                    let finding = stun(place).await;
                    self.note(finding)?;
                } else if relays.len() < RELAYS_MAX {
                    let user = User { name: server.username.clone(), password: server.credential.clone() };
                    let trust = self.trust;
                    // All at once: one that is shut takes its time.
                    relays.push(tokio::task::spawn_blocking(move || relay::check(&url, user, trust)));
                }
            }
        }
        if relays.is_empty() {
            self.note(Finding::new("TURN", State::Warn, "the server offers none", ADVICE_NO_TURN))?;
        }
        let mut open = None;
        for relay in relays {
            let (finding, door) = relay.await?;
            self.note(finding)?;
            open = open.or(door);
        }
        // On its own machine nothing is in between.
        if let Some(door) = open.filter(|_| !self.is_own) {
            let finding = tokio::task::spawn_blocking(move || relay::reach(&door)).await?;
            self.note(finding)?;
        }
        Ok(())
    }

    fn endpoint(&self, target: &str) -> Endpoint {
        let address = HttpAddress { target: target.to_owned(), ..self.url.clone() };
        // Whoever shows a certificate that is not trusted, and was not to be accepted, does not learn the token.
        let is_shown = self.trust == Trust::System || self.is_any_accepted;
        Endpoint { address, trust: self.trust, token: self.token.clone().filter(|_| is_shown) }
    }
}

/// The server's clock beside ours, by the end of its credentials, which it rounds up to a minute.
fn clock(users: &[&str], ttl_seconds: u64, unix_now: Duration) -> Finding {
    let expiry = users.iter().find_map(|user| user.split(':').next()?.parse::<u64>().ok());
    let Some(expiry) = expiry else {
        return Finding::new("clock", State::NotChecked, "no credentials that end, nothing to compare", "");
    };
    let ahead_seconds = i128::from(expiry) - i128::from(ttl_seconds) - i128::from(unix_now.as_secs());
    if (-CLOCK_TOLERANCE_SECONDS..=60 + CLOCK_TOLERANCE_SECONDS).contains(&ahead_seconds) {
        return Finding::ok("clock", "within two minutes of this machine's");
    }
    let (seconds, side) = (ahead_seconds.unsigned_abs(), if ahead_seconds < 0 { "behind" } else { "ahead of" });
    Finding::new("clock", State::Warn, format!("about {seconds} s {side} this machine's"), ADVICE_CLOCK)
}

/// `place` is host and port of UDP.
async fn stun(place: &str) -> Finding {
    let address = TurnAddress::parse(&format!("turn:{place}"));
    let mapped = match &address {
        Ok(address) => client::mapped_address(&address.host, address.port).await.map_err(|error| error.to_string()),
        Err(error) => Err(error.to_string()),
    };
    match mapped {
        Ok(mapped) => Finding::ok("STUN", format!("{place} sees this machine as {mapped}")),
        Err(error) => Finding::new("STUN", State::Fail, format!("{place}: {error}"), ADVICE_UDP),
    }
}

/// A server names three or four.
const RELAYS_MAX: usize = 8;
/// Besides the minute of rounding: what an answer may take, and clocks that nobody minds.
const CLOCK_TOLERANCE_SECONDS: i128 = 60;

const ADVICE_CONFIGURATION: &str = "parlor config prints a sample with every setting.";
const ADVICE_START: &str = "Start it and ask again: pages, STUN and TURN are checked then.";
const ADVICE_PAGE: &str =
    "Is the server running, and does the firewall let its TCP port (http.listen, https.listen) in?";
const ADVICE_CERTIFICATE: &str =
    "Browsers refuse it as well: set https.cert and https.key to one for this name that has not ended.";
const ADVICE_WEBSOCKET: &str = "A proxy in front must pass on the Upgrade header on /ws.";
const ADVICE_TOKEN: &str = "A server with auth.keys wants --token (parlor token makes one).";
const ADVICE_NO_TURN: &str = "Calls between strict networks need it: set turn.enabled.";
const ADVICE_CLOCK: &str = "Have both follow NTP: credentials and tokens end at a time.";
const ADVICE_UDP: &str = "Let this UDP port (udp.listen) in, and its answers out.";

#[cfg(test)]
mod tests;
