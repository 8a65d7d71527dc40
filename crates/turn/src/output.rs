//! What the server asks its owner to do.

use std::ops::Range;

use crate::address::{ClientAddr, PeerAddr, RelayAddr};

/// Where the payload inside a client's message goes. The bytes stay where they were received.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Forward {
    /// Send `payload` (a range of the message) from the socket of `relay` to `peer`.
    ToPeer {
        /// Whose socket sends.
        relay: RelayAddr,
        /// Where to.
        peer: PeerAddr,
        /// Which bytes of the message.
        payload: Range<usize>,
    },
    /// The peer is another allocation of this server: send to its client, without a socket in between.
    ToClient(ToClient),
    /// The peer is an allocation of another server behind the same addresses ([`crate::Shard`]): hand `payload` (a range of the message)
    /// to its [`handle_peer`](crate::Server::handle_peer).
    ToShard {
        /// Which server.
        shard: u8,
        /// The peer's relay.
        relay: RelayAddr,
        /// Our client's relayed transport address, which is the sender.
        source: PeerAddr,
        /// Which bytes of the message.
        payload: Range<usize>,
    },
}

/// A message to a client: `header`, then `payload` (a range of the bytes that came in), then `padding` zero bytes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ToClient {
    /// Whom to send to.
    pub client: ClientAddr,
    /// What goes in front.
    pub header: Header,
    /// Which of the bytes that came in.
    pub payload: Range<usize>,
    /// 0 to 3 zero bytes: the padding of the DATA attribute, or of ChannelData in a stream.
    pub padding: u8,
}

/// What stands before the payload: a ChannelData header, or a Data indication up to the value of DATA.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Header {
    bytes: [u8; Self::MAX_BYTES],
    len: u8,
}

impl Header {
    /// STUN header 20, XOR-PEER-ADDRESS of an IPv6 peer 24, DATA 4.
    pub const MAX_BYTES: usize = 48;

    /// The first `len` bytes of `bytes`; `len` is at most [`Self::MAX_BYTES`].
    pub(crate) fn new(bytes: [u8; Self::MAX_BYTES], len: u8) -> Self {
        debug_assert!(usize::from(len) <= Self::MAX_BYTES, "a header of {len} bytes");
        Self { bytes, len }
    }

    /// The bytes to write.
    pub fn as_bytes(&self) -> &[u8] {
        self.bytes.get(..usize::from(self.len)).unwrap_or(&self.bytes)
    }
}

/// Things to do that are no forwarded payload, in this order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Output {
    /// Send a message to a client.
    Send {
        /// Whom to send to.
        client: ClientAddr,
        /// A whole STUN message.
        message: Vec<u8>,
    },
    /// Bind the relay socket (never without `Config::relay_sockets`) and answer with `Server::handle_relay_bound`.
    BindRelay {
        /// Its family and port.
        relay: RelayAddr,
    },
    /// Close the relay socket. It was bound, or its binding is still to be answered.
    CloseRelay {
        /// Its family and port.
        relay: RelayAddr,
    },
}
