//! First contact: whose an object is that exists already, and whether it may be adopted.

use std::collections::BTreeSet;

use serde_json::Value;
use tidegate_object::Object;

/// Managers of earlier tools, whose fields may be taken: one that is not here is somebody at work.
pub const EARLIER_MANAGERS: &[&str] = &[
    "argocd-controller",
    "before-first-apply",
    "helm",
    "kapp",
    "kubectl-client-side-apply",
    "kustomize-controller",
];

/// Managers that may own fields of anything: what they set is no claim to the object.
const NEUTRAL_MANAGERS: &[&str] = &[
    "kube-apiserver",
    "kube-controller-manager",
    "kube-scheduler",
    "kubelet",
];

/// Where another tool writes that it owns an object: label or annotation, and the tool.
const CLAIMS: &[(Mark, &str, &str)] = &[
    (
        Mark::Label,
        "kustomize.toolkit.fluxcd.io/name",
        "Flux Kustomization",
    ),
    (
        Mark::Label,
        "helm.toolkit.fluxcd.io/name",
        "Flux HelmRelease",
    ),
    (
        Mark::Annotation,
        "argocd.argoproj.io/tracking-id",
        "Argo CD Application",
    ),
    (
        Mark::Label,
        "argocd.argoproj.io/instance",
        "Argo CD Application",
    ),
    (
        Mark::Annotation,
        "meta.helm.sh/release-name",
        "Helm release",
    ),
    (Mark::Label, "kapp.k14s.io/app", "kapp app"),
];

#[derive(Clone, Copy)]
enum Mark {
    Label,
    Annotation,
}

/// What first contact found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Contact {
    /// Nobody else owns it: it may be adopted, with force.
    Adopt,
    /// Somebody does, and who.
    Blocked(String),
}

/// Decides whether a live object may be adopted, from what it says of its owners and from the
/// managers whose fields the apply conflicts with.
pub fn first_contact(live: &Object, conflicting: &BTreeSet<String>) -> Contact {
    if let Some(owner) = owner_of(live) {
        return Contact::Blocked(format!("it is owned by {owner}"));
    }
    let neutral =
        |manager: &str| EARLIER_MANAGERS.contains(&manager) || NEUTRAL_MANAGERS.contains(&manager);
    let at_work: Vec<&str> = conflicting
        .iter()
        .map(String::as_str)
        .filter(|manager| !neutral(manager))
        .collect();
    if at_work.is_empty() {
        return Contact::Adopt;
    }
    Contact::Blocked(format!(
        "fields of it are managed by {}: let go of them there, or remove the fields from Git",
        at_work.join(", ")
    ))
}

/// Names another tool or controller that owns a live object; `None` if none does.
pub fn owner_of(live: &Object) -> Option<String> {
    let references = live
        .pointer("/metadata/ownerReferences")
        .and_then(Value::as_array);
    let controller = references
        .into_iter()
        .flatten()
        .find(|reference| reference.get("controller") == Some(&Value::Bool(true)));
    if let Some(reference) = controller {
        let text = |field: &str| {
            reference
                .get(field)
                .and_then(Value::as_str)
                .unwrap_or_default()
        };
        return Some(format!("its controller {}/{}", text("kind"), text("name")));
    }
    CLAIMS.iter().find_map(|(mark, key, tool)| {
        let value = match mark {
            Mark::Label => live.label(key),
            Mark::Annotation => live.annotation(key),
        }?;
        Some(format!("{tool} {value} ({key})"))
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn check(metadata: Value, conflicting: &[&str], expected: &str) {
        let mut value = json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "a"}});
        if let (Some(all), Value::Object(more)) = (value["metadata"].as_object_mut(), metadata) {
            all.extend(more);
        }
        let live = Object::new(value).unwrap();
        let managers = conflicting.iter().map(ToString::to_string).collect();
        match first_contact(&live, &managers) {
            Contact::Adopt => assert_eq!(expected, "adopt"),
            Contact::Blocked(reason) => assert!(reason.contains(expected), "{reason}"),
        }
    }

    #[test]
    fn what_nobody_owns_is_adopted() {
        check(json!({}), &[], "adopt");
        check(json!({}), &["kubectl-client-side-apply", "helm"], "adopt");
    }

    #[test]
    fn what_somebody_owns_is_blocked_and_names_them() {
        check(json!({}), &["kubectl-edit"], "kubectl-edit");
        check(
            json!({"ownerReferences": [{"kind": "ReplicaSet", "name": "web-1", "controller": true}]}),
            &[],
            "ReplicaSet/web-1",
        );
        check(
            json!({"labels": {"kustomize.toolkit.fluxcd.io/name": "apps"}}),
            &[],
            "Flux Kustomization apps",
        );
        check(
            json!({"annotations": {"meta.helm.sh/release-name": "redis"}}),
            &["helm"],
            "Helm release redis",
        );
    }
}
