//! The `room` crate.
