//! What can go wrong between the client and a server.

/// Why something could not be done.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The URL cannot be used.
    #[error("{url}: {reason}")]
    Url {
        /// As it was given.
        url: String,
        /// What is wrong with it.
        reason: String,
    },
    /// The server cannot be reached.
    #[error("cannot connect to {address}: {source}")]
    Connect {
        /// Host and port.
        address: String,
        /// Why.
        source: std::io::Error,
    },
    /// The server's certificate is not trusted, or TLS fails otherwise.
    #[error("TLS with {address}: {source} (--insecure accepts any certificate)")]
    Tls {
        /// Host and port.
        address: String,
        /// Why.
        source: std::io::Error,
    },
    /// The WebSocket failed.
    #[error("WebSocket: {0}")]
    WebSocket(String),
    /// The server closed the connection.
    #[error("the server closed the connection")]
    Closed,
    /// The server said no.
    #[error("the server says: {message} (code {code})")]
    Refused {
        /// Of docs/signalling.md.
        code: i64,
        /// For people.
        message: String,
    },
    /// The server said something that cannot be understood.
    #[error("unexpected message from the server: {0}")]
    Unexpected(String),
    /// Something did not happen in time.
    #[error("{0} did not come in time")]
    Timeout(&'static str),
    /// The media engine.
    #[error("media engine: {0}")]
    Engine(String),
    /// The media server is to be reached by TCP, and has no way for that.
    #[error("the media server has no TCP candidate of this machine's address family")]
    NoTcpCandidate,
    /// A codec that cannot be sent or received.
    #[error("{0} is not supported")]
    Codec(String),
    /// A socket of the system.
    #[error("socket: {0}")]
    Socket(std::io::Error),
    /// A file.
    #[error("{path}: {reason}")]
    File {
        /// Which.
        path: String,
        /// What is wrong with it.
        reason: String,
    },
}
