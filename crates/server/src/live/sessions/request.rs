//! What sessions are asked for, and why they say no.

use live::StreamName;
use room::media::MediaRefusal;

use crate::address::ClientNetwork;
use crate::config::Limit;
use crate::live::access::Deed;
use crate::live::clients::Presence;
use crate::live::directory::Taken;
use crate::live::offer::Offer;

/// How many there may be.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Limits {
    /// Viewers of one stream.
    pub(crate) viewers: Limit,
    /// Sessions of one address.
    pub(crate) sessions_per_address: Limit,
    /// Sessions in all.
    pub(crate) sessions: Limit,
}

/// The secret name of a session: whoever knows it may end it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct SessionId(pub(crate) String);

/// Somebody wants a session.
#[derive(Debug)]
pub(crate) struct Opening {
    pub(crate) id: SessionId,
    pub(crate) name: StreamName,
    pub(crate) deed: Deed,
    pub(crate) offer: Offer,
    pub(crate) client: ClientNetwork,
    /// Of the ICE session.
    pub(crate) tag: String,
    /// Its place among those who are there.
    pub(crate) presence: Presence,
}

/// A client begins ICE anew.
#[derive(Debug)]
pub(crate) struct Restart {
    pub(crate) id: SessionId,
    pub(crate) name: StreamName,
    pub(crate) ufrag: String,
    pub(crate) pwd: String,
    /// Of the next ICE session.
    pub(crate) tag: String,
}

/// Why there is no session, or no change to one.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Refused {
    /// The name is in use, or there are too many names.
    #[error(transparent)]
    Taken(#[from] Taken),
    /// `limits.stream_viewers`
    #[error("this stream has {0} viewers, which is the limit of this server")]
    Viewers(u64),
    /// `limits.stream_sessions_per_address`
    #[error("{0} sessions are open from this address, which is the limit of this server")]
    Address(u64),
    /// `limits.stream_sessions`
    #[error("{0} sessions are open, which is the limit of this server")]
    Sessions(u64),
    /// There is no such session (any more).
    #[error("there is no such session")]
    NoSession,
    /// A room shows nothing under that name.
    #[error("the room shows nothing under this name")]
    NotShown,
    /// The media server cannot answer the offer.
    #[error("the offer cannot be answered: {0}")]
    Unanswerable(String),
    /// The media server has as much to do as it may have.
    #[error("the media server has too much to do")]
    Busy,
    /// There is none, or it stops.
    #[error("there is no media server")]
    Unavailable,
}

impl From<MediaRefusal> for Refused {
    fn from(reason: MediaRefusal) -> Self {
        match reason {
            MediaRefusal::BadOffer(reason) => Self::Unanswerable(reason),
            MediaRefusal::Full => Self::Busy,
            MediaRefusal::Unavailable => Self::Unavailable,
        }
    }
}
