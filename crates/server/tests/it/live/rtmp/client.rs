//! The other end: publishers and viewers of RTMP, viewers of FLV.

use std::collections::VecDeque;
use std::net::SocketAddr;
use std::time::Duration;

use bytes::Bytes;
use futures_util::StreamExt as _;
use live::flv::{BodyReader, Packet, TagKind, TagReader, frame_body, parameters_body};
use live::rtmp::{ClientOutput, ClientSession, Purpose, RtmpError, message};
use media::{Codec, Frame, Kind, MediaTime, Parameters, Shape};
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::time::timeout;

use crate::fixture::{PATIENCE, TestServer};

/// One end of an RTMP connection.
pub(in crate::live) struct Peer<S> {
    stream: S,
    session: ClientSession,
    /// The message stream that the server gave.
    number: u32,
}

impl Peer<TcpStream> {
    pub(super) async fn connect(
        server: &TestServer,
        purpose: Purpose,
        app: &str,
        name: &str,
    ) -> Result<Self, RtmpError> {
        let stream = TcpStream::connect(server.addresses().rtmp[0]).await.unwrap();
        Self::over(stream, purpose, app, name).await
    }

    /// Tries until the name is free.
    pub(super) async fn connect_in_time(server: &TestServer, purpose: Purpose, app: &str, name: &str) -> Self {
        let connected = async {
            loop {
                if let Ok(peer) = Self::connect(server, purpose, app, name).await {
                    return peer;
                }
            }
        };
        timeout(PATIENCE, connected).await.expect("the name is free in time")
    }

