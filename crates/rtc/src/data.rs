//! Data channels (RFC 8831, RFC 8832) over SCTP over DTLS (RFC 8261).

/// The longest message we take and send: `a=max-message-size` (RFC 8841 §6.1).
pub const MESSAGE_BYTES_MAX: usize = 64 * 1024;
