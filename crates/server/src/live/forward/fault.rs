//! Why a stream does not get on to another server.

use std::io;

use live::rtmp::{RtmpError, Url};
use media::Codec;

/// What stands in the way. All of it may pass, and is tried again.
#[derive(Debug, thiserror::Error)]
pub(super) enum Fault {
    #[error("its name cannot be resolved: {0}")]
    Name(io::Error),
    #[error("its address is private; live.forward_allow_networks can allow it")]
    Private,
    #[error("its address is this server")]
    ThisServer,
    #[error("it cannot be reached: {0}")]
    Unreachable(io::Error),
    #[error("its host is no name for a certificate")]
    NoCertificateName,
    #[error("TLS fails: {0}")]
    Tls(io::Error),
    #[error("it does not answer in time")]
    Late,
    #[error(transparent)]
    Rtmp(#[from] RtmpError),
    #[error("it does not say that it takes {0} (fourCcList of Enhanced RTMP)")]
    Codec(Codec),
    #[error("it has closed the connection")]
    Closed,
    #[error("it has ended the stream")]
    Ended,
    #[error("the connection is lost: {0}")]
    Lost(io::Error),
    #[error("this system has no randomness: {0}")]
    Randomness(getrandom::Error),
}

impl Fault {
    /// What may be shown: the other side's words may hold the key.
    pub(super) fn reason(&self, url: &Url) -> String {
        let text: String = url.redact(&self.to_string()).chars().filter(|c| !c.is_control()).collect();
        text.chars().take(REASON_CHARS_MAX).collect()
    }
}

/// Of a reason, what is kept.
const REASON_CHARS_MAX: usize = 300;
