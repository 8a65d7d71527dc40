//! Seeds and the generators drawn from them.

use std::ops::Range;
use std::time::Duration;

use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};

/// The environment variable that replaces the committed seeds by one seed of the caller's choice.
pub const SEED_VARIABLE: &str = "PARLOR_SIM_SEED";

/// What decides everything that is left to chance in one run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Seed(u64);

impl Seed {
    /// A seed with this number.
    pub const fn new(number: u64) -> Self {
        Self(number)
    }

    /// The number.
    pub fn number(self) -> u64 {
        self.0
    }

    /// The seed of [`SEED_VARIABLE`] when it is set to a number, else `committed`.
    pub fn from_environment_or(committed: Self) -> Self {
        Self::from_environment().unwrap_or(committed)
    }

    /// The seeds with these numbers, or only that of [`SEED_VARIABLE`] when it is set.
    pub fn each(committed: Range<u64>) -> Vec<Self> {
        Self::from_environment().map_or_else(|| committed.map(Self).collect(), |seed| vec![seed])
    }

    fn from_environment() -> Option<Self> {
        std::env::var(SEED_VARIABLE).ok().and_then(|text| text.parse().ok()).map(Self)
    }

    /// A generator of its own for each `label`, so that a draw more in one part does not change another.
    pub fn generator(self, label: &str) -> Generator {
        let mut seed = [0; 32];
        let (number, rest) = seed.split_at_mut(8);
        number.copy_from_slice(&self.0.to_le_bytes());
        for (index, byte) in label.bytes().enumerate() {
            let slot = &mut rest[index % 24];
            *slot = slot.wrapping_mul(31).wrapping_add(byte);
        }
        Generator(ChaCha8Rng::from_seed(seed))
    }
}

/// A seeded source of chance.
#[derive(Clone, Debug)]
pub struct Generator(ChaCha8Rng);

impl Generator {
    /// A number from 0 up to, not including, `bound`; 0 when `bound` is 0.
    pub fn below(&mut self, bound: u64) -> u64 {
        // The bias of the remainder is far below what a simulation can notice.
        self.0.next_u64().checked_rem(bound).unwrap_or(0)
    }

    /// True with the probability `p`. Draws nothing when `p` is 0, so that perfect links cost nothing.
    pub fn chance(&mut self, p: f64) -> bool {
        p > 0.0 && (self.0.next_u32() as f64) < p * 4_294_967_296.0
    }

    /// A duration from zero up to, not including, `bound`.
    pub fn up_to(&mut self, bound: Duration) -> Duration {
        let nanos = u64::try_from(bound.as_nanos()).unwrap_or(u64::MAX);
        Duration::from_nanos(self.below(nanos))
    }

    /// A duration with this mean, as long as the time between two raindrops: exponentially distributed, at least 1 ns.
    pub fn spell(&mut self, mean: Duration) -> Duration {
        // From (0, 1]: the logarithm of 0 has no end.
        let uniform = (self.0.next_u32() as f64 + 1.0) / 4_294_967_296.0;
        mean.mul_f64(-uniform.ln()).max(Duration::from_nanos(1))
    }

    /// 64 random bits.
    pub fn bits(&mut self) -> u64 {
        self.0.next_u64()
    }

    /// 32 random bytes, the seed of a core.
    pub fn bytes(&mut self) -> [u8; 32] {
        let mut bytes = [0; 32];
        self.0.fill_bytes(&mut bytes);
        bytes
    }

    /// `length` random lower-case letters and digits.
    pub fn word(&mut self, length: usize) -> String {
        const ALPHABET: &[u8; 36] = b"abcdefghijklmnopqrstuvwxyz0123456789";
        (0..length).map(|_| char::from(ALPHABET[self.below(36) as usize])).collect()
    }
}

#[cfg(test)]
mod tests;
