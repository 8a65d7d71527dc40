//! A TURN client for tests: blocking in the sense of "send, then wait for the answer", strict about what it gets.

use std::collections::VecDeque;
use std::net::SocketAddr;
use std::time::Duration;

use stun_types::attribute::{ErrorCode, Nonce, Realm, Username, XorMappedAddress};
use stun_types::message::{
    BINDING, IntegrityAlgorithm, LongTermKeyCredentials, Message, MessageClass, MessageIntegrityCredentials,
    MessageWriteVec, Method,
};
use stun_types::prelude::{AttributeWrite, MessageWrite, MessageWriteExt};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::UdpSocket;
use tokio::time::timeout;
use turn::stream::Splitter;
use turn_types::attribute::{
    ChannelNumber, Data, Lifetime, RequestedAddressFamily, RequestedTransport, XorPeerAddress, XorRelayedAddress,
};
use turn_types::message::{ALLOCATE, CHANNEL_BIND, CREATE_PERMISSION, REFRESH, SEND};

pub(crate) const USER: &str = "user";
pub(crate) const PASSWORD: &str = "secret";
pub(crate) const REALM: &str = "parlor";

/// The code of a STUN error response.
pub(crate) type Code = u16;

/// What carries the client's messages.
pub(crate) trait Byteway: AsyncRead + AsyncWrite + Send + Unpin {}
impl<T: AsyncRead + AsyncWrite + Send + Unpin> Byteway for T {}

enum Wire {
    Udp { socket: UdpSocket, server: SocketAddr },
    Stream { io: Box<dyn Byteway>, splitter: Splitter, frames: VecDeque<Vec<u8>> },
}

pub(crate) struct TurnClient {
    wire: Wire,
    nonce: String,
    /// Messages that came while an answer was waited for.
    early: VecDeque<Vec<u8>>,
}

impl TurnClient {
    /// A client on a fresh UDP socket of the server's family.
    pub(crate) async fn udp(server: SocketAddr) -> Self {
        let any = if server.is_ipv4() { "127.0.0.1:0" } else { "[::1]:0" };
        let socket = UdpSocket::bind(any).await.unwrap();
        Self::over(Wire::Udp { socket, server })
    }

    /// A client on a byte stream that somebody serves.
    pub(crate) fn stream(io: impl Byteway + 'static) -> Self {
        Self::over(Wire::Stream { io: Box::new(io), splitter: Splitter::new(), frames: VecDeque::new() })
    }

    fn over(wire: Wire) -> Self {
        Self { wire, nonce: String::new(), early: VecDeque::new() }
    }

    /// The address of its UDP socket.
    pub(crate) fn local(&self) -> SocketAddr {
        match &self.wire {
            Wire::Udp { socket, .. } => socket.local_addr().unwrap(),
            Wire::Stream { .. } => panic!("a stream has no UDP address"),
        }
    }

    /// Asks for its mapped address; tells who answered, too.
    pub(crate) async fn binding(&mut self) -> SocketAddr {
        let request = Message::builder_request(BINDING, MessageWriteVec::new()).finish();
        let answer = self.exchange(&request).await;
        let message = Message::from_bytes(&answer).unwrap();
        assert!(message.has_class(MessageClass::Success), "{message}");
        message.attribute::<XorMappedAddress>().unwrap().addr(message.transaction_id())
    }

    /// Allocates a relayed transport address of the family of `family`.
    pub(crate) async fn allocate(&mut self, family: SocketAddr) -> Result<SocketAddr, Code> {
        let transport = RequestedTransport::new(RequestedTransport::UDP);
        let family = RequestedAddressFamily::new(if family.is_ipv4() {
            turn_types::AddressFamily::IPV4
        } else {
            turn_types::AddressFamily::IPV6
        });
        let answer = self.request(ALLOCATE, |_| vec![Box::new(transport.clone()), Box::new(family.clone())]).await?;
        let message = Message::from_bytes(&answer).unwrap();
        Ok(message.attribute::<XorRelayedAddress>().unwrap().addr(message.transaction_id()))
    }

