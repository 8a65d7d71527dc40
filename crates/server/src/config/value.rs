//! The types a setting can have, with their checks.

use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;

use ipnet::IpNet;
use toml::Value as Toml;
use tracing_subscriber::filter::Targets;

use super::setting::Value;

mod admission;
mod forward;
mod listen;
mod origin;
mod recording;
mod secret;
mod stun;
mod webhook;

pub use admission::Admission;
pub use forward::ForwardRules;
pub use listen::{AutoListen, Listen};
pub use origin::Origins;
pub use recording::{RecordingFormat, RoomRecording, StreamPatterns};
pub use secret::{Keys, Secret, Secrets, Users};
pub use stun::{StunServer, StunServers};
pub use webhook::{WebhookSecret, WebhookUrl, WebhookUrls};

/// A number a stranger can reach; 0 stands for no limit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limit(pub u64);

impl Limit {
    /// The limit, or `None` for no limit.
    #[must_use]
    pub fn bound(self) -> Option<u64> {
        (self.0 > 0).then_some(self.0)
    }

    /// Whether `count` is still within the limit.
    #[must_use]
    pub fn allows(self, count: u64) -> bool {
        self.0 == 0 || count <= self.0
    }
}

impl Value for Limit {
    const KIND: &'static str = "number, 0 = no limit";

    fn from_toml(value: &Toml) -> Result<Self, String> {
        let number = value.as_integer().and_then(|number| u32::try_from(number).ok());
        number.map(|number| Self(number.into())).ok_or_else(|| "a number from 0 (no limit) to 4294967295".to_owned())
    }
}

/// A number of seconds between two bounds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Seconds<const MIN: u64, const MAX: u64>(pub u64);

impl<const MIN: u64, const MAX: u64> Value for Seconds<MIN, MAX> {
    const KIND: &'static str = "seconds";

    fn from_toml(value: &Toml) -> Result<Self, String> {
        let number = value.as_integer().and_then(|number| u64::try_from(number).ok());
        number
            .filter(|number| (MIN..=MAX).contains(number))
            .map(Self)
            .ok_or_else(|| format!("a number of seconds from {MIN} to {MAX}"))
    }
}

/// A number of threads.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Workers(u8);

impl Workers {
    /// How many there are on this machine.
    #[must_use]
    pub fn count(self) -> u8 {
        let cores = || std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
        if self.0 > 0 { self.0 } else { u8::try_from(cores()).unwrap_or(WORKERS_MAX).min(WORKERS_MAX) }
    }
}

impl Value for Workers {
    const KIND: &'static str = "number, 0 = one for each core";

    fn from_toml(value: &Toml) -> Result<Self, String> {
        let number = value.as_integer().and_then(|number| u8::try_from(number).ok());
        let number = number.filter(|&number| number <= WORKERS_MAX);
        number.map(Self).ok_or_else(|| format!("a number from 0 (one for each core) to {WORKERS_MAX}"))
    }
}

/// More would have too few relay ports each.
const WORKERS_MAX: u8 = 64;

impl Value for bool {
    const KIND: &'static str = "true or false";

    fn from_toml(value: &Toml) -> Result<Self, String> {
        value.as_bool().ok_or_else(|| "true or false".to_owned())
    }
}

/// A range of ports, both ends included.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PortRange {
    /// The lowest port.
    pub first: u16,
    /// The highest port.
    pub last: u16,
}

impl Value for Option<PortRange> {
    const KIND: &'static str = "range of ports, or \"off\"";

    fn from_toml(value: &Toml) -> Result<Self, String> {
        let expected = || "a range of ports from 1 to 65535 such as \"49152-65535\", or \"off\"".to_owned();
        let text = text_of(value).ok_or_else(expected)?;
        if text == "off" {
            return Ok(None);
        }
        let (first, last) = text.split_once('-').ok_or_else(expected)?;
        let port = |text: &str| text.trim().parse::<u16>().ok().filter(|&port| port > 0).ok_or_else(expected);
        let (first, last) = (port(first)?, port(last)?);
        if first > last {
            return Err("a range of ports with the lower one first".to_owned());
        }
        Ok(Some(PortRange { first, last }))
    }
}

/// Networks in CIDR notation; a bare address is a network of one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Networks(pub Vec<IpNet>);

impl Networks {
    /// Whether one of the networks has this address.
    #[must_use]
    pub fn contain(&self, address: IpAddr) -> bool {
        let address = address.to_canonical();
        self.0.iter().any(|network| network.contains(&address))
    }
}

impl Value for Networks {
    const KIND: &'static str = "list of networks";

    fn from_toml(value: &Toml) -> Result<Self, String> {
        let expected = || "a list of networks such as [\"10.0.0.0/8\", \"fd00::/8\"]".to_owned();
        let one = |text: &String| {
            let network = text.parse::<IpNet>().ok();
            network.or_else(|| text.parse::<IpAddr>().ok().map(IpNet::from)).ok_or_else(expected)
        };
        words_of(value).ok_or_else(expected)?.iter().map(one).collect::<Result<_, _>>().map(Self)
    }
}

impl Value for Vec<IpAddr> {
    const KIND: &'static str = "list of addresses";

