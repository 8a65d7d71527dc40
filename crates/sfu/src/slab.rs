//! Values under small dense keys that are given out again.

/// A vector with holes.
#[derive(Debug)]
pub(crate) struct Slab<T> {
    entries: Vec<Option<T>>,
    free: Vec<usize>,
    /// Values that somebody has walked past.
    #[cfg(test)]
    pub(crate) passed: std::cell::Cell<usize>,
}

impl<T> Default for Slab<T> {
    fn default() -> Self {
        Self {
            entries: Vec::new(),
            free: Vec::new(),
            #[cfg(test)]
            passed: std::cell::Cell::default(),
        }
    }
}

impl<T> Slab<T> {
    /// Returns the key.
    pub(crate) fn insert(&mut self, value: T) -> usize {
        if let Some(key) = self.free.pop()
            && let Some(entry) = self.entries.get_mut(key)
        {
            *entry = Some(value);
            return key;
        }
        self.entries.push(Some(value));
        self.entries.len().saturating_sub(1)
    }

    pub(crate) fn remove(&mut self, key: usize) -> Option<T> {
        let value = self.entries.get_mut(key)?.take()?;
        self.free.push(key);
        Some(value)
    }

    pub(crate) fn get(&self, key: usize) -> Option<&T> {
        self.entries.get(key)?.as_ref()
    }

    pub(crate) fn get_mut(&mut self, key: usize) -> Option<&mut T> {
        self.entries.get_mut(key)?.as_mut()
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = (usize, &T)> {
        let values = self.entries.iter().enumerate().filter_map(|(key, entry)| Some((key, entry.as_ref()?)));
        #[cfg(test)]
        let values = values.inspect(|_| self.passed.update(|passed| passed.wrapping_add(1)));
        values
    }

    pub(crate) fn iter_mut(&mut self) -> impl Iterator<Item = (usize, &mut T)> {
        self.entries.iter_mut().enumerate().filter_map(|(key, entry)| Some((key, entry.as_mut()?)))
    }

    /// One more than the highest key that was ever given out.
    pub(crate) fn bound(&self) -> usize {
        self.entries.len()
    }
}
