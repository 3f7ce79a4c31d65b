//! What holds deletes back: kinds that hold data, too many at once, successors under another hash.

use std::collections::HashSet;

use serde_json::Value;
use tidegate_object::{GroupKind, Object, ObjectId};

use crate::{Guard, Prune};

/// The annotation by which an object says whether it may be deleted.
pub(in crate::engine) const ANNOTATION: &str = "tidegate.dev/prune";

/// As many objects may always go in one run.
const ALWAYS: usize = 3;

/// Kinds that hold data, or that others stand on; `*` is every kind of a group.
const PROTECTED: &[(&str, &str)] = &[
    ("", "Namespace"),
    ("", "PersistentVolume"),
    ("", "PersistentVolumeClaim"),
    ("apiextensions.k8s.io", "CustomResourceDefinition"),
    ("barmancloud.cnpg.io", "ObjectStore"),
    ("generators.external-secrets.io", "*"),
    ("postgresql.cnpg.io", "Cluster"),
    ("postgresql.cnpg.io", "Database"),
    ("postgresql.cnpg.io", "DatabaseRole"),
    ("tidegate.dev", "Layer"),
];

/// The characters that kustomize writes a hash in, and how many of them.
const HASH: (&str, usize) = ("2456789bcdfghkmt", 10);

/// What keeps a delete from being made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::engine) struct Denial {
    pub guard: Guard,
    pub message: String,
}

impl Denial {
    pub(in crate::engine) fn new(guard: Guard, message: impl Into<String>) -> Self {
        Self {
            guard,
            message: message.into(),
        }
    }
}

/// Tells whether an object holds data, or others stand on it.
pub(super) fn is_protected(live: &Object) -> bool {
    let kind = &live.id().kind;
    let is_listed =
        |(group, name): &(&str, &str)| kind.group == *group && (*name == "*" || kind.kind == *name);
    let claims = || live.pointer("/spec/volumeClaimTemplates");
    PROTECTED.iter().any(is_listed)
        || kind.is("apps", "StatefulSet")
            && claims()
                .and_then(Value::as_array)
                .is_some_and(|all| !all.is_empty())
        || kind.is("external-secrets.io", "ExternalSecret")
            && matches!(
                live.text("/spec/target/creationPolicy"),
                None | Some("Owner")
            )
}

/// Says what becomes of an object that others stand on.
pub(super) fn protected(id: &ObjectId) -> Denial {
    let text = format!(
        "{} is a protected kind: confirm its delete with `tidegate confirm`, or put `{ANNOTATION}: allow` on the live \
         object to have it deleted, `never` to keep it",
        id.kind.kind
    );
    Denial::new(Guard::Protected, text)
}

/// Tells whether the agent itself lives on an object: nothing ever makes its delete right.
pub(super) fn carries_agent(id: &ObjectId, namespace: &str) -> bool {
    let definition = "layers.tidegate.dev";
    id.kind.is("", "Namespace") && id.name == namespace
        || id
            .kind
            .is("apiextensions.k8s.io", "CustomResourceDefinition")
            && id.name == definition
}

/// Says what becomes of an object on which the agent lives.
pub(super) fn agent() -> Denial {
    let text = "the agent lives on it: it is never deleted; `tidegate uninstall` says what stays";
    Denial::new(Guard::Agent, text)
}

/// What objects that stay are called without the hash of their content, by which each takes an older one's place.
#[derive(Debug, Default)]
pub(super) struct Successors(HashSet<Lineage>);

type Lineage = (GroupKind, Option<String>, String);

impl Successors {
    pub(super) fn among<'a>(staying: impl Iterator<Item = &'a ObjectId>) -> Self {
        Self(staying.filter_map(lineage).collect())
    }

    /// Tells whether an object that leaves has a successor.
    pub(super) fn has(&self, old: &ObjectId) -> bool {
        lineage(old).is_some_and(|lineage| self.0.contains(&lineage))
    }
}