    /// Refreshes the allocation; 0 seconds end it.
    pub(crate) async fn refresh(&mut self, seconds: u32) -> Result<(), Code> {
        self.request(REFRESH, |_| vec![Box::new(Lifetime::new(seconds))]).await.map(drop)
    }

    pub(crate) async fn permit(&mut self, peer: SocketAddr) -> Result<(), Code> {
        self.request(CREATE_PERMISSION, |transaction| vec![Box::new(XorPeerAddress::new(peer, transaction))])
            .await
            .map(drop)
    }

    pub(crate) async fn bind_channel(&mut self, number: u16, peer: SocketAddr) -> Result<(), Code> {
        self.request(CHANNEL_BIND, |transaction| {
            vec![Box::new(ChannelNumber::new(number)), Box::new(XorPeerAddress::new(peer, transaction))]
        })
        .await
        .map(drop)
    }

    /// Sends a payload in a Send indication.
    pub(crate) async fn send_indication(&mut self, peer: SocketAddr, payload: &[u8]) {
        let mut message = Message::builder_indication(SEND, MessageWriteVec::new());
        let transaction = message.transaction_id();
        message.add_attribute(&XorPeerAddress::new(peer, transaction)).unwrap();
        message.add_attribute(&Data::new(payload)).unwrap();
        self.send(&message.finish()).await;
    }

    /// Sends a payload on a channel.
    pub(crate) async fn send_channel(&mut self, number: u16, payload: &[u8]) {
        let message = self.channel_data(number, payload);
        self.send(&message).await;
    }

    /// A ChannelData message as it stands on this wire.
    pub(crate) fn channel_data(&self, number: u16, payload: &[u8]) -> Vec<u8> {
        let mut message = number.to_be_bytes().to_vec();
        message.extend(u16::try_from(payload.len()).unwrap().to_be_bytes());
        message.extend(payload);
        if matches!(self.wire, Wire::Stream { .. }) {
            message.resize(message.len().next_multiple_of(4), 0);
        }
        message
    }

    /// The next ChannelData that comes.
    pub(crate) async fn receive_channel(&mut self) -> (u16, Vec<u8>) {
        let message = self.receive().await;
        let (header, payload) = message.split_at(4);
        let length = usize::from(u16::from_be_bytes([header[2], header[3]]));
        assert_eq!(payload.len(), length, "ChannelData {header:?}");
        (u16::from_be_bytes([header[0], header[1]]), payload.to_vec())
    }

