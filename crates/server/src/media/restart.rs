//! The end of all connections of a worker: when the server stops, and when something in the media plane has failed.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::time::Instant;

use room::media::{MediaEvent, MediaRefusal};
use rtc::error::DisconnectReason;

use super::event::is_stream_room;
use super::{Media, News};
use crate::worker::Ways;

impl Media {
    /// Says goodbye to all clients, so that they need not find out that nobody is there. One that fails at it is passed over.
    pub(crate) fn close_all(&mut self, now: Instant, ways: &mut Ways) {
        let keys: Vec<u32> = self.connections.keys().collect();
        for key in keys {
            // It was the last thing to be done for it.
            let _ = catch_unwind(AssertUnwindSafe(|| self.close_connection(now, key, ways)));
        }
    }

    /// Begins anew after something in it has failed: its calls are over, and the members are told so; they come back. Whatever was left
    /// half done goes with them.
    pub(crate) fn begin_anew(mut self, now: Instant, ways: &mut Ways) -> Self {
        let numbers = (self.worker, self.workers);
        let mut next = Self::new(numbers, Arc::clone(&self.config), self.events.sinks());
        self.close_all(now, ways);
        std::mem::swap(&mut next.events, &mut self.events);
        if let Some((peer, request)) = self.answering {
            next.events.send(MediaEvent::Refused { peer, request, reason: MediaRefusal::Unavailable });
        }
        for room in self.rooms.values() {
            for link in room.links {
                next.notes.push(link, room.id, News::Closed);
            }
        }
        for member in self.members.values().filter(|member| member.home.is_none()) {
            let reason = DisconnectReason::Internal.to_string();
            next.events.send(MediaEvent::Disconnected { peer: member.id, reason });
        }
        next.counters = self.counters;
        next.post.joins = self.post.joins;
        for room in self.rooms.values() {
            next.counters.count_router(&room.router.stats(), is_stream_room(room.id));
        }
        next.counters.restarts += 1;
        next
    }
}
