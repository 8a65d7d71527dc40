//! The identification header of Opus (RFC 7845 §5.1), where the publisher told none.

/// What encoders need before they are right (RFC 7845 §4.2), where nobody tells: 6.5 ms at 48 kHz, as libopus has it.
pub(crate) const PRE_SKIP: u16 = 312;

/// What a header begins with.
pub(crate) const MAGIC: &[u8; 8] = b"OpusHead";

/// The header of so many channels: version 1, 48 kHz, no gain, no channel mapping.
pub(crate) fn identification(channels: u8) -> Vec<u8> {
    [MAGIC.as_slice(), &[1, channels], &PRE_SKIP.to_le_bytes(), &48_000_u32.to_le_bytes(), &[0; 3]].concat()
}
