//! MOBILITY-TICKET (RFC 8016): what a client shows to have its allocation at another 5-tuple.
//!
//! `shard, 1 byte; nonce, 12 bytes; sealed: place, serial and number of the ticket, 12 bytes, and a tag of 16`. The number makes a ticket good for one
//! move: the next one is given for it.

use aws_lc_rs::aead::{Aad, CHACHA20_POLY1305, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use stun_types::attribute::AttributeType;

use crate::message::Message;
use crate::shard::Shard;
use crate::survey::AllocationKey;

/// What a ticket says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Ticket {
    /// Whose it is. No other allocation of this server ever has this key.
    pub(crate) allocation: AllocationKey,
    /// Counts the tickets of that allocation.
    pub(crate) number: u32,
}

/// Seals and opens tickets with a key that only this server has.
pub(crate) struct Tickets {
    key: LessSafeKey,
    shard: u8,
}

impl Tickets {
    pub(crate) fn new(key: [u8; 32], shard: Shard) -> Self {
        let key = UnboundKey::new(&CHACHA20_POLY1305, &key).expect("a key of this cipher has 32 bytes");
        Self { key: LessSafeKey::new(key), shard: shard.index() }
    }

    /// The value of the attribute. `nonce` is random: no two may be alike.
    pub(crate) fn seal(&self, ticket: Ticket, nonce: [u8; NONCE_LEN]) -> Vec<u8> {
        let Ticket { allocation: AllocationKey { slot, serial }, number } = ticket;
        let mut sealed = [slot, serial, number].map(u32::to_be_bytes).concat();
        let nonce_of_cipher = Nonce::assume_unique_for_key(nonce);
        let done = self.key.seal_in_place_append_tag(nonce_of_cipher, Aad::from([self.shard]), &mut sealed);
        done.expect("twelve bytes are not too many to seal");
        [&[self.shard], &nonce[..], &sealed].concat()
    }

    /// What the value of an attribute says; nothing where it is none of ours.
    pub(crate) fn open(&self, value: &[u8]) -> Option<Ticket> {
        let (&shard, rest) = value.split_first()?;
        let (nonce, sealed) = rest.split_first_chunk::<NONCE_LEN>()?;
        let mut sealed = sealed.to_vec();
        let nonce = Nonce::assume_unique_for_key(*nonce);
        let opened = self.key.open_in_place(nonce, Aad::from([shard]), &mut sealed).ok()?;
        let (&[slot, serial, number], []) = opened.as_chunks::<4>() else { return None };
        let [slot, serial, number] = [slot, serial, number].map(u32::from_be_bytes);
        Some(Ticket { allocation: AllocationKey { slot, serial }, number })
    }
}

impl std::fmt::Debug for Tickets {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Tickets")
    }
}

/// The shard that has given the ticket in a message.
pub(crate) fn shard_of_ticket(message: &Message<'_>) -> Option<u8> {
    message.raw(MOBILITY_TICKET)?.value.first().copied()
}

/// RFC 8016 §3.3.
pub(crate) const MOBILITY_TICKET: AttributeType = AttributeType::new(0x8030);

#[cfg(test)]
mod tests;
