//! A browser's part: an engine of str0m on a real socket.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::time::{Duration, Instant};

use futures_util::future::select_all;
use room::media::MediaPeerId;
use rtc::tcp_frame::{Deframer, header};
use str0m::change::{SdpAnswer, SdpPendingOffer};
use str0m::channel::{ChannelConfig, ChannelId, Reliability};
use str0m::format::Codec;

use str0m::media::{Direction, MediaKind, Mid, Pt};
use str0m::net::{Protocol, Receive, TcpType};
use str0m::rtp::{ExtensionValues, RtpWrite};
use str0m::{Candidate, Event, Input, Output, Rtc, RtcConfig};
use tokio::io::AsyncWriteExt as _;
use tokio::net::{TcpStream, UdpSocket};

/// What carries a client's datagrams.
pub(crate) enum Wire {
    Udp(UdpSocket),
    Tcp { stream: TcpStream, deframer: Deframer },
}

impl Wire {
    async fn readable(&self) {
        // An error is found by reading.
        let _ = match self {
            Self::Udp(socket) => socket.readable().await,
            Self::Tcp { stream, .. } => stream.readable().await,
        };
    }
}

pub(crate) struct Client {
    pub(crate) id: MediaPeerId,
    /// What it calls its connection.
    pub(crate) connection: String,
    pub(crate) rtc: Rtc,
    wire: Wire,
    local: SocketAddr,
    pub(crate) connected: bool,
    /// Payloads that came, by media description.
    pub(crate) received: Vec<(Mid, Vec<u8>)>,
    /// Key frames that were asked for.
    pub(crate) key_frame_requests: usize,
    /// Data channels that stand, with their labels.
    pub(crate) channels: Vec<(ChannelId, String)>,
    /// Messages that came by data channel.
    pub(crate) messages: Vec<Vec<u8>>,
    timeout: Instant,
    /// Packets sent.
    pub(crate) sent: u64,
    /// The number of the last packet of each media description.
    numbers: BTreeMap<Mid, u64>,
}

/// An offer that waits for its answer.
pub(crate) struct Offer {
    pub(crate) sdp: String,
    pub(crate) mids: Vec<Mid>,
    pending: SdpPendingOffer,
}

impl Client {
    /// On a fresh UDP socket.
    pub(crate) async fn udp(id: u64) -> Self {
        let socket = UdpSocket::bind("127.0.0.1:0").await.unwrap();
        let local = socket.local_addr().unwrap();
        Self::over(id, Wire::Udp(socket), local, Candidate::host(local, "udp").unwrap())
    }

    /// On a TCP connection to `server`.
    pub(crate) async fn tcp(id: u64, server: SocketAddr) -> Self {
        let stream = TcpStream::connect(server).await.unwrap();
        let local = stream.local_addr().unwrap();
        let candidate = Candidate::builder().tcp().host(local).tcptype(TcpType::Active).build().unwrap();
        Self::over(id, Wire::Tcp { stream, deframer: Deframer::default() }, local, candidate)
    }

    /// The same, for pictures of H.264 in the place of VP8.
    pub(crate) async fn of_h264(id: u64) -> Self {
        let socket = UdpSocket::bind("127.0.0.1:0").await.unwrap();
        let local = socket.local_addr().unwrap();
        let candidate = Candidate::host(local, "udp").unwrap();
        Self::with(Rtc::builder().clear_codecs().enable_h264(true), id, Wire::Udp(socket), local, candidate)
    }

    fn over(id: u64, wire: Wire, local: SocketAddr, candidate: Candidate) -> Self {
        Self::with(Rtc::builder().clear_codecs().enable_vp8(true), id, wire, local, candidate)
    }

    fn with(config: RtcConfig, id: u64, wire: Wire, local: SocketAddr, candidate: Candidate) -> Self {
        let now = now();
        let mut rtc = config.enable_opus(true, false).set_rtp_mode(true).build(now);
        rtc.add_local_candidate(candidate);
        Self {
            id: MediaPeerId(id),
            connection: format!("connection-{id}"),
            rtc,
            wire,
            local,
            connected: false,
            received: Vec::new(),
            key_frame_requests: 0,
            channels: Vec::new(),
            messages: Vec::new(),
            timeout: now,
            sent: 0,
            numbers: BTreeMap::new(),
        }
    }

