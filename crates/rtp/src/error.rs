//! Why bytes are not what they claim to be.

/// What is wrong with a packet. The sender is always the one at fault; the packet is dropped.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ParseError {
    /// A field or the length announced for a part reaches beyond the end.
    #[error("the packet ends inside a field")]
    Truncated,
    /// RFC 3550 §5.1: the version is 2.
    #[error("version {0} is not 2")]
    Version(u8),
    /// RFC 3550 §5.1: the padding counts itself and is not longer than what it pads.
    #[error("{padding} bytes of padding in {available}")]
    Padding {
        /// What the last byte says.
        padding: u8,
        /// Bytes that could be padding.
        available: usize,
    },
    /// A field has a value that its specification does not define.
    #[error("{value} is no value for {field}")]
    Value {
        /// Which field.
        field: &'static str,
        /// What stood there.
        value: u32,
    },
    /// More of something than is kept.
    #[error("more than {limit} {what}")]
    TooMany {
        /// What there is too much of.
        what: &'static str,
        /// The most that is read.
        limit: usize,
    },
    /// A dependency descriptor refers to a template structure that has not come.
    #[error("the template structure of this descriptor is not known")]
    NoStructure,
}
