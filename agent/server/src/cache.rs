//! A small memory that forgets soon.

use std::collections::HashMap;
use std::hash::Hash;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

/// A memory of bounded size, in which each entry has an end.
pub(crate) struct Cache<K, V> {
    size: usize,
    entries: Mutex<HashMap<K, (Instant, V)>>,
}

impl<K: Hash + Eq + Clone, V: Clone> Cache<K, V> {
    /// Remembers at most `size` entries.
    pub(crate) fn new(size: usize) -> Self {
        Self {
            size,
            entries: Mutex::default(),
        }
    }

    /// Returns what is remembered and has not ended by `now`.
    pub(crate) fn get(&self, key: &K, now: Instant) -> Option<V> {
        let entries = self.entries.lock().unwrap_or_else(PoisonError::into_inner);
        let (end, value) = entries.get(key)?;
        (*end > now).then(|| value.clone())
    }

    /// Remembers something for a while. If there is no room, what would end first is forgotten.
    pub(crate) fn put(&self, key: K, value: V, (now, lifetime): (Instant, Duration)) {
        let mut entries = self.entries.lock().unwrap_or_else(PoisonError::into_inner);
        if entries.len() >= self.size {
            entries.retain(|_, (end, _)| *end > now);
        }
        if entries.len() >= self.size {
            let first = entries.iter().min_by_key(|(_, (end, _))| *end);
            if let Some(first) = first.map(|(key, _)| key.clone()) {
                entries.remove(&first);
            }
        }
        entries.insert(key, (now + lifetime, value));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIFETIME: Duration = Duration::from_secs(5);

    #[test]
    fn entries_end() {
        let (cache, now) = (Cache::new(2), Instant::now());
        cache.put("a", 1, (now, LIFETIME));
        assert_eq!(cache.get(&"a", now), Some(1));
        assert_eq!(cache.get(&"a", now + LIFETIME), None);
    }

    #[test]
    fn the_size_is_bounded() {
        let (cache, now) = (Cache::new(2), Instant::now());
        for key in 0..100 {
            let now = now + Duration::from_millis(key);
            cache.put(key, key, (now, LIFETIME));
        }
        assert_eq!(cache.entries.lock().unwrap().len(), 2);
        assert_eq!((cache.get(&97, now), cache.get(&99, now)), (None, Some(99)));
    }
}
