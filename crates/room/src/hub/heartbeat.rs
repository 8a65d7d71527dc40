//! Which connections are alive.

use std::time::Instant;

use crate::{ConnId, Hub, Output, member::Member, output::CLOSE_GOING_AWAY, schedule::Timer};

impl Hub {
    /// The connection's ping is due: it gets one, or has left too many unanswered.
    pub(super) fn heartbeat(&mut self, now: Instant, conn: ConnId) {
        let Some(connection) = self.connections.get_mut(&conn) else { return };
        if connection.pings_unanswered >= PINGS_UNANSWERED_MAX {
            return self.close(now, conn, CLOSE_GOING_AWAY, "two pings unanswered");
        }
        connection.pings_unanswered += 1;
        connection.ping_at = now + self.config.heartbeat;
        self.schedule.set(connection.ping_at, Timer::Ping(conn));
        self.outputs.push_back(Output::Ping { conn });
        self.for_each_seat(conn, |member| {
            if let Some(ticket) = &mut member.ticket {
                ticket.ping_sent();
            }
        });
    }

    pub(super) fn hear_pong(&mut self, conn: ConnId) {
        let Some(connection) = self.connections.get_mut(&conn) else { return };
        connection.pings_unanswered = 0;
        self.for_each_seat(conn, |member| {
            if let Some(ticket) = &mut member.ticket {
                ticket.pong_received();
            }
        });
    }

    fn for_each_seat(&mut self, conn: ConnId, mut change: impl FnMut(&mut Member)) {
        let Some(connection) = self.connections.get(&conn) else { return };
        for room in &connection.rooms {
            if let Some(member) = self.rooms.get_mut(room).and_then(|room| room.member_of_mut(conn)) {
                change(member);
            }
        }
    }
}

/// Unanswered pings that make a connection dead.
const PINGS_UNANSWERED_MAX: u8 = 2;
