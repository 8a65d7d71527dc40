//! Relative links in the Markdown documents: the file is there, and so is the heading.

use std::collections::BTreeSet;
use std::path::{Component, Path, PathBuf};

use super::Source;

/// Links that lead nowhere, as `document:line: target`.
pub(super) fn broken(sources: &[Source]) -> Vec<String> {
    let mut found = Vec::new();
    for document in sources.iter().filter(|source| source.extension() == "md") {
        let mut fenced = false;
        for (index, line) in document.text.lines().enumerate() {
            fenced ^= line.trim_start().starts_with("```");
            if fenced {
                continue;
            }
            for target in targets(line) {
                if !leads_somewhere(document, target, sources) {
                    found.push(format!("{}:{}: {target}", document.path.display(), index + 1));
                }
            }
        }
    }
    found
}

/// What stands between `](` and `)` in a line, addresses with a scheme left out.
fn targets(line: &str) -> impl Iterator<Item = &str> {
    line.split("](").skip(1).filter_map(|rest| rest.split([')', ' ']).next()).filter(|target| !target.contains(':'))
}

fn leads_somewhere(document: &Source, target: &str, sources: &[Source]) -> bool {
    let (file, heading) = target.split_once('#').unwrap_or((target, ""));
    let path = if file.is_empty() {
        document.path.clone()
    } else {
        resolve(document.path.parent().unwrap_or(Path::new("")), file)
    };
    let is_folder = || sources.iter().any(|source| source.path.starts_with(&path));
    match sources.iter().find(|source| source.path == path) {
        Some(source) if !heading.is_empty() && source.extension() == "md" => anchors(&source.text).contains(heading),
        Some(_) => true,
        // A picture is a tracked file too, only not text.
        None => is_folder() || crate::workspace::root().join(&path).is_file(),
    }
}

/// `folder` joined with `file`, with `.` and `..` worked out.
fn resolve(folder: &Path, file: &str) -> PathBuf {
    let mut path = PathBuf::new();
    for component in folder.join(file).components() {
        match component {
            Component::ParentDir => {
                path.pop();
            }
            Component::CurDir => {}
            Component::Prefix(_) | Component::RootDir | Component::Normal(_) => path.push(component),
        }
    }
    path
}

/// The anchors that a reader of Markdown gives to the headings: small letters, spaces as hyphens, punctuation left out.
fn anchors(text: &str) -> BTreeSet<String> {
    let headings = text.lines().filter(|line| line.starts_with('#'));
    headings
        .map(|line| {
            let title = line.trim_start_matches('#').trim().to_lowercase();
            let kept = title.chars().filter(|c| c.is_alphanumeric() || matches!(c, ' ' | '-' | '_'));
            kept.map(|c| if c == ' ' { '-' } else { c }).collect()
        })
        .collect()
}

#[cfg(test)]
mod tests;
