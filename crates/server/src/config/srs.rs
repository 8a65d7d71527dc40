//! The environment variables of SRS (`SRS_…`, and `CANDIDATE` beside them), which its users' containers set: each becomes settings of ours, or a sentence
//! that says why not.

use std::ffi::OsString;

use toml::Value as Toml;

use super::error::Origin;
use super::setting::Setting;
use super::source::Assignment;

/// What the variables became.
#[derive(Default)]
pub(super) struct Translation {
    /// Settings.
    pub(super) assignments: Vec<Assignment>,
    /// What became what, for the log. Values of secrets are not in it.
    pub(super) notes: Vec<String>,
    /// What has no meaning here.
    pub(super) warnings: Vec<String>,
}

/// The variables, by their names without `SRS_`.
struct Variables<'a> {
    named: Vec<(&'a str, &'a str)>,
    to: Translation,
}

/// Reads the variables. `CANDIDATE` is one of them where any of the others is, or where `-e` asked for them.
pub(super) fn translate(environment: &[(OsString, OsString)], asked: bool) -> Translation {
    let text = |(name, value): &'_ (OsString, OsString)| Some((name.to_str()?.to_owned(), value.to_str()?.to_owned()));
    let all: Vec<(String, String)> = environment.iter().filter_map(text).collect();
    let mut named: Vec<(&str, &str)> = all
        .iter()
        .filter_map(|(name, value)| Some((name.strip_prefix("SRS_")?, value.trim())))
        .filter(|(_, value)| !value.is_empty())
        .collect();
    named.sort_unstable();
    let candidate = all.iter().find(|(name, value)| name == "CANDIDATE" && !value.trim().is_empty());
    if let Some((_, value)) = candidate.filter(|_| asked || !named.is_empty()) {
        named.push((CANDIDATE, value.trim()));
    }
    let mut variables = Variables { named, to: Translation::default() };
    variables.listen();
    variables.media();
    variables.users();
    variables.hooks();
    variables.recordings();
    variables.forward();
    variables.rest();
    variables.to
}

