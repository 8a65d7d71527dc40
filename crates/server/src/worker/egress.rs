//! Everything that leaves: to peers by their relay socket, to clients by the socket or the connection they came from.

use std::net::SocketAddr;

use quinn_udp::EcnCodepoint;
use turn::{ClientAddr, Forward, ToClient, Transport};

use super::batch::{Batch, Ready, Route};
use super::sockets::{SocketId, Sockets};
use super::stats::IoStats;
use super::stream_queue::Full;
use super::streams::Streams;

/// The sending half of the worker. Nothing that goes wrong here concerns anyone but the receiver of the datagram at hand.
pub(crate) struct Egress {
    pub(crate) sockets: Sockets,
    pub(crate) streams: Streams,
    pub(crate) counters: IoStats,
    /// Datagrams that wait for others with the same way.
    batch: Batch<SocketId>,
}

impl Egress {
    pub(crate) fn new(sockets: Sockets, streams: Streams) -> Self {
        Self { sockets, streams, counters: IoStats::default(), batch: Batch::new() }
    }

    /// Carries out what the core said about a client's `message`.
    pub(crate) fn forward(&mut self, forward: Forward, message: &[u8], ecn: Option<EcnCodepoint>) {
        match forward {
            Forward::ToPeer { relay, peer, payload } => {
                let route =
                    Route { socket: SocketId::Relay(relay), destination: peer.socket_addr(), source: None, ecn };
                self.datagram(route, &[message.get(payload).unwrap_or_default()]);
            }
            Forward::ToClient(to_client) => self.deliver(to_client, message, ecn),
            // The worker hands those over.
            Forward::ToShard { .. } => {}
        }
    }

    /// Sends a peer's payload, which lies in `message`, to a client with the header that the core made.
    pub(crate) fn deliver(&mut self, to_client: ToClient, message: &[u8], ecn: Option<EcnCodepoint>) {
        let client = to_client.client;
        let parts = [
            to_client.header.as_bytes(),
            message.get(to_client.payload).unwrap_or_default(),
            PADDING.get(..usize::from(to_client.padding)).unwrap_or_default(),
        ];
        match client.transport {
            Transport::Udp => self.datagram_to_client(client, ecn, &parts),
            Transport::Tcp | Transport::Tls => {
                if self.streams.push_data(&client, &parts).is_err() {
                    self.counters.stream_data_dropped += 1;
                }
            }
        }
    }

    /// Sends a STUN message of ours.
    ///
    /// # Errors
    /// [`Full`]: the client's connection takes nothing any more and is to be closed.
    pub(crate) fn control(&mut self, client: ClientAddr, message: &[u8]) -> Result<(), Full> {
        match client.transport {
            Transport::Udp => {
                self.datagram_to_client(client, None, &[message]);
                Ok(())
            }
            Transport::Tcp | Transport::Tls => self.streams.push_control(&client, message),
        }
    }

    /// Sends what waits for company.
    pub(crate) fn flush(&mut self) {
        if let Some(ready) = self.batch.take() {
            send(&mut self.sockets, &mut self.counters, &ready);
        }
    }

    /// Sends datagrams that lie side by side from `local` to a client: all have `segment_bytes`, only the last may have fewer.
    pub(crate) fn send_run(&mut self, local: SocketAddr, remote: SocketAddr, segment_bytes: usize, bytes: &[u8]) {
        if let Some((socket, source)) = self.sockets.way_back(local) {
            let route = Route { socket, destination: remote, source, ecn: None };
            send(&mut self.sockets, &mut self.counters, &Ready::new(route, segment_bytes, bytes));
        }
    }

    /// Sends one datagram from `local` to a client.
    pub(crate) fn send_single(&mut self, local: SocketAddr, remote: SocketAddr, datagram: &[u8]) {
        self.datagram_to_client(ClientAddr { transport: Transport::Udp, local, remote }, None, &[datagram]);
    }

    /// Sends one datagram over the client's TCP connection, in a frame (RFC 4571).
    pub(crate) fn send_frame(&mut self, local: SocketAddr, remote: SocketAddr, datagram: &[u8]) {
        let Some(header) = rtc::tcp_frame::header(datagram.len()) else { return };
        let client = ClientAddr { transport: Transport::Tcp, local, remote };
        if self.streams.push_data(&client, &[&header, datagram]).is_err() {
            self.counters.stream_data_dropped += 1;
        }
    }

    fn datagram_to_client(&mut self, client: ClientAddr, ecn: Option<EcnCodepoint>, parts: &[&[u8]]) {
        if let Some((socket, source)) = self.sockets.way_back(client.local) {
            let route = Route { socket, destination: client.remote, source, ecn };
            self.datagram(route, parts);
        }
    }

    fn datagram(&mut self, route: Route<SocketId>, parts: &[&[u8]]) {
        let bytes = parts.iter().map(|part| part.len()).sum();
        if self.batch.accepts(&route, bytes) {
            self.batch.join(parts);
            return;
        }
        self.flush();
        let segments_max = self.sockets.socket(route.socket).map_or(1, |socket| socket.segments_max());
        self.batch.open(route, segments_max, parts);
    }
}

/// Sends a batch, and counts what became of it.
fn send(sockets: &mut Sockets, counters: &mut IoStats, ready: &Ready<'_, SocketId>) {
    let Some(socket) = sockets.socket_mut(ready.route.socket) else {
        return;
    };
    let outcome = socket.send(ready);
    counters.count_sent(&outcome);
    if let Some(error) = &outcome.error {
        let (route, refused) = (ready.route, outcome.refused);
        tracing::debug!(socket = ?route.socket, to = %route.destination, refused, %error, "cannot send");
    }
}

/// ChannelData on a stream and the attributes of STUN end on a multiple of four bytes (RFC 8656 §12.5, RFC 8489 §14).
const PADDING: [u8; 3] = [0; 3];
