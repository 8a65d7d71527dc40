//! A room on several workers: what their routers say to each other.
//!
//! ```text
//! publisher ─▶ router of its worker ──Sink::relay──▶ link ──Router::handle_relayed──▶ router of another worker ─▶ viewers
//!                      ▲                                                                       │
//!                      └── handle_remote_want ◀── link ◀── Output::Wanted ─────────────────────┤
//!                      └── handle_remote_rtcp ◀── link ◀── Sink::send_rtcp to the remote peer ─┘
//! ```
//! What a link loses is asked for again, like what a network loses: packets and key frames by RTCP, the rest is said again before long.

use std::time::Duration;

use crate::track::LAYERS_MAX;

/// The link to another worker: its number, below 64.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct LinkId(pub u8);

/// A set of links.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
pub struct Links(u64);

impl Links {
    /// None.
    pub const EMPTY: Self = Self(0);

    /// Just one; none if its number is not below 64.
    #[must_use]
    pub fn only(link: LinkId) -> Self {
        Self(1_u64.checked_shl(u32::from(link.0)).unwrap_or(0))
    }

    /// This set and another.
    #[must_use]
    pub fn with(self, others: Self) -> Self {
        Self(self.0 | others.0)
    }

    /// This set but for another.
    #[must_use]
    pub fn without(self, others: Self) -> Self {
        Self(self.0 & !others.0)
    }

    /// Whether a link is in it.
    #[must_use]
    pub fn contains(self, link: LinkId) -> bool {
        self.0 & Self::only(link).0 != 0
    }

    /// Whether none is in it.
    #[must_use]
    pub fn is_empty(self) -> bool {
        self.0 == 0
    }
}

impl Iterator for Links {
    type Item = LinkId;

    /// The links in it, by their numbers.
    fn next(&mut self) -> Option<LinkId> {
        let number = u8::try_from(self.0.trailing_zeros()).ok().filter(|number| *number < 64)?;
        self.0 &= self.0.wrapping_sub(1);
        Some(LinkId(number))
    }
}

/// Something about a track that crosses a link, from the publisher's worker to one that wants it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Relayed<'a> {
    /// A packet of one layer, decrypted and otherwise as the publisher sent it.
    Packet {
        /// The layer, counted from the smallest.
        layer: u8,
        /// The whole RTP packet.
        bytes: &'a [u8],
    },
    /// The same, of before the layer was wanted there. It is kept for who comes in the middle and goes to nobody by itself; the newest packet,
    /// which is no longer of that kind, says that this is all.
    Past {
        /// The layer, counted from the smallest.
        layer: u8,
        /// The whole RTP packet.
        bytes: &'a [u8],
    },
    /// What the publisher's last sender report said about a layer.
    Clock {
        /// The layer, counted from the smallest.
        layer: u8,
        /// What it said.
        clock: Clock,
    },
    /// How large the picture of a layer is, also of one that nobody there wants: the tiles decide which one that will be.
    Picture {
        /// The layer, counted from the smallest.
        layer: u8,
        /// Width of the picture.
        width_px: u32,
        /// Height of the picture.
        height_px: u32,
    },
    /// How loud a voice is, in dBov (-127 to 0), also one that nobody there hears: who is heard depends on it.
    Level(i8),
}

impl<'a> Relayed<'a> {
    /// Without the bytes of its packet, which go beside it; of anything else there are none.
    #[must_use]
    pub fn parted(self) -> (Relayed<'static>, &'a [u8]) {
        match self {
            Self::Packet { layer, bytes } => (Relayed::Packet { layer, bytes: &[] }, bytes),
            Self::Past { layer, bytes } => (Relayed::Past { layer, bytes: &[] }, bytes),
            Self::Clock { layer, clock } => (Relayed::Clock { layer, clock }, &[]),
            Self::Picture { layer, width_px, height_px } => (Relayed::Picture { layer, width_px, height_px }, &[]),
            Self::Level(level_dbov) => (Relayed::Level(level_dbov), &[]),
        }
    }

    /// With the bytes from beside it: undoes [`Self::parted`].
    #[must_use]
    pub fn joined(self, bytes: &'a [u8]) -> Self {
        match self {
            Self::Packet { layer, .. } => Self::Packet { layer, bytes },
            Self::Past { layer, .. } => Self::Past { layer, bytes },
            other @ (Self::Clock { .. } | Self::Picture { .. } | Self::Level(_)) => other,
        }
    }
}

/// A moment on a publisher's clock and the timestamp that belongs to it (RFC 3550 §6.4.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Clock {
    /// The publisher's NTP time.
    pub ntp: u64,
    /// The timestamp of that moment.
    pub timestamp: u32,
    /// How long ago the publisher's worker heard of it.
    pub age: Duration,
}

/// Who wants how much of a track elsewhere.
#[derive(Debug, Default)]
pub(crate) struct RemoteWants {
    /// How many layers each worker wants, from the smallest on; none that wants nothing.
    wants: Vec<(LinkId, u8)>,
    /// To whom each layer goes.
    relays: [Links; LAYERS_MAX],
}

impl RemoteWants {
    /// To whom a layer goes.
    pub(crate) fn of_layer(&self, layer: usize) -> Links {
        self.relays.get(layer).copied().unwrap_or_default()
    }

    /// How many layers are wanted by whoever wants the most.
    pub(crate) fn most(&self) -> usize {
        self.wants.iter().map(|(_, layers)| usize::from(*layers)).max().unwrap_or(0)
    }

    /// Another worker wants so many layers.
    pub(crate) fn set(&mut self, link: LinkId, layers: u8) {
        self.wants.retain(|(known, _)| *known != link);
        if layers > 0 && link.0 < 64 {
            self.wants.push((link, layers));
        }
        self.follow();
    }

    /// The other workers want nothing any more.
    pub(crate) fn forget(&mut self, gone: Links) {
        self.wants.retain(|(link, _)| !gone.contains(*link));
        self.follow();
    }

    fn follow(&mut self) {
        for (layer, relays) in self.relays.iter_mut().enumerate() {
            let wanting = self.wants.iter().filter(|(_, layers)| usize::from(*layers) > layer);
            *relays = wanting.fold(Links::EMPTY, |all, (link, _)| all.with(Links::only(*link)));
        }
    }
}

#[cfg(test)]
mod tests;
