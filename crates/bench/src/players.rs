//! Players of HLS that want everything at once: each reads the playlist and the newest segment, over and over, on one connection.

use std::fs;
use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread::JoinHandle;
use std::time::Duration;

use anyhow::{Context, Result, bail, ensure};
use client::resolve;

use crate::encoder::{APP, Encoder, GROUP, STREAM};
use crate::network::ADDRESS;
use crate::{nginx, parlor};

/// They are there until this is dropped.
pub(crate) struct Players {
    counted: Arc<Counted>,
    threads: Vec<JoinHandle<()>>,
    /// Who publishes what they watch, where it is live.
    _encoder: Option<Encoder>,
}

#[derive(Debug, Default)]
struct Counted {
    requests: AtomicU64,
    bytes: AtomicU64,
    failed: AtomicU64,
    is_over: AtomicBool,
}

impl Players {
    /// Publishes to Parlor, and lets them play there.
    pub(crate) async fn of_stream() -> Result<Self> {
        let encoder = Encoder::start(GROUP).await?;
        let playlist = playlist_when_full().await?;
        Self::start(SocketAddr::new(ADDRESS, parlor::PORT), &playlist, Some(encoder))
    }

    /// Has a Parlor write a playlist and its segments, puts them where nginx has its files, and lets them play there.
    pub(crate) async fn of_files(binary: &Path, folder: &Path) -> Result<Self> {
        let process = parlor::start(binary, folder, None, false).await?;
        let encoder = Encoder::start(GROUP).await?;
        let playlist = playlist_when_full().await?;
        let files = nginx::files(folder);
        let copied = tokio::task::spawn_blocking(move || copy(&playlist, &files)).await.context("copying")?;
        drop((encoder, process));
        Self::start(SocketAddr::new(ADDRESS, nginx::FILES_PORT), &copied?, None)
    }

    fn start(server: SocketAddr, playlist: &str, encoder: Option<Encoder>) -> Result<Self> {
        let counted = Arc::new(Counted::default());
        let threads = (0..PLAYERS).map(|_| {
            let (counts, playlist) = (Arc::clone(&counted), playlist.to_owned());
            std::thread::Builder::new().name("player".into()).spawn(move || play(server, &playlist, &counts))
        });
        let threads = threads.collect::<std::io::Result<_>>()?;
        Ok(Self { counted, threads, _encoder: encoder })
    }

    pub(crate) fn is_complete(&self) -> bool {
        self.counted.requests.load(Ordering::Relaxed) > u64::from(PLAYERS)
    }

    pub(crate) fn reset(&self) {
        for count in [&self.counted.requests, &self.counted.bytes] {
            count.store(0, Ordering::Relaxed);
        }
    }

    /// Requests answered, bytes that came with them, and players who gave up.
    pub(crate) fn counts(&self) -> (u64, u64, u64) {
        let Counted { requests, bytes, failed, .. } = &*self.counted;
        let read = |count: &AtomicU64| count.load(Ordering::Relaxed);
        (read(requests), read(bytes), read(failed))
    }
}

impl Drop for Players {
    fn drop(&mut self) {
        self.counted.is_over.store(true, Ordering::Relaxed);
        for thread in self.threads.drain(..) {
            let _ = thread.join();
        }
    }
}

/// The path of the media playlist, once it has its segments.
async fn playlist_when_full() -> Result<String> {
    for _ in 0..FULL_TRIES {
        tokio::time::sleep(FULL_STEP).await;
        let found = tokio::task::spawn_blocking(full_playlist).await.context("asking")?;
        if let Ok(path) = found {
            return Ok(path);
        }
    }
    bail!("the playlist does not get segments")
}

fn full_playlist() -> Result<String> {
    let mut connection = Connection::open(SocketAddr::new(ADDRESS, parlor::PORT))?;
    let first = connection.text(&format!("/{APP}/{STREAM}.m3u8"))?;
    let path = first.lines().find(|line| line.starts_with('/')).context("no media playlist")?.to_owned();
    let segments = segments(&connection.text(&path)?).len();
    ensure!(segments >= SEGMENTS_MIN, "{segments} segments");
    Ok(path)
}

