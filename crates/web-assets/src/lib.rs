//! The `web-assets` crate.
