//! Whether to wait for the rest of a picture before what has come of it leaves.
//!
//! ```text
//! datagrams of a picture   1  2  3  4  5
//! without waiting          ^ wakes up, sends 1 to everybody; then 2 and 3; then 4 and 5: three system calls for each viewer
//! with                     ^ wakes up, naps, takes 2 to 5, sends them all: one system call for each viewer
//! ```
//! A nap that brings nothing is a delay for nothing: where pictures come in slowly, fewer and fewer naps are taken.

use std::time::Duration;

/// What became of the naps so far.
#[derive(Debug, Default)]
pub(super) struct Gathering {
    /// Naps over what is gathering at the moment.
    naps: u32,
    /// What had been heard before the last nap.
    heard: u64,
    /// Naps that brought nothing, one after the other.
    vain: u32,
    /// Pictures for which no nap is taken.
    skipped: u32,
}

impl Gathering {
    /// Whether to nap and look again before sending. `heard` is how many datagrams came so far.
    pub(super) fn waits(&mut self, is_gathering: bool, heard: u64) -> bool {
        let has_napped = std::mem::take(&mut self.naps);
        if has_napped > 0 && heard == self.heard {
            self.vain = (self.vain + 1).min(VAIN_MAX);
            self.skipped = (1 << self.vain) - 1;
            return false;
        }
        if has_napped > 0 {
            self.vain = 0;
        }
        if !is_gathering || has_napped == NAPS_MAX {
            return false;
        }
        if has_napped == 0 && self.skipped > 0 {
            self.skipped -= 1;
            return false;
        }
        self.naps = has_napped + 1;
        self.heard = heard;
        true
    }
}

/// With what the kernel adds, about a tenth of a millisecond: a browser sends ten packets in that time.
pub(super) const NAP: Duration = Duration::from_micros(50);

/// No picture is held up longer than that, less than half a millisecond in all.
const NAPS_MAX: u32 = 4;

/// After so many vain naps in a row, only one picture in 64 is tried.
const VAIN_MAX: u32 = 6;

#[cfg(test)]
mod tests;
