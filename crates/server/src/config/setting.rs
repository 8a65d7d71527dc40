//! What one setting is made of, and the macro that makes all of them from one table.

use super::Config;

/// A type a setting can have: knows how to read itself from TOML and what to say when it cannot.
pub(super) trait Value: Sized {
    /// The kind of value, for the documents: "port or address", "number".
    const KIND: &'static str;

    /// Whether the value must never be shown.
    const SECRET: bool = false;

    /// Reads and checks; the error says what would be right and follows the word "expected".
    fn from_toml(value: &toml::Value) -> Result<Self, String>;
}

/// One row of the table of settings.
pub struct Setting {
    /// Dotted key, as in the file and in `--set`.
    pub key: &'static str,
    /// The kind of value in words.
    pub kind: &'static str,
    /// The default as TOML.
    pub default: &'static str,
    /// A value as TOML that shows the use.
    pub example: Option<&'static str>,
    /// What it does, a line each.
    pub docs: &'static [&'static str],
    /// Whether the value must never be shown.
    pub secret: bool,
    /// Reads the value into the configuration, or says what was expected.
    pub(super) assign: fn(&mut Config, &toml::Value) -> Result<(), String>,
}

impl Setting {
    /// The environment variable of this setting: `http.listen` is `PARLOR_HTTP_LISTEN`.
    #[must_use]
    pub fn variable(&self) -> String {
        format!("PARLOR_{}", self.key.replace('.', "_").to_uppercase())
    }

    /// The setting of that key.
    #[must_use]
    pub fn find(key: &str) -> Option<&'static Self> {
        super::SETTINGS.iter().find(|setting| setting.key == key)
    }

    /// The key most like `key`, when one is near enough to be meant.
    #[must_use]
    pub fn nearest(key: &str) -> Option<&'static str> {
        let within = (key.chars().count() / 3).max(2);
        super::SETTINGS
            .iter()
            .map(|setting| (edits(key, setting.key), setting.key))
            .filter(|&(edits, _)| edits <= within)
            .min()
            .map(|(_, key)| key)
    }
}

/// How many single-character edits make `a` of `b` (Levenshtein).
fn edits(a: &str, b: &str) -> usize {
    let b: Vec<char> = b.chars().collect();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, from) in a.chars().enumerate() {
        let mut diagonal = i;
        let mut left = i + 1;
        for (to, cell) in b.iter().zip(row.iter_mut().skip(1)) {
            let above = *cell;
            *cell = (diagonal + usize::from(from != *to)).min(above + 1).min(left + 1);
            diagonal = above;
            left = *cell;
        }
        if let Some(first) = row.first_mut() {
            *first = i + 1;
        }
    }
    row.last().copied().unwrap_or(0)
}

/// Reads a default of the table.
pub(super) fn default_of<V: Value>(toml: &str) -> V {
    let value = super::source::toml_value(toml);
    V::from_toml(&value).expect("the test every_default_and_example_is_accepted reads each default of the table")
}

/// Makes [`Config`] and the table of settings from one list.
macro_rules! settings {
    ($( $(#[doc = $doc:literal])+ $field:ident: $kind:ty = $key:literal, default $default:literal $(, example $example:literal)? ; )+) => {
        /// Every setting, checked. The fields are documented where the operator reads it too: `docs/configuration.md`.
        #[derive(Debug, Clone)]
        pub struct Config {
            $( $(#[doc = $doc])+ pub $field: $kind, )+
        }

        impl Default for Config {
            fn default() -> Self {
                Self { $( $field: default_of::<$kind>($default), )+ }
            }
        }

        /// The table of all settings, in the order of the documents.
        pub const SETTINGS: &[Setting] = &[ $( Setting {
            key: $key,
            kind: <$kind as Value>::KIND,
            default: $default,
            example: settings!(@example $($example)?),
            docs: &[$($doc),+],
            secret: <$kind as Value>::SECRET,
            assign: |config, value| {
                config.$field = <$kind as Value>::from_toml(value)?;
                Ok(())
            },
        }, )+ ];
    };
    (@example) => { None };
    (@example $example:literal) => { Some($example) };
}
pub(super) use settings;
