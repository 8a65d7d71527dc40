//! One connection to another server: a publisher there, a viewer here.

use std::collections::VecDeque;
use std::io;
use std::sync::Arc;
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use live::hub::{Content, Item};
use live::rtmp::{ClientOutput, ClientSession, Endpoint, Purpose, data_frame, for_stream};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::time::timeout;

use super::Stop;
use super::fault::Fault;
use super::outside::{Duplex, Outside};
use super::target::Target;
use crate::live::directory::{ViewEnd, Viewer};
use crate::live::egress;

/// The other server has let us publish.
pub(super) struct Connection {
    line: Box<dyn Duplex>,
    session: ClientSession,
    /// The message stream that the other server gave.
    stream: u32,
    /// What was read last; of a fixed size.
    read: BytesMut,
    /// What comes from the stream; at most a batch of the hub.
    items: Vec<Arc<Item>>,
    /// What is to be written.
    pieces: VecDeque<Bytes>,
    /// What the viewer had missed when it was last asked.
    skipped: u64,
}

impl Connection {
    /// Connects and asks for leave to publish.
    ///
    /// # Errors
    /// [`Fault`].
    pub(super) async fn open(outside: &Outside, target: &Target, endpoint: &Endpoint) -> Result<Self, Fault> {
        let opened = async {
            let mut seed = [0; 32];
            getrandom::fill(&mut seed).map_err(Fault::Randomness)?;
            let line = outside.connect(endpoint, target.source).await?;
            let session =
                ClientSession::new(Purpose::Publish, &endpoint.origin(), &endpoint.app, &endpoint.stream, seed);
            let mut connection = Self {
                line,
                session,
                stream: 0,
                read: BytesMut::with_capacity(READ_BYTES),
                items: Vec::new(),
                pieces: VecDeque::new(),
                skipped: 0,
            };
            while !connection.drain()? {
                connection.say(target).await?;
                let read = connection.line.read_buf(&mut connection.read).await.map_err(Fault::Lost)?;
                connection.hear(read)?;
            }
            Ok(connection)
        };
        timeout(OPEN_MAX, opened).await.unwrap_or(Err(Fault::Late))
    }

    /// Passes the stream on until it is stopped. Who does not keep up loses pictures up to the next key frame, as all viewers do.
    ///
    /// # Errors
    /// [`Fault`].
    pub(super) async fn forward(&mut self, viewer: &mut Viewer, target: &Target, stop: &mut Stop) -> Result<(), Fault> {
        loop {
            tokio::select! {
                () = stop.wait() => return Ok(()),
                read = self.line.read_buf(&mut self.read) => {
                    let read = read.map_err(Fault::Lost)?;
                    self.hear(read)?;
                    self.drain()?;
                }
                came = viewer.next(&mut self.items) => match came {
                    // Silence: whoever stops this knows when.
                    Ok(()) | Err(ViewEnd::Silence) => {}
                    Err(ViewEnd::TooSlow(_)) => viewer.begin_again(),
                },
            }
            let skipped = viewer.skipped();
            target.count_skipped(skipped.saturating_sub(self.skipped));
            self.skipped = skipped;
            self.take_items()?;
            tokio::select! {
                () = stop.wait() => return Ok(()),
                said = self.say(target) => said?,
            }
        }
    }

    /// Says that the stream is over, if what was said before has gone out.
    pub(super) async fn leave(mut self, target: &Target) {
        if self.pieces.is_empty() {
            self.session.finish();
            let farewell = async {
                self.drain()?;
                self.say(target).await?;
                self.line.shutdown().await.map_err(Fault::Lost)
            };
            // Who does not take it finds out by the end of the connection.
            let _ = timeout(FAREWELL_MAX, farewell).await;
        }
    }

    fn hear(&mut self, read: usize) -> Result<(), Fault> {
        if read == 0 {
            return Err(Fault::Closed);
        }
        self.session.handle_bytes(&self.read)?;
        self.read.clear();
        Ok(())
    }

    /// Does what the session wants done. True: we are let in.
    fn drain(&mut self) -> Result<bool, Fault> {
        let mut is_ready = false;
        while let Some(output) = self.session.poll_output() {
            match output {
                ClientOutput::Send(bytes) => self.pieces.push_back(bytes),
                ClientOutput::Ready { stream } => (self.stream, is_ready) = (stream, true),
                ClientOutput::Ended => return Err(Fault::Ended),
                // Nobody sends these to a publisher.
                ClientOutput::Parameters(_) | ClientOutput::Frame(_) | ClientOutput::Metadata(_) => {}
            }
        }
        Ok(is_ready)
    }

    fn take_items(&mut self) -> Result<(), Fault> {
        for item in self.items.drain(..) {
            let message = match item.content() {
                Content::Metadata(metadata) => data_frame(metadata, self.stream),
                Content::Parameters(parameters) if !self.session.takes(parameters.codec) => {
                    return Err(Fault::Codec(parameters.codec));
                }
                Content::Parameters(_) | Content::Frame(_) => for_stream(item.rtmp(), self.stream),
            };
            if !message.is_empty() {
                self.pieces.push_back(message);
            }
        }
        Ok(())
    }

    /// Writes everything that is to be said.
    async fn say(&mut self, target: &Target) -> Result<(), Fault> {
        if self.pieces.is_empty() {
            return Ok(());
        }
        let bytes = self.pieces.iter().map(Bytes::len).sum();
        let said = egress::write_all(&mut self.line, &mut self.pieces).await;
        target.count_bytes(bytes);
        said.map_err(|error| if error.kind() == io::ErrorKind::TimedOut { Fault::Late } else { Fault::Lost(error) })
    }
}

/// What is read in one go: other servers say little to a publisher.
const READ_BYTES: usize = 4096;
/// From the look-up of the name to the leave to publish.
const OPEN_MAX: Duration = Duration::from_secs(15);
/// Time for the last words.
const FAREWELL_MAX: Duration = Duration::from_secs(1);
