//! Data channels (RFC 8831, RFC 8832) over SCTP over DTLS (RFC 8261). The client opens the association and the channels.
//!
//! **One input, then drain [`DataChannels::poll_output`] until it is `None`, then the next input.**
//!
//! The verification tag, the cookie and the first sequence number are drawn from the operating system by the SCTP core; nothing else
//! here depends on anything but the inputs.

mod dcep;
mod error;

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::Instant;

use bytes::Bytes;
use sctp_proto::{
    Association, AssociationHandle, DatagramEvent, Endpoint, EndpointConfig, Event, Payload, PayloadProtocolIdentifier,
    ServerConfig, StreamEvent, TransportConfig,
};

use crate::session::DataParameters;
use dcep::{ACK, Open};

pub use dcep::{Delivery, Reliability};
pub use error::{LostReason, SendError};

/// A channel is known by its SCTP stream.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ChannelId(pub u16);

/// What a message is for the application (RFC 8831 §8).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MessageKind {
    /// A string: UTF-8, if the sender keeps to the rules.
    Text,
    /// Bytes.
    Binary,
}

/// What comes out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Output {
    /// To be sent inside of DTLS.
    Packet(Bytes),
    /// The client has opened a channel.
    Opened {
        /// Which.
        channel: ChannelId,
        /// What the client calls it.
        label: String,
        /// How messages are delivered, both ways.
        delivery: Delivery,
    },
    /// A whole message has come.
    Message {
        /// On which channel.
        channel: ChannelId,
        /// Text or bytes.
        kind: MessageKind,
        /// What it says.
        bytes: Vec<u8>,
    },
    /// A channel is no more.
    Closed {
        /// Which.
        channel: ChannelId,
    },
    /// The association is no more, and all its channels have been closed. Nothing follows, and the client is told nothing: whoever
    /// holds the DTLS session ends that.
    Lost {
        /// Why.
        reason: LostReason,
    },
}

/// An open channel.
#[derive(Debug, Clone, Copy, Default)]
struct Channel {
    /// What waits to be sent or acknowledged, since the last input.
    buffered_bytes: usize,
}

/// The data channels of one client.
#[derive(Debug)]
pub struct DataChannels {
    endpoint: Endpoint,
    association: Option<(AssociationHandle, Association)>,
    /// The channels that have been opened; at most `CHANNELS_MAX`.
    channels: BTreeMap<ChannelId, Channel>,
    /// SCTP streams that carry no open channel yet, or none any more; with the channels at most `CHANNELS_MAX`.
    strangers: BTreeSet<ChannelId>,
    /// What still waited when its channel was closed. The SCTP core keeps it and tells no more of it, so it is counted for good.
    left_behind_bytes: usize,
    remote_message_bytes_max: u32,
    /// Bounded by what one input brings forth: the receive buffer, and the congestion window.
    outputs: VecDeque<Output>,
    lost: bool,
}

impl DataChannels {
    /// Waits for the client's association.
    #[must_use]
    pub fn new(parameters: DataParameters) -> Self {
        let mut endpoint = EndpointConfig::new();
        endpoint.max_payload_size(DATA_CHUNK_BYTES_MAX);
        let transport = TransportConfig::default()
            .with_local_port(LOCAL_PORT)
            .with_remote_port(parameters.remote_port)
            .with_max_receive_buffer_size(RECEIVE_BUFFER_BYTES)
            .with_max_receive_message_size(u32::try_from(MESSAGE_BYTES_MAX).unwrap_or(u32::MAX))
            .with_max_num_inbound_streams(STREAMS_MAX)
            .with_max_num_outbound_streams(STREAMS_MAX)
            .with_rto_initial_ms(RTO_INITIAL_MS)
            .with_rto_min_ms(RTO_MIN_MS)
            .with_rto_max_ms(RTO_MAX_MS);
        let mut server = ServerConfig::new();
        server.transport = Arc::new(transport);
        let mut channels = Self {
            endpoint: Endpoint::new(Arc::new(endpoint), Some(Arc::new(server))),
            association: None,
            channels: BTreeMap::new(),
            strangers: BTreeSet::new(),
            left_behind_bytes: 0,
            remote_message_bytes_max: 0,
            outputs: VecDeque::new(),
            lost: false,
        };
        channels.renegotiate(parameters);
        channels
    }

