//! Arithmetic on the numbers of RTP that wrap around: 16-bit sequence numbers and 32-bit timestamps.

/// Whether timestamp `a` comes after `b`, both being less than half the circle apart (RFC 1982).
#[must_use]
pub fn is_newer_timestamp(a: u32, b: u32) -> bool {
    a != b && a.wrapping_sub(b) < 1 << 31
}

/// Gives 16-bit sequence numbers their place in an endless count (RFC 3550 appendix A.1).
///
/// The first number gets one whole cycle before it, so that packets older than the first have a place, too:
/// the lower 16 bits are always those of the packet, the upper ones start at 1.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct SequenceUnwrapper {
    /// The highest number so far.
    highest: Option<u64>,
}

impl SequenceUnwrapper {
    /// The place of `number`: the one nearest to the highest so far.
    pub fn unwrap(&mut self, number: u16) -> u64 {
        let place = self.peek(number);
        self.highest = self.highest.max(Some(place));
        place
    }

    /// As [`Self::unwrap`], for a look that does not count.
    #[must_use]
    pub fn peek(&self, number: u16) -> u64 {
        let Some(highest) = self.highest else {
            return u64::from(number) | 1 << 16;
        };
        let step = number.wrapping_sub(highest as u16).cast_signed();
        // The first place is a cycle above zero and steps are at most half of one down.
        highest.saturating_add_signed(i64::from(step))
    }

    /// The highest place so far.
    #[must_use]
    pub fn highest(&self) -> Option<u64> {
        self.highest
    }
}

#[cfg(test)]
mod tests;
