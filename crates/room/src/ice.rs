//! The ICE servers of members.

use std::fmt;
use std::time::Duration;

use serde_json::Value;

/// Where a connection's `iceServers` come from: what signs credentials is not this core's to hold.
pub trait IceServers: fmt::Debug + Send + Sync {
    /// The `iceServers` of an `RTCConfiguration`, with credentials of one connection for one room, made at this time since the Unix epoch.
    fn mint(&self, room: &str, unix_time: Duration) -> Value;
}

/// The same for every room and at all times.
impl IceServers for Value {
    fn mint(&self, _room: &str, _unix_time: Duration) -> Value {
        self.clone()
    }
}
