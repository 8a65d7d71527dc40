//! Sound for a subscriber that does not know redundancy (RFC 2198).

use rtp::payload::red::Blocks;

/// What the packet would be without redundancy; `None` when it cannot be read, or has no sound of its own.
pub(crate) fn primary(payload: &[u8]) -> Option<&[u8]> {
    let primary = Blocks::parse(payload).ok()?.primary()?;
    (!primary.data.is_empty()).then_some(primary.data)
}
