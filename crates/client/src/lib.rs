//! A browser made of Rust: the native client of Parlor, for load, for tests, and for machines without a screen.

#![deny(missing_docs)]
