//! What the operator can set. One definition per setting (`settings`) yields the field of [`Config`], its default and check,
//! the commented sample of `parlor config`, and `docs/configuration.md`.
//!
//! Precedence: `--set` over environment over that of SRS over file over default. Every fault is reported, each with its place.

use std::ffi::OsString;
use std::fmt;
use std::path::PathBuf;

mod document;
mod error;
mod file;
mod given;
mod setting;
mod settings;
mod source;
mod srs;
mod value;

pub use document::{markdown, sample};
pub use error::{ConfigError, ConfigErrors, Origin, Problem};
pub use given::Given;
pub use setting::Setting;
pub use settings::{Config, SETTINGS};
pub use value::{
    Admission, Anonymous, AutoListen, ForwardRules, HostName, Keys, Limit, Listen, LogFilter, Networks, Origins,
    PortRange, Realm, RecordingFormat, RoomRecording, Seconds, Secret, Secrets, StreamPatterns, StunServer,
    StunServers, Topology, Unmute, Users, WebhookSecret, WebhookUrl, WebhookUrls, Workers, is_host_name,
};

use source::Assignment;

/// Where settings come from, weakest first.
#[derive(Debug, Default)]
pub struct Sources {
    /// The TOML file, if one is given.
    pub file: Option<PathBuf>,
    /// Environment variables; only those that begin with `PARLOR_` or `SRS_` are looked at, and `CANDIDATE` beside the latter.
    pub environment: Vec<(OsString, OsString)>,
    /// Whether `CANDIDATE` is looked at in any case.
    pub srs_environment: bool,
    /// The `key=value` arguments of `--set`, in order; a later one wins.
    pub flags: Vec<String>,
}

/// A configuration, and what was odd but harmless about its sources.
pub struct Loaded {
    /// The settings in force.
    pub config: Config,
    /// What was set at all.
    pub given: Given,
    /// Sentences for the log: what variables of SRS became.
    pub notes: Vec<String>,
    /// Sentences for the log, such as an unknown `PARLOR_` variable.
    pub warnings: Vec<String>,
}

impl Config {
    /// Reads all sources and checks every value.
    ///
    /// # Errors
    /// All faults found, each with its place (file and line, variable or flag) and what would be right.
    pub fn load(sources: &Sources) -> Result<Loaded, ConfigErrors> {
        let mut errors = Vec::new();
        let mut warnings = Vec::new();
        let mut assignments: Vec<Assignment> = Vec::new();
        if let Some(path) = &sources.file {
            match file::read(path) {
                Ok((found, faults)) => {
                    assignments.extend(found);
                    errors.extend(faults);
                }
                Err(fault) => errors.push(fault),
            }
        }
        let of_srs = srs::translate(&sources.environment, sources.srs_environment);
        assignments.extend(of_srs.assignments);
        warnings.extend(of_srs.warnings);
        for found in source::from_environment(&sources.environment, &mut warnings) {
            match found {
                Ok(assignment) => assignments.push(assignment),
                Err(fault) => errors.push(fault),
            }
        }
        for flag in &sources.flags {
            match source::from_flag(flag) {
                Ok(assignment) => assignments.push(assignment),
                Err(fault) => errors.push(fault),
            }
        }
        let (mut config, mut given) = (Self::default(), Given::default());
        for Assignment { setting, value, origin } in assignments {
            given.note(setting, &value);
            if let Err(expected) = (setting.assign)(&mut config, &value) {
                let problem = Problem::BadValue { found: shown(setting, &value), expected };
                errors.push(ConfigError { origin, key: setting.key.to_owned(), problem });
            }
        }
        config.check_together(&mut errors);
        if errors.is_empty() {
            Ok(Loaded { config, given, notes: of_srs.notes, warnings })
        } else {
            Err(ConfigErrors(errors))
        }
    }

    /// The checks that look at more than one setting.
    fn check_together(&self, errors: &mut Vec<ConfigError>) {
        let mut refuse = |key: &str, expected: &str| {
            let problem = Problem::Together { expected: expected.to_owned() };
            errors.push(ConfigError { origin: Origin::Together, key: key.to_owned(), problem });
        };
        if self.https_cert.is_some() != self.https_key.is_some() {
            refuse("https.cert", "https.cert and https.key are given together or not at all");
        }
        if self.http_listen.is_off() && self.https_listen.is_off() {
            refuse("http.listen", "at least one of http.listen and https.listen must be on");
        }
        if !self.public_stun.0.is_empty() && !self.public_addresses.is_empty() {
            refuse("public.stun", "public.addresses says what public.stun would find: set one of them");
        }
        if !self.public_stun.0.is_empty() && self.udp_listen.is_off() {
            refuse("public.stun", "STUN servers are asked from udp.listen, which is off");
        }
        if !self.webhooks_urls.0.is_empty() && self.webhooks_secret.0.is_none() {
            refuse("webhooks.secret", "webhooks.urls needs webhooks.secret, by which receivers know the sender");
        }
        if self.turn_enabled && self.udp_listen.is_off() && self.turn_tcp_listen.is_off() && self.https_listen.is_off()
        {
            refuse(
                "turn.enabled",
                "TURN needs udp.listen, turn.tcp_listen or https.listen; or set turn.enabled = false",
            );
        }
    }
}

/// The value as an error may show it: never a secret.
fn shown(setting: &Setting, value: &toml::Value) -> String {
    if setting.secret { "a secret that is not shown".to_owned() } else { value.to_string() }
}

impl fmt::Debug for Loaded {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Loaded").field("config", &self.config).field("warnings", &self.warnings).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
