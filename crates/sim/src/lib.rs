//! The simulated Internet: the real cores under virtual time.
//!
//! One seed, one run: no sockets, no threads, no system clock, no sleeping. [`Clock`] is the only reader of the
//! system's monotonic clock, once per run, because an `Instant` cannot be had otherwise.

mod browser;
mod clock;
mod link;
mod machine;
mod nat;
mod net;
mod packet;
mod schedule;
mod seed;
mod server;
mod stream;
mod websocket;
mod world;

pub mod meeting;
pub mod scenario;

pub use browser::{Browser, BrowserConfig, Dialect, Heard, PACE, Path, Policy};
pub use clock::Clock;
pub use link::{LinkConfig, Loss};
pub use nat::{CONTACTS_MAX, Dependence, Dropped, Firewall, Hairpin, MAPPINGS_MAX, Nat, NatConfig, PortAssignment};
pub use net::{GatewayId, HostId, Net, NetStats, Output, Realm};
pub use packet::{Body, Packet, Protocol};
pub use seed::{Generator, SEED_VARIABLE, Seed};
pub use server::ServerConfig;
pub use stream::{CONNECTIONS_MAX, Closed, QUEUE_BYTES_MAX, Segment, StreamEvent, StreamFull, StreamId};
pub use world::{Place, World};