impl Variables<'_> {
    /// Takes a variable: it is understood.
    fn take(&mut self, name: &str) -> Option<String> {
        let at = self.named.iter().position(|(known, _)| *known == name)?;
        Some(self.named.remove(at).1.to_owned())
    }

    /// Takes a switch; `None` if it is not set.
    fn take_switch(&mut self, name: &str) -> Option<bool> {
        self.take(name).map(|value| is_on(&value))
    }

    fn set(&mut self, name: &str, key: &'static str, value: Toml) {
        let Some(setting) = Setting::find(key) else { return };
        let variable = variable(name);
        let shown = if setting.secret { "(not shown)".to_owned() } else { value.to_string() };
        self.to.notes.push(format!("{variable} is {key} = {shown}"));
        self.to.assignments.push(Assignment { setting, value, origin: Origin::Environment { variable } });
    }

    /// The two HTTP servers of SRS are one.
    fn listen(&mut self) {
        if let Some(listen) = self.take("LISTEN") {
            self.set("LISTEN", "live.rtmp_listen", words(&listen));
        }
        let mut addresses = Vec::new();
        let mut last = None;
        for (listen, enabled) in
            [("HTTP_SERVER_LISTEN", "HTTP_SERVER_ENABLED"), ("HTTP_API_LISTEN", "HTTP_API_ENABLED")]
        {
            let is_off = self.take_switch(enabled) == Some(false);
            let Some(text) = self.take(listen) else { continue };
            if is_off {
                self.to.notes.push(format!("{} is off, and so is {}", variable(enabled), variable(listen)));
            } else {
                let found = text.split_whitespace().map(str::to_owned).filter(|word| !addresses.contains(word));
                let found: Vec<String> = found.collect();
                addresses.extend(found);
                last = Some(listen);
            }
        }
        if let Some(name) = last {
            self.set(name, "http.listen", Toml::Array(addresses.into_iter().map(Toml::String).collect()));
        }
    }

    fn media(&mut self) {
        if let Some(false) = self.take_switch("RTC_SERVER_ENABLED") {
            self.set("RTC_SERVER_ENABLED", "media.enabled", Toml::Boolean(false));
        }
        if let Some(listen) = self.take("RTC_SERVER_LISTEN") {
            self.set("RTC_SERVER_LISTEN", "udp.listen", words(&listen));
        }
        for name in [CANDIDATE, "RTC_SERVER_CANDIDATE"] {
            let Some(text) = self.take(name) else { continue };
            let (addresses, names): (Vec<String>, Vec<String>) = text
                .split_whitespace()
                .map(str::to_owned)
                .filter(|word| word != "*")
                .partition(|word| word.parse::<std::net::IpAddr>().is_ok());
            if addresses.is_empty() && names.is_empty() {
                self.to.notes.push(format!("{} is *: the addresses of the machine are found out", variable(name)));
            }
            if !addresses.is_empty() {
                let addresses = addresses.into_iter().map(Toml::String).collect();
                self.set(name, "public.addresses", Toml::Array(addresses));
            }
            if let Some(host) = names.into_iter().next() {
                self.set(name, "public.host", Toml::String(host));
            }
        }
    }

    fn users(&mut self) {
        let enabled = self.take_switch("HTTP_API_AUTH_ENABLED");
        let (name, password) = (self.take("HTTP_API_AUTH_USERNAME"), self.take("HTTP_API_AUTH_PASSWORD"));
        match (enabled, name, password) {
            (Some(true), Some(name), Some(password)) => {
                let users = Toml::Array(vec![Toml::String(format!("{name}:{password}"))]);
                self.set("HTTP_API_AUTH_PASSWORD", "live.api_users", users);
            }
            (Some(true), _, _) => {
                let text = "SRS_HTTP_API_AUTH_ENABLED needs SRS_HTTP_API_AUTH_USERNAME and SRS_HTTP_API_AUTH_PASSWORD";
                self.to.warnings.push(text.to_owned());
            }
            (_, None, None) => {}
            (_, _, _) => self.to.notes.push("SRS_HTTP_API_AUTH_ENABLED is off: its user is none".to_owned()),
        }
    }

    fn hooks(&mut self) {
        let enabled = self.take_switch("VHOST_HTTP_HOOKS_ENABLED");
        for (name, key) in HOOKS {
            let Some(urls) = self.take(name) else { continue };
            if enabled == Some(true) {
                self.set(name, key, words(&urls));
            } else {
                self.to.notes.push(format!("{} waits for SRS_VHOST_HTTP_HOOKS_ENABLED=on", variable(name)));
            }
        }
    }

    /// SRS names files by a pattern; here the pattern says the folder, and the kind of file by its end.
    fn recordings(&mut self) {
        let enabled = self.take_switch("VHOST_DVR_ENABLED");
        let (path, plan) = (self.take(DVR_PATH), self.take("VHOST_DVR_DVR_PLAN"));
        if enabled != Some(true) {
            if path.is_some() || plan.is_some() {
                self.to.notes.push("SRS_VHOST_DVR_ENABLED is not on: nothing is recorded".to_owned());
            }
            return;
        }
        let Some(path) = path else {
            self.to.warnings.push("SRS_VHOST_DVR_ENABLED needs SRS_VHOST_DVR_DVR_PATH, which says where".to_owned());
            return;
        };
        let fixed = path.split('[').next().unwrap_or_default();
        let folder = fixed.rsplit_once('/').map_or(".", |(folder, _)| if folder.is_empty() { "/" } else { folder });
        self.set(DVR_PATH, "recording.folder", Toml::String(folder.to_owned()));
        if let Some((_, format @ ("flv" | "mp4"))) = path.rsplit_once('.') {
            self.set(DVR_PATH, "recording.format", Toml::String(format.to_owned()));
        }
        self.set("VHOST_DVR_ENABLED", "recording.streams", words("*"));
        if plan.is_some() {
            let text = "SRS_VHOST_DVR_DVR_PLAN has no meaning here: a file ends with its publisher, and by recording.file_seconds";
            self.to.notes.push(text.to_owned());
        }
    }

    /// SRS names hosts with ports; a whole URL is taken as well. Its backend is a hook.
    fn forward(&mut self) {
        let enabled = self.take_switch("VHOST_FORWARD_ENABLED");
        let (destination, backend) = (self.take(FORWARD_DESTINATION), self.take(FORWARD_BACKEND));
        if enabled != Some(true) {
            if destination.is_some() || backend.is_some() {
                self.to.notes.push("SRS_VHOST_FORWARD_ENABLED is not on: nothing is forwarded".to_owned());
            }
            return;
        }
        if let Some(hosts) = destination {
            let rule = |host: &str| {
                let scheme = if host.contains("://") { "" } else { "rtmp://" };
                Toml::String(format!("* {scheme}{host}"))
            };
            self.set(FORWARD_DESTINATION, "live.forward", Toml::Array(hosts.split_whitespace().map(rule).collect()));
        }
        if let Some(urls) = backend {
            self.set(FORWARD_BACKEND, "live.on_forward", words(&urls));
        }
    }

    fn rest(&mut self) {
        for (name, key) in [("SERVER_ID", "live.server_id"), ("MAX_CONNECTIONS", "limits.tcp_connections")] {
            if let Some(value) = self.take(name) {
                self.set(name, key, super::source::toml_value(&value));
            }
        }
        for name in ALWAYS_ON {
            match self.take_switch(name) {
                Some(true) => self.to.notes.push(format!("{} is how it is here", variable(name))),
                Some(false) => self.to.warnings.push(format!("{} cannot be switched off", variable(name))),
                None => {}
            }
        }
        for (name, why) in MEANINGLESS {
            if self.take(name).is_some() {
                self.to.notes.push(format!("{} has no meaning here: {why}", variable(name)));
            }
        }
        for (name, _) in std::mem::take(&mut self.named) {
            self.to.warnings.push(format!("environment variable {} is not understood and is ignored", variable(name)));
        }
    }
}

