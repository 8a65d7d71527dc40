//! The document that shows the tables of the last run between two marks.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result};

/// Fails before the work is done if the document cannot take the tables.
pub(crate) fn check(path: &Path) -> Result<()> {
    parts(&read(path)?, path).map(|_| ())
}

/// Replaces what is between the marks.
pub(crate) fn replace(path: &Path, tables: &str) -> Result<()> {
    let text = read(path)?;
    let (before, after) = parts(&text, path)?;
    let joined = format!("{before}{BEGIN}\n{}\n{END}{after}", tables.trim());
    fs::write(path, joined).with_context(|| path.display().to_string())
}

fn read(path: &Path) -> Result<String> {
    fs::read_to_string(path).with_context(|| path.display().to_string())
}

/// What stands before the first mark and behind the second.
fn parts<'a>(text: &'a str, path: &Path) -> Result<(&'a str, &'a str)> {
    let found = text.split_once(BEGIN).and_then(|(before, rest)| Some((before, rest.split_once(END)?.1)));
    found.with_context(|| format!("{} has no lines {BEGIN} and {END}", path.display()))
}

const BEGIN: &str = "<!-- tables of the last run -->";
const END: &str = "<!-- end of the tables -->";

#[cfg(test)]
mod tests;
