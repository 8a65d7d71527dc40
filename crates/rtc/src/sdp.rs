//! What WebRTC needs of SDP (RFC 8866, RFC 8829): offers are read leniently where it does no harm, and bounded everywhere.

mod fingerprint;

pub use fingerprint::{Fingerprint, HashFunction};
