//! Rooms and signalling as one state machine: it opens no socket, reads no clock and draws no randomness but from its seed.
//! The same inputs at the same instants give the same outputs, byte for byte.
//!
//! **The contract:** one input, then drain [`Hub::poll_output`] until `None`, then the next input.
//!
//! ```
//! # use std::{net::{IpAddr, Ipv4Addr}, time::{Duration, Instant}};
//! use room::{Config, ConnId, Hub, Opened, Output};
//!
//! # #[expect(clippy::disallowed_methods, reason = "an example needs one instant to start from")]
//! # let now = Instant::now();
//! let mut hub = Hub::new(Config::default(), [7; 32], now, Duration::from_secs(1_790_000_000));
//! let (ana, bo) = (ConnId::new(1), ConnId::new(2));
//! for conn in [ana, bo] {
//!     hub.handle_open(now, conn, Opened::from_address(IpAddr::V4(Ipv4Addr::LOCALHOST))).unwrap();
//! }
//! hub.handle_text(now, ana, r#"{"cmd":"join","roomId":"100","uid":"ana"}"#);
//! assert_eq!(hub.poll_output(), None);
//! hub.handle_text(now, bo, r#"{"cmd":"join","roomId":"100","uid":"bo"}"#);
//! let text = r#"{"cmd":"new-peer","remoteUid":"bo","uid":"bo"}"#.to_owned();
//! assert_eq!(hub.poll_output(), Some(Output::Send { conn: ana, text }));
//! let text = r#"{"cmd":"resp-join","remoteUid":"ana","uid":"ana"}"#.to_owned();
//! assert_eq!(hub.poll_output(), Some(Output::Send { conn: bo, text }));
//! ```
//!
//! The wire contract is `docs/signalling.md`; what is deliberately not here is in this crate's README.
#![deny(missing_docs, clippy::indexing_slicing)]

mod absence;
mod address;
pub mod apprtc;
mod config;
mod connection;
mod error;
pub mod event;
mod history;
mod hub;
mod ice;
mod id;
mod limit;
pub mod manage;
pub mod media;
mod member;
mod message;
mod output;
mod policy;
mod reply;
mod resume;
mod room;
mod schedule;
mod seat;
pub mod show;
mod srs;
mod stage;
mod standing;
mod stats;
pub mod take;
pub mod token;
mod topology;

pub use config::{Config, Limits};
pub use connection::Opened;
pub use error::Refusal;
pub use hub::Hub;
pub use ice::IceServers;
pub use id::ConnId;
pub use output::Output;
pub use policy::{Anonymous, AnonymousError, Unmute, UnmuteError};
pub use stats::Stats;
pub use topology::{Topology, TopologyError};
