//! How much has come from and gone to the members of live streams: two numbers for each, counted with its packets.

use std::collections::BTreeMap;

use room::media::MediaPeerId;

use super::Media;
use super::event::is_stream_peer;

/// What has come from somebody and gone to it, in bytes of RTP.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Weight {
    /// As they arrived.
    pub(crate) received_bytes: u64,
    /// Before they were encrypted.
    pub(crate) sent_bytes: u64,
}

/// By whom.
pub(crate) type Weighed = BTreeMap<MediaPeerId, Weight>;

impl Media {
    /// Of everybody who publishes or views a live stream by a connection here.
    pub(crate) fn weigh_streams(&self) -> Weighed {
        let members = self.connections.values().filter_map(|connection| {
            let member = self.members.get(connection.member()?)?;
            is_stream_peer(member.id).then_some((member.id, connection.weight))
        });
        members.collect()
    }
}
