//! Opus (RFC 7587).

/// Whether the packet says that nobody speaks: in discontinuous transmission only a table-of-contents byte, or that and one
/// more, is sent every 400 ms (RFC 6716 §2.1.9).
#[must_use]
pub fn is_silence(payload: &[u8]) -> bool {
    payload.len() <= SILENCE_BYTES_MAX
}

/// RFC 6716 §3.4: a packet with a frame of sound is longer.
const SILENCE_BYTES_MAX: usize = 2;

#[cfg(test)]
#[test]
fn silence_is_at_most_two_bytes() {
    assert!(is_silence(&[0x78]));
    assert!(is_silence(&[0x78, 0x01]));
    assert!(!is_silence(&[0x78, 0x01, 0x02]));
}
