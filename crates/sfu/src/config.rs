//! What a router can be told from outside.

use std::time::Duration;

/// Settings of a router; the defaults suit a meeting.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Config {
    /// The estimate of the bandwidth towards a subscriber never exceeds this, in bits per second.
    pub subscriber_rate_max_bps: u64,
    /// How long a layer of simulcast stays on at the publisher after the last one who wants it has gone.
    pub layer_linger: Duration,
}

impl Default for Config {
    fn default() -> Self {
        Self { subscriber_rate_max_bps: 30_000_000, layer_linger: Duration::from_secs(10) }
    }
}
