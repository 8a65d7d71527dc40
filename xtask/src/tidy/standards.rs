//! docs/standards.md maps sections of the standards to files and tests; every file and test it names exists.

use super::Source;

const TABLE: &str = "docs/standards.md";

/// Names in backticks that are not there, as `line: name`.
pub(super) fn missing(sources: &[Source]) -> Vec<String> {
    let Some(table) = sources.iter().find(|source| source.path.as_os_str() == TABLE) else {
        return vec![format!("{TABLE} is not there")];
    };
    let mut found = Vec::new();
    for (index, line) in table.text.lines().enumerate() {
        for name in line.split('`').skip(1).step_by(2) {
            if !exists(name, sources) {
                found.push(format!("{TABLE}:{}: {name}", index + 1));
            }
        }
    }
    found
}

/// Whether `name` is a file or a folder where it looks like a path, a test function where it looks like one, or anything else.
fn exists(name: &str, sources: &[Source]) -> bool {
    let is_path = name.contains('/') && !name.contains([' ', ':']);
    if is_path {
        return sources.iter().any(|source| source.path.starts_with(name));
    }
    let test = name.rsplit("::").next().unwrap_or(name);
    let is_test = test.matches('_').count() >= 2
        && test.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_');
    if is_test {
        let definition = format!("fn {test}(");
        return sources.iter().any(|source| source.extension() == "rs" && source.text.contains(&definition));
    }
    true
}

#[cfg(test)]
mod tests;
