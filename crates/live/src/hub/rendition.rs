//! One sound in two codecs.

/// Which sound somebody takes of a stream whose sound is there as it came, and transcoded. Where it is there once, both are the same.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Rendition {
    /// In a codec that every player knows.
    #[default]
    Common,
    /// As the publisher encoded it.
    Original,
}

impl Rendition {
    /// Both.
    pub(super) const ALL: [Self; 2] = [Self::Common, Self::Original];
}

/// One for each rendition.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct PerRendition<T> {
    /// Of [`Rendition::Common`].
    pub common: T,
    /// Of [`Rendition::Original`].
    pub original: T,
}

impl<T> PerRendition<T> {
    /// The one of this rendition.
    pub fn of(&self, rendition: Rendition) -> &T {
        match rendition {
            Rendition::Common => &self.common,
            Rendition::Original => &self.original,
        }
    }

    /// The one of this rendition, to be changed.
    pub fn of_mut(&mut self, rendition: Rendition) -> &mut T {
        match rendition {
            Rendition::Common => &mut self.common,
            Rendition::Original => &mut self.original,
        }
    }
}
