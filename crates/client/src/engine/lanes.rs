//! The data channels of a peer connection.

use std::time::Instant;

use str0m::Rtc;
use str0m::channel::ChannelId;

use crate::data::{DataFigures, DataSource};

/// Its channels, what is said on one of them, and what is heard on both.
#[derive(Debug)]
pub(super) struct Lanes {
    source: Option<DataSource>,
    /// Where it says it, once that channel stands.
    channel: Option<ChannelId>,
    figures: DataFigures,
}

impl Lanes {
    pub(super) fn new(source: Option<DataSource>) -> Self {
        Self { source, channel: None, figures: DataFigures::default() }
    }

    /// A channel stands.
    pub(super) fn handle_open(&mut self, channel: ChannelId, label: &str) {
        let wanted = self.source.as_ref().map(|source| if source.is_lossy() { LOSSY } else { RELIABLE });
        if wanted == Some(label) {
            self.channel = Some(channel);
        }
    }

    /// A channel was closed.
    pub(super) fn handle_close(&mut self, channel: ChannelId) {
        self.channel = self.channel.filter(|own| *own != channel);
    }

    /// A message came.
    pub(super) fn handle_message(&mut self, message: &[u8], now_us: u64, run: u32) {
        self.figures.message(message, now_us, run);
    }

    /// When something is to be said.
    pub(super) fn next_at(&self) -> Option<Instant> {
        self.channel.and(self.source.as_ref()).map(DataSource::next_at)
    }

    /// Says what is due. What the channel does not take, as too much waits on it, is not said.
    pub(super) fn say_due(&mut self, rtc: &mut Rtc, now: Instant, now_us: u64) {
        let (Some(source), Some(channel)) = (&mut self.source, self.channel) else { return };
        while let Some(message) = source.next(now, now_us) {
            let said = rtc.channel(channel).is_some_and(|mut channel| channel.write(true, message).unwrap_or(false));
            self.figures.sent += u64::from(said);
        }
    }

    pub(super) fn figures(&self) -> &DataFigures {
        &self.figures
    }

    pub(super) fn reset(&mut self) {
        self.figures = DataFigures::default();
    }
}

/// Labels of docs/signalling.md.
pub(crate) const RELIABLE: &str = "data";
pub(crate) const LOSSY: &str = "data-lossy";