/// Writes a playlist and its segments; the path of the playlist there.
fn copy(playlist: &str, files: &Path) -> Result<String> {
    let mut connection = Connection::open(SocketAddr::new(ADDRESS, parlor::PORT))?;
    let text = connection.text(playlist)?;
    let folder = files.join(APP);
    fs::create_dir_all(&folder)?;
    for segment in segments(&text) {
        let bytes = connection.get(&resolve(playlist, segment))?.to_vec();
        fs::write(folder.join(segment.rsplit('/').next().unwrap_or(segment)), bytes)?;
    }
    let path = format!("/{APP}/{STREAM}.m3u8");
    fs::write(files.join(path.trim_start_matches('/')), text)?;
    Ok(path)
}

fn play(server: SocketAddr, playlist: &str, counted: &Counted) {
    let played = (|| -> Result<()> {
        let mut connection = Connection::open(server)?;
        let count = |bytes: usize| {
            counted.requests.fetch_add(1, Ordering::Relaxed);
            counted.bytes.fetch_add(bytes as u64, Ordering::Relaxed);
        };
        while !counted.is_over.load(Ordering::Relaxed) {
            let text = connection.text(playlist)?;
            count(text.len());
            let newest = segments(&text).last().map(|segment| resolve(playlist, segment)).context("no segment")?;
            count(connection.get(&newest)?.len());
        }
        Ok(())
    })();
    if let Err(error) = played {
        eprintln!("a player gives up: {error:#}");
        counted.failed.fetch_add(1, Ordering::Relaxed);
    }
}

fn segments(playlist: &str) -> Vec<&str> {
    playlist.lines().filter(|line| !line.starts_with('#') && !line.is_empty()).collect()
}

/// A connection on which one request follows the other.
struct Connection {
    stream: TcpStream,
    buffer: Vec<u8>,
}

impl Connection {
    fn open(server: SocketAddr) -> Result<Self> {
        let stream = TcpStream::connect(server).context("HTTP")?;
        stream.set_nodelay(true)?;
        stream.set_read_timeout(Some(PATIENCE))?;
        Ok(Self { stream, buffer: vec![0; 4 << 20] })
    }

    fn text(&mut self, path: &str) -> Result<String> {
        Ok(String::from_utf8(self.get(path)?.to_vec())?)
    }

    /// The body of an answer that says its length.
    fn get(&mut self, path: &str) -> Result<&[u8]> {
        let Self { stream, buffer } = self;
        stream.write_all(format!("GET {path} HTTP/1.1\r\nHost: {ADDRESS}\r\n\r\n").as_bytes())?;
        let (mut filled, mut wanted) = (0, None);
        loop {
            let read = stream.read(buffer.get_mut(filled..).unwrap_or_default())?;
            ensure!(read > 0, "the server has closed the connection");
            filled += read;
            let come = buffer.get(..filled).unwrap_or_default();
            if wanted.is_none() {
                wanted = body_range(come)?;
            }
            if let Some((_, end)) = wanted
                && filled >= end
            {
                break;
            }
        }
        let (start, end) = wanted.unwrap_or_default();
        Ok(buffer.get(start..end).unwrap_or_default())
    }
}

/// Where the body of an answer begins and ends, once its head is there.
fn body_range(come: &[u8]) -> Result<Option<(usize, usize)>> {
    let Some(head) = come.windows(4).position(|window| window == b"\r\n\r\n") else { return Ok(None) };
    let text = String::from_utf8_lossy(come.get(..head).unwrap_or_default()).to_lowercase();
    ensure!(text.starts_with("http/1.1 200"), "{}", text.lines().next().unwrap_or_default());
    let length =
        text.lines().find_map(|line| line.strip_prefix("content-length:")).context("an answer without length")?;
    let start = head + 4;
    Ok(Some((start, start + length.trim().parse::<usize>()?)))
}

/// Connections.
pub(crate) const PLAYERS: u32 = 8;
const SEGMENTS_MIN: usize = 3;
const FULL_STEP: Duration = Duration::from_millis(500);
/// Twenty seconds in all.
const FULL_TRIES: u32 = 40;
const PATIENCE: Duration = Duration::from_secs(10);
