//! The rights of manifests/tidegate, against what the agent has asked of the API server.

use std::collections::BTreeSet;

use reqwest::Method;
use serde::Deserialize as _;
use serde_json::{Value, json};
use tidegate_testbed::{AuditEvent, agent, wait};

use super::{ACCOUNT, CALLER, Installation, installation, layer_path, root};
use crate::rig::LIMIT;

/// Rights that a day without trouble does not need: verb, group, resource.
const EXPLAINED: [(&str, &str, &str); 2] = [
    // An Event that comes again within minutes is counted up.
    ("patch", "events.k8s.io", "events"),
    // Chunks of an inventory that have been replaced: only large layers have any.
    ("delete", "", "secrets"),
];
/// The component that reads named kinds in place of all.
const NARROW_READER: &str = "manifests/tidegate/components/narrow-reader/reader.yaml";

/// One right, or one request: verb, group, and resource with its subresource.
type Right = (String, String, String);

#[test]
fn the_agent_has_the_rights_that_it_needs_and_uses_those_that_it_has() {
    let installation = installation();
    installation.sync_as_caller();
    let requests = installation.requests();
    let own: Vec<&AuditEvent> = requests
        .iter()
        .filter(|event| event.user == ACCOUNT)
        .collect();
    let refused: Vec<_> = own.iter().filter(|event| event.code == 403).collect();
    assert!(refused.is_empty(), "{refused:#?}");

    let mut used: BTreeSet<Right> = own.iter().copied().map(right).collect();
    if requests
        .iter()
        .any(|event| event.user.ends_with(":tidegate-deployer"))
    {
        used.insert((
            "impersonate".into(),
            String::new(),
            "serviceaccounts".into(),
        ));
    }
    let held = installation.held();
    let explained =
        EXPLAINED.map(|(verb, group, resource)| (verb.into(), group.into(), resource.into()));
    let explained = BTreeSet::from(explained);
    let needless: Vec<_> = held
        .difference(&used)
        .filter(|right| !explained.contains(*right))
        .collect();
    assert!(needless.is_empty(), "no request needs {needless:#?}");
    let not_held: Vec<_> = explained.difference(&held).collect();
    assert!(not_held.is_empty(), "explained and not held: {not_held:#?}");
}

#[test]
fn the_narrow_reader_suffices_for_the_stage() {
    let installation = installation();
    let text = std::fs::read_to_string(root().join(NARROW_READER)).unwrap();
    let roles: Vec<Value> = serde_yaml::Deserializer::from_str(&text)
        .map(|document| Value::deserialize(document).unwrap())
        .collect();
    let mut held: BTreeSet<Right> = roles.iter().flat_map(granted).collect();
    held.extend(installation.held());
    let allows = |(verb, group, resource): &Right| {
        [resource.as_str(), "*"]
            .into_iter()
            .any(|resource| held.contains(&(verb.clone(), group.clone(), resource.to_owned())))
    };
    let requests = installation.requests();
    let own = requests.iter().filter(|event| event.user == ACCOUNT);
    let mut asked: BTreeSet<Right> = own.map(right).collect();
    asked.retain(|(_, _, resource)| !resource.is_empty());
    let missing: Vec<_> = asked.iter().filter(|right| !allows(right)).collect();
    assert!(missing.is_empty(), "add {missing:#?}");
}

fn right(event: &AuditEvent) -> Right {
    (
        event.verb.clone(),
        event.group.clone(),
        event.resource.clone(),
    )
}

impl Installation {
    /// Asks for a sync over the API as an account that may ask, and waits until it has been.
    fn sync_as_caller(&self) {
        let namespace = agent::NAMESPACE;
        let account = format!("{namespace}:{CALLER}");
        self.control_plane
            .kubectl(&["create", "serviceaccount", CALLER, "-n", namespace])
            .unwrap();
        let subject = format!("--serviceaccount={account}");
        for role in ["tidegate-sync", "tidegate-view"] {
            let role_argument = format!("--clusterrole={role}");
            let arguments = [
                "create",
                "rolebinding",
                role,
                "-n",
                namespace,
                &role_argument,
                &subject,
            ];
            self.control_plane.kubectl(&arguments).unwrap();
        }
        let token = self.control_plane.account_token(namespace, CALLER).unwrap();
        let path = format!("/api/v1/layers/{namespace}/apps/sync");
        let run = wait::until("the API server to know the binding", LIMIT, || {
            let (code, answer) = self.agent.call(Method::POST, &path, Some(&token)).unwrap();
            let run = answer["run"].as_str().map(str::to_owned);
            run.filter(|_| code == 202)
                .ok_or(format!("{code} {answer}"))
        });
        let run = json!(run.unwrap());
        wait::until("the sync", LIMIT, || {
            let layer = self.control_plane.client().get(&layer_path("apps"));
            let sync = layer.map_err(|error| error.to_string())?["status"]["sync"].clone();
            let is_done = sync["id"] == run && sync["state"] == "healthy";
            is_done.then_some(()).ok_or(sync.to_string())
        })
        .unwrap();
    }

    /// What the agent holds beside its reads.
    fn held(&self) -> BTreeSet<Right> {
        let state = format!("namespaces/{}/roles/tidegate-state", agent::NAMESPACE);
        let roles = ["clusterroles/tidegate-agent", &state].map(|role| {
            let path = format!("/apis/rbac.authorization.k8s.io/v1/{role}");
            self.control_plane.client().get(&path).unwrap()
        });
        roles.iter().flat_map(granted).collect()
    }
}

/// What a role grants.
fn granted(role: &Value) -> BTreeSet<Right> {
    let mut rights = BTreeSet::new();
    for rule in role["rules"].as_array().unwrap() {
        for verb in texts(rule, "verbs") {
            for group in texts(rule, "apiGroups") {
                for resource in texts(rule, "resources") {
                    rights.insert((verb.to_owned(), group.to_owned(), resource.to_owned()));
                }
            }
        }
    }
    rights
}

fn texts<'a>(rule: &'a Value, field: &str) -> Vec<&'a str> {
    let list = rule[field].as_array().unwrap();
    list.iter().filter_map(Value::as_str).collect()
}
