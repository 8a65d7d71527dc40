//! A STUN and TURN server (RFC 8489, RFC 8656) as a state machine: no sockets, no clock, no thread, no randomness that is
//! not seeded. Bytes and `now` go in, things to do come out.
//!
//! **One input, then drain [`Server::poll_output`] until it is `None`, then the next input.**
//!
//! ```
//! use std::time::{Duration, Instant};
//! # fn run(now: Instant, client: turn::ClientAddr, datagram: &[u8]) -> Result<(), turn::ConfigError> {
//! let mut server = turn::Server::new(turn::Config::new("parlor"), [7; 32], now, Duration::from_secs(1_800_000_000))?;
//! if let Some(forward) = server.handle_client(now, client, datagram) {
//!     // Send a part of `datagram` on, straight from the receive buffer.
//! }
//! while let Some(output) = server.poll_output() {
//!     // Send an answer; bind or close a relay socket.
//! }
//! let wake_up_at = server.poll_timeout();
//! # Ok(()) }
//! ```

#![deny(missing_docs)]

mod address;
mod allocation;
mod auth;
mod channel;
mod clients;
mod config;
mod deadline;
mod error;
mod hash;
mod inquiry;
mod message;
mod mobility;
mod nonce;
mod output;
mod pace;
mod permission;
mod policy;
mod ports;
mod quota;
mod reservation;
mod response;
mod server;
mod shard;
mod stats;
mod survey;
mod tally;
mod throttle;
mod ticket;

pub mod credentials;
pub mod stream;

pub use address::{ClientAddr, Family, PeerAddr, RelayAddr, Transport};
pub use config::{Cap, Caps, Config, Limits, RELAY_PORTS_DEFAULT, Rate};
pub use error::{ConfigError, Limit, RelayBindError};
pub use inquiry::Inquiry;
pub use output::{Forward, Header, Output, ToClient};
pub use policy::is_special;
pub use quota::Quotas;
pub use server::Server;
pub use shard::{Shard, named_shard};
pub use stats::{Drops, Stats};
pub use survey::{AllocationKey, AllocationSurvey, Flow, Traffic};
pub use tally::{Errors, LimitsReached, Relays};
