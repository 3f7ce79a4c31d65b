//! What other layers hold: an object that moves between layers is handed over, and not deleted.

use std::collections::{BTreeMap, HashSet};
use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::sync::Arc;

use tidegate_object::{Object, ObjectId};
use tokio::sync::watch;

use crate::{LayerKey, Owner};

/// What stands for a namespace, whichever it is; no namespace has such a name.
const ANY: &str = "*";

/// The objects of a rendering. Two objects may look the same in it, which only ever protects one.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Held(HashSet<u64>);

/// What a layer holds, as far as others care.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Claim {
    /// The Layer's uid.
    pub(crate) uid: String,
    /// The repository and ref that it follows.
    pub(crate) follows: String,
    /// The newest commit that it rendered, or found to render the same; `None` while it cannot be rendered.
    pub(crate) commit: Option<String>,
    /// The objects of its last rendering.
    pub(crate) held: Arc<Held>,
}

/// The claims of all layers.
pub(crate) type AllClaims = Arc<BTreeMap<LayerKey, Claim>>;

/// What other layers hold, as one layer sees it. The default knows of no other layer.
#[derive(Debug, Clone, Default)]
pub struct Claims(Option<Seen>);

#[derive(Debug, Clone)]
struct Seen {
    own: LayerKey,
    all: watch::Receiver<AllClaims>,
}

/// Who else has to do with an object.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Claimant {
    /// Nobody.
    Nobody,
    /// A layer holds it.
    Layer(LayerKey),
    /// A layer of the same repository and ref has not rendered this commit: it may hold it.
    Behind(LayerKey),
}

impl Held {
    pub(crate) fn of(objects: &[Object]) -> Self {
        let keys = objects.iter().flat_map(|object| kept(object.id()));
        Self(keys.collect())
    }

    /// Tells whether an object is in the rendering, or may be meant by one that is.
    pub(crate) fn has(&self, id: &ObjectId) -> bool {
        meant(id).iter().any(|key| self.0.contains(key))
    }
}

impl Claims {
    /// Shows a layer what all others hold.
    pub(crate) fn new(own: LayerKey, all: watch::Receiver<AllClaims>) -> Self {
        Self(Some(Seen { own, all }))
    }

    /// Finds who else holds an object, or may at the layer's own commit.
    pub(crate) fn claimant(&self, id: &ObjectId) -> Claimant {
        let Some(seen) = &self.0 else {
            return Claimant::Nobody;
        };
        let all = Arc::clone(&seen.all.borrow());
        let Some(own) = all.get(&seen.own) else {
            return Claimant::Behind(seen.own.clone());
        };
        // Its newest rendering may hold again what an older run is about to delete.
        if own.commit.is_none() || own.held.has(id) {
            return Claimant::Behind(seen.own.clone());
        }
        let others = || all.iter().filter(|(layer, _)| **layer != seen.own);
        if let Some((layer, _)) = others().find(|(_, claim)| claim.held.has(id)) {
            return Claimant::Layer(layer.clone());
        }
        let is_behind = |claim: &Claim| claim.follows == own.follows && claim.commit != own.commit;
        match others().find(|(_, claim)| is_behind(claim)) {
            Some((layer, _)) => Claimant::Behind(layer.clone()),
            None => Claimant::Nobody,
        }
    }

    /// Tells whether the owner of an object has let go of it: it follows the same repository and ref, has rendered the
    /// same commit as the layer that asks, and holds it no more.
    pub(crate) fn is_let_go(&self, owner: &Owner, id: &ObjectId) -> bool {
        let Some(seen) = &self.0 else { return false };
        let all = Arc::clone(&seen.all.borrow());
        let key = (owner.namespace.clone(), owner.name.clone());
        let (Some(own), Some(theirs)) = (all.get(&seen.own), all.get(&key)) else {
            return false;
        };
        theirs.uid == owner.uid
            && theirs.follows == own.follows
            && own.commit.is_some()
            && theirs.commit == own.commit
            && !theirs.held.has(id)
    }

    /// Finds who else holds an object, or may, of those that go on while the layer itself is being deleted.
    pub(crate) fn holder(&self, id: &ObjectId, follows: &str) -> Claimant {
        let Some(seen) = &self.0 else {
            return Claimant::Nobody;
        };
        let all = Arc::clone(&seen.all.borrow());
        let others = || all.iter().filter(|(layer, _)| **layer != seen.own);
        if let Some((layer, _)) = others().find(|(_, claim)| claim.held.has(id)) {
            return Claimant::Layer(layer.clone());
        }
        let is_unknown = |claim: &Claim| claim.follows == follows && claim.commit.is_none();
        match others().find(|(_, claim)| is_unknown(claim)) {
            Some((layer, _)) => Claimant::Behind(layer.clone()),
            None => Claimant::Nobody,
        }
    }

