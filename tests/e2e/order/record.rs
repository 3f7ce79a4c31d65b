//! What the audit log and the live objects say about when something was written, and when it came about.

use std::collections::HashMap;

use serde_json::Value;
use tidegate_testbed::{AuditEvent, ControlPlane};

use super::Stage;
use crate::place::condition;

/// The conditions by which objects say that they have come about.
const CONDITIONS: [&str; 4] = ["Established", "Available", "Ready", "Complete"];

/// What has happened on a control plane.
pub(super) struct Record<'a> {
    stage: &'a Stage,
    /// All successful writes, oldest first, by the object's identifier and its subresource.
    writes: HashMap<(String, String), Vec<AuditEvent>>,
    /// Where the kinds are served, by group and kind.
    paths: HashMap<(String, String), Served>,
}

/// How a kind is served.
struct Served {
    version: String,
    plural: String,
}

impl<'a> Record<'a> {
    pub(super) fn of(stage: &'a Stage) -> Self {
        let paths = discovered(&stage.control_plane);
        let kinds: HashMap<(String, String), String> = paths
            .iter()
            .map(|((group, kind), served)| ((group.clone(), served.plural.clone()), kind.clone()))
            .collect();
        let mut writes: HashMap<_, Vec<_>> = HashMap::new();
        let audit = stage.control_plane.audit().unwrap();
        for event in audit.into_iter().filter(AuditEvent::is_write) {
            let (resource, sub) = event
                .resource
                .split_once('/')
                .unwrap_or((&event.resource, ""));
            let key = (event.group.clone(), resource.to_owned());
            let Some(kind) = kinds.get(&key) else {
                continue;
            };
            let id = identifier(&event, kind);
            writes.entry((id, sub.to_owned())).or_default().push(event);
        }
        Self {
            stage,
            writes,
            paths,
        }
    }

    /// Checks that an object was not written before another one was there: an answer may be acted on before the
    /// API server notes that it has left, so the times at which the requests arrived are compared.
    pub(super) fn check_written_after(&self, later: &str, earlier: &str) {
        let (later, earlier) = (self.first(later, ""), self.first(earlier, ""));
        assert!(
            earlier.received < later.received,
            "{} was written at {}, before {} at {}",
            later.uri,
            later.received,
            earlier.uri,
            earlier.received
        );
    }

    /// Checks that an object was not written before another one had come about: before it said so in its status,
    /// and before the time that its condition bears. A Service, or what has no status, says nothing.
    pub(super) fn check_came_about(&self, later: &str, earlier: &str) {
        if earlier.starts_with("core/Service/") {
            return;
        }
        let live = self.stage.read(&self.path(earlier));
        if live["status"].is_null() {
            return;
        }
        let written = &self.first(later, "").received;
        let said = &self.first(earlier, "status").received;
        assert!(
            said <= written,
            "{later} was written at {written}, {earlier} said nothing before {said}"
        );
        let witness = self.stage.read(&self.path(&witness(earlier)));
        let conditions = CONDITIONS.iter().map(|kind| condition(&witness, kind));
        let mut times = conditions
            .filter(|it| it["status"] == "True")
            .map(|it| it["lastTransitionTime"].clone());
        let Some(Value::String(since)) = times.next() else {
            return;
        };
        let second = since.trim_end_matches('Z');
        assert!(
            second <= written.as_str(),
            "{later} was written at {written}, {earlier} came about at {since}"
        );
    }

    /// The first successful write of an object.
    fn first(&self, id: &str, subresource: &str) -> &AuditEvent {
        let found = self.writes.get(&(id.to_owned(), subresource.to_owned()));
        let first = found.and_then(|writes| writes.first());
        first.unwrap_or_else(|| panic!("{id} {subresource} was never written"))
    }

    fn path(&self, id: &str) -> String {
        let parts: Vec<&str> = id.split('/').collect();
        let [group, kind, namespace, name] = parts.as_slice() else {
            panic!("{id} is no identifier");
        };
        let group = if *group == "core" { "" } else { group };
        let served = &self.paths[&(group.to_owned(), (*kind).to_owned())];
        let root = if group.is_empty() {
            "/api".to_owned()
        } else {
            format!("/apis/{group}")
        };
        let place = if *namespace == "_" {
            String::new()
        } else {
            format!("/namespaces/{namespace}")
        };
        format!("{root}/{}{place}/{}/{name}", served.version, served.plural)
    }
}

/// Who bears the condition that tells when an object can do its work. A StatefulSet has none, and a Cluster accepts
/// connections before it has all its instances: their first pods tell.
fn witness(id: &str) -> String {
    let pod = |kind: &str, ordinal: &str| id.replace(kind, "core/Pod") + ordinal;
    match id.split('/').nth(1) {
        Some("StatefulSet") => pod("apps/StatefulSet", "-0"),
        Some("Cluster") => pod("postgresql.cnpg.io/Cluster", "-1"),
        _ => id.to_owned(),
    }
}

/// The identifier of an event's object.
fn identifier(event: &AuditEvent, kind: &str) -> String {
    let or = |text: &str, other: &str| {
        if text.is_empty() {
            other.to_owned()
        } else {
            text.to_owned()
        }
    };
    // The audit log gives a Namespace itself as its namespace.
    let namespace = if kind == "Namespace" {
        ""
    } else {
        &event.namespace
    };
    format!(
        "{}/{kind}/{}/{}",
        or(&event.group, "core"),
        or(namespace, "_"),
        event.name
    )
}

/// All kinds that are served, at their preferred versions where these have them.
fn discovered(control_plane: &ControlPlane) -> HashMap<(String, String), Served> {
    let read = |path: &str| control_plane.client().get(path).unwrap();
    let list = |value: &Value| value.as_array().cloned().unwrap_or_default();
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let mut versions = vec![(String::new(), "v1".to_owned(), "/api/v1".to_owned())];
    for group in list(&read("/apis")["groups"]) {
        let preferred = std::iter::once(group["preferredVersion"].clone());
        for version in preferred.chain(list(&group["versions"])) {
            let path = format!("/apis/{}", text(&version["groupVersion"]));
            versions.push((text(&group["name"]), text(&version["version"]), path));
        }
    }
    let mut kinds = HashMap::new();
    for (group, version, path) in versions {
        for resource in list(&read(&path)["resources"]) {
            let plural = text(&resource["name"]);
            if plural.contains('/') {
                continue;
            }
            let version = version.clone();
            let kind = (group.clone(), text(&resource["kind"]));
            kinds.entry(kind).or_insert(Served { version, plural });
        }
    }
    kinds
}
