//! Things with small dense numbers, which are used again.

/// A table whose keys index a `Vec`.
#[derive(Debug)]
pub(crate) struct Slab<T> {
    places: Vec<Option<T>>,
    /// Places that are free, the last to be used first.
    free: Vec<u32>,
}

impl<T> Default for Slab<T> {
    fn default() -> Self {
        Self { places: Vec::new(), free: Vec::new() }
    }
}

impl<T> Slab<T> {
    /// The number that the next [`insert`](Self::insert) will give.
    pub(crate) fn next_key(&self) -> u32 {
        self.free.last().copied().unwrap_or_else(|| u32::try_from(self.places.len()).unwrap_or(u32::MAX))
    }

    /// Takes `value` in and numbers it.
    pub(crate) fn insert(&mut self, value: T) -> u32 {
        let key = self.next_key();
        if self.free.pop().is_none() {
            self.places.push(None);
        }
        if let Some(place) = self.places.get_mut(index(key)) {
            *place = Some(value);
        }
        key
    }

    pub(crate) fn get(&self, key: u32) -> Option<&T> {
        self.places.get(index(key))?.as_ref()
    }

    pub(crate) fn get_mut(&mut self, key: u32) -> Option<&mut T> {
        self.places.get_mut(index(key))?.as_mut()
    }

    pub(crate) fn remove(&mut self, key: u32) -> Option<T> {
        let removed = self.places.get_mut(index(key))?.take()?;
        self.free.push(key);
        Some(removed)
    }

    /// How many things there are.
    pub(crate) fn len(&self) -> usize {
        self.places.len() - self.free.len()
    }

    /// Their numbers.
    pub(crate) fn keys(&self) -> impl Iterator<Item = u32> {
        self.places.iter().zip(0..).filter_map(|(place, key)| place.is_some().then_some(key))
    }

    /// All of them.
    pub(crate) fn values(&self) -> impl Iterator<Item = &T> {
        self.places.iter().flatten()
    }
}

/// 32 bits fit on every machine that this runs on.
fn index(key: u32) -> usize {
    usize::try_from(key).unwrap_or(usize::MAX)
}

#[cfg(test)]
mod tests;
