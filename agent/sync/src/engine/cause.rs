//! What keeps an object from being written, and may be cured from elsewhere: a kind, a Namespace.

use tidegate_cluster::{Area, Class, Live};
use tidegate_health::Status;
use tidegate_object::{GroupKind, ObjectId};

use super::execution::Execution;
use super::item::{Stage, State};
use crate::Step;

impl Execution {
    /// Follows what may cure a refusal.
    pub(super) fn follow_cause(&mut self, index: usize, class: Class) {
        let Some(item) = self.items.get_mut(index) else {
            return;
        };
        let namespace = item.id().namespace.as_deref().map(namespace_id);
        item.cause = Some(class);
        match (class, namespace) {
            (Class::UnknownKind, _) => self.subscription.follow_area(&definitions()),
            (Class::MissingNamespace | Class::Terminating, Some(namespace)) => {
                self.subscription.follow(&namespace);
                self.dependents.entry(namespace).or_default().push(index);
            }
            _ => {}
        }
        // What does not hold even now is not what the API server meant: that may last.
        if self.is_cured(index)
            && let Some(item) = self.items.get_mut(index)
        {
            item.cause = None;
        }
    }

    /// Tells whether what kept an object from being written is gone.
    pub(super) fn is_cured(&self, index: usize) -> bool {
        let Some(item) = self.items.get(index) else {
            return false;
        };
        match (item.cause, &item.id().namespace) {
            (Some(Class::UnknownKind), _) => self.is_served(item),
            (Some(Class::MissingNamespace | Class::Terminating), Some(namespace)) => {
                let live = self.engine.hub.live().get(&namespace_id(namespace));
                let is_active = |phase: &str| phase == "Active";
                matches!(&live, Live::Present(namespace) if namespace.text("/status/phase").is_some_and(is_active))
            }
            _ => false,
        }
    }

    /// Begins with an object as if nothing was known of it.
    pub(super) fn begin_anew(&mut self, index: usize) {
        let Some(item) = self.items.get_mut(index) else {
            return;
        };
        item.cause = None;
        item.stage = Stage::Unproven;
        let state = State {
            step: Step::Pending,
            health: Status::Missing,
            message: String::new(),
        };
        self.show(index, state);
        self.work.mark(index);
    }
}

/// All definitions: which of them brings a kind is not known before it is there.
fn definitions() -> Area {
    Area {
        kind: GroupKind::new("apiextensions.k8s.io", "CustomResourceDefinition"),
        namespace: None,
    }
}

fn namespace_id(name: &str) -> ObjectId {
    ObjectId::new(GroupKind::new("", "Namespace"), None, name)
}
