//! The server's side of a connection.

mod output;
mod request;

use std::collections::{BTreeSet, VecDeque};
use std::time::{Duration, Instant};

use bytes::Bytes;
use rand_chacha::ChaCha12Rng;
use rand_chacha::rand_core::{Rng as _, SeedableRng as _};

use super::chunk::{CHUNK_BYTES, first_number};
use super::command::{Command, control, event, status, user_control};
use super::handshake::{Handshake, PACKET_BYTES, Side};
use super::media::{Content, Incoming};
use super::{ChunkReader, Message, RtmpError, kind};
use crate::flv::Packet;

pub use output::{Output, Refusal};

/// One client: from its first byte to its publication or its play. After a `Publish` or a `Play` nothing more is read until it is answered.
#[derive(Debug)]
pub struct ServerSession {
    handshake: Handshake,
    chunks: ChunkReader,
    /// The application of `connect`, with its parameters.
    app: Option<String>,
    /// What `connect` says of where the client believes to be: the URL, and the page of a player.
    tc_url: String,
    page_url: String,
    /// Message streams that are created and not deleted; at most `STREAMS_MAX`.
    streams: BTreeSet<u32>,
    role: Role,
    acknowledgement: Acknowledgement,
    /// When the client must have come further.
    deadline: Option<Instant>,
    outputs: VecDeque<Output>,
}

/// What the client does.
#[derive(Debug)]
enum Role {
    /// Nothing so far.
    Visitor,
    /// It waits for leave.
    Asking {
        to: Request,
        stream: u32,
    },
    Publisher {
        stream: u32,
        incoming: Box<Incoming>,
    },
    Viewer {
        stream: u32,
    },
    /// It was refused, or has gone.
    Gone,
}

/// What it asks leave for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Request {
    Publish,
    Play,
}

/// Telling the client how much has come (§5.4.3).
#[derive(Debug)]
struct Acknowledgement {
    received: u64,
    told: u64,
    /// How much may come untold.
    window: u64,
}

impl ServerSession {
    /// A connection that has just been accepted.
    #[must_use]
    pub fn new(seed: [u8; 32], now: Instant) -> Self {
        let mut noise = [0; PACKET_BYTES];
        ChaCha12Rng::from_seed(seed).fill_bytes(&mut noise);
        Self {
            handshake: Handshake::new(Side::Server, noise),
            chunks: ChunkReader::new(),
            app: None,
            tc_url: String::new(),
            page_url: String::new(),
            streams: BTreeSet::new(),
            role: Role::Visitor,
            acknowledgement: Acknowledgement { received: 0, told: 0, window: WINDOW_BYTES.into() },
            deadline: Some(now + HANDSHAKE_MAX),
            outputs: VecDeque::new(),
        }
    }

    /// Takes bytes as they come.
    ///
    /// # Errors
    /// When the client breaks the rules. What is put out is still to be sent, then the connection ends.
    pub fn handle_bytes(&mut self, now: Instant, bytes: &[u8]) -> Result<(), RtmpError> {
        self.acknowledge(bytes.len());
        if self.handshake.is_done() {
            self.chunks.handle_bytes(bytes);
        } else {
            if let Some(reply) = self.handshake.handle_bytes(bytes)? {
                self.send(reply);
            }
            if !self.handshake.is_done() {
                return Ok(());
            }
            self.deadline = Some(now + REQUEST_MAX);
            let rest = self.handshake.rest();
            self.chunks.handle_bytes(&rest);
        }
        if matches!(self.role, Role::Publisher { .. }) {
            self.deadline = Some(now + SILENCE_MAX);
        }
        self.read_on()
    }

    /// Lets the client publish.
    ///
    /// # Errors
    /// As [`Self::handle_bytes`]: what the client has sent meanwhile is read.
    pub fn accept_publish(&mut self, now: Instant) -> Result<(), RtmpError> {
        let Role::Asking { to: Request::Publish, stream } = self.role else { return Ok(()) };
        self.role = Role::Publisher { stream, incoming: Box::default() };
        self.deadline = Some(now + SILENCE_MAX);
        self.send(user_control(event::STREAM_BEGIN, stream));
        self.send(status(stream, "status", "NetStream.Publish.Start", "the stream is on air"));
        self.read_on()
    }

    /// Lets the client play: on the message stream that [`Self::play_stream`] says.
    ///
    /// # Errors
    /// As [`Self::handle_bytes`]: what the client has sent meanwhile is read.
    pub fn accept_play(&mut self) -> Result<(), RtmpError> {
        let Role::Asking { to: Request::Play, stream } = self.role else { return Ok(()) };
        self.role = Role::Viewer { stream };
        self.deadline = None;
        self.send(user_control(event::STREAM_BEGIN, stream));
        self.send(status(stream, "status", "NetStream.Play.Reset", "from the latest key frame"));
        self.send(status(stream, "status", "NetStream.Play.Start", "playing"));
        self.read_on()
    }

    /// Says no to what was asked. The connection ends when that has been sent.
    pub fn refuse(&mut self, refusal: Refusal, description: &str) {
        let Role::Asking { to, stream } = self.role else { return };
        self.send(status(stream, "error", refusal.code(to == Request::Publish), description));
        self.role = Role::Gone;
    }

    /// Ends a play from our side: the stream is over, or the client too slow.
    pub fn end_play(&mut self, description: &str) {
        if let Role::Viewer { stream } = self.role {
            self.send(user_control(event::STREAM_EOF, stream));
            self.send(status(stream, "status", "NetStream.Play.UnpublishNotify", description));
            self.role = Role::Gone;
        }
    }

