//! Live streams: sockets and tasks around the cores of `live`.

pub(crate) mod access;
pub mod directory;
