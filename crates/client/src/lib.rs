//! A browser made of Rust: the native client of Parlor, for load, for tests, and for machines without a screen.
//!
//! [`Member`] joins a room and negotiates, [`Peer`] is one peer connection, [`Engine`] drives any number of them in one thread and
//! counts what comes. [`load`] puts them together to rooms full of people.
//!
//! Not here: encoders and decoders. What is sent comes from files or from [`pattern`], what comes is counted or written.

#![deny(missing_docs)]

mod address;
mod clock;
mod codec;
mod data;
mod dial;
mod echo;
mod engine;
mod error;
mod files;
mod histogram;
mod http_session;
pub mod load;
mod member;
mod meter;
mod open_files;
pub mod pattern;
mod peer;
mod play;
mod publication;
mod publish;
mod receipt;
mod slots;
mod stamp;
mod stream;
mod stun;
pub mod turn;
mod viewer;
mod websocket;
mod wire;

pub use address::{HttpAddress, RoomAddress, WebSocketAddress};
pub use clock::Clock;
pub use codec::Codec;
pub use data::{DataFigures, DataShape, DataSource};
pub use echo::measure_echo;
pub use engine::{Engine, Outcome, PeerKey, Setup};
pub use error::Error;
pub use files::{Playback, Recording};
pub use histogram::Histogram;
pub use http_session::{Endpoint, resolve};
pub use member::{Event, Member, Seat, Track, Wish};
pub use meter::{Figures, Meter};
pub use open_files::raise_open_files;
pub use peer::{Media, Mode, Offer, Peer};
pub use play::{Player, play};
pub use publication::{Publication, Source};
pub use publish::{Publisher, publish};
pub use slots::Slots;
pub use stamp::Stamp;
pub use stream::{play_stream, publish_stream};
pub use stun::mapped_address;
pub use viewer::{Viewer, Viewing};
pub use websocket::{Trust, WebSocket};
pub use wire::Transport;
