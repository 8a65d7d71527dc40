//! Why bytes are not what they claim to be.

/// What is wrong with a bitstream. Its sender is always the one at fault.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ParseError {
    /// A field or the length announced for a part reaches beyond the end.
    #[error("the data ends inside a field")]
    Truncated,
    /// A field has a value that its specification does not define, or that nobody can play.
    #[error("{value} is no value for {field}")]
    Value {
        /// Which field.
        field: &'static str,
        /// What stood there.
        value: u32,
    },
    /// Something that must be there is not.
    #[error("there is no {0}")]
    Missing(&'static str),
}
