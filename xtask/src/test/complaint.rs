//! Which tests failed and what they said, read from the output of cargo test, Playwright and the foreign clients.

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

/// What the lines begin with by which Playwright says why; the last is the line of the test.
const PLAYWRIGHT_WORDS: [&str; 5] = ["Error:", "Test timeout", "Expected", "Received", "> "];

impl Complaint {
    /// All of them, those of one tool together.
    pub(crate) fn read(output: &str) -> Vec<Self> {
        let mut all = Self::of_cargo(output);
        all.extend(Self::of_playwright(output));
        all.extend(Self::of_foreign_clients(output));
        all
    }

    /// What a test said begins with `---- name stdout ----`.
    fn of_cargo(output: &str) -> Vec<Self> {
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

    /// `  1) [project] › file › title` begins what is said of one; what it lacked, and where, stands at its beginning.
    fn of_playwright(output: &str) -> Vec<Self> {
        let mut all: Vec<Self> = Vec::new();
        for line in output.lines() {
            let heading = line.trim_start().split_once(") [").filter(|(number, _)| number.parse::<u32>().is_ok());
            if let Some((_, test)) = heading.filter(|(_, test)| test.contains(" › ")) {
                all.push(Self { test: format!("[{}", test.trim()), words: Vec::new() });
            } else if let Some(complaint) = all.last_mut().filter(|complaint| complaint.words.len() < LINES_KEPT)
                && PLAYWRIGHT_WORDS.iter().any(|word| line.trim_start().starts_with(word))
            {
                complaint.words.push(line.trim().chars().take(LINE_CHARACTERS_MAX).collect());
            }
        }
        all
    }

    /// `FAIL  name` begins what is said of one, up to the next check.
    fn of_foreign_clients(output: &str) -> Vec<Self> {
        let mut all = Vec::new();
        let mut lines = output.lines().peekable();
        while let Some(line) = lines.next() {
            let Some(test) = line.strip_prefix("FAIL  ") else { continue };
            let mut words = Vec::new();
            while let Some(line) = lines.next_if(|line| !ends_check(line)) {
                words.push(line.chars().take(LINE_CHARACTERS_MAX).collect());
            }
            words.drain(..words.len().saturating_sub(LINES_KEPT));
            all.push(Self { test: test.to_owned(), words });
        }
        all
    }
}

fn ends_check(line: &str) -> bool {
    ["ok    ", "FAIL  ", "--- the server said"].iter().any(|next| line.starts_with(next))
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
