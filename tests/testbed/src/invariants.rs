//! What must hold whatever has failed, read from outside: audit log, live objects, inventory.
//!
//! Each function answers what is wrong, in words; nothing is right. The names are those of the design: I1 nothing is
//! orphaned, I2 nothing is deleted wrongly, I3 live equals desired, I4 nothing is resurrected, I5 no wasted write.

use std::collections::BTreeSet;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;

use crate::stage::documents;
use crate::{AuditEvent, Client, ControlPlane, Result};

const INVENTORY: &str = "tidegate-inventory-";
const LABEL: &str = "tidegate.dev/layer";

/// One layer, whose objects all live in one namespace.
#[derive(Debug, Clone)]
pub struct Subject {
    /// The namespace of its objects.
    pub namespace: String,
    /// The namespace of its inventory.
    pub inventories: String,
    /// The layer's uid.
    pub uid: String,
    /// The collections that its objects are in, such as `/api/v1/namespaces/NS/configmaps`.
    pub collections: Vec<String>,
}

/// An object by kind and name, as `ConfigMap/settings`.
pub type Name = String;

impl Subject {
    /// The objects that carry the layer's label.
    ///
    /// # Errors
    /// [`crate::Error::Api`].
    pub fn marked(&self, client: &Client) -> Result<Vec<Value>> {
        let mut found = Vec::new();
        for collection in &self.collections {
            let list = client.get(&format!(
                "{collection}?labelSelector={LABEL}%3D{}",
                self.uid
            ))?;
            let kind = list.get("kind").and_then(Value::as_str).unwrap_or_default();
            let kind = kind.trim_end_matches("List").to_owned();
            for item in list
                .get("items")
                .and_then(Value::as_array)
                .into_iter()
                .flatten()
            {
                let mut item = item.clone();
                if let Some(fields) = item.as_object_mut() {
                    fields.insert("kind".into(), Value::String(kind.clone()));
                }
                found.push(item);
            }
        }
        Ok(found)
    }

    /// The objects that the inventory holds.
    ///
    /// # Errors
    /// [`crate::Error::Api`].
    pub fn inventory(&self, client: &Client) -> Result<BTreeSet<Name>> {
        let list = client.get(&format!("/api/v1/namespaces/{}/secrets", self.inventories))?;
        let secrets = list.get("items").and_then(Value::as_array).cloned();
        let prefix = format!("{INVENTORY}{}", self.uid);
        let ours = secrets.unwrap_or_default().into_iter().filter(|secret| {
            let name = secret.pointer("/metadata/name").and_then(Value::as_str);
            name.is_some_and(|name| name.starts_with(&prefix))
        });
        let fields = ours.filter_map(|secret| secret.get("data")?.as_object().cloned());
        let texts = fields.flat_map(|fields| fields.into_iter().map(|(_, text)| text));
        Ok(texts.flat_map(|text| entries(&text)).collect())
    }

    /// I1: what is live and marked stands in the inventory.
    ///
    /// # Errors
    /// [`crate::Error::Api`].
    pub fn orphans(&self, client: &Client) -> Result<Vec<String>> {
        let held = self.inventory(client)?;
        let marked = self.marked(client)?.iter().map(name).collect::<Vec<_>>();
        let lost = marked.into_iter().filter(|name| !held.contains(name));
        Ok(lost
            .map(|name| format!("I1: {name} is live, and not in the inventory"))
            .collect())
    }

    /// I3 and I4: what is desired is live as desired, and nothing else is marked.
    ///
    /// # Errors
    /// [`crate::Error::Api`].
    pub fn differences(&self, client: &Client, desired: &[Value]) -> Result<Vec<String>> {
        let live = self.marked(client)?;
        let mut wrong = Vec::new();
        for object in desired {
            let wanted = name(object);
            match live.iter().find(|live| name(live) == wanted) {
                None => wrong.push(format!("I3: {wanted} is not live")),
                Some(live) => wrong.extend(difference(object, live, &wanted)),
            }
        }
        let wanted: BTreeSet<Name> = desired.iter().map(name).collect();
        let others = live.iter().map(name).filter(|name| !wanted.contains(name));
        wrong.extend(others.map(|name| format!("I4: {name} is live, and nobody wants it")));
        Ok(wrong)
    }