    fn from_toml(value: &Toml) -> Result<Self, String> {
        let expected = || "a list of IP addresses such as [\"198.51.100.7\", \"2001:db8::7\"]".to_owned();
        words_of(value).ok_or_else(expected)?.iter().map(|text| text.parse().map_err(|_| expected())).collect()
    }
}

impl Value for Vec<SocketAddr> {
    const KIND: &'static str = "list of addresses with ports";

    fn from_toml(value: &Toml) -> Result<Self, String> {
        let expected = || "a list of addresses with ports such as [\"198.51.100.8:3478\"]".to_owned();
        words_of(value).ok_or_else(expected)?.iter().map(|text| text.parse().map_err(|_| expected())).collect()
    }
}

/// A host name, or nothing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HostName(pub Option<String>);

impl Value for HostName {
    const KIND: &'static str = "host name, \"\" for none";

    fn from_toml(value: &Toml) -> Result<Self, String> {
        let expected = || "a host name such as \"call.example.org\", without scheme and port".to_owned();
        let text = text_of(value).ok_or_else(expected)?;
        if text.is_empty() {
            return Ok(Self(None));
        }
        if is_host_name(&text) { Ok(Self(Some(text))) } else { Err(expected()) }
    }
}

/// RFC 1123 §2.1, as far as a URL needs it: labels of letters, digits and inner hyphens.
#[must_use]
pub fn is_host_name(text: &str) -> bool {
    let label = |label: &str| {
        (1..=63).contains(&label.len())
            && label.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
            && !label.starts_with('-')
            && !label.ends_with('-')
    };
    text.len() <= 253 && text.split('.').all(label)
}

/// The TURN realm.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Realm(pub String);

impl Value for Realm {
    const KIND: &'static str = "text";

    fn from_toml(value: &Toml) -> Result<Self, String> {
        // RFC 8489 §14.9: fewer than 128 characters; a quoted-string in form.
        let right = |text: &String| {
            (1..128).contains(&text.len())
                && text.chars().all(|char| char.is_ascii_graphic() && char != '"' && char != '\\')
        };
        let text = text_of(value).filter(right);
        text.map(Self).ok_or_else(|| "1 to 127 visible ASCII characters without quotes".to_owned())
    }
}

/// Who may join over `compat.listen` without a token.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Anonymous(pub room::Anonymous);

impl Value for Anonymous {
    const KIND: &'static str = "\"auto\", \"off\", \"all\" or \"prefix:…\"";

    fn from_toml(value: &Toml) -> Result<Self, String> {
        let parsed = text_of(value).and_then(|text| text.parse().ok());
        parsed
            .map(Self)
            .ok_or_else(|| "\"auto\", \"off\", \"all\" or \"prefix:\" with the beginning of the room ids".to_owned())
    }
}

/// Which way the media of rooms takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Topology(pub room::Topology);

impl Value for Topology {
    const KIND: &'static str = "\"auto\", \"p2p\" or \"sfu\"";

    fn from_toml(value: &Toml) -> Result<Self, String> {
        let parsed = text_of(value).and_then(|text| text.parse().ok());
        parsed.map(Self).ok_or_else(|| "\"auto\", \"p2p\" or \"sfu\"".to_owned())
    }
}

/// Who may end a moderator's mute.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Unmute(pub room::Unmute);

impl Value for Unmute {
    const KIND: &'static str = "\"self\" or \"moderator\"";

    fn from_toml(value: &Toml) -> Result<Self, String> {
        let parsed = text_of(value).and_then(|text| text.parse().ok());
        parsed.map(Self).ok_or_else(|| "\"self\" or \"moderator\"".to_owned())
    }
}

/// What is logged: a level, or levels per module.
#[derive(Debug, Clone)]
pub struct LogFilter(pub Targets);

impl Value for LogFilter {
    const KIND: &'static str = "log levels";

    fn from_toml(value: &Toml) -> Result<Self, String> {
        let parsed = text_of(value).filter(|text| !text.is_empty()).and_then(|text| text.parse().ok());
        parsed.map(Self).ok_or_else(|| {
            "a level (error, warn, info, debug, trace, off) or levels such as \"info,room=debug\"".to_owned()
        })
    }
}

impl Value for PathBuf {
    const KIND: &'static str = "path";

    fn from_toml(value: &Toml) -> Result<Self, String> {
        let text = text_of(value).filter(|text| !text.is_empty());
        text.map(Self::from).ok_or_else(|| "a path".to_owned())
    }
}

impl Value for Option<PathBuf> {
    const KIND: &'static str = "path, \"\" for none";

    fn from_toml(value: &Toml) -> Result<Self, String> {
        let text = text_of(value).ok_or_else(|| "a path".to_owned())?;
        Ok((!text.is_empty()).then(|| PathBuf::from(text)))
    }
}

/// The text of a string. Also of a number, since a bare `--set turn.realm=7` cannot say that it is text.
fn text_of(value: &Toml) -> Option<String> {
    value.as_str().map(str::to_owned).or_else(|| value.as_integer().map(|number| number.to_string()))
}

/// The strings of an array; or a string with commas between them, as one writes it in a shell.
fn words_of(value: &Toml) -> Option<Vec<String>> {
    if let Some(text) = value.as_str() {
        return Some(text.split(',').map(str::trim).filter(|word| !word.is_empty()).map(str::to_owned).collect());
    }
    value.as_array()?.iter().map(text_of).collect()
}
