//! The document that shows the tables of the last run between two marks.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result};
use clap::ValueEnum as _;

use crate::case::Subject;

/// Fails before the work is done if the document cannot take the tables.
pub(crate) fn check(path: &Path, subject: Subject) -> Result<()> {
    parts(&read(path)?, path, subject).map(|_| ())
}

/// Replaces what is between the marks.
pub(crate) fn replace(path: &Path, subject: Subject, tables: &str) -> Result<()> {
    let text = read(path)?;
    let (before, after) = parts(&text, path, subject)?;
    let joined = format!("{before}{}\n{}\n{END}{after}", begin(subject), tables.trim());
    fs::write(path, joined).with_context(|| path.display().to_string())
}

fn read(path: &Path) -> Result<String> {
    fs::read_to_string(path).with_context(|| path.display().to_string())
}

/// What stands before the first mark and behind the second.
fn parts<'a>(text: &'a str, path: &Path, subject: Subject) -> Result<(&'a str, &'a str)> {
    let begin = begin(subject);
    let found = text.split_once(&begin).and_then(|(before, rest)| Some((before, rest.split_once(END)?.1)));
    found.with_context(|| format!("{} has no lines {begin} and {END}", path.display()))
}

fn begin(subject: Subject) -> String {
    let name = subject.to_possible_value().map(|value| value.get_name().to_owned()).unwrap_or_default();
    format!("<!-- tables of the last run of {name} -->")
}

const END: &str = "<!-- end of the tables -->";

#[cfg(test)]
mod tests;
