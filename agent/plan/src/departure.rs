//! In which order objects go that a rendering no longer holds.

use std::collections::{BTreeMap, BTreeSet};

use tidegate_object::{GroupKind, Object, ObjectId};

use crate::{Edge, Settings, plan};

/// An object that goes, and when.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Departure {
    /// The object.
    pub id: ObjectId,
    /// What must be so before it goes.
    pub when: When,
    /// Objects that need it and go too: they go first.
    pub after: Vec<ObjectId>,
}

/// What must be so before an object goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum When {
    /// Everything that stays is written.
    Applied,
    /// Everything that stays is written and healthy.
    Healthy,
}

/// Kinds that bound what others may do: that one goes may be the fix, so it waits for nobody's health.
const BOUNDS: &[(&str, &str)] = &[
    ("", "LimitRange"),
    ("", "ResourceQuota"),
    (
        "admissionregistration.k8s.io",
        "MutatingAdmissionPolicyBinding",
    ),
    ("admissionregistration.k8s.io", "MutatingAdmissionPolicy"),
    (
        "admissionregistration.k8s.io",
        "MutatingWebhookConfiguration",
    ),
    ("admissionregistration.k8s.io", "ValidatingAdmissionPolicy"),
    (
        "admissionregistration.k8s.io",
        "ValidatingAdmissionPolicyBinding",
    ),
    (
        "admissionregistration.k8s.io",
        "ValidatingWebhookConfiguration",
    ),
    ("autoscaling", "HorizontalPodAutoscaler"),
    ("networking.k8s.io", "NetworkPolicy"),
    ("policy", "PodDisruptionBudget"),
];

/// The group whose kinds grant rights: they go at once too, unless something that stays uses one.
const GRANTS: &str = "rbac.authorization.k8s.io";

/// Orders the live objects that go, beside those that stay: who needs another goes before it.
///
/// An order that annotations make impossible leaves only what the objects that go say themselves, or nothing.
pub fn departures(
    leaving: Vec<Object>,
    staying: impl IntoIterator<Item = Object>,
    settings: &Settings<'_>,
) -> Vec<Departure> {
    let count = leaving.len();
    let mut all = leaving;
    all.extend(staying);
    let leaving = all.get(..count).unwrap_or_default();
    let planned = plan(&all, &(), settings).or_else(|_| plan(leaving, &(), settings));
    let edges = planned.map(|plan| plan.edges).unwrap_or_default();
    let going: BTreeSet<&ObjectId> = leaving.iter().map(Object::id).collect();
    let mut needed: BTreeMap<&ObjectId, Vec<&Edge>> = BTreeMap::new();
    for edge in edges.iter().filter(|edge| going.contains(&edge.to)) {
        needed.entry(&edge.to).or_default().push(edge);
    }
    let ids = leaving.iter().map(Object::id);
    let ordered = ids.map(|id| {
        let by = needed.get(id).map(Vec::as_slice).unwrap_or_default();
        let (first, stay): (Vec<_>, Vec<_>) = by
            .iter()
            .map(|edge| &edge.from)
            .partition(|from| going.contains(from));
        Departure {
            id: id.clone(),
            when: when(&id.kind, stay.len()),
            after: first.into_iter().cloned().collect(),
        }
    });
    ordered.collect()
}

fn when(kind: &GroupKind, users: usize) -> When {
    let bounds = BOUNDS.iter().any(|(group, name)| kind.is(group, name));
    if bounds || kind.group == GRANTS && users == 0 {
        When::Applied
    } else {
        When::Healthy
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn object(api_version: &str, kind: &str, more: Value) -> Object {
        let mut value = json!({"apiVersion": api_version, "kind": kind,
            "metadata": {"name": kind.to_lowercase(), "namespace": "web"}});
        if let (Some(fields), Value::Object(more)) = (value.as_object_mut(), more) {
            fields.extend(more);
        }
        Object::new(value).unwrap()
    }

    fn workload(kind: &str) -> Object {
        let pod = json!({"serviceAccountName": "serviceaccount", "containers": [{"name": "main", "image": "a",
            "envFrom": [{"configMapRef": {"name": "configmap"}}]}]});
        let spec = json!({"selector": {"matchLabels": {"app": "web"}},
            "template": {"metadata": {"labels": {"app": "web"}}, "spec": pod}});
        object("apps/v1", kind, json!({"spec": spec}))
    }

    fn binding() -> Object {
        object(
            "rbac.authorization.k8s.io/v1",
            "RoleBinding",
            json!({
                "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "Role", "name": "role"},
                "subjects": [{"kind": "ServiceAccount", "name": "serviceaccount", "namespace": "web"}]}),
        )
    }

    #[track_caller]
    fn check(leaving: &[Object], staying: &[Object], expected: &[&str]) {
        let settings = Settings {
            rules: &[],
            requires: &[],
        };
        let lines: Vec<String> = departures(leaving.to_vec(), staying.to_vec(), &settings)
            .iter()
            .map(|departure| {
                let after: Vec<String> = departure.after.iter().map(ObjectId::short).collect();
                format!(
                    "{} {:?} {}",
                    departure.id.short(),
                    departure.when,
                    after.join(",")
                )
                .trim_end()
                .to_owned()
            })
            .collect();
        assert_eq!(lines, expected);
    }

    #[test]
    fn who_needs_another_goes_first() {
        let config = object("v1", "ConfigMap", json!({}));
        check(
            &[config, workload("Deployment")],
            &[],
            &[
                "configmap/configmap Healthy deployment/deployment",
                "deployment/deployment Healthy",
            ],
        );
    }

    #[test]
    fn bounds_go_at_once_but_not_before_what_they_bound() {
        let policy = || {
            object(
                "networking.k8s.io/v1",
                "NetworkPolicy",
                json!({"spec": {"podSelector": {}}}),
            )
        };
        check(
            &[policy()],
            &[workload("Deployment")],
            &["networkpolicy/networkpolicy Applied"],
        );
        check(
            &[policy(), workload("Deployment")],
            &[],
            &[
                "networkpolicy/networkpolicy Applied deployment/deployment",
                "deployment/deployment Healthy",
            ],
        );
    }

    #[test]
    fn grants_go_at_once_unless_something_that_stays_uses_them() {
        check(&[binding()], &[], &["rolebinding/rolebinding Applied"]);
        check(
            &[binding()],
            &[workload("Deployment")],
            &["rolebinding/rolebinding Healthy"],
        );
    }
}