    /// Closes the connection.
    pub(super) async fn leave(mut self) {
        self.stream.shutdown().await.unwrap();
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> Peer<S> {
    /// Until the server lets it publish or play.
    pub(super) async fn over(stream: S, purpose: Purpose, app: &str, name: &str) -> Result<Self, RtmpError> {
        let session = ClientSession::new(purpose, "rtmp://localhost", app, name, [1; 32]);
        let mut peer = Self { stream, session, number: 0 };
        let first = timeout(PATIENCE, peer.read()).await.expect("an answer in time")?;
        let ClientOutput::Ready { stream } = first else { panic!("{first:?}") };
        peer.number = stream;
        Ok(peer)
    }

    /// What comes next.
    pub(super) async fn next(&mut self) -> ClientOutput {
        timeout(PATIENCE, self.read()).await.expect("something in time").expect("the server keeps the rules")
    }

    /// The time of the next frame; `None` when something else came.
    pub(super) async fn next_frame_time(&mut self) -> Option<i64> {
        let ClientOutput::Frame(frame) = self.next().await else { return None };
        Some(frame.dts.millis())
    }

    /// Why the server ends it, once it does.
    pub(super) async fn refusal(&mut self) -> RtmpError {
        loop {
            if let Err(refused) = timeout(PATIENCE, self.read()).await.expect("something in time") {
                return refused;
            }
        }
    }

    pub(super) async fn send_frame(&mut self, frame: &Frame) {
        self.send(tag_kind(frame.kind()), frame.dts.millis(), &frame_body(frame)).await;
    }

    pub(super) async fn send_parameters(&mut self, parameters: &Parameters) {
        let body = parameters_body(parameters).expect("the codec has a record");
        self.send(tag_kind(parameters.kind()), 0, &body).await;
    }

    pub(super) async fn send(&mut self, kind: TagKind, millis: i64, body: &[u8]) {
        let message = message(kind.number(), u32::try_from(millis).unwrap(), self.number, body);
        self.stream.write_all(&message).await.unwrap();
    }

    /// Asks for an answer in between (RTMP 1.0 §7.1.7, event 6).
    pub(super) async fn ping(&mut self) {
        let ping = message(4, 0, 0, &[0, 6, 0, 0, 0, 1]);
        self.stream.write_all(&ping).await.unwrap();
    }

    async fn read(&mut self) -> Result<ClientOutput, RtmpError> {
        let mut bytes = [0; 16 * 1024];
        loop {
            while let Some(output) = self.session.poll_output() {
                let ClientOutput::Send(bytes) = output else { return Ok(output) };
                self.stream.write_all(&bytes).await.unwrap();
            }
            let read = self.stream.read(&mut bytes).await.unwrap();
            assert!(read > 0, "the server has closed the connection");
            self.session.handle_bytes(&bytes[..read])?;
        }
    }
}

/// A viewer of FLV, however it comes.
pub(super) struct FlvViewer {
    bytes: futures_util::stream::BoxStream<'static, Bytes>,
    tags: TagReader,
    bodies: BodyReader,
    packets: VecDeque<Packet>,
}

/// Over HTTP/1.0, which knows no chunks.
pub(super) async fn flv(address: SocketAddr, path: &str) -> FlvViewer {
    let mut stream = TcpStream::connect(address).await.unwrap();
    stream.write_all(format!("GET {path} HTTP/1.0\r\nHost: {address}\r\n\r\n").as_bytes()).await.unwrap();
    let head = line_of(&mut stream, b"\r\n\r\n").await;
    assert!(head.starts_with("http/1.0 200") && head.contains("content-type: video/x-flv"), "{head}");
    let bytes = futures_util::stream::unfold(stream, async |mut stream| {
        let mut bytes = vec![0; 16 * 1024];
        let read = stream.read(&mut bytes).await.ok().filter(|&read| read > 0)?;
        bytes.truncate(read);
        Some((Bytes::from(bytes), stream))
    });
    FlvViewer::new(bytes.boxed())
}

/// The same by HTTP/1.1, whose answer has chunks (RFC 9112 §7.1) and says when it is whole. `before` is asked for first, on the same connection.
pub(super) async fn flv_in_chunks(address: SocketAddr, before: Option<&str>, path: &str) -> FlvViewer {
    let mut stream = TcpStream::connect(address).await.unwrap();
    for asked in before.into_iter().chain([path]) {
        stream.write_all(format!("GET {asked} HTTP/1.1\r\nHost: {address}\r\n\r\n").as_bytes()).await.unwrap();
        let head = line_of(&mut stream, b"\r\n\r\n").await;
        assert!(head.starts_with("http/1.1 200"), "{head}");
        if asked == path {
            let is_flv = head.contains("content-type: video/x-flv") && head.contains("transfer-encoding: chunked");
            assert!(is_flv && head.contains("\r\ndate: "), "{head}");
        } else {
            let length = head.split("content-length: ").nth(1).and_then(|rest| rest.split("\r\n").next()).unwrap();
            stream.read_exact(&mut vec![0; length.parse().unwrap()]).await.unwrap();
        }
    }
    let chunks = futures_util::stream::unfold(stream, async |mut stream| {
        let size = line_of(&mut stream, b"\r\n").await;
        let mut chunk = vec![0; usize::from_str_radix(size.trim_end(), 16).unwrap() + 2];
        stream.read_exact(&mut chunk).await.unwrap();
        chunk.truncate(chunk.len() - 2);
        (!chunk.is_empty()).then(|| (Bytes::from(chunk), stream))
    });
    FlvViewer::new(chunks.boxed())
}

async fn line_of(stream: &mut TcpStream, end: &[u8]) -> String {
    let mut line = Vec::new();
    while !line.ends_with(end) {
        line.push(timeout(PATIENCE, stream.read_u8()).await.unwrap().unwrap());
    }
    String::from_utf8(line).unwrap().to_lowercase()
}

pub(super) async fn websocket(address: SocketAddr, path: &str) -> FlvViewer {
    let connected = tokio_tungstenite::connect_async(format!("ws://{address}{path}"));
    let (socket, _) = timeout(PATIENCE, connected).await.unwrap().unwrap();
    let bytes = socket.filter_map(async |message| message.ok().map(|message| message.into_data()));
    FlvViewer::new(bytes.boxed())
}

impl FlvViewer {
    /// Waits for the end of the stream.
    pub(super) async fn end(&mut self) {
        while timeout(PATIENCE, self.bytes.next()).await.expect("an end in time").is_some() {}
    }

    fn new(bytes: futures_util::stream::BoxStream<'static, Bytes>) -> Self {
        Self { bytes, tags: TagReader::new(), bodies: BodyReader::new(), packets: VecDeque::new() }
    }

    /// What comes next.
    pub(super) async fn next(&mut self) -> Packet {
        loop {
            if let Some(packet) = self.packets.pop_front() {
                return packet;
            }
            while let Some(tag) = self.tags.next_tag().expect("FLV") {
                let dts = MediaTime::from_millis(tag.timestamp_ms.into());
                let packets = match tag.kind {
                    TagKind::Video => self.bodies.read_video(dts, tag.body).expect("a picture"),
                    TagKind::Audio => self.bodies.read_audio(dts, tag.body).expect("a sound"),
                    TagKind::Script => continue,
                };
                self.packets.extend(packets);
            }
            if self.packets.is_empty() {
                let bytes = timeout(PATIENCE, self.bytes.next()).await.expect("something in time");
                self.tags.handle_bytes(&bytes.expect("the stream goes on"));
            }
        }
    }
}

fn tag_kind(kind: Kind) -> TagKind {
    match kind {
        Kind::Audio => TagKind::Audio,
        Kind::Video => TagKind::Video,
    }
}

/// A picture with one unit, which a decoder would not understand, and players show 80 ms later.
pub(super) fn h264(dts_ms: i64, is_key: bool, unit: &[u8]) -> Frame {
    let dts = MediaTime::from_millis(dts_ms);
    let data = [&u32::try_from(unit.len()).unwrap().to_be_bytes()[..], unit].concat();
    let pts = dts + MediaTime::from_millis(80);
    Frame { codec: Codec::H264, pts, dts, is_key, data: data.into() }
}

pub(super) fn sound(dts_ms: i64, data: &'static [u8]) -> Frame {
    let dts = MediaTime::from_millis(dts_ms);
    Frame { codec: Codec::Aac, pts: dts, dts, is_key: true, data: Bytes::from_static(data) }
}

/// High, 322 by 242.
pub(super) fn video_parameters() -> Parameters {
    let record = b"\x01\x64\0\x0c\xff\xe1\0\x1b\x67\x64\0\x0c\xac\xd9\x41\x50\x87\x88\x88\xc0\x44\0\0\x03\0\x04\0\0\x03\0\x28\x3c\x50\xa6\x58\
        \x01\0\x06\x68\xeb\xe3\xcb\x22\xc0\xfd\xf8\xf8\0";
    let shape = Shape::Video { width: 322, height: 242 };
    Parameters { codec: Codec::H264, decoder_configuration: Bytes::from_static(record), shape }
}

/// AAC LC, 44.1 kHz, stereo.
pub(super) fn sound_parameters() -> Parameters {
    let shape = Shape::Audio { sample_rate_hz: 44_100, channels: 2 };
    Parameters { codec: Codec::Aac, decoder_configuration: Bytes::from_static(&[0x12, 0x10]), shape }
}

/// How often a picture of [`super::many`] comes.
pub(super) const PICTURE_INTERVAL: Duration = Duration::from_millis(20);
