//! H.265 (RFC 7798).

/// What a packet has of a coded picture.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Contents {
    /// A video, sequence or picture parameter set.
    pub parameters: bool,
    /// The start of a slice of a picture at which one can start (IRAP).
    pub random_access_start: bool,
    /// The temporal layer, 0 to 6.
    pub temporal_id: u8,
}

impl Contents {
    /// Whether a receiver can start here.
    #[must_use]
    pub fn is_key_frame(self) -> bool {
        self.parameters || self.random_access_start
    }

    /// One NAL unit of this type starts here.
    fn add(&mut self, unit_type: u8) {
        self.parameters |= (VPS..=PPS).contains(&unit_type);
        self.random_access_start |= (IRAP_FIRST..=IRAP_LAST).contains(&unit_type);
    }
}

/// Looks into single NAL units, aggregation packets and fragmentation units (RFC 7798 §4.4) without decoding order numbers,
/// as WebRTC has them. What is cut off has no contents.
#[must_use]
pub fn inspect(payload: &[u8]) -> Contents {
    let mut contents = Contents::default();
    let Some((head, rest)) = payload.split_first_chunk::<2>() else { return contents };
    contents.temporal_id = (head[1] & 0x07).saturating_sub(1);
    match unit_type(head[0]) {
        AGGREGATION => {
            let mut rest = rest;
            while let Some((length, units)) = rest.split_first_chunk::<2>() {
                let length = usize::from(u16::from_be_bytes(*length));
                let Some((unit, behind)) = units.split_at_checked(length) else { break };
                if let Some(first) = unit.first() {
                    contents.add(unit_type(*first));
                }
                rest = behind;
            }
        }
        FRAGMENT => {
            if let Some(head) = rest.first().filter(|head| **head & 0x80 != 0) {
                contents.add(head & 0x3f);
            }
        }
        unit_type => contents.add(unit_type),
    }
    contents
}

/// RFC 7798 §1.1.4: six bits behind the first.
fn unit_type(first: u8) -> u8 {
    first >> 1 & 0x3f
}

// ITU-T H.265 table 7-1.
const IRAP_FIRST: u8 = 16;
const IRAP_LAST: u8 = 23;
const VPS: u8 = 32;
const PPS: u8 = 34;

// RFC 7798 §4.4.
const AGGREGATION: u8 = 48;
const FRAGMENT: u8 = 49;

#[cfg(test)]
mod tests;
