//! What can go wrong, and whose fault it is.

/// The configuration of this server cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// Too few or too many candidates.
    #[error("{count} candidates, where 1 to {max} are allowed")]
    Candidates {
        /// Given.
        count: usize,
        /// Allowed.
        max: usize,
    },
    /// The private key is no ECDSA P-256 key in PKCS #8.
    #[error("the private key is no ECDSA P-256 key in PKCS #8")]
    PrivateKey,
    /// The certificate does not contain the public half of the key.
    #[error("the certificate belongs to another private key")]
    CertificateOfAnotherKey,
}

/// A packet cannot be protected.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ProtectError {
    /// The handshake is not over.
    #[error("there are no keys before the peer is connected")]
    NoKeys,
    /// No RTP header of version 2, or its length exceeds the packet.
    #[error("{plain_len} bytes are no packet")]
    Malformed {
        /// Of the packet.
        plain_len: usize,
    },
    /// There is no room behind the packet.
    #[error("the buffer of {buffer_len} bytes has no room for {needed}")]
    BufferTooSmall {
        /// Of the buffer.
        buffer_len: usize,
        /// Packet and tag.
        needed: usize,
    },
    /// The sequence number in the packet is not that of the index.
    #[error("index {index} does not end in sequence number {sequence}")]
    Index {
        /// From the caller.
        index: u64,
        /// In the packet.
        sequence: u16,
    },
    /// All indices are used (RFC 3711 §9.2): the keys must not protect more.
    #[error("the keys are used up")]
    KeysUsedUp,
}

/// Why a peer is over.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum DisconnectReason {
    /// Nothing authentic came for [`CONSENT_EXPIRY`](crate::ice::CONSENT_EXPIRY) (RFC 7675 §5.1).
    #[error("the client is silent")]
    Consent,
    /// No handshake was completed in time.
    #[error("the handshake took too long")]
    HandshakeTimeout,
    /// The handshake failed, or the other side ended it with an alert.
    #[error("the DTLS handshake failed")]
    Dtls,
    /// The client showed no certificate, or does not hold its key. The key is an ECDSA key on P-256 or P-384, or an RSA key of 2048
    /// to 8192 bits.
    #[error("the client has no certificate with a key of a known kind")]
    Certificate,
    /// The certificate is not the one that the offer announced.
    #[error("the certificate is not the one that was announced")]
    FingerprintMismatch,
    /// Media was negotiated, and no SRTP protection profile is common to both ends.
    #[error("no SRTP protection profile in common")]
    NoSrtpProfile,
    /// The client opened more than [`CHANNELS_MAX`](crate::data::CHANNELS_MAX) data channels.
    #[error("too many data channels")]
    TooManyChannels,
    /// The other side closed the connection with close_notify.
    #[error("the client closed the connection")]
    ClosedByClient,
    /// A fault of this server.
    #[error("the server had a fault")]
    Internal,
    /// [`Peer::close`](crate::Peer::close) was called.
    #[error("closed")]
    Closed,
}

impl DisconnectReason {
    /// The name under which it is counted and told.
    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            Self::Consent => "consent",
            Self::HandshakeTimeout => "handshake-timeout",
            Self::Dtls => "dtls",
            Self::Certificate => "certificate",
            Self::FingerprintMismatch => "fingerprint-mismatch",
            Self::NoSrtpProfile => "no-srtp-profile",
            Self::TooManyChannels => "too-many-channels",
            Self::ClosedByClient => "closed-by-client",
            Self::Internal => "internal",
            Self::Closed => "closed",
        }
    }
}
