//! Every crate of the workspace does something.

use anyhow::Result;

use super::Source;
use crate::command::read;
use crate::workspace::cargo;

/// The fewest lines of Rust with which a crate is more than a shell.
const LINES_MIN: usize = 10;

/// Folders below crates/ that are no member of the workspace, and members without content.
pub(super) fn empty_crates(sources: &[Source]) -> Result<Vec<String>> {
    let members = read(cargo().args(["tree", "--workspace", "--depth", "0", "--prefix", "none", "--format", "{p}"]))?;
    let mut folders: Vec<String> = sources
        .iter()
        .filter(|source| source.is_below("crates"))
        .filter_map(|source| source.path.components().nth(1))
        .map(|folder| folder.as_os_str().to_string_lossy().into_owned())
        .collect();
    folders.dedup();
    let mut found = Vec::new();
    for folder in folders {
        let below = format!("crates/{folder}/src");
        let lines: usize = sources
            .iter()
            .filter(|source| source.is_below(&below) && source.extension() == "rs")
            .flat_map(|source| source.text.lines())
            .filter(|line| !line.trim().is_empty() && !line.trim_start().starts_with("//"))
            .count();
        if !members.contains(&format!("/crates/{folder})")) {
            found.push(format!("crates/{folder} is no member of the workspace"));
        } else if lines < LINES_MIN {
            found.push(format!("crates/{folder} has {lines} lines of code: it waits for its content outside main"));
        }
    }
    Ok(found)
}
