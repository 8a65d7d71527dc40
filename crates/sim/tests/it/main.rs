//! Stories on the simulated Internet, one binary.

mod nats;
mod networks;
mod relay;
mod seeds;
mod signalling;
