//! The beginning of a stream: nothing is shown before it is known what there is, as most players never look again.

use std::time::{Duration, Instant};

use media::Kind;

use super::Terms;
use super::program::Output;

/// Holds back what comes until every track that was offered has begun, or one has not for too long.
#[derive(Debug)]
pub(super) struct Opening {
    /// Tracks that have not begun.
    audio: bool,
    video: bool,
    held: Vec<Output>,
    until: Option<Instant>,
}

impl Opening {
    pub(super) fn new(terms: Terms) -> Self {
        Self { audio: terms.audio, video: terms.video, held: Vec::new(), until: None }
    }

    /// Takes what comes; true: the beginning is over, as nothing is missing any more or too much waits.
    pub(super) fn hold(&mut self, now: Instant, output: Output) -> bool {
        if let Output::Parameters(parameters) = &output {
            match parameters.kind() {
                Kind::Audio => self.audio = false,
                Kind::Video => self.video = false,
            }
        }
        self.until.get_or_insert(now + OPENING_MAX);
        self.held.push(output);
        (!self.audio && !self.video) || self.held.len() >= HELD_MAX
    }

    /// When it is over whatever is missing.
    pub(super) fn poll_timeout(&self) -> Option<Instant> {
        self.until
    }

    /// What was held back: first what must be known.
    pub(super) fn into_outputs(self) -> impl Iterator<Item = Output> {
        let (parameters, rest): (Vec<_>, Vec<_>) =
            self.held.into_iter().partition(|output| matches!(output, Output::Parameters(_)));
        parameters.into_iter().chain(rest)
    }
}

/// A key frame that was asked for is there by then, and whoever is muted stays so.
const OPENING_MAX: Duration = Duration::from_secs(1);
/// Of sound and pictures of all layers, each with its parameters: as many as come in that time, and some more.
const HELD_MAX: usize = 500;
