//! Coming back to a seat after the connection is lost.

use rand_chacha::{ChaCha20Rng, rand_core::Rng as _};

/// What proves that a connection belongs to a member. A new one goes out with every `joined`.
#[derive(Debug)]
pub(crate) struct Ticket {
    current: String,
    /// The one before, good until a pong proves that `current` has arrived: the connection may be lost again
    /// while `joined` is on its way, and then the client knows only this one.
    previous: Option<String>,
    /// A ping has been sent after `current`.
    pinged: bool,
    /// What the client showed when it took the seat and nobody had a seat for it, good until a pong proves that the
    /// first `joined` has arrived: without it the client knows no token, and its own seat would shut it out.
    claim: Option<String>,
}

impl Ticket {
    pub(crate) fn new(rng: &mut ChaCha20Rng, shown: Option<String>) -> Self {
        let claim = shown.filter(|shown| (CLAIM_BYTES_MIN..=CLAIM_BYTES_MAX).contains(&shown.len()));
        Self { current: draw(rng), previous: None, pinged: false, claim }
    }

    /// Makes the next one. `shown` is the one that the client has.
    pub(crate) fn rotate(&mut self, rng: &mut ChaCha20Rng, shown: &str) {
        self.current = draw(rng);
        self.previous = Some(shown.to_owned());
        self.pinged = false;
    }

    pub(crate) fn current(&self) -> &str {
        &self.current
    }

    pub(crate) fn opens_with(&self, shown: &str) -> bool {
        same(&self.current, shown) || self.previous.as_deref().is_some_and(|previous| same(previous, shown))
    }

    /// Whether the seat was taken with this claim and the client may not know of it.
    pub(crate) fn claimed_with(&self, shown: &str) -> bool {
        self.claim.as_deref().is_some_and(|claim| same(claim, shown))
    }

    pub(crate) fn ping_sent(&mut self) {
        self.pinged = true;
    }

    pub(crate) fn pong_received(&mut self) {
        if self.pinged {
            self.previous = None;
            self.claim = None;
        }
    }
}

fn draw(rng: &mut ChaCha20Rng) -> String {
    format!("{:016x}{:016x}", rng.next_u64(), rng.next_u64())
}

/// Compares in a time that does not tell how much was right.
pub(crate) fn same(secret: &str, shown: &str) -> bool {
    let differences = secret.bytes().zip(shown.bytes()).fold(0, |sum, (a, b)| sum | (a ^ b));
    secret.len() == shown.len() && differences == 0
}

/// Shortest claim that is kept: as long as the randomness of 64 bits in hexadecimal.
pub(crate) const CLAIM_BYTES_MIN: usize = 16;
/// Longest claim that is kept.
pub(crate) const CLAIM_BYTES_MAX: usize = 128;
