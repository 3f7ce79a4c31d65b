//! What stands near an object and explains it: the pods that it makes, and the events about them.

use std::collections::{BTreeMap, HashSet};

use serde_json::Value;
use tidegate_object::Object;

/// Returns the labels by which the pods of an object are known; `None` for what makes no pods.
pub fn pod_labels(object: &Object) -> Option<BTreeMap<String, String>> {
    let kind = &object.id().kind;
    let named = |label: &str| {
        Some(BTreeMap::from([(
            label.to_owned(),
            object.id().name.clone(),
        )]))
    };
    match (kind.group.as_str(), kind.kind.as_str()) {
        ("postgresql.cnpg.io", "Cluster") => named("cnpg.io/cluster"),
        ("postgresql.cnpg.io", "Pooler") => named("cnpg.io/poolerName"),
        ("batch", "Job") => named("batch.kubernetes.io/job-name"),
        ("", "ReplicationController" | "Service") => labels(object.pointer("/spec/selector")?),
        ("apps", _) => labels(object.pointer("/spec/selector/matchLabels")?),
        _ => None,
    }
}

/// Tells whether a pod of the same namespace is an object's own, or the object itself.
pub fn is_pod_of(pod: &Object, object: &Object) -> bool {
    if pod.id() == object.id() {
        return true;
    }
    let labels = pod_labels(object).filter(|labels| !labels.is_empty());
    labels.is_some_and(|labels| {
        labels
            .iter()
            .all(|(key, value)| pod.label(key) == Some(value))
    })
}

/// Tells whether an event is about an object, its pods, their claims, or a controller between them.
pub fn concerns(event: &Object, object: &Object, pods: &[Object]) -> bool {
    // core/v1 says `involvedObject`, events.k8s.io/v1 `regarding`.
    let text = |field: &str| {
        let core = event.text(&format!("/involvedObject/{field}"));
        core.or_else(|| event.text(&format!("/regarding/{field}")))
            .unwrap_or_default()
    };
    let (kind, name) = (text("kind"), text("name"));
    if kind == object.id().kind.kind && name == object.id().name {
        return true;
    }
    match kind {
        "Pod" => pods.iter().any(|pod| pod.id().name == name),
        "PersistentVolumeClaim" => claims(pods).contains(name),
        "ReplicaSet" | "Job" | "StatefulSet" => {
            let rest = name.strip_prefix(&object.id().name);
            rest.is_some_and(|rest| rest.starts_with('-'))
        }
        _ => false,
    }
}

fn labels(value: &Value) -> Option<BTreeMap<String, String>> {
    let pairs = value.as_object()?.iter();
    pairs
        .map(|(key, value)| Some((key.clone(), value.as_str()?.to_owned())))
        .collect()
}

fn claims(pods: &[Object]) -> HashSet<&str> {
    let volumes = pods
        .iter()
        .filter_map(|pod| pod.pointer("/spec/volumes")?.as_array());
    volumes
        .flatten()
        .filter_map(|volume| volume.pointer("/persistentVolumeClaim/claimName")?.as_str())
        .collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn object(api_version: &str, kind: &str, more: &Value) -> Object {
        let mut value =
            json!({"apiVersion": api_version, "kind": kind, "metadata": {"name": "web"}});
        if let (Some(fields), Some(more)) = (value.as_object_mut(), more.as_object()) {
            fields.extend(more.clone());
        }
        Object::new(value).unwrap()
    }

    fn pod(name: &str, labels: &Value) -> Object {
        let metadata = json!({"name": name, "labels": labels});
        let claim = json!({"volumes": [{"persistentVolumeClaim": {"claimName": "data"}}]});
        object("v1", "Pod", &json!({"metadata": metadata, "spec": claim}))
    }

    #[test]
    fn pods_are_known_by_the_labels_of_their_maker() {
        let web = object(
            "apps/v1",
            "Deployment",
            &json!({"spec": {"selector": {"matchLabels": {"app": "web"}}}}),
        );
        let cluster = object("postgresql.cnpg.io/v1", "Cluster", &json!({}));
        let nothing = object("v1", "ConfigMap", &json!({}));
        for (maker, labels, is_of) in [
            (&web, json!({"app": "web", "more": "x"}), true),
            (&web, json!({"app": "other"}), false),
            (&cluster, json!({"cnpg.io/cluster": "web"}), true),
            (&nothing, json!({"app": "web"}), false),
        ] {
            assert_eq!(
                is_pod_of(&pod("web-1", &labels), maker),
                is_of,
                "{:?}",
                maker.id()
            );
        }
    }

    #[test]
    fn events_concern_an_object_its_pods_and_what_is_between() {
        let web = object("apps/v1", "Deployment", &json!({}));
        let pods = [pod("web-5d4-x", &json!({}))];
        for (kind, name, about) in [
            ("Deployment", "web", true),
            ("ReplicaSet", "web-5d4", true),
            ("ReplicaSet", "website-5d4", false),
            ("Pod", "web-5d4-x", true),
            ("Pod", "other", false),
            ("PersistentVolumeClaim", "data", true),
        ] {
            for field in ["involvedObject", "regarding"] {
                let event = object("v1", "Event", &json!({field: {"kind": kind, "name": name}}));
                assert_eq!(concerns(&event, &web, &pods), about, "{kind}/{name}");
            }
        }
    }
}
