//! What has gathered leaves at the end of a wake-up.

use std::time::Instant;

use sfu::PeerId;

use super::Media;
use super::connection::Connection;
use crate::clock;
use crate::worker::Ways;

impl Media {
    /// Sends what has gathered: packets to the clients, events to the rooms. True: some events still wait.
    pub(crate) fn flush(&mut self, now: Instant, ways: &mut Ways) -> bool {
        // What others wait for goes first, so that they work while we send.
        self.send_notes(now, ways);
        ways.mesh.flush();
        self.post.taps.flush(now);
        let gathered = self.post.take_gathered();
        // One thing for everybody, then the next: the caches hold either the cipher or the way through the kernel.
        for key in &gathered {
            if let Some(connection) = self.connections.get_mut(*key) {
                connection.protect_gathered();
            }
        }
        for few in gathered.chunks(DEPARTURES_AT_ONCE) {
            let departure = clock::now();
            few.iter().for_each(|key| self.note_departure(departure, *key));
            for key in few {
                if let Some(connection) = self.connections.get_mut(*key) {
                    self.post.flush_one(connection, &mut ways.egress);
                }
            }
        }
        self.post.put_back(gathered);
        self.events.flush()
    }

    /// What has gathered for a connection leaves at this time.
    fn note_departure(&mut self, departure: Instant, key: u32) {
        let seat = self.connections.get(key).and_then(Connection::member);
        let room = seat.and_then(|seat| self.members.get(seat)).map(|member| member.room);
        if let (Some(seat), Some(room)) = (seat, room.and_then(|room| self.rooms.get_mut(room))) {
            room.router.handle_departure(departure, PeerId(seat));
        }
    }
}

/// Viewers for whom the time of departure is asked once: as many as are served in less than a tenth of a millisecond or so.
const DEPARTURES_AT_ONCE: usize = 16;
