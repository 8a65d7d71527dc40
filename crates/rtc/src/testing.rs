//! What the tests of several modules share: certificates, and a network in virtual time.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use fastrand::Rng;
use rcgen::{CertificateParams, KeyPair};

/// DER of a certificate, and of its key in PKCS #8. With many names it is a large one.
pub(crate) fn certificate(names: usize) -> (Vec<u8>, Vec<u8>) {
    let key = KeyPair::generate().unwrap();
    let names: Vec<String> = (0..names).map(|index| format!("a-rather-long-name-number-{index}.example.org")).collect();
    let certificate = CertificateParams::new(names).unwrap().self_signed(&key).unwrap();
    (certificate.der().to_vec(), key.serialize_der())
}

/// The one reading of the clock: virtual time begins there.
#[expect(clippy::disallowed_methods, reason = "virtual time has to begin somewhere")]
pub(crate) fn start() -> Instant {
    Instant::now()
}

/// The two ends of a network.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum End {
    Client,
    Server,
}

/// A link that loses, repeats and reorders. One seed, one run.
pub(crate) struct Network<D> {
    rng: Rng,
    /// Of 100 datagrams.
    loss: u8,
    repeated: u8,
    /// What is under way, by arrival; the count keeps datagrams of one instant apart.
    flying: BTreeMap<(Instant, u64), (End, D)>,
    count: u64,
    /// How many left.
    pub(crate) sent: u64,
}

impl<D: Clone> Network<D> {
    pub(crate) fn new(seed: u64, loss: u8, repeated: u8) -> Self {
        Self { rng: Rng::with_seed(seed), loss, repeated, flying: BTreeMap::new(), count: 0, sent: 0 }
    }

    /// One way takes 20 to 30 ms.
    pub(crate) fn send(&mut self, now: Instant, to: End, datagram: D) {
        self.sent += 1;
        let copies = if self.rng.u8(0..100) < self.repeated { 2 } else { 1 };
        for _ in 0..copies {
            let at = now + Duration::from_micros(self.rng.u64(20_000..30_000));
            if self.rng.u8(0..100) >= self.loss {
                self.count += 1;
                self.flying.insert((at, self.count), (to, datagram.clone()));
            }
        }
    }

    /// All that is under way arrives twice.
    pub(crate) fn repeat_all(&mut self) {
        for ((at, _), datagram) in self.flying.clone() {
            self.count += 1;
            self.flying.insert((at, self.count), datagram);
        }
    }

    pub(crate) fn next_arrival(&self) -> Option<Instant> {
        self.flying.keys().next().map(|&(at, _)| at)
    }

    /// What has arrived by `now`.
    pub(crate) fn receive(&mut self, now: Instant) -> Option<(End, D)> {
        let first = self.flying.first_entry().filter(|entry| entry.key().0 <= now)?;
        Some(first.remove())
    }
}
