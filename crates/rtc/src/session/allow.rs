//! What a client may negotiate.

use rtp::parameters::{CodecName, Mid};

/// The permissions under which an offer is answered. What is not allowed is answered as if we could not do it: nobody is refused for it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Allow {
    /// What the client may send.
    pub publish: Publish,
    /// Whether the client may receive media.
    pub subscribe: bool,
    /// Whether data channels are spoken.
    pub data: bool,
    /// Which codecs; their order does not matter, the client's order holds.
    pub codecs: Vec<CodecName>,
}

/// Which media descriptions of the client may send.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Publish {
    /// Whatever it offers.
    Everything,
    /// Only these.
    Only(Vec<Mid>),
    /// None.
    Nothing,
}

impl Allow {
    /// Everything we can do.
    #[must_use]
    pub fn everything() -> Self {
        Self { publish: Publish::Everything, subscribe: true, data: true, codecs: EVERY_CODEC.to_vec() }
    }

    pub(crate) fn publishes(&self, mid: &Mid) -> bool {
        match &self.publish {
            Publish::Everything => true,
            Publish::Only(mids) => mids.contains(mid),
            Publish::Nothing => false,
        }
    }
}

const EVERY_CODEC: [CodecName; 9] = [
    CodecName::Opus,
    CodecName::Red,
    CodecName::Pcmu,
    CodecName::Pcma,
    CodecName::Vp8,
    CodecName::Vp9,
    CodecName::H264,
    CodecName::H265,
    CodecName::Av1,
];
