//! Rules about the text of source files.

use super::Source;

/// The most lines a source file may have: what one reads in one sitting.
const LINES_MAX: usize = 500;

/// Endings of files that people write as code.
const CODE: &[&str] = &["rs", "ts", "tsx", "css", "mjs", "py"];

/// Words for work that is not done. Built from halves, so that this file does not name them.
const MARKERS: &[&str] = &[concat!("TO", "DO"), concat!("FIX", "ME"), concat!("XX", "X")];
const MARKER_CALLS: &[&str] = &[concat!("to", "do!("), concat!("unimple", "mented!("), concat!("db", "g!(")];

/// What switches a test off.
const SWITCHES: &[&str] = &[
    concat!("#[ign", "ore"),
    concat!("test.sk", "ip("),
    concat!("it.sk", "ip("),
    concat!(".fix", "me("),
    concat!(".on", "ly("),
];

/// Waiting for time to pass instead of for an event.
const SLEEPS: &[&str] = &[concat!("sle", "ep("), concat!("waitForTime", "out(")];

/// Where waiting for the real world is written once.
const WAITS: &[&str] = &["crates/server/tests/it/", "e2e/"];

/// Paths that exist only where the project is being built.
const OUTSIDE: &[&str] = &[concat!("../sha", "red"), concat!("/wo", "rk/")];

/// What belongs to a page and not to the SDK.
const PAGE_WORD: &str = "document";

fn is_code(source: &Source) -> bool {
    CODE.contains(&source.extension())
}

/// `path:line: what` for every line of `source` in which `wrong` finds something.
fn lines<'a>(source: &'a Source, wrong: impl Fn(&str) -> Option<String> + 'a) -> impl Iterator<Item = String> + 'a {
    source.text.lines().enumerate().filter_map(move |(index, line)| {
        wrong(line).map(|what| format!("{}:{}: {what}", source.path.display(), index + 1))
    })
}

/// The words of a line of code.
fn words(line: &str) -> impl Iterator<Item = &str> {
    line.split(|c: char| !c.is_alphanumeric() && c != '_' && c != '$')
}

pub(super) fn long_files(sources: &[Source]) -> Vec<String> {
    let long = |source: &&Source| is_code(source) && source.text.lines().count() > LINES_MAX;
    sources
        .iter()
        .filter(long)
        .map(|source| {
            format!("{}: {} lines, more than {LINES_MAX}", source.path.display(), source.text.lines().count())
        })
        .collect()
}

pub(super) fn markers(sources: &[Source]) -> Vec<String> {
    let marker = |line: &str| {
        let word = words(line).find(|word| MARKERS.contains(word));
        word.or_else(|| MARKER_CALLS.iter().find(|call| line.contains(**call)).copied()).map(str::to_owned)
    };
    sources.iter().filter(|source| is_code(source)).flat_map(|source| lines(source, marker)).collect()
}

pub(super) fn lame_tests(sources: &[Source]) -> Vec<String> {
    let mut found = Vec::new();
    for source in sources.iter().filter(|source| is_code(source)) {
        found.extend(lines(source, |line| {
            SWITCHES.iter().find(|switch| line.contains(**switch)).map(|s| (*s).to_owned())
        }));
        let path = source.path.to_string_lossy();
        let is_test = path.contains("test") || path.contains(".spec.");
        if is_test && source.extension() != "py" && !WAITS.iter().any(|folder| path.starts_with(folder)) {
            found.extend(lines(source, |line| {
                SLEEPS.iter().find(|sleep| line.contains(**sleep)).map(|s| (*s).to_owned())
            }));
        }
    }
    found
}

pub(super) fn outside_references(sources: &[Source]) -> Vec<String> {
    let outside = |line: &str| OUTSIDE.iter().find(|path| line.contains(**path)).map(|path| (*path).to_owned());
    sources.iter().flat_map(|source| lines(source, outside)).collect()
}

pub(super) fn page_in_sdk(sources: &[Source]) -> Vec<String> {
    let page_word = |line: &str| {
        let code = line.split("//").next().unwrap_or_default();
        if code.trim_start().starts_with(['*', '/']) {
            return None;
        }
        words(code).find(|word| *word == PAGE_WORD).map(|word| format!("the SDK speaks of `{word}`"))
    };
    let sdk = |source: &&Source| {
        source.is_below("web/src/lib")
            && matches!(source.extension(), "ts" | "tsx")
            && !source.path.to_string_lossy().contains(".test.")
    };
    sources.iter().filter(sdk).flat_map(|source| lines(source, page_word)).collect()
}

#[cfg(test)]
mod tests;
