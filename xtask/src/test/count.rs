//! How many tests passed, failed and were skipped, read from the closing lines of the test runners.

use std::fmt;
use std::ops::AddAssign;

/// Tests counted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Count {
    pub(crate) passed: u64,
    pub(crate) failed: u64,
    pub(crate) skipped: u64,
}

impl Count {
    /// Adds up every closing line in `output`: those of cargo test (`test result: ok. 3 passed; 0 failed; …`), vitest
    /// (`Tests  3 passed (3)`), Playwright (`3 passed (4.1s)`) and our own scripts (`3 passed, 0 failed`).
    pub(crate) fn read(output: &str) -> Self {
        let mut total = Self::default();
        for line in output.lines() {
            let line = without_colour(line);
            if let Some(counted) = closing_line(line.trim()) {
                total += counted;
            }
        }
        total
    }
}

impl AddAssign for Count {
    fn add_assign(&mut self, other: Self) {
        self.passed += other.passed;
        self.failed += other.failed;
        self.skipped += other.skipped;
    }
}

impl fmt::Display for Count {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} passed, {} failed", self.passed, self.failed)?;
        if self.skipped > 0 {
            write!(f, ", {} skipped", self.skipped)?;
        }
        Ok(())
    }
}

fn closing_line(line: &str) -> Option<Count> {
    let known = line.strip_prefix("test result:").or_else(|| line.strip_prefix("Tests "));
    let text = match known {
        Some(rest) => rest,
        None if line.starts_with(|c: char| c.is_ascii_digit()) => line,
        None => return None,
    };
    let words: Vec<_> =
        text.split(|c: char| c.is_whitespace() || ",;.|()".contains(c)).filter(|w| !w.is_empty()).collect();
    if known.is_none() && !matches!(words.get(1), Some(&("passed" | "failed" | "skipped" | "flaky"))) {
        return None;
    }
    let mut count = Count::default();
    for pair in words.windows(2) {
        let Ok(number) = pair[0].parse::<u64>() else { continue };
        match pair[1] {
            // A flaky test passed at a later try.
            "passed" | "flaky" => count.passed += number,
            "failed" => count.failed += number,
            "skipped" | "ignored" => count.skipped += number,
            _ => {}
        }
    }
    (count != Count::default()).then_some(count)
}

/// Takes terminal escape sequences (`ESC [ … letter`) out.
fn without_colour(line: &str) -> String {
    let mut plain = String::with_capacity(line.len());
    let mut characters = line.chars();
    while let Some(character) = characters.next() {
        if character == '\u{1b}' {
            characters.by_ref().find(char::is_ascii_alphabetic);
        } else {
            plain.push(character);
        }
    }
    plain
}

#[cfg(test)]
mod tests;
