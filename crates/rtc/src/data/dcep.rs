//! The data channel establishment protocol (RFC 8832).

use sctp_proto::ReliabilityType;

/// How the messages of a channel are delivered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Delivery {
    /// In the order in which they were sent.
    pub ordered: bool,
    /// How hard it is tried.
    pub reliability: Reliability,
}

/// How hard a message is tried to be delivered (RFC 8832 §5.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reliability {
    /// Until it arrives.
    Reliable,
    /// It is sent again at most so many times.
    Retransmits(u32),
    /// For at most so long.
    LifetimeMs(u32),
}

/// DATA_CHANNEL_OPEN (RFC 8832 §5.1), as far as we use it: the priority and the subprotocol are for browsers.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Open {
    pub(super) label: String,
    pub(super) delivery: Delivery,
}

/// DATA_CHANNEL_ACK (RFC 8832 §5.2).
pub(super) const ACK: [u8; 1] = [0x02];

impl Open {
    /// ```text
    /// type, channel type, priority (2), reliability parameter (4), label length (2), protocol length (2), label, protocol
    /// ```
    pub(super) fn parse(message: &[u8]) -> Option<Self> {
        let (fixed, text) = message.split_first_chunk::<12>()?;
        let [OPEN, channel_type, _, _, p0, p1, p2, p3, l0, l1, _, _] = *fixed else { return None };
        let parameter = u32::from_be_bytes([p0, p1, p2, p3]);
        let reliability = match channel_type & !UNORDERED {
            0x00 => Reliability::Reliable,
            0x01 => Reliability::Retransmits(parameter),
            0x02 => Reliability::LifetimeMs(parameter),
            _ => return None,
        };
        let label_bytes = usize::from(u16::from_be_bytes([l0, l1]));
        let label = text.get(..label_bytes).filter(|label| label.len() <= LABEL_BYTES_MAX)?;
        let label = String::from_utf8(label.to_vec()).ok()?;
        Some(Self { label, delivery: Delivery { ordered: channel_type & UNORDERED == 0, reliability } })
    }
}

impl Reliability {
    pub(super) fn for_sctp(self) -> (ReliabilityType, u32) {
        match self {
            Self::Reliable => (ReliabilityType::Reliable, 0),
            Self::Retransmits(times) => (ReliabilityType::Rexmit, times),
            Self::LifetimeMs(ms) => (ReliabilityType::Timed, ms),
        }
    }
}

/// The message type (RFC 8832 §8.2.1).
const OPEN: u8 = 0x03;
/// The bit of the channel type that says so.
const UNORDERED: u8 = 0x80;
/// Labels are looked at, and kept by who uses the channel.
pub(super) const LABEL_BYTES_MAX: usize = 256;

#[cfg(test)]
mod tests;
