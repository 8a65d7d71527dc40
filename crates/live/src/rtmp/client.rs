//! The client's side of a connection: publishes one stream or plays it.

use std::collections::VecDeque;

use bytes::Bytes;
use media::{Codec, Frame, Parameters};
use rand_chacha::ChaCha12Rng;
use rand_chacha::rand_core::{Rng as _, SeedableRng as _};

use super::amf0::Value;
use super::command::{Command, command, event, user_control};
use super::handshake::{Handshake, PACKET_BYTES, Side};
use super::media::{Content, Incoming, SET_DATA_FRAME};
use super::{ChunkReader, Message, RtmpError, chunk, kind};
use crate::flv::{FOURCCS, Packet};

/// What the connection is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Purpose {
    /// Sending a stream.
    Publish,
    /// Getting one.
    Play,
}

/// A connection to somebody else's server.
#[derive(Debug)]
pub struct ClientSession {
    purpose: Purpose,
    /// `rtmp://host/app`, without parameters.
    url: String,
    app: String,
    /// With its parameters.
    stream: String,
    handshake: Handshake,
    chunks: ChunkReader,
    /// The message stream that the server gave us.
    message_stream: Option<u32>,
    /// Codecs that the server says it takes by Enhanced RTMP.
    extended: Vec<Codec>,
    incoming: Incoming,
    outputs: VecDeque<ClientOutput>,
}

/// What is to be done.
#[derive(Debug, Clone, PartialEq)]
pub enum ClientOutput {
    /// Goes to the server.
    Send(Bytes),
    /// The server lets us publish or play. Messages are written by [`super::message`], for this message stream.
    Ready {
        /// Which one.
        stream: u32,
    },
    /// How the frames after it are decoded.
    Parameters(Parameters),
    /// A picture or a piece of sound.
    Frame(Frame),
    /// `onMetaData` and its values, in AMF0.
    Metadata(Bytes),
    /// The server says that the stream is over.
    Ended,
}

impl ClientSession {
    /// For a connection that has just been made. `origin` is the URL up to the application (`rtmp://host:1936`), `stream` has its parameters.
    #[must_use]
    pub fn new(purpose: Purpose, origin: &str, app: &str, stream: &str, seed: [u8; 32]) -> Self {
        let mut noise = [0; PACKET_BYTES];
        ChaCha12Rng::from_seed(seed).fill_bytes(&mut noise);
        let handshake = Handshake::new(Side::Client, noise);
        let outputs = VecDeque::from([ClientOutput::Send(handshake.hello())]);
        Self {
            purpose,
            url: format!("{origin}/{app}"),
            app: app.to_owned(),
            stream: stream.to_owned(),
            handshake,
            chunks: ChunkReader::new(),
            message_stream: None,
            extended: Vec::new(),
            incoming: Incoming::default(),
            outputs,
        }
    }

    /// Takes bytes as they come.
    ///
    /// # Errors
    /// When the server breaks the rules, or says no.
    pub fn handle_bytes(&mut self, bytes: &[u8]) -> Result<(), RtmpError> {
        if self.handshake.is_done() {
            self.chunks.handle_bytes(bytes);
        } else {
            if let Some(reply) = self.handshake.handle_bytes(bytes)? {
                self.send(reply);
            }
            if !self.handshake.is_done() {
                return Ok(());
            }
            let rest = self.handshake.rest();
            self.chunks.handle_bytes(&rest);
            self.connect();
        }
        while let Some(message) = self.chunks.next_message()? {
            self.handle_message(&message)?;
        }
        Ok(())
    }

    /// What is to be done, in this order.
    pub fn poll_output(&mut self) -> Option<ClientOutput> {
        self.outputs.pop_front()
    }

    /// Whether the server takes this codec: H.264, AAC and MP3 always, others when it has said so in its answer to `connect` (Enhanced RTMP).
    #[must_use]
    pub fn takes(&self, codec: Codec) -> bool {
        matches!(codec, Codec::H264 | Codec::Aac | Codec::Mp3) || self.extended.contains(&codec)
    }

    /// Says that nothing more is published. The connection may end when that has been sent.
    pub fn finish(&mut self) {
        let Some(stream) = self.message_stream.filter(|_| self.purpose == Purpose::Publish) else { return };
        let name = Value::from(self.stream.as_str());
        self.send(command(0, "FCUnpublish", 6.0, &[Value::Null, name]));
        self.send(command(0, "deleteStream", 7.0, &[Value::Null, f64::from(stream).into()]));
    }

    fn handle_message(&mut self, message: &Message) -> Result<(), RtmpError> {
        match message.kind {
            kind::COMMAND | kind::COMMAND_AMF3 => self.handle_command(&Command::parse(message)?),
            kind::USER_CONTROL => {
                if let Some(&[0, 6, a, b, c, d]) = message.payload.first_chunk() {
                    self.send(user_control(event::PING_RESPONSE, u32::from_be_bytes([a, b, c, d])));
                }
                Ok(())
            }
            _ => {
                for content in self.incoming.read(message)? {
                    self.outputs.push_back(match content {
                        Content::Packet(Packet::Parameters(parameters)) => ClientOutput::Parameters(parameters),
                        Content::Packet(Packet::Frame(frame)) => ClientOutput::Frame(frame),
                        Content::Metadata(metadata) => ClientOutput::Metadata(metadata),
                    });
                }
                Ok(())
            }
        }
    }

