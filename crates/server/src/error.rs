//! Why the server cannot start.

use std::io;
use std::path::PathBuf;

use crate::certificate::CertificateError;
use crate::listener::BindError;
use crate::live::recording::RecordingsError;
use crate::trust::AuthorityError;
use crate::workers::SpawnError;

/// What stands in the way of a start. Each text says what to do about it.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// A port is taken or forbidden.
    #[error(transparent)]
    Bind(#[from] BindError),
    /// Neither credentials nor a place to keep some.
    #[error(
        "data.dir: {} cannot be used ({cause}), and {reason}. Make the directory writable or choose another: --set data.dir=PATH",
        path.display()
    )]
    DataDir {
        /// The directory.
        path: PathBuf,
        /// What the system says.
        cause: io::Error,
        /// What it was needed for.
        reason: &'static str,
    },
    /// Nothing can be recorded.
    #[error("recording.folder: {} cannot be used: {cause}", path.display())]
    Recordings {
        /// The folder.
        path: PathBuf,
        /// What is wrong with it.
        cause: RecordingsError,
    },
    /// The certificate of the configuration does not work.
    #[error("https.cert, https.key: {0}")]
    Certificate(#[from] CertificateError),
    /// TLS does not work.
    #[error("TLS cannot be set up: {0}")]
    Tls(#[from] rustls::Error),
    /// A key of `auth.keys` is not one.
    #[error("auth.keys: {0}")]
    Key(#[from] room::token::KeyError),
    /// Certificate authorities that a setting names cannot be read.
    #[error(transparent)]
    Authority(#[from] AuthorityError),
    /// STUN and TURN do not work.
    #[error("STUN and TURN cannot start: {0}")]
    Turn(SpawnError),
}