    /// Offers these media descriptions, to be sent or received.
    pub(crate) fn offer(&mut self, media: &[(MediaKind, Direction)]) -> Offer {
        let mut changes = self.rtc.sdp_api();
        let mids =
            media.iter().map(|(kind, direction)| changes.add_media(*kind, *direction, None, None, None)).collect();
        let (offer, pending) = changes.apply().unwrap();
        Offer { sdp: offer.to_sdp_string(), mids, pending }
    }

    /// Offers data channels of these labels; those that end with `lossy` are unordered and send nothing again.
    pub(crate) fn offer_data(&mut self, labels: &[&str]) -> Offer {
        let mut changes = self.rtc.sdp_api();
        for label in labels {
            let lossy = label.ends_with("lossy");
            let reliability =
                if lossy { Reliability::MaxRetransmits { retransmits: 0 } } else { Reliability::Reliable };
            let label = (*label).to_owned();
            changes.add_channel_with_config(ChannelConfig {
                label,
                ordered: !lossy,
                reliability,
                ..Default::default()
            });
        }
        let (offer, pending) = changes.apply().unwrap();
        Offer { sdp: offer.to_sdp_string(), mids: Vec::new(), pending }
    }

    /// Says something on the data channel of this label.
    pub(crate) fn say(&mut self, label: &str, bytes: &[u8]) {
        assert!(self.try_say(label, true, bytes), "the engine takes it");
    }

    /// As `say`, text or bytes; false while too much waits to be sent.
    pub(crate) fn try_say(&mut self, label: &str, binary: bool, bytes: &[u8]) -> bool {
        let (id, _) = self.channels.iter().find(|(_, known)| known == label).unwrap();
        let said = self.rtc.channel(*id).unwrap().write(binary, bytes).unwrap();
        if said {
            self.timeout = now();
        }
        said
    }

    /// Offers to begin ICE anew.
    pub(crate) fn offer_restart(&mut self) -> Offer {
        let mut changes = self.rtc.sdp_api();
        changes.ice_restart(true);
        let (offer, pending) = changes.apply().unwrap();
        Offer { sdp: offer.to_sdp_string(), mids: Vec::new(), pending }
    }

    pub(crate) fn accept(&mut self, offer: Offer, answer: &str) {
        let answer = SdpAnswer::from_sdp_string(answer).unwrap();
        self.rtc.sdp_api().accept_answer(offer.pending, answer).unwrap();
        self.timeout = now();
    }

    /// Sends one picture of VP8 in so many packets, whose payloads end with `stamp`.
    pub(crate) fn send_picture(&mut self, mid: Mid, key: bool, packets: usize, stamp: u64) {
        let time = u32::try_from(stamp * 3000 % (1 << 32)).unwrap();
        for number in 0..packets {
            let mut payload = Vec::with_capacity(PAYLOAD_BYTES);
            if number == 0 {
                // RFC 7741 §4.2 and §4.3: the first packet of the picture; then the frame's header (RFC 6386 §9.1).
                payload.extend([0x10, if key { 0x10 } else { 0x11 }, 0, 0]);
                payload.extend(if key { &[0x9D, 0x01, 0x2A, 0x80, 0x02, 0x68, 0x01][..] } else { &[] });
            } else {
                payload.push(0x00);
            }
            payload.resize(PAYLOAD_BYTES - 8, 7);
            payload.extend(stamp.to_be_bytes());
            self.write(mid, Codec::Vp8, time, number + 1 == packets, ExtensionValues::default(), payload);
        }
    }

    /// Sends 20 ms of a loud voice, whose payload ends with `stamp`.
    pub(crate) fn send_sound(&mut self, mid: Mid, stamp: u64) {
        let mut payload = vec![9; 92];
        payload.extend(stamp.to_be_bytes());
        let extensions = ExtensionValues { audio_level: Some(-20), voice_activity: Some(true), ..Default::default() };
        let time = u32::try_from(stamp * 960 % (1 << 32)).unwrap();
        self.write(mid, Codec::Opus, time, false, extensions, payload);
    }

