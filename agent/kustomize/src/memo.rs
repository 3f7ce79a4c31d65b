//! What steps of builds before made of objects, for steps that meet the same objects again.
//!
//! An object is known by where it lies: one that a memo holds is never changed in place, so what lies there is
//! the same as before.

use std::collections::HashMap;
use std::sync::Arc;

use foldhash::quality::RandomState;
use sha2::{Digest as _, Sha256};

use crate::files::Content;
use crate::resource::Resource;

/// What tells a step: the digest of all that it goes by but the objects, and a number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct Step {
    digest: [u8; 32],
    number: usize,
}

impl Step {
    /// A step that goes by texts.
    pub(crate) fn of<'a>(name: &str, contents: impl Iterator<Item = &'a Content>) -> Self {
        let mut hasher = Sha256::new();
        let mut add = |bytes: &[u8]| {
            hasher.update(bytes.len().to_le_bytes());
            hasher.update(bytes);
        };
        add(name.as_bytes());
        for content in contents {
            add(content.name.as_bytes());
            add(&content.bytes);
        }
        Self {
            digest: hasher.finalize().into(),
            number: 0,
        }
    }

    /// One of the parts of a step.
    pub(crate) fn part(self, number: usize) -> Self {
        Self { number, ..self }
    }
}

/// What steps made of objects.
#[derive(Default)]
pub(crate) struct Memo {
    steps: HashMap<Step, Kept, RandomState>,
    /// The size of all outcomes.
    bytes: usize,
}

struct Kept {
    outcomes: Outcomes,
    /// The build that has put them there.
    build: usize,
}

/// What a step made of each object.
#[derive(Default)]
pub(crate) struct Outcomes {
    by_object: HashMap<usize, Outcome, RandomState>,
    bytes: usize,
}

/// What a step made of one object.
pub(crate) struct Outcome {
    /// It stays where it lies while it is held.
    pub(crate) object: Resource,
    pub(crate) made: Made,
    /// The parts of the step that meant it.
    pub(crate) parts: Vec<usize>,
}

/// What became of an object.
pub(crate) enum Made {
    Nothing,
    Object(Resource),
    Text(Arc<str>),
}

impl Outcomes {
    /// Takes what was made of an object.
    pub(crate) fn take(&mut self, object: &Resource) -> Option<Outcome> {
        self.by_object.remove(&object.address())
    }

    pub(crate) fn add(&mut self, outcome: Outcome) {
        self.bytes += match &outcome.made {
            Made::Nothing => 0,
            Made::Object(object) => object.size(),
            Made::Text(text) => text.len(),
        };
        self.by_object.insert(outcome.object.address(), outcome);
    }
}

impl Memo {
    /// Takes what a step made of objects; nothing if it is not known.
    pub(crate) fn take(&mut self, step: Step) -> Outcomes {
        let Some(kept) = self.steps.remove(&step) else {
            return Outcomes::default();
        };
        self.bytes -= kept.outcomes.bytes;
        kept.outcomes
    }

    /// Keeps what a step made of objects, if it finds room once what is out of use has gone.
    pub(crate) fn keep(&mut self, step: Step, outcomes: Outcomes, (build, limit): (usize, usize)) {
        if self.bytes + outcomes.bytes > limit {
            self.steps.retain(|_, kept| kept.build + 1 >= build);
            self.bytes = self.steps.values().map(|kept| kept.outcomes.bytes).sum();
        }
        if self.bytes + outcomes.bytes > limit {
            return;
        }
        self.bytes += outcomes.bytes;
        let before = self.steps.insert(step, Kept { outcomes, build });
        self.bytes -= before.map_or(0, |before| before.outcomes.bytes);
    }
}