    /// Ends whatever the client does, or waits to do, because somebody who looks after the server wants it.
    pub fn end(&mut self, description: &str) {
        match self.role {
            Role::Publisher { stream, .. } => {
                self.send(status(stream, "error", "NetStream.Publish.Rejected", description));
            }
            Role::Viewer { .. } => self.end_play(description),
            Role::Asking { .. } => self.refuse(Refusal::Denied, description),
            Role::Visitor | Role::Gone => {}
        }
        self.role = Role::Gone;
    }

    /// The message stream on which the client plays.
    #[must_use]
    pub fn play_stream(&self) -> Option<u32> {
        if let Role::Viewer { stream } = self.role { Some(stream) } else { None }
    }

    /// The URL that `connect` names (`tcUrl`); empty before it, and when it names none. Whoever connects wrote it.
    #[must_use]
    pub fn tc_url(&self) -> &str {
        &self.tc_url
    }

    /// The page that `connect` names (`pageUrl`), in the same way.
    #[must_use]
    pub fn page_url(&self) -> &str {
        &self.page_url
    }

    /// Whether nothing more is to be said or heard.
    #[must_use]
    pub fn is_over(&self) -> bool {
        matches!(self.role, Role::Gone)
    }

    /// What is to be done, in this order.
    pub fn poll_output(&mut self) -> Option<Output> {
        self.outputs.pop_front()
    }

    /// When [`Self::handle_timeout`] is due.
    #[must_use]
    pub fn poll_timeout(&self) -> Option<Instant> {
        self.deadline
    }

    /// Ends a client that has not come further in time.
    ///
    /// # Errors
    /// When it has not.
    pub fn handle_timeout(&mut self, now: Instant) -> Result<(), RtmpError> {
        if self.deadline.is_some_and(|deadline| deadline <= now) { Err(RtmpError::TimedOut) } else { Ok(()) }
    }

    fn read_on(&mut self) -> Result<(), RtmpError> {
        if matches!(self.role, Role::Asking { .. }) && self.chunks.buffered_bytes() > ASKING_BYTES_MAX {
            return Err(RtmpError::Impatient(ASKING_BYTES_MAX));
        }
        while !matches!(self.role, Role::Asking { .. } | Role::Gone) {
            let Some(message) = self.chunks.next_message()? else { break };
            self.handle_message(&message)?;
        }
        Ok(())
    }

    fn handle_message(&mut self, message: &Message) -> Result<(), RtmpError> {
        match message.kind {
            kind::COMMAND | kind::COMMAND_AMF3 => self.handle_command(&Command::parse(message)?, message.stream),
            kind::WINDOW_ACKNOWLEDGEMENT_SIZE => {
                self.acknowledgement.window = first_number(message)?.max(1).into();
                Ok(())
            }
            kind::USER_CONTROL => {
                if let Some(&[0, 6, a, b, c, d]) = message.payload.first_chunk() {
                    self.send(user_control(event::PING_RESPONSE, u32::from_be_bytes([a, b, c, d])));
                }
                Ok(())
            }
            kind::ACKNOWLEDGEMENT | kind::SET_PEER_BANDWIDTH => Ok(()),
            _ => self.handle_media(message),
        }
    }

    fn handle_media(&mut self, message: &Message) -> Result<(), RtmpError> {
        let Role::Publisher { stream, incoming } = &mut self.role else { return Ok(()) };
        match incoming.read(message) {
            Ok(contents) => {
                let output = |content| match content {
                    Content::Packet(Packet::Parameters(parameters)) => Output::Parameters(parameters),
                    Content::Packet(Packet::Frame(frame)) => Output::Frame(frame),
                    Content::Metadata(metadata) => Output::Metadata(metadata),
                };
                self.outputs.extend(contents.into_iter().map(output));
                Ok(())
            }
            Err(error) => {
                let refused = status(*stream, "error", "NetStream.Publish.Rejected", &error.to_string());
                self.send(refused);
                Err(error)
            }
        }
    }

    fn acknowledge(&mut self, bytes: usize) {
        let acknowledgement = &mut self.acknowledgement;
        acknowledgement.received = acknowledgement.received.saturating_add(u64::try_from(bytes).unwrap_or(u64::MAX));
        // Before the handshake is done, nothing else may be said.
        if self.app.is_some() && acknowledgement.received - acknowledgement.told >= acknowledgement.window {
            acknowledgement.told = acknowledgement.received;
            let [.., a, b, c, d] = acknowledgement.received.to_be_bytes();
            self.send(control(kind::ACKNOWLEDGEMENT, u32::from_be_bytes([a, b, c, d])));
        }
    }

    fn send(&mut self, bytes: Bytes) {
        self.outputs.push_back(Output::Send(bytes));
    }
}

/// What a chunk of ours has at most, as a message says it.
fn our_chunk_size() -> Bytes {
    control(kind::SET_CHUNK_SIZE, u32::try_from(CHUNK_BYTES).unwrap_or(u32::MAX))
}

/// From the first byte to the end of the handshake.
pub(crate) const HANDSHAKE_MAX: Duration = Duration::from_secs(10);
/// From the handshake to a publication or a play.
pub(crate) const REQUEST_MAX: Duration = Duration::from_secs(30);
/// A publisher that says nothing for so long is gone.
pub(crate) const SILENCE_MAX: Duration = Duration::from_secs(30);
/// How much may be sent before it is acknowledged.
const WINDOW_BYTES: u32 = 2_500_000;
/// What may come while a client waits for leave: some begin to send at once.
pub(crate) const ASKING_BYTES_MAX: usize = 1024 * 1024;
/// A client needs one.
pub(crate) const STREAMS_MAX: usize = 8;

#[cfg(test)]
mod tests;
