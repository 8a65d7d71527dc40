//! What a path says about congestion: how far pictures may be trusted to it beyond its estimate.

/// How a path stands, the best first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Condition {
    /// Nothing has spoken of congestion yet, or it was made good: the estimate is what was tried so far, not what there is.
    Open,
    /// The estimate has fallen before, but neither delay nor loss say that too much is sent.
    Calm,
    /// Delay, loss or the silence of the receiver say that too much is sent.
    Strained,
    /// They say it so loudly that sound comes late.
    Overloaded,
}

/// Whether a fall of the estimate has been made good.
#[derive(Debug, Default)]
pub(super) struct Falls {
    /// The estimate before the first fall that was not.
    from_bps: Option<f64>,
}

impl Falls {
    /// The estimate fell from there.
    pub(super) fn note(&mut self, from_bps: f64) {
        self.from_bps.get_or_insert(from_bps);
    }

    /// The estimate is quietly back where it was, or at all that is wanted.
    pub(super) fn note_quiet(&mut self, estimate_bps: f64, wanted_bps: f64) {
        let is_good = |from_bps: f64| estimate_bps >= from_bps.min(wanted_bps);
        self.from_bps = self.from_bps.filter(|from_bps| !is_good(*from_bps));
    }

    pub(super) fn is_open(&self) -> bool {
        self.from_bps.is_none()
    }
}

#[cfg(test)]
mod tests;