    /// What a later offer says: the limit of the client may have changed.
    pub fn renegotiate(&mut self, parameters: DataParameters) {
        let own = MESSAGE_BYTES_MAX as u64;
        let limit = parameters.remote_message_bytes_max.map_or(own, |remote| remote.min(own));
        self.remote_message_bytes_max = u32::try_from(limit).unwrap_or(u32::MAX);
        if let Some((_, association)) = &mut self.association {
            association.set_max_send_message_size(self.remote_message_bytes_max);
        }
    }

    /// An SCTP packet came out of DTLS.
    pub fn handle_packet(&mut self, now: Instant, packet: &[u8]) {
        if self.lost {
            return;
        }
        let packet = Bytes::copy_from_slice(packet);
        match (self.endpoint.handle(now, NOBODY, None, None, packet), &mut self.association) {
            (Some((handle, DatagramEvent::NewAssociation(mut association))), None) => {
                self.endpoint.reject_new_associations();
                association.set_max_send_message_size(self.remote_message_bytes_max);
                self.association = Some((handle, association));
            }
            (Some((_, DatagramEvent::AssociationEvent(event))), Some((_, association))) => {
                association.handle_event(event);
            }
            _ => {}
        }
        self.drive(now);
    }

    /// Sends a message.
    ///
    /// # Errors
    /// `UnknownChannel`, `TooLong`, `BufferFull`, `Closing`; nothing is sent then.
    pub fn send(&mut self, now: Instant, channel: ChannelId, kind: MessageKind, bytes: &[u8]) -> Result<(), SendError> {
        let Some((_, association)) = &mut self.association else { return Err(SendError::UnknownChannel) };
        if !self.channels.contains_key(&channel) {
            return Err(SendError::UnknownChannel);
        }
        let max = self.remote_message_bytes_max as usize;
        if bytes.len() > max {
            return Err(SendError::TooLong { bytes: bytes.len(), max });
        }
        // RFC 8831 §6.6: SCTP cannot carry nothing, so one byte stands for it.
        let (identifier, bytes) = match (kind, bytes) {
            (MessageKind::Text, []) => (PayloadProtocolIdentifier::StringEmpty, &[0][..]),
            (MessageKind::Binary, []) => (PayloadProtocolIdentifier::BinaryEmpty, &[0][..]),
            (MessageKind::Text, bytes) => (PayloadProtocolIdentifier::String, bytes),
            (MessageKind::Binary, bytes) => (PayloadProtocolIdentifier::Binary, bytes),
        };
        let buffered = sum(&self.channels, self.left_behind_bytes);
        if buffered.saturating_add(bytes.len()) > SEND_BUFFER_BYTES_MAX {
            return Err(SendError::BufferFull { bytes: buffered, max: SEND_BUFFER_BYTES_MAX });
        }
        let mut stream = association.stream(channel.0).map_err(|_| SendError::Closing)?;
        stream.write_with_ppi(bytes, identifier).map_err(|_| SendError::Closing)?;
        self.drive(now);
        Ok(())
    }

    /// Closes one channel (RFC 8831 §6.7); `Closed` follows when the client has closed its side.
    pub fn close_channel(&mut self, now: Instant, channel: ChannelId) {
        self.reset(channel);
        self.drive(now);
    }

    /// What came of the last input.
    pub fn poll_output(&mut self) -> Option<Output> {
        self.outputs.pop_front()
    }

    /// When `handle_timeout` wants to be called.
    #[must_use]
    pub fn poll_timeout(&self) -> Option<Instant> {
        self.association.as_ref().filter(|_| !self.lost).and_then(|(_, association)| association.poll_timeout())
    }

    /// Time has passed.
    pub fn handle_timeout(&mut self, now: Instant) {
        if let Some((_, association)) = self.association.as_mut().filter(|_| !self.lost) {
            association.handle_timeout(now);
            self.drive(now);
        }
    }

