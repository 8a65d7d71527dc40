//! The handshake (RTMP 1.0 §5.2), and the signed variant of it that players since Flash Player 9 begin with: a digest in the middle of C1 and S1, and one at the end of C2 and
//! S2. It proves nothing, but some clients ask for it.

use bytes::{Buf as _, BufMut as _, Bytes, BytesMut};
use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::Sha256;

use super::RtmpError;

/// Which end we are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Side {
    Server,
    Client,
}

/// One end of a handshake.
#[derive(Debug)]
pub(crate) struct Handshake {
    side: Side,
    /// What came and is not understood yet; at most two packets and the version.
    buffer: BytesMut,
    /// What we fill our packet with, from the seed.
    ours: [u8; PACKET_BYTES],
    state: State,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    /// C0 and C1, or S0 and S1.
    AwaitsFirst,
    /// C2 or S2.
    AwaitsSecond,
    Done,
}

impl Handshake {
    pub(crate) fn new(side: Side, noise: [u8; PACKET_BYTES]) -> Self {
        let mut ours = noise;
        // Time 0, and a version: 0 says that nothing is signed.
        put(&mut ours, 0, &[0; 8]);
        if side == Side::Client {
            put(&mut ours, 4, &CLIENT_VERSION);
            sign_middle(&mut ours, Scheme::AfterKey, PLAYER_KEY);
        }
        Self { side, buffer: BytesMut::new(), ours, state: State::AwaitsFirst }
    }

    /// What a client begins with: C0 and C1.
    pub(crate) fn hello(&self) -> Bytes {
        let mut hello = BytesMut::with_capacity(1 + PACKET_BYTES);
        hello.put_u8(VERSION);
        hello.put_slice(&self.ours);
        hello.freeze()
    }

    pub(crate) fn is_done(&self) -> bool {
        self.state == State::Done
    }

    /// Takes bytes until the handshake is done; what follows it stays in [`Self::rest`]. Returns what is to be sent.
    pub(crate) fn handle_bytes(&mut self, bytes: &[u8]) -> Result<Option<Bytes>, RtmpError> {
        self.buffer.extend_from_slice(bytes);
        let mut reply = None;
        if self.state == State::AwaitsFirst {
            match self.buffer.first() {
                Some(&version) if version != VERSION => return Err(RtmpError::Version(version)),
                _ => {}
            }
            if self.buffer.len() > PACKET_BYTES {
                self.buffer.advance(1);
                let theirs = self.packet();
                reply = Some(self.answer(&theirs));
                self.state = State::AwaitsSecond;
            }
        }
        if self.state == State::AwaitsSecond && self.buffer.len() >= PACKET_BYTES {
            // Nobody compares what comes back with what was sent: several clients send something else.
            self.packet();
            self.state = State::Done;
        }
        Ok(reply)
    }

    /// What came behind the handshake.
    pub(crate) fn rest(&mut self) -> BytesMut {
        std::mem::take(&mut self.buffer)
    }

    fn packet(&mut self) -> [u8; PACKET_BYTES] {
        let mut packet = [0; PACKET_BYTES];
        let taken = self.buffer.split_to(PACKET_BYTES.min(self.buffer.len()));
        put(&mut packet, 0, &taken);
        packet
    }

    /// The server's S0, S1 and S2, or the client's C2.
    fn answer(&mut self, theirs: &[u8; PACKET_BYTES]) -> Bytes {
        let (their_key, our_key) = match self.side {
            Side::Server => (PLAYER_KEY, SERVER_KEY),
            Side::Client => (SERVER_KEY, PLAYER_KEY),
        };
        let signed = find_digest(theirs, their_key);
        let mut answer = BytesMut::with_capacity(1 + 2 * PACKET_BYTES);
        if self.side == Side::Server {
            if let Some((scheme, _)) = signed {
                put(&mut self.ours, 4, &SERVER_VERSION);
                sign_middle(&mut self.ours, scheme, our_key);
            }
            answer.put_u8(VERSION);
            answer.put_slice(&self.ours);
        }
        match signed {
            None => answer.put_slice(theirs),
            Some((_, digest)) => {
                let mut second = self.ours;
                second.reverse();
                let (body, place) = second.split_at_mut(PACKET_BYTES - DIGEST_BYTES);
                let key = hmac(&[our_key, &KEY_TAIL].concat(), &[&digest]);
                place.copy_from_slice(&hmac(&key, &[body]));
                answer.put_slice(&second);
            }
        }
        answer.freeze()
    }
}

