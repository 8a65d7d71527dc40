//! The `turn` crate.
