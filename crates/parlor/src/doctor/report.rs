//! What was found, for people and for programs.

use std::fmt::Write as _;

use serde::Serialize;

/// How a check came out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum State {
    /// As it should be.
    Ok,
    /// It works, for some or with a reservation.
    Warn,
    /// It does not work.
    Fail,
    /// Nothing is known of it.
    NotChecked,
}

/// One check.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(super) struct Finding {
    pub(super) name: String,
    pub(super) state: State,
    /// What was seen.
    pub(super) seen: String,
    /// What to do; empty when nothing is to be done.
    pub(super) advice: String,
}

/// All checks, in order.
#[derive(Debug, Default, PartialEq, Eq, Serialize)]
pub(super) struct Report {
    pub(super) findings: Vec<Finding>,
}

impl Finding {
    pub(super) fn ok(name: &str, seen: impl Into<String>) -> Self {
        Self::new(name, State::Ok, seen, "")
    }

    pub(super) fn new(name: &str, state: State, seen: impl Into<String>, advice: &str) -> Self {
        Self { name: name.to_owned(), state, seen: seen.into(), advice: advice.to_owned() }
    }

    /// Columns: what was seen, and below it what is to be done, if anything is.
    pub(super) fn text(&self) -> String {
        let state = match self.state {
            State::Ok => "ok",
            State::Warn => "warn",
            State::Fail => "fail",
            State::NotChecked => "not checked",
        };
        let lines = self.seen.lines().chain((!self.advice.is_empty()).then_some(self.advice.as_str()));
        let mut text = format!("  {state:<13}{:<20}", self.name);
        for (index, line) in lines.enumerate() {
            let indent = if index == 0 { 0 } else { INDENT };
            let _ = writeln!(text, "{:indent$}{line}", "");
        }
        text
    }
}

impl Report {
    /// How many checks failed.
    pub(super) fn failed(&self) -> usize {
        self.findings.iter().filter(|finding| finding.state == State::Fail).count()
    }

    /// One JSON object.
    pub(super) fn to_json(&self) -> String {
        serde_json::to_string(self).expect("text can be written")
    }
}

/// Where the third column begins.
const INDENT: usize = 2 + 13 + 20;

#[cfg(test)]
mod tests;
