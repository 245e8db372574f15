//! A map that forgets the least recently touched.

use alloc::collections::{BTreeMap, btree_map::Entry};

use crate::Label;

/// At most so many values as the last `touch` allowed.
#[derive(Clone, Debug)]
pub(super) struct Bounded<V> {
    values: BTreeMap<Label, (u64, V)>,
    order: BTreeMap<u64, Label>,
    clock: u64,
}

impl<V> Bounded<V> {
    pub(super) fn get(&self, key: &Label) -> Option<&V> {
        self.values.get(key).map(|(_, value)| value)
    }

    pub(super) fn contains(&self, key: &Label) -> bool {
        self.values.contains_key(key)
    }

    /// The value of a key, made if there is none, and now the last to be forgotten.
    pub(super) fn touch(&mut self, key: &Label, most: usize, make: impl FnOnce() -> V) -> &mut V {
        if !self.contains(key) && self.values.len() >= most.max(1) {
            self.forget_oldest();
        }
        self.clock = self.clock.saturating_add(1);
        self.order.insert(self.clock, key.clone());
        match self.values.entry(key.clone()) {
            Entry::Occupied(found) => {
                let (touched, value) = found.into_mut();
                self.order.remove(touched);
                *touched = self.clock;
                value
            }
            Entry::Vacant(slot) => &mut slot.insert((self.clock, make())).1,
        }
    }

    /// Forgets the least recently touched until so many are left.
    pub(super) fn forget_down_to(&mut self, most: usize) {
        while self.values.len() > most {
            self.forget_oldest();
        }
    }

    fn forget_oldest(&mut self) {
        if let Some((_, oldest)) = self.order.pop_first() {
            self.values.remove(&oldest);
        }
    }

    #[cfg(test)]
    pub(super) fn len(&self) -> usize {
        assert_eq!(self.values.len(), self.order.len());
        self.values.len()
    }
}

impl<V> Default for Bounded<V> {
    fn default() -> Self {
        Self { values: BTreeMap::new(), order: BTreeMap::new(), clock: 0 }
    }
}

/// As a list, least recently touched first.
#[cfg(feature = "serde")]
impl<V: serde::Serialize> serde::Serialize for Bounded<V> {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.order.values().filter_map(|key| self.get(key).map(|value| (key, value))))
    }
}

#[cfg(feature = "serde")]
impl<'de, V: serde::Deserialize<'de>> serde::Deserialize<'de> for Bounded<V> {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let mut read = Self::default();
        for (key, value) in alloc::vec::Vec::<(Label, V)>::deserialize(deserializer)? {
            read.touch(&key, usize::MAX, || value);
        }
        Ok(read)
    }
}

#[cfg(test)]
mod tests {
    use alloc::format;

    use super::*;

    #[test]
    fn the_least_recently_touched_is_forgotten() {
        let mut map = Bounded::default();
        for key in ["a", "b", "a", "c"] {
            *map.touch(&Label::new(key), 2, || 0) += 1;
        }
        assert_eq!(["a", "b", "c"].map(|key| map.get(&Label::new(key)).copied()), [Some(2), None, Some(1)]);
    }

    #[test]
    fn a_million_keys_leave_no_more_than_its_bound() {
        let mut map = Bounded::default();
        for key in 0..1_000_000 {
            map.touch(&Label::new(&format!("{key}")), 100, || ());
        }
        assert_eq!(map.len(), 100);
    }
}
