//! The bounds of an estimate.

/// What the estimate may be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Config {
    /// Before anything is known.
    pub start_bps: u64,
    /// Never below.
    pub min_bps: u64,
    /// Never above.
    pub max_bps: u64,
    /// A receiver's own estimate (REMB) counts as this at least: it grows from what comes, and says next to nothing where next to nothing
    /// is sent. Loss still leads below.
    pub remb_min_bps: u64,
}

impl Default for Config {
    /// Starts with one middling picture, more is tried for at once; at least a voice and at most what a room of many pictures needs.
    fn default() -> Self {
        Self { start_bps: 600_000, min_bps: 50_000, max_bps: 50_000_000, remb_min_bps: 200_000 }
    }
}
