//! A packet of a publisher with its retransmission undone.

use rtp::parameters::{Codec, ExtensionIds, ReceiveParameters};
use rtp::{Extensions, Packet};

use crate::cache::Cached;
use crate::frame::Payload;

/// What is forwarded of a packet.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Inbound<'a> {
    pub(crate) number: u16,
    /// Its payload type, the original one of a retransmission.
    pub(crate) payload_type: u8,
    pub(crate) clock_rate_hz: u32,
    /// It came as a retransmission (RFC 4588).
    pub(crate) repaired: bool,
    /// The publisher can be asked for lost packets of this codec.
    pub(crate) nack: bool,
    /// What it is a packet of, and where.
    pub(crate) payload: Payload<'a>,
    pub(crate) extensions: Extensions<'a>,
}

impl<'a> Inbound<'a> {
    /// `None` when the payload type was not negotiated, or a retransmission has no number.
    pub(crate) fn read(
        packet: &Packet<'a>,
        extensions: Extensions<'a>,
        parameters: &ReceiveParameters,
    ) -> Option<Self> {
        let payload_type = packet.payload_type();
        let is_media = |codec: &&Codec| codec.payload_type == payload_type;
        let is_rtx = |codec: &&Codec| codec.rtx_payload_type == Some(payload_type);
        let media = parameters.codecs.iter().find(is_media).map(|codec| (codec, false));
        let (codec, repaired) = media.or_else(|| parameters.codecs.iter().find(is_rtx).map(|codec| (codec, true)))?;
        let (number, bytes) = if repaired {
            let (number, bytes) = packet.payload().split_first_chunk()?;
            (u16::from_be_bytes(*number), bytes)
        } else {
            (packet.sequence_number(), packet.payload())
        };
        let payload = Payload {
            codec: codec.name,
            bytes,
            descriptor: extensions.dependency_descriptor,
            timestamp: packet.timestamp(),
            marker: packet.marker(),
            encrypted: parameters.encrypted,
        };
        Some(Self {
            number,
            payload_type: codec.payload_type,
            clock_rate_hz: codec.clock_rate_hz,
            repaired,
            nack: codec.feedback.nack,
            payload,
            extensions,
        })
    }

    /// A packet from the cache.
    pub(crate) fn from_cached(cached: &Cached<'a>, ids: &ExtensionIds, parameters: &ReceiveParameters) -> Option<Self> {
        let packet = Packet::parse(cached.bytes).ok()?;
        Self::read(&packet, Extensions::read(&packet, ids), parameters)
    }
}
