//! H.264 (RFC 6184).

/// What a packet has of a coded picture.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Contents {
    /// A sequence parameter set.
    pub sequence_parameters: bool,
    /// A picture parameter set.
    pub picture_parameters: bool,
    /// The start of a slice of an IDR picture.
    pub idr_start: bool,
    /// A slice, or a part of one.
    pub slice: bool,
}

impl Contents {
    /// Whether a receiver can start here: with the parameters, where they are in the stream, or with the picture itself.
    #[must_use]
    pub fn is_key_frame(self) -> bool {
        self.sequence_parameters || self.idr_start
    }

    /// One NAL unit of this type starts here.
    fn add(&mut self, unit_type: u8) {
        match unit_type {
            SLICE_FIRST..IDR => self.slice = true,
            IDR => (self.idr_start, self.slice) = (true, true),
            SPS => self.sequence_parameters = true,
            PPS => self.picture_parameters = true,
            _ => {}
        }
    }
}

/// Looks into single NAL units, STAP-A and FU-A (RFC 6184 §5.6 to §5.8), which is packetization mode 1. What is cut off or of
/// another mode has no contents.
#[must_use]
pub fn inspect(payload: &[u8]) -> Contents {
    let mut contents = Contents::default();
    let Some((&first, rest)) = payload.split_first() else { return contents };
    match first & TYPE_MASK {
        STAP_A => {
            let mut rest = rest;
            while let Some((length, units)) = rest.split_first_chunk::<2>() {
                let length = usize::from(u16::from_be_bytes(*length));
                let Some((unit, behind)) = units.split_at_checked(length) else { break };
                if let Some(head) = unit.first() {
                    contents.add(head & TYPE_MASK);
                }
                rest = behind;
            }
        }
        FU_A => match rest.first() {
            // The start bit tells the fragment with which the unit begins.
            Some(head) if head & 0x80 != 0 => contents.add(head & TYPE_MASK),
            Some(head) => contents.slice = (SLICE_FIRST..=IDR).contains(&(head & TYPE_MASK)),
            None => {}
        },
        unit_type => contents.add(unit_type),
    }
    contents
}

const TYPE_MASK: u8 = 0x1f;

// ITU-T H.264 table 7-1.
const SLICE_FIRST: u8 = 1;
const IDR: u8 = 5;
const SPS: u8 = 7;
const PPS: u8 = 8;

// RFC 6184 table 1.
const STAP_A: u8 = 24;
const FU_A: u8 = 28;

#[cfg(test)]
mod tests;
