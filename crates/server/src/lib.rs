//! The shell: the only crate with sockets, files, threads and clocks. The cores decide; this crate receives, hands over, drains and sends.

pub mod address;
pub mod admin;
pub mod certificate;
pub mod clock;
pub mod config;
pub mod connections;
pub mod data_dir;
pub mod ice;
pub mod listener;
pub mod live;
pub mod open_files;
pub mod rate;
pub mod signal;
pub mod tls;
pub mod workers;

mod cores;
mod door;
mod drain;
mod error;
mod guest;
mod handshake;
mod headcount;
mod http;
mod latency;
mod media;
mod reload;
mod replay;
mod server;
mod system;
mod trust;
mod webhook;
mod worker;

pub use drain::Drained;
pub use error::StartError;
pub use reload::{Reload, ReloadError};
pub use server::{Addresses, Server};
