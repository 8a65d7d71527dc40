//! Secrets out of secrets: the pseudo-random function of TLS 1.2 (RFC 5246 §5, §6.3, §8.1), the master secret that is bound to the
//! handshake (RFC 7627), and what is exported for SRTP (RFC 5705, RFC 5764 §4.2). The hash is SHA-256 throughout.

use aws_lc_rs::digest::{SHA256, digest};
use aws_lc_rs::hmac;

use super::record::{KEY_BYTES, RecordKey, SALT_BYTES};

/// The master secret. No `Debug`: it is never shown.
pub(super) struct MasterSecret(hmac::Key);

/// What both ends drew in their hellos.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Randoms {
    pub(super) client: [u8; RANDOM_BYTES],
    pub(super) server: [u8; RANDOM_BYTES],
}

impl MasterSecret {
    /// `transcript` ends with the ClientKeyExchange.
    pub(super) fn new(premaster: &[u8], transcript: &[u8]) -> Self {
        let mut master = [0; MASTER_BYTES];
        let key = hmac::Key::new(hmac::HMAC_SHA256, premaster);
        expand(&key, "extended master secret", &[digest(&SHA256, transcript).as_ref()], &mut master);
        Self(hmac::Key::new(hmac::HMAC_SHA256, &master))
    }

    /// The keys of the client's and of the server's records.
    pub(super) fn record_keys(&self, randoms: &Randoms) -> (RecordKey, RecordKey) {
        let mut block = [0; 2 * (KEY_BYTES + SALT_BYTES)];
        expand(&self.0, "key expansion", &[&randoms.server, &randoms.client], &mut block);
        let mut keys = [[0; KEY_BYTES]; 2];
        let mut salts = [[0; SALT_BYTES]; 2];
        let (key_block, salt_block) = block.split_at(2 * KEY_BYTES);
        keys.as_flattened_mut().copy_from_slice(key_block);
        salts.as_flattened_mut().copy_from_slice(salt_block);
        let [client, server] = [(keys[0], salts[0]), (keys[1], salts[1])].map(|(key, salt)| RecordKey::new(&key, salt));
        (client, server)
    }

    /// What a Finished says after `transcript`.
    pub(super) fn verify_data(&self, by: Finisher, transcript: &[u8]) -> [u8; VERIFY_BYTES] {
        let label = match by {
            Finisher::Client => "client finished",
            Finisher::Server => "server finished",
        };
        let mut data = [0; VERIFY_BYTES];
        expand(&self.0, label, &[digest(&SHA256, transcript).as_ref()], &mut data);
        data
    }

    /// Keys and salts of SRTP.
    pub(super) fn export_srtp(&self, randoms: &Randoms, length: usize) -> Vec<u8> {
        let mut exported = vec![0; length];
        expand(&self.0, "EXTRACTOR-dtls_srtp", &[&randoms.client, &randoms.server], &mut exported);
        exported
    }
}

/// Whose Finished.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Finisher {
    Client,
    Server,
}

/// RFC 5246 §5: `PRF(secret, label, seed)`, the seed in pieces.
fn expand(secret: &hmac::Key, label: &str, seed: &[&[u8]], out: &mut [u8]) {
    let sign = |head: &[u8], with_seed: bool| {
        let mut context = hmac::Context::with_key(secret);
        context.update(head);
        if with_seed {
            context.update(label.as_bytes());
            seed.iter().for_each(|piece| context.update(piece));
        }
        context.sign()
    };
    let mut chain = sign(&[], true);
    for chunk in out.chunks_mut(SHA256.output_len()) {
        let block = sign(chain.as_ref(), true);
        for (byte, source) in chunk.iter_mut().zip(block.as_ref()) {
            *byte = *source;
        }
        chain = sign(chain.as_ref(), false);
    }
}

pub(super) const RANDOM_BYTES: usize = 32;
const MASTER_BYTES: usize = 48;
/// RFC 5246 §7.4.9.
pub(super) const VERIFY_BYTES: usize = 12;

#[cfg(test)]
mod tests;
