//! SCTP packets of a client that stands in an association and has a channel open, and then says anything at all.

use std::time::{Duration, Instant};

use rtc::data::{CHANNELS_MAX, ChannelId, DataChannels, MESSAGE_BYTES_MAX, MessageKind, Output};
use rtc::session::DataParameters;
use sctp_proto::{
    Association, ClientConfig, DatagramEvent, Endpoint, EndpointConfig, Payload, PayloadProtocolIdentifier,
};

/// Packets, each `length (1), pause in units of 100 ms (1), chunks`. What numbers the client has drawn is put in: the verification tag,
/// the checksum, and the first sequence number, to which those of the input are added.
pub fn run(data: &[u8]) {
    let mut scene = Scene::new();
    let mut rest = data;
    while let [length, pause, more @ ..] = rest {
        let (chunks, next) = more.split_at(usize::from(*length).min(more.len()));
        let packet = scene.packet(chunks);
        scene.now += Duration::from_millis(100) * u32::from(*pause);
        scene.server.handle_timeout(scene.now);
        scene.server.handle_packet(scene.now, &packet);
        scene.drain();
        rest = next;
    }
    scene.answer();
}

struct Scene {
    now: Instant,
    server: DataChannels,
    /// Ports and verification tag of the client's packets.
    header: [u8; 8],
    first_tsn: u32,
    open: Vec<ChannelId>,
    over: bool,
}

impl Scene {
    #[expect(
        clippy::disallowed_methods,
        reason = "time has to begin somewhere; the core's client looks at the clock, too"
    )]
    fn new() -> Self {
        let now = Instant::now();
        let parameters = DataParameters { remote_port: 5000, remote_message_bytes_max: Some(65_536) };
        let mut server = DataChannels::new(parameters);
        let mut endpoint = Endpoint::new(EndpointConfig::new().into(), None);
        let server_address = ([127, 0, 0, 1], 5000).into();
        let (_, mut client) = endpoint.connect(ClientConfig::new(), server_address).expect("the first association");
        // INIT, COOKIE-ECHO, and what follows.
        for _ in 0..3 {
            for packet in packets(&mut client, now) {
                server.handle_packet(now, &packet);
            }
            while let Some(Output::Packet(packet)) = server.poll_output() {
                if let Some((_, DatagramEvent::AssociationEvent(event))) =
                    endpoint.handle(now, server_address, None, None, packet)
                {
                    client.handle_event(event);
                }
            }
        }
        let mut stream = client.open_stream(0, PayloadProtocolIdentifier::Binary).expect("the association stands");
        stream.write_with_ppi(&OPEN, PayloadProtocolIdentifier::Dcep).expect("there is room");
        let packet = packets(&mut client, now).pop().expect("there is something to send");
        let (header, rest) = packet.split_first_chunk::<8>().expect("a packet has a header");
        let tsn = rest.get(8..12).and_then(|tsn| tsn.try_into().ok()).expect("a DATA chunk has a number");
        let first_tsn = u32::from_be_bytes(tsn);
        let mut scene = Self { now, server, header: *header, first_tsn, open: Vec::new(), over: false };
        scene.server.handle_packet(now, &packet);
        scene.drain();
        assert_eq!(scene.open, [ChannelId(0)]);
        scene
    }

    fn packet(&self, chunks: &[u8]) -> Vec<u8> {
        let mut packet = [&self.header[..], &[0; 4], chunks].concat();
        let mut at = 12;
        while let Some([kind, _, l0, l1]) = packet.get(at..at + 4) {
            let length = usize::from(u16::from_be_bytes([*l0, *l1]));
            let numbered = [DATA, FORWARD_TSN].contains(kind);
            if let Some(tsn) = packet.get_mut(at + 4..at + 8).filter(|_| numbered) {
                let offset = u32::from_be_bytes([tsn[0], tsn[1], tsn[2], tsn[3]]);
                tsn.copy_from_slice(&self.first_tsn.wrapping_add(1).wrapping_add(offset).to_be_bytes());
            }
            at += length.max(4).next_multiple_of(4);
        }
        let checksum = crc32c(&packet).to_le_bytes();
        packet[8..12].copy_from_slice(&checksum);
        packet
    }

    fn drain(&mut self) {
        while let Some(output) = self.server.poll_output() {
            assert!(!self.over, "something follows the end");
            match output {
                Output::Packet(packet) => assert!(packet.len() <= 1200),
                Output::Opened { channel, .. } => {
                    assert!(!self.open.contains(&channel));
                    self.open.push(channel);
                    assert!(self.open.len() <= CHANNELS_MAX);
                }
                Output::Message { channel, bytes, .. } => {
                    assert!(self.open.contains(&channel) && bytes.len() <= MESSAGE_BYTES_MAX);
                }
                Output::Closed { channel } => {
                    assert!(self.open.contains(&channel));
                    self.open.retain(|open| *open != channel);
                }
                Output::Lost { .. } => {
                    assert!(self.open.is_empty(), "channels are closed before the end");
                    self.over = true;
                }
            }
        }
    }

    /// The server says something on whatever is open.
    fn answer(&mut self) {
        for channel in self.open.clone() {
            let sent = self.server.send(self.now, channel, MessageKind::Text, b"word");
            assert!(sent.is_ok() || !matches!(sent, Err(rtc::data::SendError::UnknownChannel)));
        }
        self.drain();
    }
}

fn packets(client: &mut Association, now: Instant) -> Vec<Vec<u8>> {
    let mut packets = Vec::new();
    while let Some(transmit) = client.poll_transmit(now) {
        if let Payload::RawEncode(raw) = transmit.payload {
            packets.extend(raw.into_iter().map(|packet| packet.to_vec()));
        }
    }
    packets
}

/// RFC 9260, appendix A.
fn crc32c(bytes: &[u8]) -> u32 {
    let step = |crc: u32, byte: &u8| {
        (0..8).fold(crc ^ u32::from(*byte), |crc, _| if crc & 1 == 1 { (crc >> 1) ^ 0x82f6_3b78 } else { crc >> 1 })
    };
    !bytes.iter().fold(u32::MAX, step)
}

/// RFC 9260 §3.3.1.
const DATA: u8 = 0;
/// RFC 3758 §3.2.
const FORWARD_TSN: u8 = 192;
/// DATA_CHANNEL_OPEN (RFC 8832 §5.1): reliable, in order, labelled `e`.
const OPEN: [u8; 13] = [3, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, b'e'];
