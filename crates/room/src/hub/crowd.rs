//! What it costs to speak to a crowd: as much for each who speaks as keeps the work that a given number of connections can cause the
//! same in one large room as in many small ones.

use crate::{ConnId, Hub, error::Error, id::RoomId};

impl Hub {
    /// Counts a message of so many bytes to the whole room, beyond the one that it is, for each further hundred who hear it.
    ///
    /// # Errors
    /// [`Error::TooManyMessages`], also to who has lost its connection and goes on to speak on its data channels: nobody pays for that.
    pub(super) fn pay_for_crowd(&mut self, conn: Option<ConnId>, room_id: &RoomId, bytes: usize) -> Result<(), Error> {
        let members = self.rooms.get(room_id).map_or(0, |room| room.members().len());
        let messages = (members.saturating_sub(1) / CROWD).saturating_mul(1 + bytes / LONG_BYTES);
        if messages == 0 {
            return Ok(());
        }
        let connection = conn.and_then(|conn| self.connections.get_mut(&conn)).ok_or(Error::TooManyMessages)?;
        if connection.take_messages(self.now, messages, &self.config.limits) {
            Ok(())
        } else {
            Err(Error::TooManyMessages)
        }
    }
}

/// So many hear a message for the price of one.
const CROWD: usize = 100;

/// So long is a message for the price of one to a crowd.
const LONG_BYTES: usize = 4096;
