//! Entries of associative lists that have the same key, which the API server answers with an internal error.

use std::collections::HashSet;

use serde_json::Value;
use tidegate_object::Object;

/// Where pods are described, by group and kind.
const POD_SPECS: &[(&str, &str, &str)] = &[
    ("", "Pod", "/spec"),
    ("", "PodTemplate", "/template/spec"),
    ("", "ReplicationController", "/spec/template/spec"),
    ("apps", "DaemonSet", "/spec/template/spec"),
    ("apps", "Deployment", "/spec/template/spec"),
    ("apps", "ReplicaSet", "/spec/template/spec"),
    ("apps", "StatefulSet", "/spec/template/spec"),
    ("batch", "CronJob", "/spec/jobTemplate/spec/template/spec"),
    ("batch", "Job", "/spec/template/spec"),
];

const CONTAINERS: &[&str] = &["containers", "initContainers", "ephemeralContainers"];

/// The lists of a pod, and their keys (`listMapKey` in the API's types).
const OF_POD: &[(&str, &[&str])] = &[
    ("containers", &["name"]),
    ("ephemeralContainers", &["name"]),
    ("hostAliases", &["ip"]),
    ("imagePullSecrets", &["name"]),
    ("initContainers", &["name"]),
    ("resourceClaims", &["name"]),
    (
        "topologySpreadConstraints",
        &["topologyKey", "whenUnsatisfiable"],
    ),
    ("volumes", &["name"]),
];

const OF_CONTAINER: &[(&str, &[&str])] = &[
    ("env", &["name"]),
    ("ports", &["containerPort", "protocol"]),
    ("volumeDevices", &["devicePath"]),
    ("volumeMounts", &["mountPath"]),
];

const OF_SERVICE: &[(&str, &[&str])] = &[("ports", &["port", "protocol"])];

/// Finds the first such entry, and says where it is.
pub(super) fn find(object: &Object) -> Option<String> {
    let kind = &object.id().kind;
    if kind.is("", "Service") {
        return in_lists(object.pointer("/spec")?, "spec", OF_SERVICE);
    }
    let (_, _, pointer) = POD_SPECS
        .iter()
        .find(|(group, name, _)| kind.is(group, name))?;
    let pod = object.pointer(pointer)?;
    let path = pointer.trim_start_matches('/').replace('/', ".");
    in_lists(pod, &path, OF_POD).or_else(|| in_containers(pod, &path))
}

fn in_containers(pod: &Value, path: &str) -> Option<String> {
    CONTAINERS.iter().find_map(|list| {
        let containers = pod.get(list)?.as_array()?;
        containers
            .iter()
            .enumerate()
            .find_map(|(index, container)| {
                in_lists(container, &format!("{path}.{list}[{index}]"), OF_CONTAINER)
            })
    })
}

fn in_lists(value: &Value, path: &str, lists: &[(&str, &[&str])]) -> Option<String> {
    lists.iter().find_map(|(list, keys)| {
        let entries = value.get(list)?.as_array()?;
        let mut seen = HashSet::new();
        let twice = entries
            .iter()
            .find(|entry| !seen.insert(key(entry, keys)))?;
        Some(format!(
            "{path}.{list} has two entries with {}: keep one",
            key(twice, keys)
        ))
    })
}

fn key(entry: &Value, keys: &[&str]) -> String {
    let parts = keys.iter().map(|key| match entry.get(key) {
        Some(Value::String(text)) => format!("{key} `{text}`"),
        Some(other) => format!("{key} `{other}`"),
        // The only key that has a default.
        None if *key == "protocol" => "protocol `TCP`".into(),
        None => format!("no {key}"),
    });
    parts.collect::<Vec<_>>().join(" and ")
}
