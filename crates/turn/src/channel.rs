//! Channels: two bytes that stand for a peer (RFC 8656 §12).

use std::time::{Duration, Instant};

use smallvec::SmallVec;

use crate::address::PeerAddr;
use crate::error::BadRequest;

/// A channel number that may be bound.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct ChannelNumber(u16);

impl ChannelNumber {
    /// RFC 8656 §12: 0x4000-0x4FFF; RFC 5766 went up to 0x7FFF in its §11 and to 0x7FFE in its §11.2; its clients use both.
    pub(crate) fn new(number: u16, rfc5766: bool) -> Result<Self, BadRequest> {
        match number {
            0x4000..=0x4FFF => Ok(Self(number)),
            0x5000..=0x7FFF if rfc5766 => Ok(Self(number)),
            _ => Err(BadRequest::ChannelNumber(number)),
        }
    }

    pub(crate) fn value(self) -> u16 {
        self.0
    }
}

/// The channels of one allocation, found by number and by peer. Most have one: it stands beside what else a packet needs.
#[derive(Debug, Default)]
pub(crate) struct Channels {
    /// Sorted by number. Bounded by `Limits::channels_per_allocation`.
    by_number: SmallVec<[Channel; 1]>,
    /// The same channels sorted by peer.
    by_peer: SmallVec<[Channel; 1]>,
}

#[derive(Debug, Clone, Copy)]
struct Channel {
    number: ChannelNumber,
    peer: PeerAddr,
    expires_at: Instant,
}

impl Channels {
    /// The peer that `number` is bound to. Any number may be asked for; only good ones are bound.
    pub(crate) fn peer(&self, now: Instant, number: u16) -> Option<PeerAddr> {
        let at = self.by_number.binary_search_by(|channel| channel.number.0.cmp(&number)).ok()?;
        self.by_number.get(at).filter(|channel| channel.expires_at > now).map(|channel| channel.peer)
    }

    /// The channel that is bound to `peer`.
    pub(crate) fn number(&self, now: Instant, peer: PeerAddr) -> Option<ChannelNumber> {
        let at = self.by_peer.binary_search_by(|channel| channel.peer.cmp(&peer)).ok()?;
        self.by_peer.get(at).filter(|channel| channel.expires_at > now).map(|channel| channel.number)
    }

    /// RFC 8656 §12.2: a number has one peer and a peer has one number. Says whether the binding would be new.
    pub(crate) fn check(&self, now: Instant, number: ChannelNumber, peer: PeerAddr) -> Result<bool, BadRequest> {
        match (self.peer(now, number.0), self.number(now, peer)) {
            (None, None) => Ok(true),
            (Some(bound), _) if bound == peer => Ok(false),
            (Some(_), _) => Err(BadRequest::ChannelInUse(number.0)),
            (None, Some(other)) => Err(BadRequest::PeerInUse(other.0)),
        }
    }

    /// How many are in force.
    pub(crate) fn count(&self, now: Instant) -> usize {
        self.by_number.iter().filter(|channel| channel.expires_at > now).count()
    }

    /// The peers of those in force, by number.
    pub(crate) fn peers(&self, now: Instant) -> impl Iterator<Item = PeerAddr> {
        self.by_number.iter().filter(move |channel| channel.expires_at > now).map(|channel| channel.peer)
    }

    /// Binds or refreshes; [`Self::check`] comes first.
    pub(crate) fn bind(&mut self, now: Instant, number: ChannelNumber, peer: PeerAddr) {
        let channel = Channel { number, peer, expires_at: now + CHANNEL_LIFETIME };
        let others = |other: &Channel| other.number != number && other.expires_at > now;
        self.by_number.retain(|other| others(other));
        self.by_peer.retain(|other| others(other));
        let at = self.by_number.partition_point(|other| other.number < number);
        self.by_number.insert(at, channel);
        let at = self.by_peer.partition_point(|other| other.peer < peer);
        self.by_peer.insert(at, channel);
        debug_assert_eq!(self.by_number.len(), self.by_peer.len(), "both orders hold the same channels");
    }

    /// Forgets the channels of peers for whom `keep` is false.
    pub(crate) fn retain(&mut self, keep: impl Fn(PeerAddr) -> bool) {
        self.by_number.retain(|channel| keep(channel.peer));
        self.by_peer.retain(|channel| keep(channel.peer));
    }
}

/// See <https://www.rfc-editor.org/rfc/rfc8656#section-12>.
pub(crate) const CHANNEL_LIFETIME: Duration = Duration::from_secs(600);
