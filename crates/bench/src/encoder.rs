//! A camera and a microphone that publish by RTMP. What they show no decoder would understand; servers look at the outside.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use anyhow::{Context, Result, bail};
use bytes::Bytes;
use live::flv::{TagKind, frame_body, parameters_body};
use live::rtmp::{ClientOutput, ClientSession, Purpose, message};
use media::{Codec, Frame, MediaTime, Parameters, Shape};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::task::JoinHandle;
use tokio::time::{interval, timeout};

use crate::network::ADDRESS;

/// The name that the stream has everywhere.
pub(crate) const APP: &str = "live";
pub(crate) const STREAM: &str = "bench";

/// Where RTMP is spoken.
pub(crate) const RTMP_PORT: u16 = 1935;

/// One who publishes, until this is dropped.
pub(crate) struct Encoder {
    sent_bytes: Arc<AtomicU64>,
    task: JoinHandle<()>,
}

impl Encoder {
    /// Connects and begins; so many pictures make a group.
    pub(crate) async fn start(group: u32) -> Result<Self> {
        let (mut stream, number) = connect(Purpose::Publish).await?;
        for parameters in [picture_parameters(), sound_parameters()] {
            let kind = if parameters.codec == Codec::H264 { TagKind::Video } else { TagKind::Audio };
            let body = parameters_body(&parameters).context("parameters")?;
            stream.write_all(&message(kind.number(), 0, number, &body)).await?;
        }
        let sent_bytes = Arc::new(AtomicU64::new(0));
        let counted = Arc::clone(&sent_bytes);
        let task = tokio::spawn(async move {
            let mut ticks = interval(PICTURE_INTERVAL);
            // Whoever is refused later than at the beginning is missed by the viewers.
            for index in 0_u32.. {
                ticks.tick().await;
                let bytes = of_interval(index, index.is_multiple_of(group.max(1)), number);
                if stream.write_all(&bytes).await.is_err() {
                    return;
                }
                counted.fetch_add(bytes.len() as u64, Ordering::Relaxed);
            }
        });
        Ok(Self { sent_bytes, task })
    }

    /// Bytes of messages that it has sent.
    pub(crate) fn sent_bytes(&self) -> u64 {
        self.sent_bytes.load(Ordering::Relaxed)
    }
}

impl Drop for Encoder {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// A connection on which the server lets us publish or play, and the message stream for that.
pub(crate) async fn connect(purpose: Purpose) -> Result<(TcpStream, u32)> {
    let mut stream = TcpStream::connect((ADDRESS, RTMP_PORT)).await.context("RTMP")?;
    stream.set_nodelay(true)?;
    let mut session = ClientSession::new(purpose, &format!("rtmp://{ADDRESS}"), APP, STREAM, [7; 32]);
    let mut bytes = [0; 4096];
    let ready = async {
        loop {
            while let Some(output) = session.poll_output() {
                match output {
                    ClientOutput::Send(bytes) => stream.write_all(&bytes).await?,
                    ClientOutput::Ready { stream: number } => return Ok((stream, number)),
                    ClientOutput::Parameters(_)
                    | ClientOutput::Frame(_)
                    | ClientOutput::Metadata(_)
                    | ClientOutput::Ended => {}
                }
            }
            let read = stream.read(&mut bytes).await?;
            if read == 0 {
                bail!("the RTMP server has closed the connection");
            }
            session.handle_bytes(bytes.get(..read).unwrap_or_default())?;
        }
    };
    timeout(PATIENCE, ready).await.context("the RTMP server does not answer")?
}

/// The picture of an interval, and the pieces of sound that begin in it.
fn of_interval(index: u32, is_key: bool, stream: u32) -> Vec<u8> {
    let millis = i64::from(index) * PICTURE_INTERVAL.as_millis() as i64;
    let mut bytes = framed(TagKind::Video, &picture(millis, is_key), stream).to_vec();
    let samples = |index: u32| u64::from(index) * u64::from(SAMPLE_RATE_HZ) / PICTURES_PER_SECOND;
    let sounds = samples(index).div_ceil(FRAME_SAMPLES)..samples(index + 1).div_ceil(FRAME_SAMPLES);
    for number in sounds {
        let dts = MediaTime::from_ticks((number * FRAME_SAMPLES).cast_signed(), SAMPLE_RATE_HZ);
        let data = Bytes::from_static(&[0x21; SOUND_BYTES]);
        let sound = Frame { codec: Codec::Aac, pts: dts, dts, is_key: true, data };
        bytes.extend(framed(TagKind::Audio, &sound, stream));
    }
    bytes
}

fn framed(kind: TagKind, frame: &Frame, stream: u32) -> Bytes {
    message(kind.number(), u32::try_from(frame.dts.millis()).unwrap_or(0), stream, &frame_body(frame))
}

/// One NAL unit after its length. Key frames are three times as long as the others.
fn picture(millis: i64, is_key: bool) -> Frame {
    let (header, bytes) = if is_key { (0x65, PICTURE_BYTES * 3) } else { (0x41, PICTURE_BYTES) };
    let mut data = Vec::with_capacity(bytes + 4);
    data.extend(u32::try_from(bytes).unwrap_or(0).to_be_bytes());
    data.push(header);
    data.resize(bytes + 4, 0x9a);
    let dts = MediaTime::from_millis(millis);
    Frame { codec: Codec::H264, pts: dts, dts, is_key, data: data.into() }
}

/// High profile, 322 by 242, of a real encoder.
fn picture_parameters() -> Parameters {
    let record: &[u8] = b"\x01\x64\0\x0c\xff\xe1\0\x1b\x67\x64\0\x0c\xac\xd9\x41\x50\x87\x88\x88\xc0\x44\0\0\x03\0\x04\0\0\x03\0\x28\x3c\x50\xa6\x58\
        \x01\0\x06\x68\xeb\xe3\xcb\x22\xc0\xfd\xf8\xf8\0";
    let shape = Shape::Video { width: 322, height: 242 };
    Parameters { codec: Codec::H264, decoder_configuration: Bytes::from_static(record), shape }
}

/// AAC LC, 48 kHz, stereo.
fn sound_parameters() -> Parameters {
    let shape = Shape::Audio { sample_rate_hz: SAMPLE_RATE_HZ, channels: 2 };
    Parameters { codec: Codec::Aac, decoder_configuration: Bytes::from_static(&[0x11, 0x90]), shape }
}

const PICTURES_PER_SECOND: u64 = 25;
const PICTURE_INTERVAL: Duration = Duration::from_millis(1000 / PICTURES_PER_SECOND);
/// Pictures from one key picture to the next: two seconds, as most have it.
pub(crate) const GROUP: u32 = 50;
/// Ten seconds.
pub(crate) const LONG_GROUP: u32 = 250;
/// With the key frames 2.5 Mbit/s.
const PICTURE_BYTES: usize = 12_000;
const SAMPLE_RATE_HZ: u32 = 48_000;
/// Of a frame of AAC.
const FRAME_SAMPLES: u64 = 1024;
/// 128 kbit/s.
const SOUND_BYTES: usize = 340;
const PATIENCE: Duration = Duration::from_secs(10);
