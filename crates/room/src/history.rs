//! What was said in a room, as much as later members may read.

use std::collections::VecDeque;

use crate::reply::Line;

/// The last chat messages to the whole room, the oldest first.
#[derive(Debug, Default)]
pub(crate) struct History {
    /// Bounded by [`HISTORY_LINES_MAX`] and [`HISTORY_BYTES_MAX`].
    lines: VecDeque<Line>,
    bytes: usize,
}

impl History {
    /// Keeps a message; the oldest ones make room for it.
    pub(crate) fn keep(&mut self, line: Line) {
        self.bytes += bytes(&line);
        self.lines.push_back(line);
        while self.lines.len() > HISTORY_LINES_MAX || self.bytes > HISTORY_BYTES_MAX {
            let Some(oldest) = self.lines.pop_front() else { break };
            self.bytes -= bytes(&oldest);
        }
    }

    pub(crate) fn lines(&self) -> Vec<&Line> {
        self.lines.iter().collect()
    }
}

fn bytes(line: &Line) -> usize {
    line.name.len() + line.text.len()
}

/// Messages that are kept.
pub(crate) const HISTORY_LINES_MAX: usize = 100;
/// Bytes of names and texts that are kept.
pub(crate) const HISTORY_BYTES_MAX: usize = 64 * 1024;

#[cfg(test)]
mod tests;
