//! Real sockets on loopback, port 0. One binary for the whole crate.

mod signalling;
#[cfg(test)]
mod turn;
