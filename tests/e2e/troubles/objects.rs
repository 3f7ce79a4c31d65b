//! Troubles of the objects: what the API server refuses, and what does not get ready.

use super::{NONE, Trouble};
use crate::place::Place;
use crate::rig::rig;

/// A Deployment whose pods carry an annotation, have an image, and take what is given in the container.
macro_rules! deployment {
    ($annotations:literal, $image:literal, $container:literal) => {
        concat!(
            "apiVersion: apps/v1
kind: Deployment
metadata: {name: web, namespace: NS}
spec:
  replicas: 1
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}, annotations: {",
            $annotations,
            "}}
    spec: {containers: [{name: main, image: '",
            $image,
            "'",
            $container,
            "}]}
"
        )
    };
}

const WELL: &str = deployment!("", "registry.example/web:1", "");

pub(super) const TROUBLES: &[Trouble] = &[
    Trouble {
        name: "unknown-field",
        broken: |draft| {
            draft.trouble("# An error of writing.\napiVersion: v1\nkind: Service\nmetadata: {name: web, namespace: NS}\nspec: {port: 80}\n");
        },
        reason: "RunFailed",
        words: &[
            "service/web",
            "unknown-field/trouble.yaml:2",
            ".spec.port: field not declared in schema",
            "nothing was written",
        ],
        ..NONE
    },
    Trouble {
        name: "image",
        broken: |draft| {
            draft.trouble(deployment!("", "registry.example/web:broken-1", ""));
        },
        prepare: |_, place| set_timeout(place),
        reason: "Degraded",
        words: &[
            "apps/Deployment/NS/web",
            "not ready within 2s",
            "registry.example/web:broken-1",
            "cannot be pulled",
        ],
        mended: |draft| draft.trouble(WELL),
        ..NONE
    },
    Trouble {
        name: "crash-loop",
        broken: |draft| {
            draft.trouble(deployment!(
                "testbed.tidegate.dev/fail: crash-loop",
                "registry.example/web:1",
                ""
            ));
        },
        prepare: |_, place| set_timeout(place),
        reason: "Degraded",
        words: &[
            "apps/Deployment/NS/web",
            "not ready within 2s",
            "exit code 1, restarted 3 times",
            "its last log line: fatal: cannot open the configuration",
        ],
        mended: |draft| draft.trouble(WELL),
        ..NONE
    },
    Trouble {
        name: "dangling",
        broken: |draft| {
            draft.trouble(deployment!(
                "",
                "registry.example/web:1",
                ", envFrom: [{secretRef: {name: forgotten}}]"
            ));
        },
        reason: "Healthy",
        also: is_found,
        mended: |draft| {
            draft.write(
                "secret.yaml",
                "apiVersion: v1\nkind: Secret\nmetadata: {name: forgotten, namespace: NS}\n",
            );
        },
        ..NONE
    },
];

fn set_timeout(place: &Place) {
    let mut spec = place.spec();
    spec["timeout"] = "2s".into();
    place.set_layer(&spec);
}

/// The reference is a finding of the plan, and the object that has it is applied.
fn is_found(place: &Place) -> Result<(), String> {
    let plan = rig().ask(place, "/plan");
    let finding = &plan["findings"][0];
    let says = |field: &str, word: &str| finding[field].to_string().contains(word);
    let is_found = says("message", "forgotten") && says("origin", "dangling/trouble.yaml");
    let is_there = !place
        .read("/apis/apps/v1/namespaces/NS/deployments/web")
        .is_null();
    (is_found && is_there)
        .then_some(())
        .ok_or_else(|| plan.to_string())
}
