//! Real sockets on loopback, port 0. One binary for the whole crate.

#[cfg(test)]
mod fixture;
#[cfg(test)]
mod live;
#[cfg(test)]
mod media;
#[cfg(test)]
mod shell;
mod signalling;
#[cfg(test)]
mod turn;