    fn connect(&mut self) {
        let size = u32::try_from(chunk::CHUNK_BYTES).unwrap_or(u32::MAX);
        self.send(super::command::control(kind::SET_CHUNK_SIZE, size));
        let fourccs = FOURCCS.iter().map(|(fourcc, _)| fourcc.escape_ascii().to_string());
        let object = Value::object([
            ("app", self.app.as_str().into()),
            ("type", "nonprivate".into()),
            ("flashVer", "FMLE/3.0 (compatible; Parlor)".into()),
            ("tcUrl", self.url.as_str().into()),
            ("fourCcList", Value::Array(fourccs.map(Value::String).collect())),
        ]);
        self.send(command(0, "connect", CONNECT, &[object]));
    }

    fn handle_command(&mut self, answer: &Command) -> Result<(), RtmpError> {
        match answer.name.as_str() {
            "_result" if answer.transaction == CONNECT => {
                self.extended = [0, 1].into_iter().flat_map(|index| fourccs(answer, index)).collect();
                if self.purpose == Purpose::Publish {
                    let name = Value::from(self.stream.as_str());
                    self.send(command(0, "releaseStream", 2.0, &[Value::Null, name.clone()]));
                    self.send(command(0, "FCPublish", 3.0, &[Value::Null, name]));
                }
                self.send(command(0, "createStream", CREATE_STREAM, &[Value::Null]));
            }
            "_result" if answer.transaction == CREATE_STREAM => {
                let number = answer.value(1).and_then(Value::as_number).unwrap_or_default();
                // A saturating cast: what is no message stream the server refuses itself.
                let stream = number as u32;
                self.message_stream = Some(stream);
                let name = Value::from(self.stream.as_str());
                match self.purpose {
                    Purpose::Publish => {
                        self.send(command(stream, "publish", 5.0, &[Value::Null, name, "live".into()]));
                    }
                    Purpose::Play => self.send(command(stream, "play", 5.0, &[Value::Null, name])),
                }
            }
            "_error" if answer.transaction == CONNECT || answer.transaction == CREATE_STREAM => {
                return Err(refused(answer));
            }
            "onStatus" => return self.handle_status(answer),
            _ => {}
        }
        Ok(())
    }

    fn handle_status(&mut self, status: &Command) -> Result<(), RtmpError> {
        let text = |name| status.property(1, name).and_then(Value::as_str).unwrap_or_default();
        match text("code") {
            "NetStream.Publish.Start" | "NetStream.Play.Start" => {
                let stream = self.message_stream.unwrap_or(chunk::PLAY_STREAM);
                self.outputs.push_back(ClientOutput::Ready { stream });
            }
            "NetStream.Play.UnpublishNotify" | "NetStream.Play.Stop" | "NetStream.Unpublish.Success" => {
                self.outputs.push_back(ClientOutput::Ended);
            }
            _ if text("level") == "error" => return Err(refused(status)),
            _ => {}
        }
        Ok(())
    }

    fn send(&mut self, bytes: Bytes) {
        self.outputs.push_back(ClientOutput::Send(bytes));
    }
}

/// The codecs that one value of an answer to `connect` names: as a list, or as the names of two objects whose values say what can be done. A star stands
/// for all of them.
fn fourccs(answer: &Command, index: usize) -> Vec<Codec> {
    let listed = match answer.property(index, "fourCcList") {
        Some(Value::Array(names)) => names.iter().filter_map(Value::as_str).collect(),
        _ => Vec::new(),
    };
    let maps = ["videoFourCcInfoMap", "audioFourCcInfoMap"].into_iter();
    let mapped = maps.filter_map(|map| match answer.property(index, map) {
        Some(Value::Object(properties)) => Some(properties.iter().map(|(name, _)| name.as_str())),
        _ => None,
    });
    let names: Vec<&str> = listed.into_iter().chain(mapped.flatten()).collect();
    let is_named = |fourcc: &[u8]| names.iter().any(|name| *name == "*" || name.as_bytes() == fourcc);
    FOURCCS.iter().filter(|(fourcc, _)| is_named(*fourcc)).map(|(_, codec)| *codec).collect()
}

/// `onMetaData` as publishers send it: with the command to keep it in front. `metadata` is what [`ClientOutput::Metadata`] has.
#[must_use]
pub fn data_frame(metadata: &[u8], stream: u32) -> Bytes {
    chunk::message(kind::DATA, 0, stream, &[SET_DATA_FRAME, metadata].concat())
}

fn refused(answer: &Command) -> RtmpError {
    let text = |name| answer.property(1, name).and_then(Value::as_str).unwrap_or_default().to_owned();
    RtmpError::Refused { code: text("code"), description: text("description") }
}

/// The numbers of the commands whose answers matter.
const CONNECT: f64 = 1.0;
const CREATE_STREAM: f64 = 4.0;
