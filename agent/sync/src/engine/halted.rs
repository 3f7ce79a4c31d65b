//! Why a run writes nothing more, and how that is said.

use tidegate_cluster::{ApiError, Class};

use super::execution::{Doing, Execution};
use super::item::{Item, Stage};
use crate::{FailurePolicy, RunObject, Step};

/// Why a run writes nothing more.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Halted {
    /// Objects that this rendering brings are refused as invalid.
    ByRefusal,
    /// Something that concerns the run as a whole.
    By(String),
}

impl Execution {
    /// Writes nothing more. In preflight the other answers are waited for all the same.
    pub(super) fn halt(&mut self, why: Halted) {
        let isolates = self.order.settings.failure_policy == FailurePolicy::Isolate;
        if isolates && why == Halted::ByRefusal {
            return;
        }
        self.halted.get_or_insert(why);
        if self.mode != Doing::Preflight {
            self.work.clear_queue();
        }
    }

    /// Writes nothing more if the agent may not act as the account at all, since that concerns every object.
    pub(super) fn halt_without_account(&mut self, error: &ApiError) {
        // Also the constrained verbs of KEP-5284, `impersonate-on:serviceaccount:patch`.
        let forbidden =
            error.class == Class::Forbidden && error.message.contains("cannot impersonate");
        if let Some((namespace, name)) = self.order.settings.account.as_ref().filter(|_| forbidden)
        {
            let text = format!(
                "the agent may not act as service account {namespace}/{name}: grant the agent's account the verb `impersonate` on serviceaccounts `{name}` in the namespace {namespace}"
            );
            self.halt(Halted::By(text));
        }
    }

    /// Says why nothing more is written; nothing if that is not so.
    pub(super) fn halted_text(&self) -> String {
        let why = match &self.halted {
            None => return String::new(),
            Some(Halted::By(text)) => text.clone(),
            Some(Halted::ByRefusal) => self.refusals(),
        };
        if self.items.iter().any(|item| item.is_written) {
            format!("{why}; nothing more is written")
        } else {
            format!("{why}; nothing was written")
        }
    }

    /// Names the first refused object in the order of the plan, and how many more there are.
    fn refusals(&self) -> String {
        let is_refused = |item: &&Item| item.stage == Stage::Ended && item.step() == Step::Failed;
        let planned = self.items.iter().filter(is_refused).map(Item::report);
        let mut refused = self.refused.iter().cloned().chain(planned);
        let Some(first) = refused.next() else {
            return "an object is refused".into();
        };
        match refused.count() {
            0 => placed(&first),
            1 => format!("{} (and 1 more is refused)", placed(&first)),
            more => format!("{} (and {more} more are refused)", placed(&first)),
        }
    }
}

fn placed(object: &RunObject) -> String {
    let id = object.id.short();
    match &object.origin {
        Some(origin) => format!("{id} ({origin}): {}", object.message),
        None => format!("{id}: {}", object.message),
    }
}