    /// Sends a picture of H.264 whose payloads somebody else has made, sampled at `ms`.
    pub(crate) fn send_payloads(&mut self, mid: Mid, payloads: Vec<(Vec<u8>, bool)>, ms: u64) {
        let time = u32::try_from(ms * 90 % (1 << 32)).unwrap();
        for (payload, marker) in payloads {
            self.write(mid, Codec::H264, time, marker, ExtensionValues::default(), payload);
        }
    }

    /// Sends 20 ms of silence of Opus, sampled at `ms`.
    pub(crate) fn send_silence(&mut self, mid: Mid, ms: u64) {
        let time = u32::try_from(ms * 48 % (1 << 32)).unwrap();
        self.write(mid, Codec::Opus, time, false, ExtensionValues::default(), vec![0xfc, 0xff, 0xfe]);
    }

    fn write(
        &mut self,
        mid: Mid,
        codec: Codec,
        time: u32,
        marker: bool,
        extensions: ExtensionValues,
        payload: Vec<u8>,
    ) {
        let pt = self.payload_type(codec);
        self.sent += 1;
        let number = self.numbers.entry(mid).or_default();
        *number += 1;
        let sequence = (*number).into();
        let mut direct = self.rtc.direct_api();
        let stream = direct.stream_tx_by_mid(mid, None).unwrap();
        let packet = RtpWrite::new(pt, sequence, time, now(), payload).marker(marker).ext_vals(extensions);
        stream.write_rtp(packet.nackable(codec != Codec::Opus));
        self.timeout = now();
    }

    fn payload_type(&self, codec: Codec) -> Pt {
        let mut params = self.rtc.codec_config().params().iter();
        params.find(|params| params.spec().codec == codec).unwrap().pt()
    }

    /// The stamps of the payloads that came for a media description.
    pub(crate) fn stamps(&self, mid: Mid) -> Vec<u64> {
        let of_mid = self.received.iter().filter(|(whose, payload)| *whose == mid && payload.len() >= 8);
        of_mid.map(|(_, payload)| u64::from_be_bytes(payload[payload.len() - 8..].try_into().unwrap())).collect()
    }

    /// What a failed test shows.
    fn state(&self) -> (MediaPeerId, bool, u64, usize, usize) {
        (self.id, self.connected, self.sent, self.received.len(), self.key_frame_requests)
    }

    /// Moves to another port, as a telephone does that changes its network.
    pub(crate) async fn move_to_another_port(&mut self) {
        let socket = UdpSocket::bind("127.0.0.1:0").await.unwrap();
        self.local = socket.local_addr().unwrap();
        self.wire = Wire::Udp(socket);
        self.rtc.add_local_candidate(Candidate::host(self.local, "udp").unwrap());
    }

    /// Sends bytes as they are from the client's own address.
    pub(crate) async fn send_raw(&mut self, to: SocketAddr, bytes: &[u8]) {
        match &mut self.wire {
            Wire::Udp(socket) => drop(socket.send_to(bytes, to).await),
            Wire::Tcp { stream, .. } => stream.write_all(bytes).await.unwrap(),
        }
    }

    /// What it would send now.
    pub(crate) fn datagrams(&mut self) -> Vec<Vec<u8>> {
        self.rtc.handle_input(Input::Timeout(now())).unwrap();
        let mut datagrams = Vec::new();
        loop {
            match self.rtc.poll_output().unwrap() {
                Output::Timeout(_) => return datagrams,
                Output::Transmit(transmit) => datagrams.push(transmit.contents.to_vec()),
                Output::Event(event) => self.note(event),
            }
        }
    }

    /// Takes what has come and sends what there is to send. False: nothing was to be done.
    async fn step(&mut self) -> bool {
        let (proto, source, datagrams) = self.receive();
        let mut did = false;
        for bytes in &datagrams {
            let (Some(source), Ok(contents)) = (source, bytes.as_slice().try_into()) else { continue };
            let receive = Receive { proto, source, destination: self.local, contents };
            self.rtc.handle_input(Input::Receive(now(), receive)).unwrap();
            self.drain().await;
            did = true;
        }
        if now() >= self.timeout {
            self.rtc.handle_input(Input::Timeout(now())).unwrap();
            self.drain().await;
            did = true;
        }
        did
    }

