//! `cargo xtask tidy`: the rules of the house that the compiler does not know. "If a rule matters, a machine checks it."

mod dependencies;
mod links;
mod members;
mod sources;
mod standards;

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Result;

use crate::workspace::{files, root};

/// A tracked text file.
pub(crate) struct Source {
    /// Relative to the root of the repository.
    pub(crate) path: PathBuf,
    pub(crate) text: String,
}

impl Source {
    /// The file name's ending, "" for none.
    pub(crate) fn extension(&self) -> &str {
        self.path.extension().and_then(|extension| extension.to_str()).unwrap_or_default()
    }

    /// Whether the file is below `folder`, a path from the root.
    pub(crate) fn is_below(&self, folder: &str) -> bool {
        self.path.starts_with(folder)
    }
}

/// Checks everything, prints what is wrong where, and closes with a count.
pub(crate) fn run() -> Result<ExitCode> {
    let sources = read_sources()?;
    let checks: &[(&str, Vec<String>)] = &[
        ("files are short", sources::long_files(&sources)),
        ("nothing is left half done", sources::markers(&sources)),
        ("no test is switched off, none sleeps", sources::lame_tests(&sources)),
        ("the project needs nothing outside itself", sources::outside_references(&sources)),
        ("the SDK does not know the page", sources::page_in_sdk(&sources)),
        ("every crate has content", members::empty_crates(&sources)?),
        ("links in the documents lead somewhere", links::broken(&sources)),
        ("docs/standards.md names what exists", standards::missing(&sources)),
        ("dependencies point inwards", dependencies::violations()?),
    ];
    let mut failed = 0;
    for (rule, findings) in checks {
        println!("{} {rule}", if findings.is_empty() { "ok  " } else { "FAIL" });
        for finding in findings {
            println!("       {finding}");
        }
        failed += usize::from(!findings.is_empty());
    }
    println!("{} passed, {failed} failed", checks.len() - failed);
    Ok(if failed == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// All tracked files that are text.
fn read_sources() -> Result<Vec<Source>> {
    let mut sources = Vec::new();
    for path in files()? {
        if let Ok(text) = String::from_utf8(std::fs::read(root().join(&path))?) {
            sources.push(Source { path, text });
        }
    }
    Ok(sources)
}
