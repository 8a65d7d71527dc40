//! What WebRTC needs of SDP (RFC 8866, RFC 8829): descriptions are read leniently where it does no harm, and bounded everywhere.
//!
//! Unknown lines and attributes are skipped. An attribute that cannot be read is skipped, too, unless the negotiation depends on it.

mod attribute;
mod description;
mod fingerprint;
mod lines;
mod media;

pub use attribute::{Direction, Extension, RidDescription, Setup, Simulcast, SsrcGroup};
pub use description::Description;
pub use fingerprint::{Fingerprint, HashFunction};
pub use media::{MediaDescription, MediaKind, Payload, TransportAttributes};

/// A description with a hundred media descriptions of a browser, which lists every codec in each, stays below.
pub const DESCRIPTION_BYTES_MAX: usize = 1024 * 1024;
/// Media descriptions, stopped ones included: they are never taken out of a session.
pub const MEDIA_DESCRIPTIONS_MAX: usize = 128;
/// Payload types of one media description: there are 7 bits for them.
pub const PAYLOAD_TYPES_MAX: usize = 128;
/// `a=extmap` lines of one media description. Browsers write fifteen.
pub const EXTENSIONS_MAX: usize = 64;
/// Different `a=ssrc` ids of one media description.
pub const SSRCS_MAX: usize = 64;
/// `a=ssrc-group` lines of one media description.
pub const SSRC_GROUPS_MAX: usize = 32;
/// `a=rid` lines of one media description.
pub const RIDS_MAX: usize = 16;
/// `a=fingerprint` lines of one level.
pub const FINGERPRINTS_MAX: usize = 8;
/// The parameters of one `a=fmtp`.
pub const FORMAT_PARAMETERS_BYTES_MAX: usize = 4096;
