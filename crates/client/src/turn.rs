//! Clients of a TURN server (RFC 8656), as many as one likes: they allocate, and what they and their peers say to each other is counted.
//! The server may be anybody's.

mod address;
mod allocation;
mod churn;
mod counts;
mod flow;
mod leg;
mod load;
mod message;
mod reach;
mod way;

pub use address::{Door, Transport, TurnAddress, User};
pub use churn::Churn;
pub use load::{Method, Peers, Plan, Progress, Report, Session, run};
pub use reach::{Reach, reach};
