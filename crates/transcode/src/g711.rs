//! G.711: a byte for each sample, on a scale that is fine where it is quiet (ITU-T G.711; RFC 3551 §4.5.14).

/// Which scale.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Law {
    /// Table 2.
    Mu,
    /// Table 1.
    A,
}

/// Samples of its one channel in a second.
pub(crate) const SAMPLE_RATE_HZ: u32 = 8_000;

impl Law {
    /// What a byte stands for, from -1 to 1.
    pub(crate) fn sample(self, byte: u8) -> f32 {
        let value = match self {
            Self::Mu => mu(!byte),
            Self::A => a(byte ^ 0x55),
        };
        f32::from(value) / FULL_SCALE
    }
}

/// All bits are sent inverted: sign, three bits of the segment, four of the step in it.
fn mu(bits: u8) -> i16 {
    let (segment, step) = (u32::from(bits >> 4 & 7), i16::from(bits & 15));
    let magnitude = (((step << 3) + MU_BIAS) << segment) - MU_BIAS;
    if bits & 0x80 == 0 { magnitude } else { -magnitude }
}

/// Every second bit is sent inverted. The value is that of the middle of the step.
fn a(bits: u8) -> i16 {
    let (segment, step) = (u32::from(bits >> 4 & 7), i16::from(bits & 15));
    let magnitude = match segment {
        0 => (step << 4) + 8,
        segment => ((step << 4) + 0x108) << (segment - 1),
    };
    if bits & 0x80 == 0 { -magnitude } else { magnitude }
}

/// Added before the logarithm, so that each segment is twice as long as the one before.
const MU_BIAS: i16 = 0x84;
const FULL_SCALE: f32 = 32_768.0;

#[cfg(test)]
mod tests;
