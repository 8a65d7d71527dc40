//! What a packet says about its frame, in terms that all codecs share.

mod dependency;
mod read;

pub(crate) use dependency::{DependencyState, has_structure};
pub(crate) use read::{Payload, numbers, read, write_head};

/// A place in the grid of spatial and temporal layers: everything up to it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Level {
    /// 0 to 3.
    pub(crate) spatial: u8,
    /// 0 to 3.
    pub(crate) temporal: u8,
}

/// A set of [`Level`]s.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Levels(pub(crate) u16);

/// What one packet says about its frame.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Frame {
    /// The first packet of a picture, all its spatial layers together.
    pub(crate) starts_picture: bool,
    /// The first packet of a frame: of one spatial layer of a picture.
    pub(crate) starts: bool,
    /// The last packet of a frame.
    pub(crate) ends: bool,
    /// Part of a picture that needs no other: with `starts_picture` a viewer can begin here.
    pub(crate) key: bool,
    /// Which layers it is.
    pub(crate) level: Level,
    /// Who watches one of these levels needs it.
    pub(crate) needed: Levels,
    /// Who can decode it, and has one temporal layer less, can go on with one of these levels.
    pub(crate) climb: Levels,
    /// The same of one spatial layer less.
    pub(crate) widen: Levels,
    /// Who had a higher level until here can go on with one of these.
    pub(crate) descend: Levels,
    /// The frame's number by its dependency descriptor.
    pub(crate) number: Option<u16>,
    /// The frames it refers to: bit `n` is the frame with a number lower by `n`.
    pub(crate) dependencies: u64,
    /// The numbers of VP8 and VP9.
    pub(crate) picture: Option<PictureNumbers>,
    /// Whether it is a key frame cannot be told, as it is encrypted: a viewer begins anywhere and asks for one.
    pub(crate) is_blind: bool,
    /// Whether the ids of skipped pictures are closed up. VP9's pictures refer to others by the difference of their ids.
    pub(crate) is_dense: bool,
}

/// The numbers in the descriptors of VP8 and VP9 that must be continuous (RFC 7741 §4.2, RFC 9628 §4.2).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct PictureNumbers {
    /// PictureID, 15 bits.
    pub(crate) id: u16,
    /// TL0PICIDX.
    pub(crate) base: u8,
    /// KEYIDX of VP8, 5 bits.
    pub(crate) key: u8,
}

impl Level {
    /// The whole stream.
    pub(crate) const HIGHEST: Self = Self { spatial: 3, temporal: 3 };

    /// All levels, the lowest first.
    pub(crate) fn all() -> impl Iterator<Item = Self> {
        (0..4).flat_map(|spatial| (0..4).map(move |temporal| Self { spatial, temporal }))
    }

    /// Its place in the grid, 0 to 15.
    pub(crate) fn index(self) -> usize {
        usize::from(((self.spatial & 3) << 2) | (self.temporal & 3))
    }

    fn bit(self) -> u16 {
        1 << self.index()
    }
}

impl Levels {
    /// None.
    pub(crate) const EMPTY: Self = Self(0);
    /// Every one.
    pub(crate) const ALL: Self = Self(u16::MAX);

    /// Those that include `level`: at least as high in both directions.
    pub(crate) fn including(level: Level) -> Self {
        let includes = |other: &Level| other.spatial >= level.spatial && other.temporal >= level.temporal;
        Level::all().filter(includes).collect()
    }

    pub(crate) fn contains(self, level: Level) -> bool {
        self.0 & level.bit() != 0
    }
}

impl FromIterator<Level> for Levels {
    fn from_iter<I: IntoIterator<Item = Level>>(levels: I) -> Self {
        Self(levels.into_iter().fold(0, |set, level| set | level.bit()))
    }
}

impl Frame {
    /// A packet that stands for itself, as audio does.
    pub(crate) const WHOLE: Self = Self {
        starts_picture: true,
        starts: true,
        ends: true,
        key: true,
        level: Level { spatial: 0, temporal: 0 },
        needed: Levels::ALL,
        climb: Levels::ALL,
        widen: Levels::ALL,
        descend: Levels::EMPTY,
        number: None,
        dependencies: 0,
        picture: None,
        is_blind: false,
        is_dense: false,
    };

    /// A packet without payload.
    pub(crate) const PADDING: Self =
        Self { starts_picture: false, starts: false, key: false, needed: Levels::EMPTY, ..Self::WHOLE };
}
