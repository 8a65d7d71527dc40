//! Maps whose keys strangers choose: keyed by the seed, so that nobody can aim at one bucket.

use std::hash::{BuildHasher, Hash};

use hashbrown::HashMap;
use siphasher::sip::SipHasher13;

/// A map for keys from the network.
pub(crate) type SeededMap<K, V> = HashMap<K, V, SeededState>;

/// Makes the hashers of a [`SeededMap`].
#[derive(Debug, Clone, Copy)]
pub(crate) struct SeededState {
    keys: (u64, u64),
}

impl SeededState {
    pub(crate) fn new(keys: (u64, u64)) -> Self {
        Self { keys }
    }

    /// A number that only the owner of the keys can predict.
    pub(crate) fn number(&self, value: impl Hash) -> u64 {
        self.hash_one(value)
    }
}

impl BuildHasher for SeededState {
    type Hasher = SipHasher13;

    fn build_hasher(&self) -> SipHasher13 {
        SipHasher13::new_with_keys(self.keys.0, self.keys.1)
    }
}