/// Where in a packet the digest is: the two halves behind time and version may come in either order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Scheme {
    /// In the second half, behind the key.
    AfterKey,
    /// In the first half.
    BeforeKey,
}

impl Scheme {
    /// The four bytes whose sum says where in its half the digest is, and the first place it can be at.
    fn places(self) -> (usize, usize) {
        match self {
            Self::AfterKey => (772, 776),
            Self::BeforeKey => (8, 12),
        }
    }

    fn digest_at(self, packet: &[u8; PACKET_BYTES]) -> usize {
        let (sum_at, first) = self.places();
        let sum: usize = packet.iter().skip(sum_at).take(4).map(|&byte| usize::from(byte)).sum();
        first + sum % DIGEST_PLACES
    }
}

/// The digest of a packet that is signed with this key.
fn find_digest(packet: &[u8; PACKET_BYTES], key: &[u8]) -> Option<(Scheme, [u8; DIGEST_BYTES])> {
    let digest_in = |scheme: Scheme| {
        let (before, rest) = packet.split_at_checked(scheme.digest_at(packet))?;
        let (digest, after) = rest.split_first_chunk::<DIGEST_BYTES>()?;
        (hmac(key, &[before, after]) == *digest).then_some((scheme, *digest))
    };
    digest_in(Scheme::AfterKey).or_else(|| digest_in(Scheme::BeforeKey))
}

fn sign_middle(packet: &mut [u8; PACKET_BYTES], scheme: Scheme, key: &[u8]) {
    let at = scheme.digest_at(packet);
    let (before, rest) = packet.split_at(at);
    let digest = hmac(key, &[before, rest.get(DIGEST_BYTES..).unwrap_or_default()]);
    put(packet, at, &digest);
}

fn hmac(key: &[u8], parts: &[&[u8]]) -> [u8; DIGEST_BYTES] {
    let mut mac = Hmac::<Sha256>::new_from_slice(key).expect("HMAC takes keys of any length");
    parts.iter().for_each(|part| mac.update(part));
    mac.finalize().into_bytes().into()
}

fn put(packet: &mut [u8], at: usize, bytes: &[u8]) {
    if let Some(place) = packet.get_mut(at..at + bytes.len()) {
        place.copy_from_slice(bytes);
    }
}

/// §5.2.2
const VERSION: u8 = 3;
/// C1, S1, C2, S2 (§5.2.3, §5.2.4).
pub(crate) const PACKET_BYTES: usize = 1536;
const DIGEST_BYTES: usize = 32;
/// Places in a half at which the digest can be.
const DIGEST_PLACES: usize = 728;
/// What signed packets say they come from; every number but 0 will do.
const CLIENT_VERSION: [u8; 4] = [10, 0, 32, 18];
const SERVER_VERSION: [u8; 4] = [4, 5, 0, 1];
/// The keys are the names of the programs that were the first to have them, and a tail that both share.
const PLAYER_KEY: &[u8] = b"Genuine Adobe Flash Player 001";
const SERVER_KEY: &[u8] = b"Genuine Adobe Flash Media Server 001";
const KEY_TAIL: [u8; 32] = [
    0xf0, 0xee, 0xc2, 0x4a, 0x80, 0x68, 0xbe, 0xe8, 0x2e, 0x00, 0xd0, 0xd1, 0x02, 0x9e, 0x7e, 0x57, 0x6e, 0xec, 0x5d,
    0x2d, 0x29, 0x80, 0x6f, 0xab, 0x93, 0xb8, 0xe6, 0x36, 0xcf, 0xeb, 0x31, 0xae,
];

#[cfg(test)]
mod tests;
