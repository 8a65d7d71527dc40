//! Calls through the real media plane: real sockets, and str0m as the clients.

pub(crate) mod calls;
mod check;
pub(crate) mod client;
mod data;
mod faults;
pub(crate) mod load;
mod look;
pub(crate) mod meeting;
mod server;
mod spread;

use client::{Client, drive};
use server::MediaServer;