    /// Bytes that wait to be sent or acknowledged.
    #[must_use]
    pub fn buffered_bytes(&self) -> usize {
        sum(&self.channels, self.left_behind_bytes)
    }

    /// The channels that are open.
    pub fn channels(&self) -> impl Iterator<Item = ChannelId> {
        self.channels.keys().copied()
    }

    /// Takes out of the SCTP core what the last input brought.
    fn drive(&mut self, now: Instant) {
        while !self.lost {
            let Some((handle, association)) = &mut self.association else { return };
            let event = association.poll();
            while let Some(event) = association.poll_endpoint_event() {
                self.endpoint.handle_event(*handle, event);
            }
            match event {
                Some(event) => self.handle_event(event),
                None => break,
            }
        }
        self.transmit(now);
        self.measure();
    }

    /// Notes what waits on each channel: when one is closed, it cannot be asked any more.
    fn measure(&mut self) {
        let Some((_, association)) = &mut self.association else { return };
        for (id, channel) in &mut self.channels {
            let buffered = association.stream(id.0).and_then(|stream| stream.buffered_amount());
            channel.buffered_bytes = buffered.unwrap_or(channel.buffered_bytes);
        }
    }

    fn transmit(&mut self, now: Instant) {
        let Some((_, association)) = &mut self.association else { return };
        let endpoint = std::iter::from_fn(|| self.endpoint.poll_transmit());
        let packets = endpoint.chain(std::iter::from_fn(|| association.poll_transmit(now)));
        for transmit in packets {
            if let Payload::RawEncode(packets) = transmit.payload {
                self.outputs.extend(packets.into_iter().map(Output::Packet));
            }
        }
    }

    #[expect(clippy::wildcard_enum_match_arm, reason = "most events of the SCTP core tell nothing that is needed")]
    fn handle_event(&mut self, event: Event) {
        match event {
            Event::Stream(StreamEvent::Opened { id }) => self.handle_stream(ChannelId(id)),
            Event::Stream(StreamEvent::Readable { id }) => self.read(ChannelId(id)),
            Event::Stream(StreamEvent::Finished { id }) => self.handle_finished(ChannelId(id)),
            Event::HandshakeFailed { reason } | Event::AssociationLost { reason } => {
                self.lose(LostReason::Association(reason.to_string()));
            }
            _ => {}
        }
    }

    fn handle_stream(&mut self, channel: ChannelId) {
        if self.channels.len().saturating_add(self.strangers.len()) >= CHANNELS_MAX {
            return self.lose(LostReason::TooManyChannels { max: CHANNELS_MAX });
        }
        self.strangers.insert(channel);
    }

    fn read(&mut self, channel: ChannelId) {
        while let Some((identifier, bytes)) = self.read_message(channel) {
            match identifier {
                PayloadProtocolIdentifier::Dcep => self.handle_control(channel, &bytes),
                PayloadProtocolIdentifier::String => self.message(channel, MessageKind::Text, bytes),
                PayloadProtocolIdentifier::Binary => self.message(channel, MessageKind::Binary, bytes),
                PayloadProtocolIdentifier::StringEmpty => self.message(channel, MessageKind::Text, Vec::new()),
                PayloadProtocolIdentifier::BinaryEmpty => self.message(channel, MessageKind::Binary, Vec::new()),
                PayloadProtocolIdentifier::Unknown => {}
            }
        }
    }

    fn read_message(&mut self, channel: ChannelId) -> Option<(PayloadProtocolIdentifier, Vec<u8>)> {
        let (_, association) = self.association.as_mut().filter(|_| !self.lost)?;
        let chunks = association.stream(channel.0).ok()?.read().ok()??;
        let mut bytes = vec![0; chunks.len()];
        let read = chunks.read(&mut bytes).ok()?;
        bytes.truncate(read);
        Some((chunks.ppi, bytes))
    }

    /// What comes before the channel is opened is for nobody.
    fn message(&mut self, channel: ChannelId, kind: MessageKind, bytes: Vec<u8>) {
        if self.channels.contains_key(&channel) {
            self.outputs.push_back(Output::Message { channel, kind, bytes });
        }
    }

