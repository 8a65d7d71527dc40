//! Messages of a client (RFC 8656): what carries payloads, and how they are taken out again.

use std::net::SocketAddr;
use std::ops::Range;

use stun_types::message::{Message, MessageWriteVec};
use stun_types::prelude::{AttributeStaticType as _, MessageWrite as _, MessageWriteExt as _};
use turn_types::attribute::{Data, XorPeerAddress};
use turn_types::message::SEND;

/// A payload of so many bytes on a channel (§12.4). The payload stands at the end.
pub(super) fn channel_data(channel: u16, payload_bytes: usize) -> Vec<u8> {
    let length = u16::try_from(payload_bytes).unwrap_or(u16::MAX);
    let mut message = [channel.to_be_bytes(), length.to_be_bytes()].concat();
    message.resize(CHANNEL_HEADER_BYTES + payload_bytes, 0x55);
    message
}

/// A Send indication to a peer (§11.1). The payload, a multiple of four bytes, stands at the end.
pub(super) fn send_indication(peer: SocketAddr, payload_bytes: usize) -> Vec<u8> {
    let mut message = Message::builder_indication(SEND, MessageWriteVec::new());
    let transaction = message.transaction_id();
    // Neither is there twice, and both are short enough.
    let _ = message.add_attribute(&XorPeerAddress::new(peer, transaction));
    let _ = message.add_attribute(&Data::new(&vec![0x55; payload_bytes]));
    message.finish()
}

/// Where the payload of a message from the server stands: ChannelData (§12.4), or a Data indication (§11.4).
pub(super) fn payload(message: &[u8]) -> Option<Range<usize>> {
    let &[first, _, high, low] = message.first_chunk::<4>()?;
    if first & 0xc0 == 0x40 {
        let end = CHANNEL_HEADER_BYTES + usize::from(u16::from_be_bytes([high, low]));
        return (end <= message.len()).then_some(CHANNEL_HEADER_BYTES..end);
    }
    let message = Message::from_bytes(message).ok()?;
    let (at, data) = message.raw_attribute_and_offset(Data::TYPE)?;
    let start = at + ATTRIBUTE_HEADER_BYTES;
    Some(start..start + data.value.len())
}

const CHANNEL_HEADER_BYTES: usize = 4;
/// RFC 8489 §14.
const ATTRIBUTE_HEADER_BYTES: usize = 4;

#[cfg(test)]
mod tests;
