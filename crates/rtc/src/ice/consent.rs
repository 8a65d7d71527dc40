//! Asking a client whether it is where its checks come from: a Binding request of ours, and its answer (RFC 7675 §5.1).

use std::fmt;

use aws_lc_rs::digest::{self, digest};
use aws_lc_rs::hmac;

use super::message::{
    self, BINDING_REQUEST, BINDING_SUCCESS, HEADER_BYTES, ICE_CONTROLLED, MAGIC_COOKIE, PRIORITY, USERNAME, finish,
    push_attribute,
};
use crate::candidate::Transport;
use crate::path::Path;

/// The client's credentials in one ICE session, as its offer told them. `Debug` does not show the password.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct RemoteCredentials {
    pub(crate) ufrag: String,
    pub(crate) pwd: String,
}

impl RemoteCredentials {
    /// Signs our requests and their answers.
    pub(super) fn key(&self) -> hmac::Key {
        message::key(&self.pwd)
    }
}

impl fmt::Debug for RemoteCredentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RemoteCredentials").field("ufrag", &self.ufrag).finish_non_exhaustive()
    }
}

/// Names a request. Those on one path have one name: they ask the same.
pub(super) type Transaction = [u8; TRANSACTION_BYTES];

/// A success response to a Binding request.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Consent<'a> {
    bytes: &'a [u8],
    pub(super) transaction: Transaction,
    /// Where MESSAGE-INTEGRITY stands, and its value.
    integrity: (usize, &'a [u8]),
}

impl<'a> Consent<'a> {
    /// `None` when it is something else, or is not signed.
    pub(crate) fn parse(bytes: &'a [u8]) -> Option<Self> {
        let (&[t0, t1, l0, l1, cookie @ ..], rest) = bytes.split_first_chunk::<8>()?;
        let length = usize::from(u16::from_be_bytes([l0, l1]));
        let framed = cookie == MAGIC_COOKIE && bytes.len() == HEADER_BYTES + length;
        if !framed || u16::from_be_bytes([t0, t1]) != BINDING_SUCCESS {
            return None;
        }
        let transaction = *rest.first_chunk()?;
        let mut offset = HEADER_BYTES;
        loop {
            let (kind, value) = message::attribute(bytes, offset)?;
            if kind == message::MESSAGE_INTEGRITY {
                return Some(Self { bytes, transaction, integrity: (offset, value) });
            }
            offset += message::ATTRIBUTE_HEADER_BYTES + value.len().next_multiple_of(4);
        }
    }

    /// Whether its sender knows the password of `key`.
    pub(super) fn is_authentic(&self, key: &hmac::Key) -> bool {
        message::is_signed(self.bytes, self.integrity, key)
    }
}

/// What the request on a path is named. `seed` is secret, so that nobody can answer who does not read what is sent there.
pub(super) fn transaction(seed: &[u8; 32], path: &Path) -> Transaction {
    let mut text = Vec::with_capacity(TEXT_BYTES);
    text.extend_from_slice(seed);
    text.push(match path.transport {
        Transport::Udp => 0,
        Transport::Tcp => 1,
    });
    for end in [path.local, path.remote] {
        match end.ip() {
            std::net::IpAddr::V4(ip) => text.extend_from_slice(&ip.octets()),
            std::net::IpAddr::V6(ip) => text.extend_from_slice(&ip.octets()),
        }
        text.extend_from_slice(&end.port().to_be_bytes());
    }
    let mut transaction = Transaction::default();
    transaction.copy_from_slice(&digest(&digest::SHA256, &text).as_ref()[..TRANSACTION_BYTES]);
    transaction
}

/// A Binding request. A lite agent is controlled (RFC 8445 §6.1.1) and has nothing to say about priorities.
pub(super) fn request(transaction: Transaction, username: &str, key: &hmac::Key) -> Vec<u8> {
    let mut request = Vec::with_capacity(REQUEST_BYTES);
    request.extend_from_slice(&BINDING_REQUEST.to_be_bytes());
    request.extend_from_slice(&[0, 0]);
    request.extend_from_slice(&MAGIC_COOKIE);
    request.extend_from_slice(&transaction);
    push_attribute(&mut request, USERNAME, username.as_bytes());
    push_attribute(&mut request, PRIORITY, &PRIORITY_OF_HOST.to_be_bytes());
    let [t0, t1, t2, t3, t4, t5, t6, t7, ..] = transaction;
    push_attribute(&mut request, ICE_CONTROLLED, &[t0, t1, t2, t3, t4, t5, t6, t7]);
    finish(request, Some(key))
}

/// RFC 8489 §5.
const TRANSACTION_BYTES: usize = 12;
/// RFC 8445 §5.1.2.1: a host candidate of the first component.
const PRIORITY_OF_HOST: u32 = 126 << 24 | 0xFFFF << 8 | 0xFF;
/// A secret, a transport and two addresses of IPv6.
const TEXT_BYTES: usize = 32 + 1 + 2 * 18;
/// Holds a request with usual names.
const REQUEST_BYTES: usize = 128;
