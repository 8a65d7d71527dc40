//! Which Rust tests failed and what they said, read from the output of cargo test.

/// A test that failed.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Complaint {
    pub(crate) test: String,
    /// The end of what it said, without the backtrace.
    pub(crate) words: Vec<String>,
}

/// How many lines of each test are kept: the last ones, where a property says which input it was.
const LINES_KEPT: usize = 8;

/// A longer line is cut: the smallest input that fails may still be thousands of numbers.
const LINE_CHARACTERS_MAX: usize = 1_500;

impl Complaint {
    /// All of them, in order. What a test said begins with `---- name stdout ----`.
    pub(crate) fn read(output: &str) -> Vec<Self> {
        let mut all = Vec::new();
        let mut lines = output.lines().peekable();
        while let Some(line) = lines.next() {
            let Some(test) = line.strip_prefix("---- ").and_then(|rest| rest.strip_suffix(" stdout ----")) else {
                continue;
            };
            let mut words = Vec::new();
            while let Some(line) = lines.next_if(|line| !ends_section(line)) {
                if says_something(line) {
                    words.push(line.chars().take(LINE_CHARACTERS_MAX).collect());
                }
            }
            words.drain(..words.len().saturating_sub(LINES_KEPT));
            all.push(Self { test: test.to_owned(), words });
        }
        all
    }
}

fn ends_section(line: &str) -> bool {
    line.starts_with("---- ") || line == "failures:"
}

/// Neither empty nor part of a backtrace (`  12: function`, `      at file:line`).
fn says_something(line: &str) -> bool {
    let text = line.trim_start();
    let is_frame = text.split_once(": ").is_some_and(|(number, _)| number.parse::<u32>().is_ok());
    !(text.is_empty()
        || is_frame
        || text.starts_with("at ")
        || text == "stack backtrace:"
        || text.starts_with("note: "))
}

#[cfg(test)]
mod tests;
