//! Which pictures of a stream.

/// The best pictures that a publisher sends, or those of one of its smaller layers of simulcast beside them.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Grade(u8);

impl Grade {
    /// The best there are at each moment: what everybody gets who does not choose.
    pub const BEST: Self = Self(0);

    /// The pictures of a layer, counted from the smallest as 0; `None` from [`LAYERS_APART_MAX`] on.
    #[must_use]
    pub fn of_layer(layer: u8) -> Option<Self> {
        (usize::from(layer) < LAYERS_APART_MAX).then(|| Self(layer + 1))
    }

    /// Which layer it is; `None`: the best.
    #[must_use]
    pub fn layer(self) -> Option<u8> {
        self.0.checked_sub(1)
    }

    /// Of a publisher with so many layers, all but the best, the largest first: its largest layer is the best.
    pub fn beside_the_best(layers: usize) -> impl Iterator<Item = Self> {
        let apart = layers.saturating_sub(1).min(LAYERS_APART_MAX);
        (0..apart).rev().filter_map(|layer| Self::of_layer(u8::try_from(layer).ok()?))
    }

    /// A place for each in a row of [`GRADES_MAX`].
    #[must_use]
    pub fn index(self) -> usize {
        self.0.into()
    }
}

/// Some of the grades of a stream.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Grades(u8);

impl Grades {
    /// The best alone.
    pub const BEST: Self = Self(1);

    /// All that a stream can have.
    pub const ALL: Self = Self((1 << GRADES_MAX) - 1);

    /// Takes one in.
    pub fn insert(&mut self, grade: Grade) {
        self.0 |= 1 << grade.0;
    }

    /// Leaves one out.
    pub fn remove(&mut self, grade: Grade) {
        self.0 &= !(1 << grade.0);
    }

    /// Whether one is among them.
    #[must_use]
    pub fn contains(self, grade: Grade) -> bool {
        self.0 & (1 << grade.0) != 0
    }

    /// Each of them, the best first, then from the smallest layer on.
    pub fn iter(self) -> impl Iterator<Item = Grade> {
        (0..).map(Grade).take(GRADES_MAX).filter(move |grade| self.contains(*grade))
    }
}

impl FromIterator<Grade> for Grades {
    fn from_iter<I: IntoIterator<Item = Grade>>(grades: I) -> Self {
        let mut all = Self::default();
        grades.into_iter().for_each(|grade| all.insert(grade));
        all
    }
}

/// Layers beside the largest: media takes three of a publisher.
pub const LAYERS_APART_MAX: usize = 2;
/// Grades of one stream.
pub const GRADES_MAX: usize = LAYERS_APART_MAX + 1;

#[cfg(test)]
mod tests;
