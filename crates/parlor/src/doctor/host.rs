//! What a server's own machine tells of it: settings, files, limits, addresses, and ports while it does not run.

use std::net::{IpAddr, SocketAddr};
use std::process::Command;
use std::time::Duration;

use server::certificate::{Certificate, CertificateSource};
use server::config::Config;
use server::data_dir::DataDir;
use server::listener::{self, BindError};
use server::{address, clock, open_files, tls};

use super::report::{Finding, State};

/// Everything that can be seen without asking anybody.
pub(super) fn findings(config: &Config) -> Vec<Finding> {
    let mut findings = vec![data_dir(config)];
    if !config.https_listen.0.is_empty() {
        findings.push(certificate(config));
    }
    findings.extend([open_files(config, open_files::limit()), synchronised()]);
    findings
}

fn data_dir(config: &Config) -> Finding {
    let path = config.data_dir.display();
    match DataDir::look(&config.data_dir) {
        Ok(true) => Finding::ok("data.dir", format!("{path} can be written to")),
        Ok(false) => Finding::ok("data.dir", format!("{path} will be made at the first start")),
        Err(error) => Finding::new("data.dir", State::Fail, format!("{path}: {error}"), ADVICE_DATA_DIR),
    }
}

fn certificate(config: &Config) -> Finding {
    let (Some(chain), Some(key)) = (config.https_cert.clone(), config.https_key.clone()) else {
        let seen = "made by the server itself: browsers warn about it";
        return Finding::new("certificate", State::Warn, seen, ADVICE_OWN_CERTIFICATE);
    };
    let (unix_now, file) = (clock::unix_time(), chain.display().to_string());
    match Certificate::open(CertificateSource::Files { chain, key }, tls::provider(), unix_now) {
        Ok(certificate) => judge(&certificate, &file, config.public_host.0.as_deref(), unix_now),
        Err(error) => Finding::new("certificate", State::Fail, error.to_string(), ADVICE_FILES),
    }
}

/// A certificate whose key is at hand; `host` is the server's name, if anybody has said.
fn judge(certificate: &Certificate, file: &str, host: Option<&str>, unix_now: Duration) -> Finding {
    let fail = |seen: String, advice| Finding::new("certificate", State::Fail, seen, advice);
    if let Some(host) = host.filter(|host| !certificate.is_for(host)) {
        return fail(format!("{file} is not for {host} (public.host)"), ADVICE_NAME);
    }
    let Some(validity) = certificate.validity() else {
        return fail(format!("{file}: from when until when it is good cannot be read"), ADVICE_FILES);
    };
    let days = |time: Duration| time.as_secs() / SECONDS_PER_DAY;
    if unix_now < validity.start {
        return fail(format!("{file} is good in {} days only", days(validity.start - unix_now)), ADVICE_CLOCK);
    }
    let Some(left) = validity.end.checked_sub(unix_now) else {
        return fail(format!("{file} has ended {} days ago", days(unix_now - validity.end)), ADVICE_RENEW);
    };
    let seen = format!("{file} and its key are a pair, for {} days more", days(left));
    if left < RENEWED_BEFORE {
        return Finding::new("certificate", State::Warn, seen, ADVICE_RENEW);
    }
    Finding::ok("certificate", seen)
}

/// `limit` is how many files a server that is started from here may have open; none: as many as it likes.
pub(super) fn open_files(config: &Config, limit: Option<u64>) -> Finding {
    let relays = if config.turn_enabled && config.turn_relay_ports.is_some() { config.limits_allocations.0 } else { 0 };
    let wanted = config.limits_tcp_connections.0.saturating_add(relays).saturating_add(OTHER_FILES);
    match limit {
        None => Finding::ok("open files", "there is no limit here"),
        Some(limit) if limit >= wanted => {
            Finding::ok("open files", format!("{limit} from here, {wanted} are wanted at most"))
        }
        Some(limit) => {
            let seen = format!("{limit} from here, {wanted} are wanted when every connection and relay is taken");
            Finding::new("open files", State::Warn, seen, ADVICE_OPEN_FILES)
        }
    }
}

