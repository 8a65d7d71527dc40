//! Data channels of members: what they say goes to the rooms, and what the rooms have for them goes out.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::Instant;

use room::media::{DataMessage, DataRefusal, Lane, MediaEvent, MediaPeerId};
use rtc::Output;
use rtc::data::{MessageKind, SendError};
use rtc::error::DisconnectReason;

use super::Media;
use super::connection::Connection;
use super::event::Events;
use super::lanes::{Lanes, News};
use super::stats::DataStats;
use crate::worker::{Ways, as_count};

/// What became of a message for a member.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Fate {
    Sent,
    /// Nobody waits for it, or it would come too late.
    Dropped,
    /// Its channel was closed, as more waits than may.
    Slow(News),
}

impl Media {
    /// Sends a message to members who have a channel for it. Each takes its own time: nobody waits for who is slow.
    pub(super) fn handle_data(
        &mut self,
        now: Instant,
        to: &[MediaPeerId],
        lane: Lane,
        message: &DataMessage,
        ways: &mut Ways,
    ) {
        for id in to {
            let member = self.members_by_id.get(id).and_then(|seat| self.members.get(*seat));
            let current = member.and_then(|member| member.current);
            let Some((key, connection)) = current.and_then(|key| Some((key, self.connections.get_mut(key)?))) else {
                self.counters.data.dropped += 1;
                continue;
            };
            let is_full = self.data_buffered_bytes >= BUFFERED_BYTES_MAX;
            let send = AssertUnwindSafe(|| connection.send_data(now, lane, message, is_full));
            match catch_unwind(send) {
                Ok(Fate::Sent) => self.counters.data.sent += 1,
                Ok(Fate::Dropped) => self.counters.data.dropped += 1,
                Ok(Fate::Slow(changed)) => {
                    self.counters.data.dropped += 1;
                    self.counters.data.slow += 1;
                    let refused =
                        News::Refused { label: lane.label().to_owned(), refusal: DataRefusal::Slow, tell: true };
                    [changed, refused].into_iter().for_each(|news| {
                        tell(news, *id, &mut self.events, &mut self.counters.data);
                    });
                }
                Err(_) => {
                    self.counters.failures += 1;
                    self.handle_disconnected(now, key, DisconnectReason::Internal, ways);
                    continue;
                }
            }
            self.settle(now, key, ways);
        }
    }

    /// Counts anew what waits for a member.
    pub(super) fn weigh_data(&mut self, key: u32) {
        let Some(connection) = self.connections.get_mut(key) else { return };
        let buffered = connection.peer.data_buffered_bytes();
        let Some(lanes) = &mut connection.lanes else { return };
        let before = std::mem::replace(&mut lanes.buffered_bytes, buffered);
        self.data_buffered_bytes = (self.data_buffered_bytes + buffered).saturating_sub(before);
    }

    /// A connection is gone, with its channels.
    pub(super) fn forget_lanes(&mut self, seat: Option<u32>, lanes: &Lanes) {
        self.data_buffered_bytes = self.data_buffered_bytes.saturating_sub(lanes.buffered_bytes);
        let member = seat.and_then(|seat| self.members.get(seat));
        if let Some(member) = member.filter(|_| !lanes.open_lanes().is_empty()) {
            self.events.send(MediaEvent::Lanes { peer: member.id, lanes: Vec::new() });
        }
    }
}

impl Connection {
    /// Does what happens on the data channels of a member.
    pub(super) fn hear_member_data(&mut self, now: Instant, output: Output) -> Option<News> {
        match output {
            Output::DataOpened { channel, label, delivery } => {
                let lanes = self.lanes.get_or_insert_with(|| Box::new(Lanes::new(now)));
                let news = lanes.open(now, channel, label, delivery);
                if matches!(news, News::Refused { .. }) {
                    self.peer.close_data(now, channel);
                }
                Some(news)
            }
            Output::Data { channel, kind, bytes } => self.lanes.as_mut()?.hear(now, channel, kind, bytes),
            Output::DataClosed { channel } => self.lanes.as_mut()?.close(channel),
            Output::Transmit { .. } | Output::Connected { .. } | Output::Disconnected { .. } => None,
        }
    }

    fn send_data(&mut self, now: Instant, lane: Lane, message: &DataMessage, is_full: bool) -> Fate {
        let Some(lanes) = &mut self.lanes else { return Fate::Dropped };
        let Some(channel) = lanes.channel(lane) else { return Fate::Dropped };
        let (kind, bytes) = match message {
            DataMessage::Text(text) => (MessageKind::Text, text.as_bytes()),
            DataMessage::Binary(bytes) => (MessageKind::Binary, &**bytes),
        };
        let is_behind = self.peer.data_buffered_bytes() >= LOSSY_BUFFERED_BYTES_MAX;
        if lane == Lane::Lossy && is_behind {
            return Fate::Dropped;
        }
        let sent = if is_full && is_behind { None } else { Some(self.peer.send_data(now, channel, kind, bytes)) };
        match (sent, lane) {
            (Some(Ok(())), _) => Fate::Sent,
            (None | Some(Err(SendError::BufferFull { .. })), Lane::Reliable) => {
                self.peer.close_data(now, channel);
                lanes.close(channel).map_or(Fate::Dropped, Fate::Slow)
            }
            _ => Fate::Dropped,
        }
    }
}

/// Tells the rooms what happens on the channels of a member. While many events wait for them, no message joins these.
pub(super) fn tell(news: News, peer: MediaPeerId, events: &mut Events, counters: &mut DataStats) {
    let event = match news {
        News::Changed(lanes) => MediaEvent::Lanes { peer, lanes },
        News::Message(lane, message) if events.waiting() < EVENTS_WAITING_MAX => {
            counters.received += 1;
            counters.received_bytes += as_count(message.len_bytes());
            MediaEvent::Data { peer, lane, message }
        }
        News::Message(lane, _) => {
            counters.refused += 1;
            MediaEvent::DataRefused { peer, label: lane.label().to_owned(), refusal: DataRefusal::Busy }
        }
        News::Refused { label, refusal, tell } => {
            counters.refused += 1;
            if !tell {
                return;
            }
            MediaEvent::DataRefused { peer, label, refusal }
        }
    };
    events.send(event);
}

/// With more waiting for a member, what would come late is not sent at all; about a fifth of a second at 2 Mbit/s.
pub(super) const LOSSY_BUFFERED_BYTES_MAX: usize = 64 * 1024;
/// With more waiting for all members of a worker together, nobody may be behind by more than [`LOSSY_BUFFERED_BYTES_MAX`].
const BUFFERED_BYTES_MAX: usize = 256 * 1024 * 1024;
/// Events that wait for the rooms while messages still join them: with messages of full length, 32 MiB.
const EVENTS_WAITING_MAX: usize = 512;

#[cfg(test)]
mod tests;
