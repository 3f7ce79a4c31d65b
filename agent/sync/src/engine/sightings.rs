//! What runs have just seen to be there, so that many layers do not each ask for the same Namespace.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use tidegate_object::ObjectId;
use tokio::time::Instant;

/// How long a sighting is taken for one of now: what it serves is a warning, not a right.
const FRESH: Duration = Duration::from_secs(10);
/// Above so many, old ones are looked for and dropped.
const MANY: usize = 1024;

/// Objects from elsewhere that were there a moment ago.
#[derive(Debug, Default)]
pub(super) struct Sightings(Mutex<HashMap<ObjectId, Instant>>);

impl Sightings {
    /// Tells whether an object was there a moment ago.
    pub(super) fn has(&self, id: &ObjectId, now: Instant) -> bool {
        let seen = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        seen.get(id).is_some_and(|at| is_fresh(*at, now))
    }

    /// Notes that an object is there.
    pub(super) fn saw(&self, id: &ObjectId, now: Instant) {
        let mut seen = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if seen.len() >= MANY {
            seen.retain(|_, at| is_fresh(*at, now));
        }
        seen.insert(id.clone(), now);
    }
}

fn is_fresh(at: Instant, now: Instant) -> bool {
    now.duration_since(at) < FRESH
}

#[cfg(test)]
mod tests {
    use tidegate_object::GroupKind;

    use super::*;

    #[test]
    fn a_sighting_lasts_a_moment() {
        let id = |name: &str| ObjectId::new(GroupKind::new("", "Namespace"), None, name);
        let (sightings, begin) = (Sightings::default(), Instant::now());
        assert!(!sightings.has(&id("a"), begin));
        for count in 0..MANY {
            sightings.saw(&id(&count.to_string()), begin);
        }
        let later = begin + FRESH;
        assert!(sightings.has(
            &id("0"),
            later.checked_sub(Duration::from_millis(1)).unwrap()
        ));
        assert!(!sightings.has(&id("0"), later));
        sightings.saw(&id("a"), later);
        assert_eq!(sightings.0.lock().unwrap().len(), 1);
    }
}