    /// Waits until some layer holds something else.
    pub(crate) async fn changed(&mut self) {
        let changed = match &mut self.0 {
            Some(seen) => seen.all.changed().await.is_ok(),
            None => false,
        };
        if !changed {
            std::future::pending::<()>().await;
        }
    }
}

/// How an object stands in a rendering: with a namespace, and as one that has any; or without one.
fn kept(id: &ObjectId) -> Vec<u64> {
    match id.namespace.as_deref() {
        Some(namespace) => vec![key(id, Some(namespace)), key(id, Some(ANY))],
        None => vec![key(id, None)],
    }
}

/// How it may be meant there: Git may name a namespace where the kind has none, and leave out one that it needs.
fn meant(id: &ObjectId) -> [u64; 2] {
    match id.namespace.as_deref() {
        Some(namespace) => [key(id, Some(namespace)), key(id, None)],
        None => [key(id, None), key(id, Some(ANY))],
    }
}

fn key(id: &ObjectId, namespace: Option<&str>) -> u64 {
    let mut hasher = DefaultHasher::new();
    (&id.kind, namespace, &id.name).hash(&mut hasher);
    hasher.finish()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn layer(name: &str) -> LayerKey {
        ("n".into(), name.into())
    }

    fn claim(follows: &str, commit: Option<&str>, objects: &[&str]) -> Claim {
        let ids = objects.iter().map(|id| id.parse().unwrap());
        let keys = ids.flat_map(|id: ObjectId| kept(&id));
        Claim {
            uid: "u".into(),
            follows: follows.into(),
            commit: commit.map(Into::into),
            held: Arc::new(Held(keys.collect())),
        }
    }

    fn seen(own: Claim, other: Claim) -> Claims {
        let all = BTreeMap::from([(layer("own"), own), (layer("other"), other)]);
        Claims::new(layer("own"), watch::channel(Arc::new(all)).1)
    }

    fn check(own: Claim, other: Claim, expected: &Claimant) {
        let id = "core/ConfigMap/web/a".parse().unwrap();
        assert_eq!(seen(own, other).claimant(&id), *expected);
    }

    #[test]
    fn what_another_layer_holds_or_may_hold_is_claimed() {
        let own = || claim("repo", Some("2"), &[]);
        let held = ["core/ConfigMap/web/a"];
        let theirs = Claimant::Layer(layer("other"));
        let behind = Claimant::Behind(layer("other"));
        check(own(), claim("repo", Some("2"), &[]), &Claimant::Nobody);
        check(own(), claim("repo", Some("2"), &held), &theirs);
        check(own(), claim("repo", Some("1"), &[]), &behind);
        check(own(), claim("repo", None, &[]), &behind);
        let holds_again = claim("repo", Some("2"), &held);
        let newer = Claimant::Behind(layer("own"));
        check(holds_again, claim("repo", Some("2"), &[]), &newer);
        // Layers on other refs are not waited for, but keep what they hold.
        check(own(), claim("fork", Some("1"), &[]), &Claimant::Nobody);
        check(own(), claim("fork", Some("1"), &held), &theirs);
    }

    #[test]
    fn a_namespace_that_git_leaves_out_or_has_too_many_makes_no_other_object() {
        let own = || claim("repo", Some("2"), &[]);
        check(
            own(),
            claim("repo", Some("2"), &["core/ConfigMap/_/a"]),
            &Claimant::Layer(layer("other")),
        );
        let claims = seen(own(), claim("repo", Some("2"), &["core/Namespace/web/a"]));
        let id = "core/Namespace/_/a".parse().unwrap();
        assert_eq!(claims.claimant(&id), Claimant::Layer(layer("other")));
    }

    #[test]
    fn an_owner_lets_go_by_rendering_the_same_commit_without_the_object() {
        let id = "core/ConfigMap/web/a".parse().unwrap();
        let owner = Owner {
            namespace: "n".into(),
            name: "other".into(),
            uid: "u".into(),
        };
        let check = |theirs: Claim, expected: bool| {
            let claims = seen(claim("repo", Some("2"), &["core/ConfigMap/web/a"]), theirs);
            assert_eq!(claims.is_let_go(&owner, &id), expected);
        };
        check(claim("repo", Some("2"), &[]), true);
        check(claim("repo", Some("1"), &[]), false);
        check(claim("fork", Some("2"), &[]), false);
        check(claim("repo", Some("2"), &["core/ConfigMap/web/a"]), false);
        let reborn = Claim {
            uid: "another".into(),
            ..claim("repo", Some("2"), &[])
        };
        check(reborn, false);
    }
}
