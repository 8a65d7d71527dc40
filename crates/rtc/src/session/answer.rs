//! What came out of a round of negotiation.

use rtp::parameters::{ReceiveParameters, SendParameters};

/// The answer to an offer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    /// To be sent to the client.
    pub sdp: String,
    /// What each media description of the offer became, in the offer's order.
    pub media: Vec<Media>,
}

/// What one media description became.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Media {
    /// The client sends.
    Receive(ReceiveParameters),
    /// The client receives: a slot.
    Send(SendParameters),
    /// The client sends and receives.
    Both(ReceiveParameters, SendParameters),
    /// Data channels.
    Data(DataParameters),
    /// Stopped, rejected, or agreed upon but without a direction.
    Off,
}

/// What the SDP says about data channels (RFC 8841).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DataParameters {
    /// `a=sctp-port` of the client.
    pub remote_port: u16,
    /// The longest message the client takes; `None` where it sets no limit.
    pub remote_message_bytes_max: Option<u64>,
}

impl Media {
    /// What the client sends here, if it does.
    #[must_use]
    pub fn receive(&self) -> Option<&ReceiveParameters> {
        match self {
            Self::Receive(receive) | Self::Both(receive, _) => Some(receive),
            Self::Send(_) | Self::Data(_) | Self::Off => None,
        }
    }

    /// The slot that is here, if there is one.
    #[must_use]
    pub fn send(&self) -> Option<&SendParameters> {
        match self {
            Self::Send(send) | Self::Both(_, send) => Some(send),
            Self::Receive(_) | Self::Data(_) | Self::Off => None,
        }
    }
}
