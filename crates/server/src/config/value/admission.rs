//! Who may do something with live streams.

use toml::Value as Toml;

use super::text_of;
use crate::config::setting::Value;

/// Who is let in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Admission {
    /// Everybody while there are no `auth.keys`, whoever has a token once there are.
    Auto,
    /// Everybody.
    All,
    /// Whoever has a token.
    Token,
    /// Nobody.
    Off,
}

impl Value for Admission {
    const KIND: &'static str = "\"auto\", \"all\", \"token\" or \"off\"";

    fn from_toml(value: &Toml) -> Result<Self, String> {
        match text_of(value).as_deref() {
            Some("auto") => Ok(Self::Auto),
            Some("all") => Ok(Self::All),
            Some("token") => Ok(Self::Token),
            Some("off") => Ok(Self::Off),
            _ => Err("\"auto\", \"all\", \"token\" or \"off\"".to_owned()),
        }
    }
}
