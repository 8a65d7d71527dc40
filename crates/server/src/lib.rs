//! The shell: the only crate with sockets, files, threads and clocks. The cores decide; this crate receives, hands over, drains and sends.

pub mod clock;
pub mod config;
pub mod signal;
pub mod turn;
