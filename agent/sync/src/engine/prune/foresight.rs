//! What a run would do with the objects that leave, as far as somebody knows who runs nothing.

use std::collections::{BTreeMap, BTreeSet, HashSet};

use jiff::Timestamp;
use tidegate_kustomize::Rendered;
use tidegate_object::{GroupKind, Object, ObjectId};
use tidegate_plan::{Difference, consequences};

use super::guards::{
    ANNOTATION, Denial, Successors, agent, carries_agent, excess, is_protected, protected,
};
use super::{disabled, empty};
use crate::claims::Held;
use crate::{Fate, Leaving, Prune};

/// The live objects of an owner, and how it prunes.
pub(in crate::engine) struct Foresight<'a> {
    /// All that carry the owner's marks, by their metadata.
    pub owned: &'a [Object],
    pub rendered: &'a Rendered,
    pub prune: &'a Prune,
}

impl Foresight<'_> {
    /// Names the owned objects that the rendering does not hold.
    pub(in crate::engine) fn left(&self) -> BTreeSet<ObjectId> {
        let rendering = Held::of(&self.rendered.objects);
        let owned = self.owned.iter().map(Object::id);
        owned.filter(|id| !rendering.has(id)).cloned().collect()
    }

    /// Says what becomes of each of them, given whole, where that depends on no other layer.
    pub(in crate::engine) fn fates(
        &self,
        left: &BTreeMap<ObjectId, Object>,
        kinds: &HashSet<GroupKind>,
    ) -> Vec<Leaving> {
        let says = |live: &Object, word: &str| live.annotation(ANNOTATION) == Some(word);
        let is_kept = |live: &Object| {
            let kind = kinds.contains(&live.id().kind) || is_protected(live);
            kind && !says(live, "allow") && !says(live, "never")
        };
        let successors = Successors::among(self.rendered.objects.iter().map(Object::id));
        let is_new = |id: &ObjectId| successors.has(id);
        let counts = |live: &&Object| !is_kept(live) && !is_new(live.id());
        let going = left.values().filter(counts).count();
        let denied = self.denial(going);
        let fates = left.values().map(|live| {
            let id = live.id();
            if says(live, "never") {
                let text = "it says `tidegate.dev/prune: never`, and is left";
                return leaving(live, (Fate::Forgotten, None), text);
            }
            let agent = || carries_agent(id, "").then(agent);
            let kind = || is_kept(live).then(|| protected(id));
            let all = denied
                .clone()
                .filter(|_| !is_new(id) || self.prune.when.is_none());
            match all.or_else(agent).or_else(kind) {
                Some(Denial { guard, message }) => {
                    leaving(live, (Fate::Held, Some(guard)), &message)
                }
                None => leaving(live, (Fate::Waiting, None), ""),
            }
        });
        fates.collect()
    }

    /// Why none of them goes.
    fn denial(&self, going: usize) -> Option<Denial> {
        let nothing = self.rendered.objects.is_empty();
        let off = self.prune.when.is_none().then(disabled);
        off.or(nothing.then(empty))
            .or_else(|| excess(going, self.owned.len(), self.prune))
    }
}

fn leaving(live: &Object, (fate, guard): (Fate, Option<crate::Guard>), message: &str) -> Leaving {
    Leaving {
        id: live.id().clone(),
        uid: live.uid().unwrap_or_default().into(),
        fate,
        consequences: consequences(&live.id().kind, Difference::Removed(live.value())),
        guard,
        confirmable: false,
        message: message.into(),
        since: Timestamp::now(),
    }
}
