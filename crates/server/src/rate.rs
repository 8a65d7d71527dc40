//! How often one client may ask.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use crate::address::ClientNetwork;
use crate::config::Limit;

/// A token bucket per client. Bounded: when the table is full, the clients that were not seen since the last time it was full are forgotten.
#[derive(Debug)]
pub struct RateLimit {
    per_minute: Limit,
    /// Buckets used since `old` was `recent`; at most [`CLIENTS_MAX`].
    recent: BTreeMap<ClientNetwork, Bucket>,
    /// The generation before; at most [`CLIENTS_MAX`].
    old: BTreeMap<ClientNetwork, Bucket>,
}

#[derive(Debug, Clone, Copy)]
struct Bucket {
    /// Requests left.
    tokens: f64,
    updated: Instant,
}

impl RateLimit {
    /// `per_minute` requests, all of which may come at once.
    #[must_use]
    pub fn new(per_minute: Limit) -> Self {
        Self { per_minute, recent: BTreeMap::new(), old: BTreeMap::new() }
    }

    /// Counts one request. `Err` has the time until the next one is allowed.
    ///
    /// # Errors
    /// When the client has asked too often.
    pub fn take(&mut self, now: Instant, client: ClientNetwork) -> Result<(), Duration> {
        let Some(burst) = self.per_minute.bound().and_then(|bound| u32::try_from(bound).ok()).map(f64::from) else {
            return Ok(());
        };
        let known = self.recent.get(&client).copied().or_else(|| self.old.remove(&client));
        let mut bucket = known.unwrap_or(Bucket { tokens: burst, updated: now });
        let per_second = burst / 60.0;
        let elapsed = now.saturating_duration_since(bucket.updated).as_secs_f64();
        bucket.tokens = (bucket.tokens + elapsed * per_second).min(burst);
        bucket.updated = now;
        let allowed = bucket.tokens >= 1.0;
        if allowed {
            bucket.tokens -= 1.0;
        }
        if self.recent.len() >= CLIENTS_MAX && !self.recent.contains_key(&client) {
            self.old = std::mem::take(&mut self.recent);
        }
        self.recent.insert(client, bucket);
        if allowed { Ok(()) } else { Err(Duration::from_secs_f64((1.0 - bucket.tokens) / per_second)) }
    }
}

/// Buckets in one generation: 4 MB at most.
const CLIENTS_MAX: usize = 32_768;

#[cfg(test)]
mod tests;
