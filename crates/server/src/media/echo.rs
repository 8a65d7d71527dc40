//! The echo of the check page: a connection that is in no room and ends by itself. Its data channels tell by their label what they do.
//!
//! | label | a message | is answered with |
//! |---|---|---|
//! | `echo` | of any kind | itself |
//! | `upload` | of `n` bytes | `n`, as 4 bytes |
//! | `download` | `n`, as 4 bytes | `n` bytes, [`DOWNLOAD_BYTES_MAX`] at most |
//!
//! What goes beyond [`BYTES_PER_SECOND_MAX`] is not answered.

use std::net::IpAddr;
use std::time::{Duration, Instant};

use rtc::data::{ChannelId, MessageKind};

/// One check.
#[derive(Debug)]
pub(crate) struct Echo {
    ends_at: Instant,
    /// Where its first check came from: it is answered there and nowhere else.
    ip: Option<IpAddr>,
    /// At most [`CHANNELS_MAX`].
    channels: Vec<(ChannelId, Task)>,
    /// Bytes that may be received and answered now.
    budget_bytes: u64,
    /// When the budget was last increased.
    refilled: Instant,
}

/// What a channel does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Task {
    Echo,
    Upload,
    Download,
}

impl Echo {
    pub(crate) fn new(now: Instant) -> Self {
        Self {
            ends_at: now + DURATION,
            ip: None,
            channels: Vec::new(),
            budget_bytes: BYTES_PER_SECOND_MAX,
            refilled: now,
        }
    }

    /// A check was accepted from there. The first one counts.
    pub(crate) fn settle_at(&mut self, ip: IpAddr) {
        self.ip.get_or_insert(ip);
    }

    /// Whether datagrams from there are listened to.
    pub(crate) fn takes_from(&self, ip: IpAddr) -> bool {
        self.ip.is_none_or(|known| known == ip)
    }

    /// When it is over.
    pub(crate) fn ends_at(&self) -> Instant {
        self.ends_at
    }

    /// A channel was opened. False: it has no business here, and is to be closed.
    pub(crate) fn open(&mut self, channel: ChannelId, label: &str) -> bool {
        let task = match label {
            "echo" => Task::Echo,
            "upload" => Task::Upload,
            "download" => Task::Download,
            _ => return false,
        };
        let room = self.channels.len() < CHANNELS_MAX;
        if room {
            self.channels.push((channel, task));
        }
        room
    }

    /// A channel is no more.
    pub(crate) fn close(&mut self, channel: ChannelId) {
        self.channels.retain(|(known, _)| *known != channel);
    }

    /// What a message is answered with.
    pub(crate) fn answer(
        &mut self,
        now: Instant,
        channel: ChannelId,
        kind: MessageKind,
        bytes: Vec<u8>,
    ) -> Option<(MessageKind, Vec<u8>)> {
        let (_, task) = self.channels.iter().find(|(known, _)| *known == channel)?;
        let received = bytes.len();
        let answer = match task {
            Task::Echo => (kind, bytes),
            Task::Upload => (MessageKind::Binary, u32::try_from(received).ok()?.to_be_bytes().to_vec()),
            Task::Download => {
                let wanted = u32::from_be_bytes(bytes.try_into().ok()?);
                let wanted = usize::try_from(wanted).ok()?.min(DOWNLOAD_BYTES_MAX);
                (MessageKind::Binary, vec![0; wanted])
            }
        };
        let cost = received.saturating_add(answer.1.len()).saturating_add(MESSAGE_OVERHEAD_BYTES);
        self.take(now, crate::worker::as_count(cost)).then_some(answer)
    }

    fn take(&mut self, now: Instant, bytes: u64) -> bool {
        let elapsed_us = now.saturating_duration_since(self.refilled).as_micros();
        let earned = u128::from(BYTES_PER_SECOND_MAX).saturating_mul(elapsed_us) / 1_000_000;
        // Where nothing was earned the time is kept, or frequent messages would never earn.
        if earned > 0 {
            let earned = u64::try_from(earned).unwrap_or(u64::MAX);
            self.budget_bytes = self.budget_bytes.saturating_add(earned).min(BYTES_PER_SECOND_MAX);
            self.refilled = now;
        }
        match self.budget_bytes.checked_sub(bytes) {
            Some(left) => {
                self.budget_bytes = left;
                true
            }
            None => false,
        }
    }
}

/// How long a check may take: twice what the page's own takes.
pub(crate) const DURATION: Duration = Duration::from_secs(60);
/// Checks at once on one worker: with all of them at full speed there is room left for calls.
pub(crate) const CHECKS_MAX: usize = 16;
/// Received and answered, together: 16 Mbit/s, more than a call in full high definition takes in both directions.
const BYTES_PER_SECOND_MAX: u64 = 2_000_000;
/// The longest answer on `download`.
const DOWNLOAD_BYTES_MAX: usize = 16 * 1024;
/// Channels of one check: one for each task, and one to spare.
const CHANNELS_MAX: usize = 4;
/// Headers of SCTP, DTLS, UDP and IP around a small message and its answer.
const MESSAGE_OVERHEAD_BYTES: usize = 200;

#[cfg(test)]
mod tests;
