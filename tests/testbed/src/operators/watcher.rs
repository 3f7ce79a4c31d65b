//! Watching the kinds that are played, each from the time when its CRD is there.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use serde_json::Value;

use super::world::{Target, World, list, text};
use super::{BUILT_IN, KINDS, Kind, Progress};

const CRDS: &str = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions";
/// While something is pending or the API server is away.
const SHORT: Duration = Duration::from_millis(500);
/// How long a watch lasts when nothing is pending, in seconds; the end only makes a new one.
const LONG_WATCH: u32 = 60;

/// Starts the threads; each ends by itself soon after the world has stopped.
pub(super) fn start(world: &Arc<World>) {
    for (api, kind) in &BUILT_IN {
        let world = Arc::clone(world);
        thread::spawn(move || play(&world, kind, api));
    }
    let world = Arc::clone(world);
    thread::spawn(move || start_kinds(&world));
}

/// Looks for CRDs until each kind has been started.
fn start_kinds(world: &Arc<World>) {
    let mut started = BTreeSet::new();
    while started.len() < KINDS.len() && !world.stops_within(SHORT) {
        let Ok(crds) = world.client.get(CRDS) else {
            continue;
        };
        for crd in list(&crds, "/items")
            .iter()
            .filter(|crd| is_established(crd))
        {
            let name = text(crd, "/metadata/name");
            let Some(kind) = KINDS.iter().find(|kind| kind.crd == name) else {
                continue;
            };
            if started.insert(kind.crd) {
                let (world, api) = (Arc::clone(world), api(crd));
                thread::spawn(move || play(&world, kind, &api));
            }
        }
    }
}

fn is_established(crd: &Value) -> bool {
    list(crd, "/status/conditions").iter().any(|condition| {
        text(condition, "/type") == "Established" && text(condition, "/status") == "True"
    })
}

/// The API path of the version that is stored.
fn api(crd: &Value) -> String {
    let versions = list(crd, "/spec/versions");
    let stored = versions
        .iter()
        .find(|version| version.get("storage") == Some(&Value::Bool(true)));
    let version = stored.map_or("v1", |version| text(version, "/name"));
    format!("/apis/{}/{version}", text(crd, "/spec/group"))
}

/// Lists and watches one kind until the world stops.
fn play(world: &World, kind: &Kind, api: &str) {
    let plural = kind.crd.split('.').next().unwrap_or(kind.crd);
    let path = format!("{api}/{plural}");
    while !world.stops_within(Duration::ZERO) {
        let Ok(objects) = world.client.get(&path) else {
            world.stops_within(SHORT);
            continue;
        };
        let mut pending = false;
        let group_kind = (text(&objects, "/apiVersion"), text(&objects, "/kind"));
        for object in list(&objects, "/items") {
            let object = with_type(object, group_kind);
            pending |= act(
                world,
                kind,
                &Target {
                    object: &object,
                    api,
                    plural,
                },
            );
        }
        if pending {
            world.stops_within(SHORT);
            continue;
        }
        let version = text(&objects, "/metadata/resourceVersion");
        let query = format!("watch=1&resourceVersion={version}&timeoutSeconds={LONG_WATCH}");
        let Ok(events) = world.client.watch(&format!("{path}?{query}")) else {
            continue;
        };
        watch(world, kind, (events, api, plural));
    }
}

/// Follows the events until one leaves something pending.
fn watch(
    world: &World,
    kind: &Kind,
    (events, api, plural): (impl Iterator<Item = Value>, &str, &str),
) {
    for event in events {
        let (action, object) = (text(&event, "/type"), event.get("object"));
        let Some(object) = object.filter(|_| action == "ADDED" || action == "MODIFIED") else {
            continue;
        };
        if act(
            world,
            kind,
            &Target {
                object,
                api,
                plural,
            },
        ) {
            return;
        }
    }
}

/// Acts on one object; answers whether it needs another look soon.
fn act(world: &World, kind: &Kind, target: &Target<'_>) -> bool {
    if world.stops_within(Duration::ZERO) {
        return false;
    }
    if target
        .object
        .pointer("/metadata/deletionTimestamp")
        .is_some()
    {
        return false;
    }
    // Whatever went wrong (a conflict, the API server away) is tried again from a fresh list.
    !world.is_active(kind.operator)
        || !(kind.reconcile)(world, target).is_ok_and(|progress| progress == Progress::Done)
}

/// Items of a list do not carry their own type.
fn with_type(object: &Value, (api_version, list_kind): (&str, &str)) -> Value {
    let mut object = object.clone();
    if let Some(fields) = object.as_object_mut() {
        let kind = list_kind.strip_suffix("List").unwrap_or(list_kind);
        fields
            .entry("apiVersion")
            .or_insert_with(|| api_version.into());
        fields.entry("kind").or_insert_with(|| kind.into());
    }
    object
}
