//! What a router can be told from outside.

use std::time::Duration;

/// Settings of a router; the defaults suit a meeting.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Config {
    /// The estimate of the bandwidth towards a subscriber never exceeds this, in bits per second.
    pub subscriber_rate_max_bps: u64,
    /// How long a layer of simulcast stays on at the publisher after the last one who wants it has gone.
    pub layer_linger: Duration,
    /// Who begins to watch gets what came since the latest key picture, at once and faster than it was made, however old that is. It costs up
    /// to 8 MiB a layer, and is for streams, where many come at any time and the publisher may be one that cannot be asked for a key
    /// picture. Without it that is so for as long as the publisher is not asked for another.
    pub replays: bool,
}

impl Default for Config {
    fn default() -> Self {
        Self { subscriber_rate_max_bps: 30_000_000, layer_linger: Duration::from_secs(10), replays: false }
    }
}
