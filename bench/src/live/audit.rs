//! The agent's requests, counted in the API server's own record.

use std::collections::BTreeMap;

use anyhow::Result;
use tidegate_testbed::{AuditEvent, agent};

use super::rig::Rig;
use crate::samples::float;

/// The requests of the agent from a moment on; open watches and its Lease are left out.
pub(super) struct Requests(Vec<AuditEvent>);

impl Rig {
    /// How many requests there have been, of anybody: where a count begins.
    pub(super) fn mark(&self) -> Result<usize> {
        Ok(self.control_plane.audit()?.len())
    }

    /// What the agent asked since a mark.
    pub(super) fn requests_since(&self, mark: usize) -> Result<Requests> {
        let account = format!("system:serviceaccount:{}:tidegate", agent::NAMESPACE);
        let events = self.control_plane.audit()?.into_iter().skip(mark);
        let counts = |event: &AuditEvent| {
            event.authenticated_user == account
                && event.verb != "watch"
                && event.resource != "leases"
        };
        Ok(Requests(events.filter(counts).collect()))
    }
}

impl Requests {
    /// How many there are for each of `changes`.
    pub(super) fn per(&self, changes: usize) -> f64 {
        float(self.0.len()) / float(changes.max(1))
    }

    /// Those that wrote into a namespace.
    pub(super) fn writes<'a>(&'a self, namespace: &'a str) -> impl Iterator<Item = &'a AuditEvent> {
        let events = self.0.iter();
        events.filter(move |event| event.namespace == namespace && event.is_write())
    }

    /// The count of each sort of request, most first, for each of `changes`.
    pub(super) fn sorts(&self, changes: usize) -> String {
        self.counts(changes, |event| {
            let resource = match event.resource.as_str() {
                "" => event.uri.split('?').next().unwrap_or_default(),
                resource => resource,
            };
            format!("{} {resource}", verb(event))
        })
    }

    /// The count of each verb, most first, for each of `objects`.
    pub(super) fn verbs(&self, objects: usize) -> String {
        self.counts(objects, |event| verb(event).to_owned())
    }

    fn counts(&self, share: usize, key: impl Fn(&AuditEvent) -> String) -> String {
        let mut counts: BTreeMap<String, usize> = BTreeMap::new();
        for event in &self.0 {
            *counts.entry(key(event)).or_default() += 1;
        }
        let mut counts: Vec<(String, usize)> = counts.into_iter().collect();
        counts.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
        let each = |count: usize| float(count) / float(share.max(1));
        let texts = counts
            .iter()
            .map(|(key, count)| format!("{:.2} {key}", each(*count)));
        texts.collect::<Vec<_>>().join(", ")
    }
}

fn verb(event: &AuditEvent) -> &str {
    if event.is_dry_run() {
        return "dry-run";
    }
    &event.verb
}
