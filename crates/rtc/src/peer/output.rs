//! What a peer gives back.

use std::ops::Range;

use crate::data::{ChannelId, Delivery, MessageKind};
use crate::error::DisconnectReason;
use crate::path::Path;
use crate::srtp::{Profile, UnprotectError};

/// What came of an input.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Output {
    /// To be sent.
    Transmit {
        /// From where to where.
        path: Path,
        /// The whole datagram.
        datagram: Vec<u8>,
    },
    /// The handshake is over: media may flow.
    Connected {
        /// How it is protected; `None` when the client speaks data channels only.
        profile: Option<Profile>,
    },
    /// The client has opened a data channel.
    DataOpened {
        /// Which.
        channel: ChannelId,
        /// What the client calls it.
        label: String,
        /// How messages are delivered, both ways.
        delivery: Delivery,
    },
    /// A message has come on a data channel.
    Data {
        /// Which.
        channel: ChannelId,
        /// Text or bytes.
        kind: MessageKind,
        /// What it says.
        bytes: Vec<u8>,
    },
    /// A data channel is no more.
    DataClosed {
        /// Which.
        channel: ChannelId,
    },
    /// The last output. The peer can be dropped.
    Disconnected {
        /// Why.
        reason: DisconnectReason,
    },
}

/// What a datagram was.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Received {
    /// An RTP packet stands there, decrypted.
    Rtp(Range<usize>),
    /// A compound RTCP packet stands there, decrypted.
    Rtcp(Range<usize>),
    /// An ICE check, whose sender knows the password: what comes on its path is this peer's.
    Check,
    /// It was for this peer itself, or was dropped.
    Nothing,
}

/// Counts since the beginning.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Stats {
    /// ICE checks with wrong credentials, or otherwise refused.
    pub checks_refused: u32,
    /// Datagrams from addresses that no check came from, or of no known protocol.
    pub unexpected: u32,
    /// SRTP and SRTCP packets that are none.
    pub malformed: u32,
    /// SRTP and SRTCP packets that came before.
    pub replays: u32,
    /// SRTP and SRTCP packets under other keys.
    pub not_authentic: u32,
}

impl Stats {
    pub(super) fn count(&mut self, error: UnprotectError) {
        let count = match error {
            UnprotectError::Malformed => &mut self.malformed,
            UnprotectError::Replay => &mut self.replays,
            UnprotectError::NotAuthentic => &mut self.not_authentic,
        };
        *count = count.saturating_add(1);
    }
}
