//! The recording of a room: who has begun it, and who is in it.

use std::{collections::BTreeSet, str::FromStr, sync::Arc, time::Instant};

use serde::{Deserialize, Serialize};

use crate::{id::Uid, member::Member, show::Taken};

/// Whether a room may be recorded.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum RecordingPolicy {
    /// It may not.
    Off,
    /// It may, and everybody in it sees that it is.
    #[default]
    On,
    /// It may, and of its members those who agree.
    Consent,
}

impl FromStr for RecordingPolicy {
    type Err = RecordingPolicyError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text {
            "off" => Ok(Self::Off),
            "on" => Ok(Self::On),
            "consent" => Ok(Self::Consent),
            _ => Err(RecordingPolicyError),
        }
    }
}

/// The text names no policy.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("must be off, on or consent")]
pub struct RecordingPolicyError;

/// A recording of a room that goes on.
#[derive(Clone, Debug)]
pub(crate) struct Take {
    /// Since when.
    at: Instant,
    /// The same in milliseconds since the Unix epoch.
    pub(crate) since: u64,
    /// Who has begun it.
    pub(crate) by: Uid,
    /// What that one is called.
    pub(crate) name: String,
    /// Only those are recorded who agree.
    pub(crate) asks: bool,
    /// Members who have agreed. Bounded by the members.
    agreed: BTreeSet<Uid>,
}

impl Take {
    pub(crate) fn new((at, since): (Instant, u64), by: Uid, name: String, asks: bool) -> Self {
        Self { at, since, by, name, asks, agreed: BTreeSet::new() }
    }

    /// A member agrees, or not any more; false if that changes nothing.
    pub(crate) fn agree(&mut self, uid: &Uid, agrees: bool) -> bool {
        self.asks && if agrees { self.agreed.insert(uid.clone()) } else { self.agreed.remove(uid) }
    }

    /// A member has gone: who comes again is asked again.
    pub(crate) fn dismiss(&mut self, uid: &Uid) {
        self.agreed.remove(uid);
    }

    /// As what a member is recorded; `None` if it is not.
    pub(crate) fn taken(&self, member: &Member) -> Option<Arc<Taken>> {
        self.records(&member.uid).then(|| {
            Arc::new(Taken {
                since: self.at,
                since_ms: self.since,
                by: self.by.as_str().to_owned(),
                by_name: self.name.clone(),
                name: member.name.clone(),
            })
        })
    }

    /// Whether a member is recorded.
    pub(crate) fn records(&self, uid: &Uid) -> bool {
        !self.asks || self.agreed.contains(uid)
    }
}
