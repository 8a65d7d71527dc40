//! The streams on air, by name. A stream has one publisher, whatever its protocol: whoever wants to publish claims the name first.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use live::StreamName;

use crate::config::Limit;

/// All streams on air. Clones are the same directory.
#[derive(Debug, Clone)]
pub struct Directory(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    streams_max: Limit,
    /// At most `streams_max`.
    on_air: Mutex<BTreeMap<StreamName, OnAir>>,
}

/// A stream that somebody publishes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OnAir {
    /// What the publisher speaks.
    pub protocol: Protocol,
    /// Since when.
    pub since: Instant,
}

/// What a publisher speaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Protocol {
    /// RTMP or RTMPS.
    Rtmp,
    /// WHIP, or the JSON API of WebRTC.
    WebRtc,
}

/// The right to publish a stream; given back when dropped.
#[derive(Debug)]
pub struct Claim {
    directory: Directory,
    name: StreamName,
}

/// Why a name cannot be claimed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Taken {
    /// There is a publisher.
    #[error("somebody publishes this stream already, over {0}")]
    OnAir(Protocol),
    /// `limits.streams`
    #[error("{0} streams are on air, which is the limit of this server")]
    Full(u64),
}

impl Directory {
    /// Nothing is on air yet, and never more than so many streams will be.
    #[must_use]
    pub fn new(streams_max: Limit) -> Self {
        Self(Arc::new(Inner { streams_max, on_air: Mutex::default() }))
    }

    /// Takes the name for a publisher, until the claim is dropped.
    ///
    /// # Errors
    /// When the stream has a publisher, or the server too many streams.
    pub fn claim(&self, name: &StreamName, protocol: Protocol, now: Instant) -> Result<Claim, Taken> {
        let mut on_air = self.on_air();
        if let Some(publisher) = on_air.get(name) {
            return Err(Taken::OnAir(publisher.protocol));
        }
        let streams = u64::try_from(on_air.len()).unwrap_or(u64::MAX);
        if !self.0.streams_max.allows(streams.saturating_add(1)) {
            return Err(Taken::Full(streams));
        }
        on_air.insert(name.clone(), OnAir { protocol, since: now });
        Ok(Claim { directory: self.clone(), name: name.clone() })
    }

    /// What is on air at this moment, by name.
    #[must_use]
    pub fn streams(&self) -> Vec<(StreamName, OnAir)> {
        self.on_air().iter().map(|(name, on_air)| (name.clone(), *on_air)).collect()
    }

    fn on_air(&self) -> MutexGuard<'_, BTreeMap<StreamName, OnAir>> {
        self.0.on_air.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Claim {
    /// Which stream.
    #[must_use]
    pub fn name(&self) -> &StreamName {
        &self.name
    }
}

impl Drop for Claim {
    fn drop(&mut self) {
        self.directory.on_air().remove(&self.name);
    }
}

impl fmt::Display for Protocol {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Rtmp => "RTMP",
            Self::WebRtc => "WebRTC",
        })
    }
}

#[cfg(test)]
mod tests;
