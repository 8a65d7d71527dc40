//! Live streams: sockets and tasks around the cores of `live`.

pub mod directory;
