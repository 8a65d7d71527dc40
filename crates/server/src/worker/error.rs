//! Why the STUN and TURN server cannot start, or a connection ended.

use std::io;
use std::net::SocketAddr;
use std::time::Duration;

/// The server cannot start.
#[derive(Debug, thiserror::Error)]
pub enum SpawnError {
    /// An address cannot be listened on; busy ports end here.
    #[error("cannot listen on UDP {address}: {source}")]
    Listen {
        /// The address that was asked for.
        address: SocketAddr,
        /// What the kernel said.
        source: io::Error,
    },
    /// More listen addresses than there is room for.
    #[error("{asked} UDP listen addresses, at most {max} are possible")]
    TooManyListeners {
        /// How many were asked for.
        asked: usize,
        /// How many are possible.
        max: usize,
    },
    /// The core refuses its configuration.
    #[error(transparent)]
    Config(#[from] turn::ConfigError),
    /// The media plane cannot be set up.
    #[error("cannot set up media: {0}")]
    Media(String),
    /// The machine has no randomness.
    #[error("cannot draw a random seed: {0}")]
    Seed(getrandom::Error),
    /// The worker's poll or thread cannot be made.
    #[error("cannot start a worker: {0}")]
    Thread(io::Error),
}

/// The worker has ended; nothing is served any more.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the STUN and TURN server has stopped")]
pub struct Stopped;

/// Why a TCP or TLS connection was closed before its client closed it.
#[derive(Debug, thiserror::Error)]
pub enum StreamError {
    /// As many connections are open as the settings allow.
    #[error("too many connections")]
    TooMany,
    /// The client said nothing after connecting.
    #[error("no message within {0:?}")]
    NoFirstMessage(Duration),
    /// The bytes are neither STUN nor ChannelData.
    #[error("not a stream of STUN messages: {0}")]
    Framing(#[from] turn::stream::StreamError),
    /// A frame that no datagram needs.
    #[error(transparent)]
    Frame(#[from] rtc::tcp_frame::FrameTooLong),
    /// A media client has to begin with a check that names one of our connections.
    #[error("the first message is no ICE check for a connection of this server")]
    NoCheck,
    /// The connection broke.
    #[error("the connection broke: {0}")]
    Io(#[from] io::Error),
    /// The worker closed it: idle without an allocation, or the client had stopped reading.
    #[error("closed by the server")]
    Closed,
    /// The server has stopped.
    #[error(transparent)]
    Stopped(#[from] Stopped),
}
