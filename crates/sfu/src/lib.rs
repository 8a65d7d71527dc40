//! Who gets which packet, rewritten how: a deterministic state machine without sockets, clock, SDP or encryption.
//!
//! One [`Router`] is one room on one worker. Its caller owns time and transport:
//!
//! 1. give it one input: a `handle_…` call with `now`;
//! 2. packets for subscribers come out during that call, through the [`Sink`] that was passed in;
//! 3. drain [`Router::poll_output`] until `None`: the slow things, such as what a slot shows;
//! 4. call [`Router::handle_timeout`] when [`Router::poll_timeout`] has come.
//!
//! Not here: encryption, replay protection and the transport (crate `rtc`), who may publish or watch what (crate `room`), mixing and
//! transcoding (nowhere).

#![deny(missing_docs)]

pub mod allocator;
mod allowance;
mod backlog;
pub mod bandwidth;
mod cache;
pub mod config;
mod departures;
pub mod feedback;
mod forwarder;
mod frame;
mod freeze;
mod header;
pub mod id;
mod inbound;
mod interest;
mod keyframe;
mod ladder;
mod layer;
pub mod link;
mod nack;
pub mod output;
pub mod pacer;
mod peer;
pub mod prober;
mod quality;
mod rate;
mod red;
mod replay;
pub mod router;
pub mod sink;
mod slab;
pub mod slot;
pub mod snapshot;
mod speaker;
pub mod stats;
mod tally;
mod timeline;
mod track;

pub use config::Config;
pub use freeze::Freezes;
pub use id::{PeerId, Source, TrackId};
pub use link::{LinkId, Links, Relayed};
pub use output::{Output, QualityReason, SlotReport, SlotState, TrackDescription};
pub use router::Router;
pub use sink::Sink;
pub use slot::{Priority, Wish};
pub use snapshot::{LayerSnapshot, PeerSnapshot, SlotSnapshot, Standstills, TrackSnapshot};
pub use stats::Stats;

#[cfg(test)]
mod tests;
