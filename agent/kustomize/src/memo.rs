//! What steps of builds before made of objects, for steps that meet the same objects again.
//!
//! An object is known by where it lies: one that a memo holds is never changed in place, so what lies there is
//! the same as before.

use std::collections::HashMap;
use std::iter;
use std::sync::Arc;

use foldhash::quality::RandomState;
use sha2::{Digest as _, Sha256};

use crate::files::Content;
use crate::resource::Resource;
use crate::size;

/// What tells a step: the digest of all that it goes by but the objects, and a number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct Step {
    digest: [u8; 32],
    number: usize,
}

impl Step {
    /// A step that goes by texts.
    pub(crate) fn of<'a>(name: &'a str, texts: impl IntoIterator<Item = &'a [u8]>) -> Self {
        let mut hasher = Sha256::new();
        for text in iter::once(name.as_bytes()).chain(texts) {
            hasher.update(text.len().to_le_bytes());
            hasher.update(text);
        }
        Self {
            digest: hasher.finalize().into(),
            number: 0,
        }
    }

    /// A step that goes by files.
    pub(crate) fn of_files(name: &str, files: &[Content]) -> Self {
        let texts = files
            .iter()
            .flat_map(|file| [file.name.as_bytes(), &file.bytes]);
        Self::of(name, texts)
    }

    /// One of the parts of a step.
    pub(crate) fn part(self, number: usize) -> Self {
        Self { number, ..self }
    }
}

/// For how many builds an outcome is kept that none of them asks for.
const PATIENCE: usize = 16;
/// What the place of an outcome counts in the bound.
const PLACE: usize = 64;

/// What steps made of objects.
#[derive(Default)]
pub(crate) struct Memo {
    steps: HashMap<Step, Outcomes, RandomState>,
    /// The size of all outcomes.
    bytes: usize,
    /// The last build that took out what nobody asks for.
    swept: usize,
}

/// What a step made of each object that it met.
#[derive(Default)]
pub(crate) struct Outcomes {
    /// With the number of the last build that asked for it.
    by_object: HashMap<usize, (Outcome, usize), RandomState>,
    bytes: usize,
}

/// What a step made of one object.
pub(crate) struct Outcome {
    /// It stays where it lies while it is held.
    object: Resource,
    pub(crate) made: Made,
    /// The parts of the step that meant it.
    pub(crate) parts: Vec<usize>,
    /// What it counts in the bound.
    bytes: usize,
}

/// What became of an object.
pub(crate) enum Made {
    Nothing,
    Object(Resource),
    Text(Arc<str>),
}

impl Outcome {
    pub(crate) fn new(object: Resource, made: Made, parts: Vec<usize>) -> Self {
        let bytes = match &made {
            Made::Object(made) if made.address() != object.address() => size::of_node(&made.node),
            Made::Object(_) | Made::Nothing => 0,
            Made::Text(text) => text.len(),
        };
        Self {
            object,
            made,
            parts,
            bytes: PLACE + bytes,
        }
    }

    /// What was printed.
    pub(crate) fn text(&self) -> Option<&str> {
        match &self.made {
            Made::Text(text) => Some(text),
            _ => None,
        }
    }
}

impl Outcomes {
    /// Takes what was made of an object.
    pub(crate) fn take(&mut self, object: &Resource) -> Option<Outcome> {
        let (outcome, _) = self.by_object.remove(&object.address())?;
        self.bytes -= outcome.bytes;
        Some(outcome)
    }

    /// Adds what a build has asked for.
    pub(crate) fn add(&mut self, outcome: Outcome, build: usize) {
        self.bytes += outcome.bytes;
        let address = outcome.object.address();
        let before = self.by_object.insert(address, (outcome, build));
        self.bytes -= before.map_or(0, |(before, _)| before.bytes);
    }

    /// Takes out what none of the last builds asked for.
    fn sweep(&mut self, build: usize, patience: usize) {
        self.by_object
            .retain(|_, (_, last)| *last + patience >= build);
        let outcomes = self.by_object.values();
        self.bytes = outcomes.map(|(outcome, _)| outcome.bytes).sum();
    }
}

impl Memo {
    /// Takes what a step made of objects.
    pub(crate) fn take(&mut self, step: Step) -> Outcomes {
        let outcomes = self.steps.remove(&step).unwrap_or_default();
        self.bytes -= outcomes.bytes;
        outcomes
    }

    /// Keeps what a step made of objects, if it finds room once what is out of use has gone.
    pub(crate) fn keep(
        &mut self,
        step: Step,
        mut outcomes: Outcomes,
        (build, limit): (usize, usize),
    ) {
        if self.swept != build {
            self.swept = build;
            self.sweep(build, PATIENCE);
        }
        outcomes.sweep(build, PATIENCE);
        if self.bytes + outcomes.bytes > limit {
            self.sweep(build, 1);
            outcomes.sweep(build, 1);
        }
        if self.bytes + outcomes.bytes > limit {
            return;
        }
        self.bytes += outcomes.bytes;
        // Another build may have put its own there meanwhile.
        let before = self.steps.insert(step, outcomes);
        self.bytes -= before.map_or(0, |before| before.bytes);
    }

    fn sweep(&mut self, build: usize, patience: usize) {
        for outcomes in self.steps.values_mut() {
            outcomes.sweep(build, patience);
        }
        self.steps
            .retain(|_, outcomes| !outcomes.by_object.is_empty());
        self.bytes = self.steps.values().map(|outcomes| outcomes.bytes).sum();
    }
}