    /// I2: deletes that took what may not go. `may_go` names objects as `configmaps/settings`.
    pub fn wrong_deletes(&self, log: &[AuditEvent], may_go: &[&str]) -> Vec<String> {
        let deletes = self.writes(log).filter(|event| event.verb == "delete");
        let named = deletes.map(|event| format!("{}/{}", event.resource, event.name));
        named
            .filter(|name| !may_go.contains(&name.as_str()))
            .map(|name| format!("I2: {name} was deleted"))
            .collect()
    }

    /// I5: more writes than a bound.
    pub fn waste(&self, log: &[AuditEvent], most: usize) -> Vec<String> {
        let count = self.writes(log).count();
        let wrong = (count > most).then(|| format!("I5: {count} writes, and {most} are enough"));
        wrong.into_iter().collect()
    }

    /// What the agent has written to objects of the layer.
    pub fn writes<'a>(&self, log: &'a [AuditEvent]) -> impl Iterator<Item = &'a AuditEvent> {
        let namespace = self.namespace.clone();
        log.iter().filter(move |event| {
            let is_ours = event.user_agent.starts_with("tidegate/") && event.namespace == namespace;
            is_ours
                && event.is_write()
                && !event.name.starts_with(INVENTORY)
                && event.group != "tidegate.dev"
        })
    }
}

/// All that is wrong with one layer now, of which YAML documents are desired: I1, I3 and I4.
///
/// # Errors
/// [`crate::Error::Api`], [`crate::Error::Malformed`] for what is no YAML.
pub fn wrong_now(
    control_plane: &ControlPlane,
    subject: &Subject,
    desired: &str,
) -> Result<Vec<String>> {
    let client = control_plane.client();
    let mut wrong = subject.orphans(client)?;
    let desired = documents("what is desired", desired)?;
    wrong.extend(subject.differences(client, &desired)?);
    Ok(wrong)
}

fn name(object: &Value) -> Name {
    let text = |path| {
        object
            .pointer(path)
            .and_then(Value::as_str)
            .unwrap_or_default()
    };
    format!("{}/{}", text("/kind"), text("/metadata/name"))
}

/// The objects that a field of an inventory holds: its keys are `group/Kind/namespace/name`.
fn entries(text: &Value) -> Vec<Name> {
    let bytes = STANDARD
        .decode(text.as_str().unwrap_or_default())
        .unwrap_or_default();
    let written: Value = serde_json::from_slice(&bytes).unwrap_or_default();
    let objects = written.get("objects").and_then(Value::as_object);
    let ids = objects.into_iter().flat_map(|objects| objects.keys());
    let named = ids.filter_map(|id| {
        let mut parts = id.split('/');
        let (kind, name) = (parts.nth(1)?, parts.next_back()?);
        Some(format!("{kind}/{name}"))
    });
    named.collect()
}

/// What of a desired value is not in the live one; lists must be alike in length and order.
fn difference(desired: &Value, live: &Value, place: &str) -> Vec<String> {
    match (desired, live) {
        (Value::Object(fields), Value::Object(_)) => {
            let each = fields.iter().filter(|(key, _)| *key != "apiVersion");
            each.flat_map(|(key, value)| {
                let live = live.get(key).unwrap_or(&Value::Null);
                difference(value, live, &format!("{place}.{key}"))
            })
            .collect()
        }
        (Value::Array(wanted), Value::Array(found)) if wanted.len() == found.len() => {
            let pairs = wanted.iter().zip(found).enumerate();
            pairs
                .flat_map(|(index, (wanted, found))| {
                    difference(wanted, found, &format!("{place}.{index}"))
                })
                .collect()
        }
        _ if desired == live => Vec::new(),
        _ => vec![format!("I3: {place} is {live}, and should be {desired}")],
    }
}
