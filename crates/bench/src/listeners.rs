//! Viewers over TCP, who take what comes and count it.

use std::io::{ErrorKind, Read as _};
use std::net::TcpStream;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread::JoinHandle;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use live::rtmp::Purpose;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

use crate::encoder::{self, APP, Encoder, GROUP, STREAM};
use crate::network::ADDRESS;
use crate::parlor;

/// What they watch.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Output {
    /// HTTP-FLV.
    Flv,
    Rtmp,
}

/// A load: one who publishes by RTMP, and those who watch.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Plan {
    pub(crate) viewers: u32,
    pub(crate) output: Output,
}

/// They are there until this is dropped.
pub(crate) struct Listeners {
    viewers: u32,
    encoder: Encoder,
    /// Bytes that have come, and viewers who have got any, or have been sent away since.
    counted: Arc<Counted>,
    thread: Option<JoinHandle<()>>,
    sent_before: AtomicU64,
}

#[derive(Debug, Default)]
struct Counted {
    bytes: AtomicU64,
    seeing: AtomicU64,
    gone: AtomicU64,
    is_over: AtomicBool,
}

impl Listeners {
    /// Publishes and lets the viewers come.
    pub(crate) async fn gather(plan: Plan, output: Output) -> Result<Self> {
        let encoder = Encoder::start(GROUP).await?;
        let mut streams = Vec::new();
        for _ in 0..plan.viewers {
            let stream = match output {
                Output::Flv => flv().await?,
                Output::Rtmp => encoder::connect(Purpose::Play).await?.0,
            };
            // From here on the kernel wakes nobody when something comes: no server in the field pays for that.
            let stream = stream.into_std()?;
            stream.set_nonblocking(true)?;
            streams.push(stream);
        }
        let counted = Arc::new(Counted::default());
        let counts = Arc::clone(&counted);
        let thread = std::thread::Builder::new().name("listeners".into()).spawn(move || listen(streams, &counts))?;
        Ok(Self { viewers: plan.viewers, encoder, counted, thread: Some(thread), sent_before: AtomicU64::new(0) })
    }

    pub(crate) fn viewers(&self) -> u32 {
        self.viewers
    }

    /// Whether everybody sees something.
    pub(crate) fn is_complete(&self) -> bool {
        self.counted.seeing.load(Ordering::Relaxed) >= u64::from(self.viewers)
    }

    /// How many have been sent away.
    pub(crate) fn gone(&self) -> u64 {
        self.counted.gone.load(Ordering::Relaxed)
    }

    pub(crate) fn reset(&self) {
        self.sent_before.store(self.encoder.sent_bytes(), Ordering::Relaxed);
        self.counted.bytes.store(0, Ordering::Relaxed);
    }

    /// Bytes that came since the last reset, and those that should have.
    pub(crate) fn bytes(&self) -> (u64, u64) {
        let sent = self.encoder.sent_bytes() - self.sent_before.load(Ordering::Relaxed);
        (self.counted.bytes.load(Ordering::Relaxed), sent * u64::from(self.viewers))
    }
}

impl Drop for Listeners {
    fn drop(&mut self) {
        self.counted.is_over.store(true, Ordering::Relaxed);
        if let Some(thread) = self.thread.take() {
            thread.thread().unpark();
            let _ = thread.join();
        }
    }
}

/// Looks every other millisecond for what has come.
fn listen(streams: Vec<TcpStream>, counted: &Counted) {
    let mut streams: Vec<(TcpStream, bool)> = streams.into_iter().map(|stream| (stream, false)).collect();
    let mut buffer = vec![0; 256 * 1024];
    while !counted.is_over.load(Ordering::Relaxed) {
        std::thread::park_timeout(LOOK_AFTER);
        streams.retain_mut(|(stream, sees)| match stream.read(&mut buffer) {
            Ok(read) if read > 0 => {
                counted.bytes.fetch_add(read as u64, Ordering::Relaxed);
                if !std::mem::replace(sees, true) {
                    counted.seeing.fetch_add(1, Ordering::Relaxed);
                }
                true
            }
            Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::Interrupted) => true,
            Ok(_) | Err(_) => {
                counted.gone.fetch_add(1, Ordering::Relaxed);
                false
            }
        });
    }
}

/// One who is answered with FLV.
async fn flv() -> Result<tokio::net::TcpStream> {
    let mut stream = tokio::net::TcpStream::connect((ADDRESS, parlor::PORT)).await?;
    let request = format!("GET /{APP}/{STREAM}.flv HTTP/1.1\r\nHost: {ADDRESS}\r\n\r\n");
    stream.write_all(request.as_bytes()).await?;
    let mut status = [0; 12];
    let read = tokio::time::timeout(PATIENCE, stream.read_exact(&mut status)).await;
    read.context("HTTP-FLV is not answered")??;
    ensure!(&status == b"HTTP/1.1 200", "HTTP-FLV: {}", String::from_utf8_lossy(&status));
    Ok(stream)
}

const LOOK_AFTER: Duration = Duration::from_millis(2);
const PATIENCE: Duration = Duration::from_secs(10);
