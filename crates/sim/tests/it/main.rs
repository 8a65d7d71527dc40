//! Stories on the simulated Internet, one binary.

mod chaos;
mod nats;
mod networks;
mod relay;
mod seeds;
mod signalling;
