//! What was sent and not yet spoken about.

/// Packets sent, by their transport-wide number. A ring that grows with what is in flight.
#[derive(Debug)]
pub(super) struct History {
    /// A power of two of places, at most [`PACKETS_MAX`], and none before the first packet; a packet is at its number modulo the length.
    ring: Vec<Sent>,
    /// The highest number so far.
    newest: Option<u64>,
    /// Packets at the end that have not left yet.
    gathered: u32,
}

/// One packet.
#[derive(Debug, Clone, Copy)]
pub(super) struct Sent {
    pub(super) number: u64,
    /// Since the estimator began.
    pub(super) at_us: i64,
    pub(super) bytes: u32,
    /// The probe that it was part of.
    pub(super) probe: Option<u16>,
    fate: Fate,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Fate {
    Open,
    Lost,
    Received,
    /// No packet was ever here.
    Vacant,
}

/// What feedback made of a packet.
#[derive(Debug, Clone, Copy)]
pub(super) enum Settled {
    /// It came.
    Received(Sent),
    /// It came, though it was believed lost.
    Found(Sent),
    /// It did not come.
    Lost(Sent),
}

impl History {
    pub(super) fn new() -> Self {
        Self { ring: Vec::new(), newest: None, gathered: 0 }
    }

    /// Keeps a packet; the oldest gives way.
    pub(super) fn push(&mut self, number: u64, at_us: i64, bytes: u32, probe: Option<u16>) {
        if self.ring.is_empty() {
            self.ring = vec![Sent::VACANT; PACKETS_MIN];
        }
        let occupant = self.place(number).map(|place| *place);
        let crowded = occupant.is_some_and(|sent| sent.fate == Fate::Open && at_us - sent.at_us < MEMORY_US);
        if crowded && self.ring.len() < PACKETS_MAX {
            self.grow();
        }
        if let Some(place) = self.place(number) {
            *place = Sent { number, at_us, bytes, probe, fate: Fate::Open };
        }
        self.newest = self.newest.max(Some(number));
        self.gathered = self.gathered.saturating_add(1);
    }

    /// What was pushed since the last time leaves only now.
    pub(super) fn depart(&mut self, now_us: i64) {
        let gathered = u64::from(std::mem::take(&mut self.gathered)).min(self.ring.len() as u64);
        let Some(newest) = self.newest else { return };
        for number in newest.saturating_sub(gathered).saturating_add(1)..=newest {
            if let Some(sent) = self.place(number).filter(|sent| sent.number == number) {
                sent.at_us = now_us;
            }
        }
    }

    /// Feedback about the packet with these lowest bits; `None` where it says nothing new or the packet is forgotten.
    pub(super) fn settle(&mut self, low_bits: u16, received: bool) -> Option<Settled> {
        let newest = self.newest?;
        let number = newest.checked_sub(u64::from((newest as u16).wrapping_sub(low_bits)))?;
        let sent = self.place(number).filter(|sent| sent.number == number)?;
        let settled = match (sent.fate, received) {
            (Fate::Open, true) => Settled::Received(*sent),
            (Fate::Lost, true) => Settled::Found(*sent),
            (Fate::Open, false) => Settled::Lost(*sent),
            (Fate::Lost, false) | (Fate::Received | Fate::Vacant, _) => return None,
        };
        sent.fate = if received { Fate::Received } else { Fate::Lost };
        Some(settled)
    }

    fn place(&mut self, number: u64) -> Option<&mut Sent> {
        let mask = self.ring.len().saturating_sub(1);
        self.ring.get_mut(number as usize & mask)
    }

    fn grow(&mut self) {
        let length = self.ring.len().saturating_mul(2);
        let old = std::mem::replace(&mut self.ring, vec![Sent::VACANT; length]);
        for sent in old.into_iter().filter(|sent| sent.fate != Fate::Vacant) {
            if let Some(place) = self.place(sent.number) {
                *place = sent;
            }
        }
    }
}

impl Sent {
    const VACANT: Self = Self { number: 0, at_us: 0, bytes: 0, probe: None, fate: Fate::Vacant };
}

/// Places at the beginning: a quarter of a second at 500 packets a second. Most subscribers never need more.
const PACKETS_MIN: usize = 128;

/// Two seconds at 50 Mbit/s; what is older than the ring is no longer asked about.
const PACKETS_MAX: usize = 8_192;

/// Feedback about older packets no longer tells anything about the path.
const MEMORY_US: i64 = 2_000_000;

#[cfg(test)]
mod tests;
