//! The API server's own record of every request, for exact counts.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use serde::Deserialize;

use crate::{Client, Error, Result, wait};

const LIMIT: Duration = Duration::from_secs(30);
/// Where the API server names what a caller has shown.
const CREDENTIAL: &str = "authentication.kubernetes.io/credential-id";

/// One request that the API server answered, or a watch that it began to answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AuditEvent {
    /// Who asked; with impersonation the one who was impersonated.
    pub user: String,
    /// Who really asked.
    pub authenticated_user: String,
    /// What the one who really asked has shown, such as `JTI=<id of the token>`; empty if that has no name.
    pub credential: String,
    /// The client's `User-Agent`.
    pub user_agent: String,
    /// `get`, `list`, `watch`, `create`, `update`, `patch`, `delete`, `deletecollection`.
    pub verb: String,
    /// The API group; empty for the core.
    pub group: String,
    /// The plural resource, with `/subresource`; empty for paths such as `/readyz`.
    pub resource: String,
    /// The namespace; empty for none.
    pub namespace: String,
    /// The object's name; empty for lists.
    pub name: String,
    /// Path and query.
    pub uri: String,
    /// The HTTP status.
    pub code: u16,
    /// When the request arrived: RFC 3339 with microseconds, so that texts sort by time.
    pub received: String,
    /// When the answer was complete.
    pub answered: String,
}

impl AuditEvent {
    /// Whether nothing was to be persisted.
    pub fn is_dry_run(&self) -> bool {
        self.query("dryRun") == Some("All")
    }

    /// Whether the request was to change something and did.
    pub fn is_write(&self) -> bool {
        let writes = ["create", "update", "patch", "delete", "deletecollection"];
        writes.contains(&self.verb.as_str()) && !self.is_dry_run() && self.code < 300
    }

    /// The value of a parameter of the query, as it was sent.
    pub fn query(&self, key: &str) -> Option<&str> {
        let (_, query) = self.uri.split_once('?')?;
        let mut pairs = query.split('&').filter_map(|pair| pair.split_once('='));
        pairs.find(|(name, _)| *name == key).map(|(_, value)| value)
    }
}

/// Reads the log up to a request that this function makes itself.
pub(super) fn read(path: &Path, client: &Client) -> Result<Vec<AuditEvent>> {
    static COUNTER: AtomicU64 = AtomicU64::new(0);
    let marker = format!(
        "/version?testbed={}",
        COUNTER.fetch_add(1, Ordering::Relaxed)
    );
    client.get(&marker)?;
    wait::until("the audit log to hold the latest request", LIMIT, || {
        let text = fs::read_to_string(path).map_err(|error| error.to_string())?;
        let events = parse(&text);
        let end = events
            .iter()
            .rposition(|event| event.uri == marker)
            .ok_or("not there yet")?;
        Ok(events.into_iter().take(end).collect())
    })
    .map_err(|error| match error {
        Error::Timeout {
            condition,
            seconds,
            last,
        } => Error::Timeout {
            condition: format!("{condition} ({})", path.display()),
            seconds,
            last,
        },
        other => other,
    })
}

fn parse(log: &str) -> Vec<AuditEvent> {
    let mut events: Vec<(String, AuditEvent)> = Vec::new();
    for entry in log
        .lines()
        .filter_map(|line| serde_json::from_str::<Entry>(line).ok())
    {
        // A watch is logged when it begins and when it ends; a long one may not have ended yet.
        let begins = entry.stage == "ResponseStarted";
        if begins && entry.verb != "watch" {
            continue;
        }
        let (id, event) = entry.event();
        let known = event.verb == "watch" && events.iter().any(|(known, _)| *known == id);
        if !known {
            events.push((id, event));
        }
    }
    events.into_iter().map(|(_, event)| event).collect()
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Entry {
    #[serde(rename = "auditID")]
    audit_id: String,
    stage: String,
    #[serde(rename = "requestURI")]
    request_uri: String,
    verb: String,
    user: User,
    impersonated_user: Option<User>,
    #[serde(default)]
    user_agent: String,
    #[serde(default)]
    object_ref: ObjectReference,
    #[serde(default)]
    response_status: Status,
    request_received_timestamp: String,
    stage_timestamp: String,
}

#[derive(Debug, Deserialize)]
struct User {
    #[serde(default)]
    username: String,
    #[serde(default)]
    extra: BTreeMap<String, Vec<String>>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct ObjectReference {
    resource: String,
    subresource: String,
    namespace: String,
    name: String,
    api_group: String,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Status {
    code: u16,
}

impl Entry {
    fn event(self) -> (String, AuditEvent) {
        let reference = self.object_ref;
        let resource = match reference.subresource.as_str() {
            "" => reference.resource,
            subresource => format!("{}/{subresource}", reference.resource),
        };
        let authenticated_user = self.user.username;
        let credential = self.user.extra.get(CREDENTIAL).and_then(|ids| ids.first());
        let impersonated = self.impersonated_user.map(|user| user.username);
        let event = AuditEvent {
            user: impersonated.unwrap_or_else(|| authenticated_user.clone()),
            authenticated_user,
            credential: credential.cloned().unwrap_or_default(),
            user_agent: self.user_agent,
            verb: self.verb,
            group: reference.api_group,
            resource,
            namespace: reference.namespace,
            name: reference.name,
            uri: self.request_uri,
            code: self.response_status.code,
            received: self.request_received_timestamp,
            answered: self.stage_timestamp,
        };
        (self.audit_id, event)
    }
}