    /// RFC 8832 §6: opened once; a message that cannot be read closes the channel.
    fn handle_control(&mut self, channel: ChannelId, message: &[u8]) {
        if message == ACK {
            return;
        }
        match Open::parse(message) {
            Some(open) if !self.channels.contains_key(&channel) => self.open(channel, open),
            _ => self.reset(channel),
        }
    }

    fn open(&mut self, channel: ChannelId, Open { label, delivery }: Open) {
        let Some((_, association)) = &mut self.association else { return };
        let Ok(mut stream) = association.stream(channel.0) else { return };
        // RFC 8832 §6: the acknowledgement is ordered and reliable, so it goes before the channel's own way of delivery is set.
        let acknowledged = stream.write_with_ppi(&ACK, PayloadProtocolIdentifier::Dcep);
        let (kind, value) = delivery.reliability.for_sctp();
        if acknowledged.and(stream.set_reliability_params(!delivery.ordered, kind, value)).is_err() {
            return self.reset(channel);
        }
        self.strangers.remove(&channel);
        self.channels.insert(channel, Channel::default());
        self.outputs.push_back(Output::Opened { channel, label, delivery });
    }

    fn reset(&mut self, channel: ChannelId) {
        if let Some((_, association)) = &mut self.association
            && let Ok(mut stream) = association.stream(channel.0)
        {
            // It fails only before the association stands: there is no channel then.
            let _reset = stream.close();
        }
    }

    /// The client has reset its side: so do we (RFC 8831 §6.7).
    fn handle_finished(&mut self, channel: ChannelId) {
        self.reset(channel);
        self.strangers.remove(&channel);
        if let Some(Channel { buffered_bytes }) = self.channels.remove(&channel) {
            self.left_behind_bytes = self.left_behind_bytes.saturating_add(buffered_bytes);
            self.outputs.push_back(Output::Closed { channel });
        }
    }

    fn lose(&mut self, reason: LostReason) {
        if !self.lost {
            self.lost = true;
            self.strangers.clear();
            let channels = std::mem::take(&mut self.channels);
            self.outputs.extend(channels.into_keys().map(|channel| Output::Closed { channel }));
            self.outputs.push_back(Output::Lost { reason });
        }
    }
}

fn sum(channels: &BTreeMap<ChannelId, Channel>, left_behind_bytes: usize) -> usize {
    channels.values().map(|channel| channel.buffered_bytes).fold(left_behind_bytes, usize::saturating_add)
}

/// The longest message we take and send: `a=max-message-size` (RFC 8841 §6.1).
pub const MESSAGE_BYTES_MAX: usize = 64 * 1024;
/// Channels of one client at a time, opened or about to be.
pub const CHANNELS_MAX: usize = 64;
/// What may wait for the client: what comes at once for a client that takes 2 Mbit/s, until it has it.
pub const SEND_BUFFER_BYTES_MAX: usize = 2 * 1024 * 1024;
/// What may wait to be put together: two of the longest messages.
const RECEIVE_BUFFER_BYTES: u32 = 128 * 1024;
/// The client of the DTLS handshake uses even numbers (RFC 8832 §6), so half of them can become channels.
const STREAMS_MAX: u16 = 1024;
/// With the headers of SCTP (28) and DTLS (37) a datagram has 1200 bytes at most, which every path carries; a multiple of 4.
const DATA_CHUNK_BYTES_MAX: u32 = 1132;
/// `a=sctp-port` of our answers.
const LOCAL_PORT: u16 = 5000;
/// A second, as RFC 9260 §16 has it, is long where people wait for the first word.
const RTO_INITIAL_MS: u64 = 500;
/// Above the delayed acknowledgements of the other side (200 ms, RFC 9260 §6.2).
const RTO_MIN_MS: u64 = 400;
/// A connection that stays silent for longer is ended by ICE.
const RTO_MAX_MS: u64 = 10_000;
/// Inside of DTLS there are no addresses, and the SCTP core wants one.
const NOBODY: SocketAddr = SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), LOCAL_PORT);

#[cfg(test)]
mod tests;
