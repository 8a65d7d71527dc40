//! What the sources say, to tell what has changed since they were read last.

use std::collections::BTreeMap;
use std::fmt;

use super::setting::Setting;

/// The values of the settings that were given one. They may be secrets: none is shown.
#[derive(Clone, Default, PartialEq)]
pub struct Given(BTreeMap<&'static str, toml::Value>);

impl Given {
    /// A stronger source comes later.
    pub(super) fn note(&mut self, setting: &'static Setting, value: &toml::Value) {
        self.0.insert(setting.key, value.clone());
    }

    /// The keys that have another value there, in the order of the table.
    #[must_use]
    pub fn changed(&self, other: &Self) -> Vec<&'static str> {
        let keys = super::SETTINGS.iter().map(|setting| setting.key);
        keys.filter(|key| self.0.get(key) != other.0.get(key)).collect()
    }

    /// Takes over the values of `keys` from there.
    pub(crate) fn take_over(&mut self, other: &Self, keys: &[&'static str]) {
        for key in keys {
            match other.0.get(key) {
                Some(value) => self.0.insert(key, value.clone()),
                None => self.0.remove(key),
            };
        }
    }
}

impl fmt::Debug for Given {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.0.keys()).finish()
    }
}