    /// The next Data indication that comes: the peer and the payload.
    pub(crate) async fn receive_indication(&mut self) -> (SocketAddr, Vec<u8>) {
        let bytes = self.receive().await;
        let message = Message::from_bytes(&bytes).unwrap();
        assert!(message.has_method(turn_types::message::DATA), "{message}");
        let peer = message.attribute::<XorPeerAddress>().unwrap().addr(message.transaction_id());
        (peer, message.attribute::<Data<'_>>().unwrap().data().to_vec())
    }

    /// The next message that comes.
    pub(crate) async fn receive(&mut self) -> Vec<u8> {
        match self.early.pop_front() {
            Some(message) => message,
            None => self.wire.receive().await.expect("the server closed the connection").0,
        }
    }

    /// Sends bytes as they are.
    pub(crate) async fn send(&mut self, bytes: &[u8]) {
        self.try_send(bytes).await.unwrap();
    }

    /// Sends bytes as they are; an error means that the server has closed the connection.
    pub(crate) async fn try_send(&mut self, bytes: &[u8]) -> std::io::Result<()> {
        match &mut self.wire {
            Wire::Udp { socket, server } => socket.send_to(bytes, *server).await.map(drop),
            Wire::Stream { io, .. } => io.write_all(bytes).await,
        }
    }

    /// Says that nothing more will come, and goes on reading.
    pub(crate) async fn close_half(&mut self) {
        match &mut self.wire {
            Wire::Udp { .. } => panic!("only streams have halves"),
            Wire::Stream { io, .. } => io.shutdown().await.unwrap(),
        }
    }

    /// Waits until the server closes the connection.
    pub(crate) async fn closed(&mut self) {
        // Reading fails where the server closed with bytes of ours unread.
        while self.wire.receive().await.is_some() {}
    }

    /// Sends a request with credentials, learning the nonce first where needed; returns the success response.
    pub(crate) async fn request(
        &mut self,
        method: Method,
        attributes: impl Fn(stun_types::message::TransactionId) -> Vec<Box<dyn AttributeWrite>>,
    ) -> Result<Vec<u8>, Code> {
        for _ in 0..3 {
            let mut request = Message::builder_request(method, MessageWriteVec::new());
            for attribute in attributes(request.transaction_id()) {
                request.add_attribute(&*attribute).unwrap();
            }
            let proven = !self.nonce.is_empty();
            if proven {
                request.add_attribute(&Username::new(USER).unwrap()).unwrap();
                request.add_attribute(&Realm::new(REALM).unwrap()).unwrap();
                request.add_attribute(&Nonce::new(&self.nonce).unwrap()).unwrap();
                request.add_message_integrity(&credentials(), IntegrityAlgorithm::Sha1).unwrap();
            }
            let answer = self.exchange(&request.finish()).await;
            let message = Message::from_bytes(&answer).unwrap();
            if message.has_class(MessageClass::Success) {
                message.validate_integrity(&credentials()).expect("answers prove who they come from");
                return Ok(answer);
            }
            let code = message.attribute::<ErrorCode>().unwrap().code();
            match message.attribute::<Nonce>() {
                Ok(nonce) if code == 438 || (code == 401 && !proven) => self.nonce = nonce.nonce().to_owned(),
                _ => return Err(code),
            }
        }
        panic!("challenged again and again");
    }

    /// Sends a request and returns its answer; what else comes is kept.
    async fn exchange(&mut self, request: &[u8]) -> Vec<u8> {
        self.send(request).await;
        loop {
            let (message, from) = self.wire.receive().await.expect("the server closed the connection");
            if message.get(4..20) == request.get(4..20) {
                if let Wire::Udp { server, .. } = &self.wire {
                    assert_eq!(from, Some(*server), "answers come from the address that was asked");
                }
                return message;
            }
            self.early.push_back(message);
        }
    }
}

impl Wire {
    /// The next message and, over UDP, its sender; none when the connection is closed.
    async fn receive(&mut self) -> Option<(Vec<u8>, Option<SocketAddr>)> {
        timeout(DEADLINE, self.receive_patiently()).await.expect("a message in time")
    }

    async fn receive_patiently(&mut self) -> Option<(Vec<u8>, Option<SocketAddr>)> {
        let mut buffer = vec![0; 65_536];
        match self {
            Self::Udp { socket, .. } => {
                let (length, from) = socket.recv_from(&mut buffer).await.unwrap();
                buffer.truncate(length);
                Some((buffer, Some(from)))
            }
            Self::Stream { io, splitter, frames } => loop {
                if let Some(frame) = frames.pop_front() {
                    return Some((frame, None));
                }
                match io.read(&mut buffer).await {
                    Ok(0) | Err(_) => return None,
                    Ok(length) => {
                        splitter.handle_bytes(&buffer[..length], |frame| frames.push_back(frame.to_vec())).unwrap();
                    }
                }
            },
        }
    }
}

fn credentials() -> MessageIntegrityCredentials {
    LongTermKeyCredentials::new(USER.to_owned(), PASSWORD.to_owned(), REALM.to_owned()).into()
}

/// How long anything may take on a busy machine.
pub(crate) const DEADLINE: Duration = Duration::from_secs(10);
