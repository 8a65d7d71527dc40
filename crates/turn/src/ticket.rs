//! MOBILITY-TICKET (RFC 8016): what a client shows to have its allocation at another 5-tuple.
//!
//! 24 bytes as 32 characters of base64: coturn's client keeps no longer ones, and ends them at a zero byte. `shard, 1 byte; tag, 12 bytes; masked: place
//! and serial, 4 bytes each, and number of the ticket, 3 bytes`. The tag is a MAC of all the rest and what the mask is made of, so that no random number
//! is needed (RFC 5297 does the same with AES). The number makes a ticket good for one move: the next one is given for it.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use stun_types::attribute::AttributeType;

use crate::message::Message;
use crate::shard::Shard;
use crate::survey::AllocationKey;

/// What a ticket says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Ticket {
    /// Whose it is. No other allocation of this server ever has this key.
    pub(crate) allocation: AllocationKey,
    /// Counts the tickets of that allocation, up to [`NUMBER_MAX`].
    pub(crate) number: u32,
}

/// The last number of a ticket; the first one comes after it.
pub(crate) const NUMBER_MAX: u32 = 0xFF_FFFF;

/// Seals and opens tickets with a key that only this server has.
pub(crate) struct Tickets {
    key: [u8; 32],
    shard: u8,
}

impl Tickets {
    pub(crate) fn new(key: [u8; 32], shard: Shard) -> Self {
        Self { key, shard: shard.index() }
    }

    /// The value of the attribute.
    pub(crate) fn seal(&self, ticket: Ticket) -> String {
        let Ticket { allocation: AllocationKey { slot, serial }, number } = ticket;
        let mut said = [0; SAID_LEN];
        said[..4].copy_from_slice(&slot.to_be_bytes());
        said[4..8].copy_from_slice(&serial.to_be_bytes());
        said[8..].copy_from_slice(&number.to_be_bytes()[1..]);
        let tag = self.tag(self.shard, &said);
        let masked = self.masked(&tag, said);
        URL_SAFE_NO_PAD.encode([&[self.shard][..], &tag, &masked].concat())
    }

    /// What the value of an attribute says; nothing where it is none of ours.
    pub(crate) fn open(&self, value: &[u8]) -> Option<Ticket> {
        let [shard, rest @ ..] = decoded(value)?;
        let (tag, masked) = rest.split_first_chunk::<TAG_LEN>()?;
        let said = self.masked(tag, masked.try_into().ok()?);
        self.mac(b"tag", &[&[shard], &said]).verify_truncated_left(tag).ok()?;
        let [s0, s1, s2, s3, r0, r1, r2, r3, n0, n1, n2] = said;
        let [slot, serial, number] = [[s0, s1, s2, s3], [r0, r1, r2, r3], [0, n0, n1, n2]].map(u32::from_be_bytes);
        Some(Ticket { allocation: AllocationKey { slot, serial }, number })
    }

    fn tag(&self, shard: u8, said: &[u8; SAID_LEN]) -> [u8; TAG_LEN] {
        let whole = self.mac(b"tag", &[&[shard], said]).finalize().into_bytes();
        std::array::from_fn(|at| whole[at])
    }

    /// Hides and shows: the same twice gives what was.
    fn masked(&self, tag: &[u8; TAG_LEN], said: [u8; SAID_LEN]) -> [u8; SAID_LEN] {
        let mask = self.mac(b"mask", &[tag]).finalize().into_bytes();
        std::array::from_fn(|at| said[at] ^ mask[at])
    }

    fn mac(&self, purpose: &[u8], parts: &[&[u8]]) -> Hmac<Sha256> {
        let mut mac = Hmac::<Sha256>::new_from_slice(&self.key).expect("HMAC takes keys of any length");
        mac.update(purpose);
        parts.iter().for_each(|part| mac.update(part));
        mac
    }
}

impl std::fmt::Debug for Tickets {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Tickets")
    }
}

/// The shard that has given the ticket in a message.
pub(crate) fn shard_of_ticket(message: &Message<'_>) -> Option<u8> {
    let [shard, ..] = decoded(message.raw(MOBILITY_TICKET)?.value)?;
    Some(shard)
}

/// The bytes behind the characters, where they are as many as ours.
fn decoded(value: &[u8]) -> Option<[u8; TICKET_LEN]> {
    let mut bytes = [0; TICKET_LEN];
    let written = URL_SAFE_NO_PAD.decode_slice(value, &mut bytes).ok()?;
    (written == TICKET_LEN).then_some(bytes)
}

const TAG_LEN: usize = 12;
const SAID_LEN: usize = 11;
const TICKET_LEN: usize = 1 + TAG_LEN + SAID_LEN;

/// RFC 8016 §3.3.
pub(crate) const MOBILITY_TICKET: AttributeType = AttributeType::new(0x8030);

#[cfg(test)]
mod tests;
