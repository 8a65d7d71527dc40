//! Against an SCTP client of the same core, over a network that loses what a test wants, in virtual time.

mod channels;
mod limits;

use std::time::Duration;

use sctp_proto::{ClientConfig, StreamId};

use super::*;

/// The other end: opens the association.
struct Client {
    endpoint: Endpoint,
    handle: AssociationHandle,
    association: Association,
    connected: bool,
    finished: Vec<StreamId>,
    /// What has come, apart from acknowledgements of opening.
    messages: Vec<(PayloadProtocolIdentifier, Vec<u8>)>,
    acknowledgements: usize,
}

/// Both ends and the time.
struct Pair {
    now: Instant,
    client: Client,
    server: DataChannels,
    /// What came out of the server, apart from packets.
    outputs: Vec<Output>,
    /// Packets to the server that have been let through or lost.
    packets: usize,
    /// Which of them get lost.
    loses: fn(usize) -> bool,
    /// Packets to the client.
    packets_back: usize,
    /// Which of them get lost.
    loses_back: fn(usize) -> bool,
}

const PARAMETERS: DataParameters = DataParameters { remote_port: 5000, remote_message_bytes_max: Some(262_144) };

impl Pair {
    #[expect(
        clippy::disallowed_methods,
        reason = "the beginning of virtual time; the core's client looks at the clock once, too"
    )]
    fn new(parameters: DataParameters) -> Self {
        let mut endpoint = Endpoint::new(Arc::new(EndpointConfig::new()), None);
        let (handle, association) = endpoint.connect(ClientConfig::new(), NOBODY).unwrap();
        let client = Client {
            endpoint,
            handle,
            association,
            connected: false,
            finished: Vec::new(),
            messages: Vec::new(),
            acknowledgements: 0,
        };
        let server = DataChannels::new(parameters);
        Self {
            now: Instant::now(),
            client,
            server,
            outputs: Vec::new(),
            packets: 0,
            loses: |_| false,
            packets_back: 0,
            loses_back: |_| false,
        }
    }

    fn connected() -> Self {
        let mut pair = Self::new(PARAMETERS);
        pair.run(Duration::from_secs(5));
        assert!(pair.client.connected);
        pair
    }

    /// With a channel that has been opened on stream 0.
    fn opened() -> Self {
        let mut pair = Self::connected();
        pair.open(0, 0x00, "echo");
        pair.run(Duration::from_secs(1));
        assert!(matches!(pair.outputs.pop(), Some(Output::Opened { .. })));
        pair
    }

    fn open(&mut self, id: StreamId, channel_type: u8, label: &str) {
        let label_bytes = u16::try_from(label.len()).unwrap().to_be_bytes();
        let open = [&[3, channel_type, 0, 0, 0, 0, 0, 0][..], &label_bytes, &[0, 0], label.as_bytes()].concat();
        let mut stream = self.client.association.open_stream(id, PayloadProtocolIdentifier::Binary).unwrap();
        stream.write_with_ppi(&open, PayloadProtocolIdentifier::Dcep).unwrap();
    }

    fn write(&mut self, id: StreamId, identifier: PayloadProtocolIdentifier, bytes: &[u8]) {
        self.client.association.stream(id).unwrap().write_with_ppi(bytes, identifier).unwrap();
    }

    /// Passes packets and time on for so long.
    fn run(&mut self, duration: Duration) {
        let end = self.now + duration;
        loop {
            while self.exchange() {}
            let next = [self.client.association.poll_timeout(), self.server.poll_timeout()].into_iter().flatten().min();
            match next.filter(|next| *next <= end) {
                Some(next) => self.now = self.now.max(next),
                None => break,
            }
            self.client.association.handle_timeout(self.now);
            self.server.handle_timeout(self.now);
        }
        self.now = end;
    }

    fn exchange(&mut self) -> bool {
        let mut moved = self.client.handle_events();
        while let Some(transmit) = self.client.association.poll_transmit(self.now) {
            let Payload::RawEncode(packets) = transmit.payload else { continue };
            for packet in packets {
                moved = true;
                self.packets += 1;
                if !(self.loses)(self.packets) {
                    self.server.handle_packet(self.now, &packet);
                }
            }
        }
        while let Some(output) = self.server.poll_output() {
            moved = true;
            match output {
                Output::Packet(packet) => {
                    self.packets_back += 1;
                    if !(self.loses_back)(self.packets_back) {
                        self.client.handle(self.now, packet);
                    }
                }
                output @ (Output::Opened { .. }
                | Output::Message { .. }
                | Output::Closed { .. }
                | Output::Lost { .. }) => {
                    self.outputs.push(output);
                }
            }
        }
        moved
    }
}

impl Client {
    fn handle(&mut self, now: Instant, packet: Bytes) {
        if let Some((_, DatagramEvent::AssociationEvent(event))) = self.endpoint.handle(now, NOBODY, None, None, packet)
        {
            self.association.handle_event(event);
        }
    }

    fn handle_events(&mut self) -> bool {
        let mut moved = false;
        while let Some(event) = self.association.poll() {
            moved = true;
            self.connected |= matches!(event, Event::Connected);
            if let Event::Stream(StreamEvent::Finished { id }) = event {
                self.finished.push(id);
            }
            if let Event::Stream(StreamEvent::Readable { id }) = event {
                self.read(id);
            }
        }
        while let Some(event) = self.association.poll_endpoint_event() {
            self.endpoint.handle_event(self.handle, event);
        }
        moved
    }

    fn read(&mut self, id: StreamId) {
        let mut stream = self.association.stream(id).unwrap();
        while let Ok(Some(chunks)) = stream.read() {
            let mut bytes = vec![0; chunks.len()];
            chunks.read(&mut bytes).unwrap();
            match chunks.ppi {
                PayloadProtocolIdentifier::Dcep => self.acknowledgements += 1,
                identifier @ (PayloadProtocolIdentifier::String
                | PayloadProtocolIdentifier::Binary
                | PayloadProtocolIdentifier::StringEmpty
                | PayloadProtocolIdentifier::BinaryEmpty
                | PayloadProtocolIdentifier::Unknown) => self.messages.push((identifier, bytes)),
            }
        }
    }
}
