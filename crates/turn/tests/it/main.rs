//! The server through its public interface, with requests made by another codec's signer.

#![expect(clippy::unwrap_used, clippy::unwrap_in_result, reason = "where a test has no input it fails, and says where")]

mod allocate;
mod allocation_free;
mod authentication;
mod binding;
mod caps;
mod draining;
mod dual;
mod even_port;
mod flood;
mod foreign_client;
mod hairpin;
mod limits;
mod mobility;
mod model;
mod oracle;
mod peers;
mod policy;
mod reconfigure;
mod refresh;
mod relaying;
mod service;
mod shards;
mod single_port;
mod stats;
mod survey;
mod world;
