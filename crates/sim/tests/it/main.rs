//! Stories on the simulated Internet, one binary.

mod seeds;
mod signalling;