fn lineage(id: &ObjectId) -> Option<Lineage> {
    let is_hashed = ["ConfigMap", "Secret"]
        .iter()
        .any(|kind| id.kind.is("", kind));
    let base = base(&id.name).filter(|_| is_hashed)?;
    Some((id.kind.clone(), id.namespace.clone(), base.to_owned()))
}

/// Takes the hash off a name that has one.
fn base(name: &str) -> Option<&str> {
    let (base, hash) = name.rsplit_once('-')?;
    let (characters, length) = HASH;
    let is_hash = hash.len() == length && hash.chars().all(|it| characters.contains(it));
    is_hash.then_some(base)
}

/// Says why so many of an inventory's objects do not go at once; nothing if they may.
pub(super) fn excess(going: usize, inventory: usize, prune: &Prune) -> Option<Denial> {
    #[expect(
        clippy::cast_precision_loss,
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "an inventory is far from 2^52 objects, and a share of it is no larger"
    )]
    let share = (inventory as f64 * prune.max_fraction).floor() as usize;
    let most = share.max(ALWAYS);
    if going <= most {
        return None;
    }
    let message = format!(
        "{going} of the layer's {inventory} objects have left Git, and at most {most} may be deleted at once: put back \
         what is missing, confirm with `tidegate confirm`, or raise spec.prune.maxFraction while they go"
    );
    Some(Denial::new(Guard::Fraction, message))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_share_of_the_inventory_may_go_and_three_always() {
        let prune = Prune::NEVER;
        let check = |going, inventory, expected: bool| {
            assert_eq!(excess(going, inventory, &prune).is_none(), expected);
        };
        check(3, 3, true);
        check(4, 4, false);
        check(4, 13, false);
        check(4, 14, true);
        check(30, 100, true);
        check(31, 100, false);
    }

    #[test]
    fn a_hash_makes_no_other_object() {
        let check = |new: &str, old: &str, expected: bool| {
            let successors = Successors::among([new.parse().unwrap()].iter());
            assert_eq!(
                successors.has(&old.parse().unwrap()),
                expected,
                "{new} {old}"
            );
        };
        let old = "core/ConfigMap/web/settings-2456789bcd";
        check("core/ConfigMap/web/settings-t9f8hk2m4b", old, true);
        check("core/ConfigMap/web/settings", old, false);
        check("core/ConfigMap/web/others-t9f8hk2m4b", old, false);
        check("core/ConfigMap/api/settings-t9f8hk2m4b", old, false);
        check("core/Secret/web/settings-t9f8hk2m4b", old, false);
        check(
            "core/ConfigMap/web/settings-production",
            "core/ConfigMap/web/settings-previously",
            false,
        );
        check(
            "core/Service/web/a-t9f8hk2m4b",
            "core/Service/web/a-2456789bcd",
            false,
        );
    }

    #[test]
    fn what_holds_data_is_protected() {
        let check = |api_version: &str, kind: &str, spec: Value, expected: bool| {
            let object = json!({"apiVersion": api_version, "kind": kind, "metadata": {"name": "a"}, "spec": spec});
            assert_eq!(
                is_protected(&Object::new(object).unwrap()),
                expected,
                "{kind}"
            );
        };
        check("v1", "PersistentVolumeClaim", json!({}), true);
        check("v1", "ConfigMap", json!({}), false);
        check("apps/v1", "StatefulSet", json!({}), false);
        check(
            "apps/v1",
            "StatefulSet",
            json!({"volumeClaimTemplates": [{}]}),
            true,
        );
        check("external-secrets.io/v1", "ExternalSecret", json!({}), true);
        let merges = json!({"target": {"creationPolicy": "Merge"}});
        check("external-secrets.io/v1", "ExternalSecret", merges, false);
        check(
            "generators.external-secrets.io/v1alpha1",
            "Password",
            json!({}),
            true,
        );
        check("postgresql.cnpg.io/v1", "Cluster", json!({}), true);
        check("postgresql.cnpg.io/v1", "Pooler", json!({}), false);
    }
}
