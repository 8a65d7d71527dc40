//! Settings from a TOML file, each with its line.

use std::collections::BTreeMap;
use std::path::Path;

use toml::de::{DeTable, DeValue};

use super::error::{ConfigError, Origin, Problem};
use super::setting::Setting;
use super::source::Assignment;

/// Reads the file. Unknown keys are faults beside the settings, so that all can be reported at once.
pub(super) fn read(path: &Path) -> Result<(Vec<Assignment>, Vec<ConfigError>), ConfigError> {
    let fault = |line: usize, problem: Problem| ConfigError {
        origin: Origin::File { path: path.to_owned(), line },
        key: String::new(),
        problem,
    };
    let text = std::fs::read_to_string(path).map_err(|error| ConfigError {
        origin: Origin::WholeFile { path: path.to_owned() },
        key: String::new(),
        problem: Problem::Unreadable { reason: error.to_string() },
    })?;
    let table: toml::Table = toml::from_str(&text).map_err(|error| {
        let line = error.span().map_or(1, |span| line_at(&text, span.start));
        fault(line, Problem::NotToml { reason: error.message().to_owned() })
    })?;
    let lines = lines_of_keys(&text);
    let mut found = Found { path, lines, assignments: Vec::new(), faults: Vec::new() };
    found.walk("", &table);
    Ok((found.assignments, found.faults))
}

struct Found<'a> {
    path: &'a Path,
    lines: BTreeMap<String, usize>,
    assignments: Vec<Assignment>,
    faults: Vec<ConfigError>,
}

impl Found<'_> {
    /// Sorts the entries of one table into settings, sections and unknown keys.
    fn walk(&mut self, section: &str, table: &toml::Table) {
        for (name, value) in table {
            let key = joined(section, name);
            let origin = Origin::File { path: self.path.to_owned(), line: self.lines.get(&key).copied().unwrap_or(1) };
            if let Some(setting) = Setting::find(&key) {
                self.assignments.push(Assignment { setting, value: value.clone(), origin });
            } else if let (Some(inner), true) = (value.as_table(), is_section(&key)) {
                self.walk(&key, inner);
            } else {
                let problem = Problem::UnknownKey { nearest: Setting::nearest(&key) };
                self.faults.push(ConfigError { origin, key, problem });
            }
        }
    }
}

fn is_section(key: &str) -> bool {
    super::SETTINGS.iter().any(|setting| setting.key.strip_prefix(key).is_some_and(|rest| rest.starts_with('.')))
}

fn joined(section: &str, name: &str) -> String {
    if section.is_empty() { name.to_owned() } else { format!("{section}.{name}") }
}

/// The line of every key, dotted and in tables alike.
fn lines_of_keys(text: &str) -> BTreeMap<String, usize> {
    fn walk(text: &str, section: &str, table: &DeTable<'_>, lines: &mut BTreeMap<String, usize>) {
        for (name, value) in table {
            let key = joined(section, name.get_ref());
            if let DeValue::Table(inner) = value.get_ref() {
                walk(text, &key, inner, lines);
            }
            lines.insert(key, line_at(text, name.span().start));
        }
    }
    let mut lines = BTreeMap::new();
    if let Ok(table) = DeTable::parse(text) {
        walk(text, "", table.get_ref(), &mut lines);
    }
    lines
}

fn line_at(text: &str, offset: usize) -> usize {
    1 + text.bytes().take(offset).filter(|&byte| byte == b'\n').count()
}