    /// Takes everything out of the engine and finds its next deadline.
    async fn drain(&mut self) {
        loop {
            match self.rtc.poll_output().unwrap() {
                Output::Timeout(at) => {
                    self.timeout = at;
                    return;
                }
                Output::Transmit(transmit) => match &mut self.wire {
                    Wire::Udp(socket) => drop(socket.send_to(&transmit.contents, transmit.destination).await),
                    Wire::Tcp { stream, .. } => {
                        let length = header(transmit.contents.len()).unwrap();
                        stream.write_all(&[&length, &*transmit.contents].concat()).await.unwrap();
                    }
                },
                Output::Event(event) => self.note(event),
            }
        }
    }

    #[expect(clippy::wildcard_enum_match_arm, reason = "the engine tells much that these tests do not ask")]
    fn note(&mut self, event: Event) {
        match event {
            Event::Connected => self.connected = true,
            Event::ChannelOpen(id, label) => self.channels.push((id, label)),
            Event::ChannelClose(id) => self.channels.retain(|(known, _)| *known != id),
            Event::ChannelData(message) => self.messages.push(message.data),
            Event::KeyframeRequest(_) => self.key_frame_requests += 1,
            Event::RtpPacket(packet) => {
                let mid = packet
                    .header
                    .ext_vals
                    .mid
                    .or_else(|| self.rtc.direct_api().stream_rx(&packet.header.ssrc).map(|stream| stream.mid()));
                self.received.extend(mid.map(|mid| (mid, packet.payload.to_vec())));
            }
            _ => {}
        }
    }

    /// The datagrams that have come, and where from.
    fn receive(&mut self) -> (Protocol, Option<SocketAddr>, Vec<Vec<u8>>) {
        let mut datagrams = Vec::new();
        let mut buffer = vec![0; 65_536];
        let (proto, source) = match &mut self.wire {
            Wire::Udp(socket) => {
                let mut server = None;
                while let Ok((length, from)) = socket.try_recv_from(&mut buffer) {
                    datagrams.push(buffer[..length].to_vec());
                    server = Some(from);
                }
                (Protocol::Udp, server)
            }
            Wire::Tcp { stream, deframer } => {
                while let Ok(length @ 1..) = stream.try_read(&mut buffer) {
                    deframer.handle_bytes(&mut buffer[..length], |bytes| datagrams.push(bytes.to_vec())).unwrap();
                }
                (Protocol::Tcp, stream.peer_addr().ok())
            }
        };
        (proto, source, datagrams)
    }
}

/// Drives the clients until `done`; the real network is waited for here and nowhere else.
pub(crate) async fn drive(clients: &mut [&mut Client], mut done: impl FnMut(&mut [&mut Client]) -> bool) {
    let deadline = now() + DEADLINE;
    while !done(clients) {
        assert!(
            now() < deadline,
            "not done in time: {:?}",
            clients.iter().map(|client| client.state()).collect::<Vec<_>>()
        );
        let mut did = false;
        for client in clients.iter_mut() {
            did |= client.step().await;
        }
        if !did {
            rest(clients).await;
        }
    }
}

/// Waits until something has come for a client or one has something to do; not for long, for the server may have told something, too.
async fn rest(clients: &[&mut Client]) {
    let due = clients.iter().map(|client| client.timeout).fold(now() + LOOK_AGAIN, Instant::min);
    let something = select_all(clients.iter().map(|client| Box::pin(client.wire.readable())));
    // Who waited in vain looks again.
    let _ = tokio::time::timeout_at(due.into(), something).await;
}

#[expect(clippy::disallowed_methods, reason = "the clients live in real time")]
pub(crate) fn now() -> Instant {
    Instant::now()
}

/// How long the clients sleep at most.
const LOOK_AGAIN: Duration = Duration::from_millis(5);

/// What a browser puts into a packet, about.
const PAYLOAD_BYTES: usize = 1000;

/// How long anything may take on a busy machine.
const DEADLINE: Duration = Duration::from_secs(20);
