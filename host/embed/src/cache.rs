//! Vectors that were computed before, found by their text. The cache is bounded in bytes; the entry that was unused for
//! longest goes first.

use std::collections::HashMap;
use std::sync::Arc;

use crate::{DIMENSIONS, Vector};

/// What an entry takes beside its text: the vector, two counters each, the map's and the list's slots; rounded up.
const ENTRY_BYTES: usize = DIMENSIONS * size_of::<f32>() + 160;

/// The end of the list.
const NONE: usize = usize::MAX;

/// The cache. Its entries form a list through `slots`, from the latest used to the one unused for longest.
pub(crate) struct Cache {
    bytes_max: usize,
    bytes: usize,
    /// From text to slot. The map compares whole texts, so equal hashes do not confuse it.
    slot_of: HashMap<Arc<str>, usize>,
    slots: Vec<Slot>,
    latest: usize,
    oldest: usize,
}

struct Slot {
    text: Arc<str>,
    vector: Vector,
    newer: usize,
    older: usize,
}

impl Cache {
    /// An empty cache for at most `bytes_max` bytes; 0 keeps nothing.
    pub(crate) fn new(bytes_max: usize) -> Self {
        Cache {
            bytes_max,
            bytes: 0,
            slot_of: HashMap::new(),
            slots: Vec::new(),
            latest: NONE,
            oldest: NONE,
        }
    }

    /// Gives a text's vector, and makes it the latest used.
    pub(crate) fn get(&mut self, text: &str) -> Option<Vector> {
        let slot = *self.slot_of.get(text)?;
        self.unlink(slot);
        self.link_latest(slot);
        Some(Arc::clone(&self.slots[slot].vector))
    }

    /// Keeps a text's vector.
    pub(crate) fn insert(&mut self, text: &Arc<str>, vector: &Vector) {
        let size = text.len() + ENTRY_BYTES;
        if size > self.bytes_max || self.get(text).is_some() {
            return;
        }
        while self.bytes + size > self.bytes_max {
            self.remove_oldest();
        }
        let slot = self.slots.len();
        let (text, vector) = (Arc::clone(text), Arc::clone(vector));
        self.slots.push(Slot {
            text: Arc::clone(&text),
            vector,
            newer: NONE,
            older: NONE,
        });
        self.slot_of.insert(text, slot);
        self.link_latest(slot);
        self.bytes += size;
    }

    fn remove_oldest(&mut self) {
        let slot = self.oldest;
        self.unlink(slot);
        // The last slot moves into the gap, so that the slots stay dense.
        let gone = self.slots.swap_remove(slot);
        self.slot_of.remove(&gone.text);
        self.bytes -= gone.text.len() + ENTRY_BYTES;
        let Some(moved) = self.slots.get(slot) else {
            return;
        };
        let (newer, older) = (moved.newer, moved.older);
        if let Some(place) = self.slot_of.get_mut(&moved.text) {
            *place = slot;
        }
        self.set_older(newer, slot);
        self.set_newer(older, slot);
    }

    fn unlink(&mut self, slot: usize) {
        let (newer, older) = (self.slots[slot].newer, self.slots[slot].older);
        self.set_older(newer, older);
        self.set_newer(older, newer);
    }

    fn link_latest(&mut self, slot: usize) {
        let before = self.latest;
        self.slots[slot].newer = NONE;
        self.slots[slot].older = before;
        self.set_newer(before, slot);
        self.latest = slot;
    }

    /// Makes `older` the one after `slot`, or the latest of all where `slot` is none.
    fn set_older(&mut self, slot: usize, older: usize) {
        match self.slots.get_mut(slot) {
            Some(slot) => slot.older = older,
            None => self.latest = older,
        }
    }

    /// Makes `newer` the one before `slot`, or the oldest of all where `slot` is none.
    fn set_newer(&mut self, slot: usize, newer: usize) {
        match self.slots.get_mut(slot) {
            Some(slot) => slot.newer = newer,
            None => self.oldest = newer,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn vector(n: usize) -> Vector {
        Arc::new([n as f32; DIMENSIONS])
    }

    /// Against a plain list, with a size that makes room for four of the one-letter texts.
    #[test]
    fn the_one_unused_for_longest_goes_first() {
        let mut cache = Cache::new(4 * (ENTRY_BYTES + 1));
        let mut model: Vec<usize> = Vec::new();
        let mut random = 1u32;
        for _ in 0..10_000 {
            random = random.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            let n = (random >> 24) as usize % 9;
            let text: Arc<str> = n.to_string().into();
            let found = cache.get(&text);
            assert_eq!(found.is_some(), model.contains(&n));
            if let Some(found) = found {
                assert_eq!(found[0], n as f32);
            }
            cache.insert(&text, &vector(n));
            model.retain(|other| *other != n);
            model.push(n);
            if model.len() > 4 {
                model.remove(0);
            }
            assert_eq!(
                (cache.slots.len(), cache.slot_of.len()),
                (model.len(), model.len())
            );
            assert_eq!(cache.bytes, model.len() * (ENTRY_BYTES + 1));
        }
    }

    #[test]
    fn a_text_larger_than_the_cache_is_not_kept_and_a_large_one_drives_several_out() {
        let mut cache = Cache::new(4 * (ENTRY_BYTES + 1));
        for n in 0..4 {
            cache.insert(&n.to_string().into(), &vector(n));
        }
        cache.insert(&"x".repeat(4 * (ENTRY_BYTES + 1)).into(), &vector(9));
        assert_eq!(cache.slots.len(), 4);
        cache.insert(&"x".repeat(3 * ENTRY_BYTES).into(), &vector(9));
        assert_eq!(cache.slots.len(), 1);
        let mut none = Cache::new(0);
        none.insert(&"a".into(), &vector(1));
        assert!(none.get("a").is_none());
    }
}