fn variable(name: &str) -> String {
    if name == CANDIDATE { CANDIDATE.trim_start().to_owned() } else { format!("SRS_{name}") }
}

fn is_on(value: &str) -> bool {
    matches!(value, "on" | "true" | "yes" | "1")
}

fn words(text: &str) -> Toml {
    Toml::Array(text.split_whitespace().map(|word| Toml::String(word.to_owned())).collect())
}

/// The one that has no prefix: what follows `SRS_` never begins with a space.
const CANDIDATE: &str = " CANDIDATE";
const DVR_PATH: &str = "VHOST_DVR_DVR_PATH";
const FORWARD_DESTINATION: &str = "VHOST_FORWARD_DESTINATION";
const FORWARD_BACKEND: &str = "VHOST_FORWARD_BACKEND";
const HOOKS: [(&str, &str); 8] = [
    ("VHOST_HTTP_HOOKS_ON_CONNECT", "live.on_connect"),
    ("VHOST_HTTP_HOOKS_ON_CLOSE", "live.on_close"),
    ("VHOST_HTTP_HOOKS_ON_PUBLISH", "live.on_publish"),
    ("VHOST_HTTP_HOOKS_ON_UNPUBLISH", "live.on_unpublish"),
    ("VHOST_HTTP_HOOKS_ON_PLAY", "live.on_play"),
    ("VHOST_HTTP_HOOKS_ON_STOP", "live.on_stop"),
    ("VHOST_HTTP_HOOKS_ON_DVR", "live.on_dvr"),
    ("VHOST_HTTP_HOOKS_ON_HLS", "live.on_hls"),
];
const ALWAYS_ON: [&str; 5] = [
    "VHOST_RTC_ENABLED",
    "VHOST_RTC_RTMP_TO_RTC",
    "VHOST_RTC_RTC_TO_RTMP",
    "VHOST_HTTP_REMUX_ENABLED",
    "VHOST_HLS_ENABLED",
];
const MEANINGLESS: [(&str, &str); 12] = [
    ("CHUNK_SIZE", "chunks are of one size"),
    ("DAEMON", "this program stays in the foreground"),
    ("HTTP_SERVER_DIR", "the pages are in the program"),
    ("LOG_TANK", "the log goes to standard error"),
    ("PID", "there is no file with its number"),
    ("VHOST_HLS_HLS_M3U8_FILE", "HLS is at /{app}/{stream}.m3u8"),
    ("VHOST_HLS_HLS_PATH", "HLS is kept in memory"),
    ("VHOST_HLS_HLS_TS_FILE", "segments have names that cannot be guessed"),
    ("VHOST_HTTP_REMUX_MOUNT", "FLV is at /{app}/{stream}.flv"),
    ("VHOST_PLAY_ATC", "times are the stream's own"),
    ("WORK_DIR", "data.dir is where things are kept"),
    ("LOG_LEVEL", "the setting is log"),
];

#[cfg(test)]
mod tests;
