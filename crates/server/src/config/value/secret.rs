//! Secrets: read from the configuration, never shown.

use std::fmt;

use toml::Value as Toml;

use super::text_of;
use crate::config::setting::Value;

/// A text nobody may see. `Debug` does not show it.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(String);

impl Secret {
    /// Wraps a secret that was made or read elsewhere.
    #[must_use]
    pub fn new(text: String) -> Self {
        Self(text)
    }

    /// The secret itself, for the core that needs it.
    #[must_use]
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(not shown)")
    }
}

/// Long-term TURN users: name and password.
#[derive(Debug, Clone)]
pub struct Users(pub Vec<(String, Secret)>);

impl Value for Users {
    const KIND: &'static str = "table of name = \"password\", or list of \"name:password\"";
    const SECRET: bool = true;

    fn from_toml(value: &Toml) -> Result<Self, String> {
        let expected = || "a table { ana = \"password\" } or a list [\"ana:password\"]".to_owned();
        let users = named(value, |text| text.split_once(':')).ok_or_else(expected)?;
        // RFC 8489 §14.3: a username has fewer than 509 bytes.
        let right = |(name, password): &(String, Secret)| (1..509).contains(&name.len()) && !password.0.is_empty();
        if users.iter().all(right) { Ok(Self(users)) } else { Err(expected()) }
    }
}

/// Secrets that sign TURN REST credentials. The first signs; all are accepted.
#[derive(Debug, Clone)]
pub struct Secrets(pub Vec<Secret>);

/// Shorter secrets could be found by trying.
const SHARED_SECRET_BYTES_MIN: usize = 16;

impl Value for Secrets {
    const KIND: &'static str = "list of secrets";
    const SECRET: bool = true;

    fn from_toml(value: &Toml) -> Result<Self, String> {
        let expected = || format!("a list of secrets of at least {SHARED_SECRET_BYTES_MIN} characters each");
        let texts: Option<Vec<String>> = match value.as_array() {
            Some(values) => values.iter().map(text_of).collect(),
            None => text_of(value).map(|text| vec![text]),
        };
        let texts = texts.ok_or_else(expected)?;
        if texts.iter().any(|text| text.len() < SHARED_SECRET_BYTES_MIN) {
            return Err(expected());
        }
        Ok(Self(texts.into_iter().map(Secret).collect()))
    }
}

/// Named HS256 keys that sign tokens.
#[derive(Debug, Clone)]
pub struct Keys(pub Vec<(String, Secret)>);

/// RFC 7518 §3.2: a key for HS256 has at least 256 bits.
const TOKEN_KEY_BYTES_MIN: usize = 32;

impl Value for Keys {
    const KIND: &'static str = "table of id = \"key\", or one key";
    const SECRET: bool = true;

    fn from_toml(value: &Toml) -> Result<Self, String> {
        let expected =
            || format!("a table {{ main = \"key\" }} with keys of at least {TOKEN_KEY_BYTES_MIN} characters each");
        let keys = match text_of(value) {
            Some(text) => vec![("main".to_owned(), Secret(text))],
            None => named(value, |_| None).ok_or_else(expected)?,
        };
        let right = |(id, key): &(String, Secret)| !id.is_empty() && key.0.len() >= TOKEN_KEY_BYTES_MIN;
        if keys.iter().all(right) { Ok(Self(keys)) } else { Err(expected()) }
    }
}

/// Names with secrets: a table, or strings that `split` takes apart.
fn named(value: &Toml, split: impl Fn(&str) -> Option<(&str, &str)>) -> Option<Vec<(String, Secret)>> {
    let pair = |text: &str| split(text).map(|(name, secret)| (name.to_owned(), Secret(secret.to_owned())));
    match value {
        Toml::Table(table) => {
            table.iter().map(|(name, secret)| Some((name.clone(), Secret(text_of(secret)?)))).collect()
        }
        Toml::Array(values) => values.iter().map(|value| pair(value.as_str()?)).collect(),
        Toml::String(text) => Some(vec![pair(text)?]),
        Toml::Integer(_) | Toml::Float(_) | Toml::Boolean(_) | Toml::Datetime(_) => None,
    }
}
