//! Stories on the simulated Internet, one binary.

mod adapting;
mod chaos;
mod meetings;
mod nats;
mod networks;
mod relay;
mod seeds;
mod signalling;
mod workers;