/// The machine's clock, as systemd knows it.
fn synchronised() -> Finding {
    let asked = Command::new("timedatectl").args(["show", "--property=NTPSynchronized", "--value"]).output();
    match asked.map(|output| output.stdout) {
        Ok(answer) if answer.starts_with(b"yes") => Finding::ok("clock", "follows NTP"),
        Ok(answer) if answer.starts_with(b"no") => {
            Finding::new("clock", State::Warn, "does not follow NTP", ADVICE_CLOCK)
        }
        _ => Finding::new("clock", State::NotChecked, "no systemd here to say whether it follows NTP", ADVICE_CLOCK),
    }
}

/// Under which addresses others reach this machine; `stun` is what each server of `public.stun` says.
pub(super) fn public_address(
    config: &Config,
    own: &[IpAddr],
    stun: &[(String, Result<SocketAddr, String>)],
) -> Finding {
    const NAME: &str = "public address";
    let list = |addresses: &[IpAddr]| addresses.iter().map(IpAddr::to_string).collect::<Vec<_>>().join(", ");
    if let Some((server, Ok(seen))) = stun.iter().find(|(_, seen)| seen.is_ok()) {
        return Finding::ok(NAME, format!("{server} sees this machine as {}", seen.ip()));
    }
    if let Some((server, Err(error))) = stun.first() {
        return Finding::new(NAME, State::Fail, format!("{server}: {error}"), ADVICE_STUN);
    }
    if !config.public_addresses.is_empty() {
        return Finding::ok(NAME, format!("{} (public.addresses)", list(&config.public_addresses)));
    }
    if own.iter().any(|ip| address::is_public(*ip)) {
        return Finding::ok(NAME, list(own));
    }
    let seen = if own.is_empty() {
        "this machine has no network".to_owned()
    } else {
        format!("{}: of a network of its own", list(own))
    };
    Finding::new(NAME, State::Warn, seen, ADVICE_ADDRESS)
}

/// Whether a server could have its ports; it must not run.
pub(super) fn ports(config: &Config) -> Vec<Finding> {
    let finding = |(setting, address, error): (&str, SocketAddr, Option<BindError>)| match error {
        None => Finding::ok(setting, format!("{address} is free")),
        Some(error) => Finding::new(setting, State::Fail, error.to_string(), ""),
    };
    listener::attempts(config).into_iter().map(finding).collect()
}

/// Sockets and files that are neither connections nor relays: listeners, logs, recordings.
const OTHER_FILES: u64 = 256;

const SECONDS_PER_DAY: u64 = 86_400;
/// Whatever renews certificates has done so by then.
const RENEWED_BEFORE: Duration = Duration::from_secs(7 * SECONDS_PER_DAY);

const ADVICE_DATA_DIR: &str = "Run this as the server's user (sudo -u parlor), or let that user write there.";
const ADVICE_OWN_CERTIFICATE: &str =
    "For guests from elsewhere set https.cert and https.key to one for the server's name.";
const ADVICE_FILES: &str =
    "https.cert is the whole chain, https.key its private key, both PEM, and the server's user can read them.";
const ADVICE_NAME: &str = "Have one made for this name: browsers refuse it otherwise.";
const ADVICE_RENEW: &str =
    "Renew it: the server takes up changed files by itself. What should have renewed it does not.";
const ADVICE_OPEN_FILES: &str = "Raise the limit (LimitNOFILE= of the unit, ulimit -Hn in a shell), or lower limits.tcp_connections and limits.allocations.";
const ADVICE_CLOCK: &str = "Have it follow NTP: credentials and tokens end at a time.";
const ADVICE_STUN: &str = "No server of public.stun answers: are their names right, and may UDP go out?";
const ADVICE_ADDRESS: &str =
    "Guests on the same network come in. For others forward the ports, and set public.addresses or public.stun.";

#[cfg(test)]
mod tests;
