//! Why an offer cannot be answered.

use thiserror::Error;

/// An offer that is refused as a whole. Nothing of the session is changed by it. The text is meant for the one who wrote the client.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum OfferError {
    /// Longer than we read.
    #[error("the offer has {bytes} bytes, more than {max}")]
    TooLong {
        /// Of the offer.
        bytes: usize,
        /// The limit.
        max: usize,
    },
    /// A line is not `type=value`.
    #[error("line {line} of the offer is not SDP")]
    Syntax {
        /// From 1.
        line: usize,
    },
    /// More of something than we keep.
    #[error("line {line} of the offer: more than {max} {what}")]
    TooMany {
        /// From 1.
        line: usize,
        /// Of what there are too many.
        what: &'static str,
        /// The limit.
        max: usize,
    },
    /// A line we depend on cannot be understood.
    #[error("line {line} of the offer: the value of {what} cannot be read")]
    Value {
        /// From 1.
        line: usize,
        /// Which line or attribute.
        what: &'static str,
    },
    /// There is nothing to negotiate.
    #[error("the offer has no media description")]
    NoMedia,
    /// Several media descriptions, but no (complete) `a=group:BUNDLE`: we have one transport.
    #[error("the offer has several media descriptions and does not bundle them: a=group:BUNDLE is needed")]
    NotBundled,
    /// RTP without its RTCP on the same port.
    #[error("media description {index}: a=rtcp-mux is needed")]
    NoRtcpMux {
        /// From 0.
        index: usize,
    },
    /// No media description could be accepted.
    #[error("no media description of the offer has a codec and protocol that we know")]
    NothingInCommon,
    /// No ICE credentials (RFC 8839 §5.4).
    #[error("the offer has no valid a=ice-ufrag and a=ice-pwd")]
    NoIceCredentials,
    /// Both ends would wait for the other's checks (RFC 8445 §2.5).
    #[error("the offer says a=ice-lite, and so do we: nobody would check the connection")]
    BothIceLite,
    /// No `a=fingerprint` with a hash function that we accept.
    #[error("the offer has no a=fingerprint by sha-256, sha-384 or sha-512")]
    NoFingerprint,
    /// `a=setup` is none of active, passive, actpass.
    #[error("a=setup:{value} cannot be answered")]
    Setup {
        /// As offered.
        value: String,
    },
    /// Another certificate in the same connection.
    #[error("the certificate's fingerprint has changed: that takes a new connection")]
    FingerprintChanged,
    /// The same id twice.
    #[error("a=mid:{mid} is there twice")]
    DuplicateMid {
        /// The id.
        mid: String,
    },
    /// Media descriptions cannot be taken out of a session (RFC 8829 §5.2.2), only stopped.
    #[error("the offer has {offered} media descriptions, the session has {known} already")]
    MediaRemoved {
        /// In the offer.
        offered: usize,
        /// In the session.
        known: usize,
    },
    /// A media description that is in use has become another.
    #[error("media description {index} was a=mid:{known} and has changed while in use")]
    MediaChanged {
        /// From 0.
        index: usize,
        /// Its id in the session.
        known: String,
    },
}
