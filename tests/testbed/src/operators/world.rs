//! What the players share: the client, the secrets manager, who is suspended.

use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use serde_json::{Value, json};

use super::remote::Remote;
use super::{Operator, Suspended, is_down, is_missing};
use crate::certificates::Authority;
use crate::{AdmissionServer, Client, Result};

/// The shared state.
#[derive(Debug)]
pub(super) struct World {
    pub(super) client: Client,
    pub(super) remote: Remote,
    pub(super) authority: Authority,
    pub(super) webhooks: AdmissionServer,
    pace: Duration,
    suspended: Mutex<Suspended>,
    stopped: Mutex<bool>,
    stop: Condvar,
}

/// An object to act on, and where it is.
#[derive(Debug)]
pub(super) struct Target<'a> {
    pub(super) object: &'a Value,
    /// The API path of its collection without a namespace, such as `/apis/x.io/v1`.
    pub(super) api: &'a str,
    pub(super) plural: &'a str,
}

impl World {
    pub(super) fn new(client: Client, pace: Duration) -> Result<Self> {
        Ok(Self {
            client,
            remote: Remote::default(),
            authority: Authority::new("tidegate testbed issuer")?,
            webhooks: AdmissionServer::start()?,
            pace,
            suspended: Mutex::default(),
            stopped: Mutex::default(),
            stop: Condvar::new(),
        })
    }

    pub(super) fn stop(&self) {
        *lock(&self.stopped) = true;
        self.stop.notify_all();
    }

    /// Waits for the end, at most this long; answers whether it came.
    pub(super) fn stops_within(&self, limit: Duration) -> bool {
        let stopped = lock(&self.stopped);
        let waited = self
            .stop
            .wait_timeout_while(stopped, limit, |stopped| !*stopped);
        *waited.unwrap_or_else(PoisonError::into_inner).0
    }

    /// Lets the time between two steps pass.
    pub(super) fn take_a_step(&self) {
        self.stops_within(self.pace);
    }

    pub(super) fn suspended(&self, change: impl FnOnce(&mut Suspended) -> bool) {
        change(&mut lock(&self.suspended));
    }

    /// Whether the operator acts now.
    pub(super) fn is_active(&self, operator: Operator) -> bool {
        if lock(&self.suspended).contains(&operator) {
            return false;
        }
        !is_down(&self.client, operator).unwrap_or(true)
    }

    /// Reads an object that may not be there.
    pub(super) fn find(&self, path: &str) -> Result<Option<Value>> {
        match self.client.get(path) {
            Ok(object) => Ok(Some(object)),
            Err(error) if is_missing(&error) => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Writes an object of the core group, with the target as its owner.
    pub(super) fn apply_owned(
        &self,
        target: &Target<'_>,
        kind: &str,
        mut object: Value,
    ) -> Result<()> {
        let plural = format!("{}s", kind.to_ascii_lowercase());
        let name = text(&object, "/metadata/name").to_owned();
        let namespace = target.namespace();
        merge(
            &mut object,
            &json!({
                "apiVersion": "v1",
                "kind": kind,
                "metadata": {"namespace": namespace, "ownerReferences": [target.owner_reference()]},
            }),
        );
        let path = format!("/api/v1/namespaces/{namespace}/{plural}/{name}");
        self.client
            .apply(&path, "testbed-operators", &object)
            .map(drop)
    }

    /// Merges into the target's status, unless it says so already.
    pub(super) fn set_status(&self, target: &Target<'_>, status: &Value) -> Result<()> {
        let mut merged = target
            .object
            .get("status")
            .cloned()
            .unwrap_or_else(|| json!({}));
        merge(&mut merged, status);
        if without_times(&merged)
            == without_times(target.object.get("status").unwrap_or(&Value::Null))
        {
            return Ok(());
        }
        let path = format!("{}/status", target.path());
        self.client
            .merge(&path, &json!({"status": status}))
            .map(drop)
    }
}

impl Target<'_> {
    pub(super) fn name(&self) -> &str {
        text(self.object, "/metadata/name")
    }

    pub(super) fn namespace(&self) -> &str {
        text(self.object, "/metadata/namespace")
    }

    pub(super) fn generation(&self) -> i64 {
        self.object
            .pointer("/metadata/generation")
            .and_then(Value::as_i64)
            .unwrap_or_default()
    }

    pub(super) fn annotation(&self, name: &str) -> Option<&str> {
        self.object
            .get("metadata")?
            .get("annotations")?
            .get(name)?
            .as_str()
    }

    pub(super) fn path(&self) -> String {
        match self.namespace() {
            "" => format!("{}/{}/{}", self.api, self.plural, self.name()),
            namespace => {
                format!(
                    "{}/namespaces/{namespace}/{}/{}",
                    self.api,
                    self.plural,
                    self.name()
                )
            }
        }
    }

    /// The path of another kind's object in the target's API group and namespace.
    pub(super) fn sibling(&self, plural: &str, name: &str) -> String {
        format!(
            "{}/namespaces/{}/{plural}/{name}",
            self.api,
            self.namespace()
        )
    }

    /// The path of a Secret, `ConfigMap` or Service beside the target.
    pub(super) fn core(&self, plural: &str, name: &str) -> String {
        format!("/api/v1/namespaces/{}/{plural}/{name}", self.namespace())
    }

    pub(super) fn owner_reference(&self) -> Value {
        json!({
            "apiVersion": text(self.object, "/apiVersion"),
            "kind": text(self.object, "/kind"),
            "name": self.name(),
            "uid": text(self.object, "/metadata/uid"),
            "controller": true,
        })
    }
}

/// The text at a JSON pointer, empty if there is none.
pub(super) fn text<'a>(value: &'a Value, pointer: &str) -> &'a str {
    value
        .pointer(pointer)
        .and_then(Value::as_str)
        .unwrap_or_default()
}

/// The list at a JSON pointer, empty if there is none.
pub(super) fn list<'a>(value: &'a Value, pointer: &str) -> &'a [Value] {
    value
        .pointer(pointer)
        .and_then(Value::as_array)
        .map(Vec::as_slice)
        .unwrap_or_default()
}

/// Now, as Kubernetes writes it.
pub(super) fn now() -> String {
    jiff::Timestamp::now()
        .strftime("%Y-%m-%dT%H:%M:%SZ")
        .to_string()
}

/// Random hexadecimal digits.
pub(super) fn random(length: usize) -> String {
    let mut digits = String::new();
    while digits.len() < length {
        digits.push_str(&uuid::Uuid::new_v4().simple().to_string());
    }
    digits.truncate(length);
    digits
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A JSON merge patch (RFC 7386) without deletions.
pub(super) fn merge(target: &mut Value, patch: &Value) {
    let (Some(fields), Some(changes)) = (target.as_object_mut(), patch.as_object()) else {
        *target = patch.clone();
        return;
    };
    for (key, value) in changes {
        merge(fields.entry(key).or_insert(Value::Null), value);
    }
}

fn without_times(value: &Value) -> Value {
    match value {
        Value::Object(fields) => fields
            .iter()
            .filter(|(key, _)| !key.ends_with("Time"))
            .map(|(key, value)| (key.clone(), without_times(value)))
            .collect(),
        Value::Array(items) => items.iter().map(without_times).collect(),
        other => other.clone(),
    }
}
