//! Troubles of the files.

use super::{NONE, Trouble};

pub(super) const TROUBLES: &[Trouble] = &[
    Trouble {
        name: "broken-yaml",
        broken: |draft| draft.trouble("apiVersion: v1\nkind: ConfigMap\nmetadata: {name: [}\n"),
        reason: "RenderFailed",
        words: &["broken-yaml/trouble.yaml:3:19: this closes no bracket that is open here"],
        ..NONE
    },
    Trouble {
        name: "empty-layer",
        broken: |draft| {
            draft.remove("kept.yaml");
            draft.write("README.md", "");
        },
        reason: "EmptyLayer",
        words: &[
            "`empty-layer` holds no objects",
            "nothing is deleted",
            "if the layer is to go, delete the Layer",
        ],
        mended: |draft| draft.write("kept.yaml", super::KEPT),
        ..NONE
    },
    Trouble {
        name: "duplicate",
        broken: |draft| {
            draft.trouble("apiVersion: v1\nkind: ConfigMap\nmetadata: {name: twice, namespace: NS}\n---\napiVersion: v1\nkind: ConfigMap\nmetadata: {name: twice, namespace: NS}\n");
        },
        reason: "RenderFailed",
        words: &[
            "core/ConfigMap/NS/twice",
            "duplicate/trouble.yaml:5 has the same id as that of duplicate/trouble.yaml:1",
            "rename or remove one of the two",
        ],
        ..NONE
    },
    Trouble {
        name: "cycle",
        broken: |draft| {
            draft.trouble(
                "apiVersion: v1
kind: ConfigMap
metadata:
  name: a
  namespace: NS
  annotations: {tidegate.dev/depends-on: /namespaces/NS/ConfigMap/b}
---
apiVersion: v1
kind: ConfigMap
metadata:
  name: b
  namespace: NS
  annotations: {tidegate.dev/depends-on: /namespaces/NS/ConfigMap/a}
",
            );
        },
        reason: "RunFailed",
        words: &[
            "objects wait for each other in a circle",
            "core/ConfigMap/NS/b (cycle/trouble.yaml:8) waits for core/ConfigMap/NS/a: depends-on annotation",
            "core/ConfigMap/NS/a (cycle/trouble.yaml:1) waits for core/ConfigMap/NS/b: depends-on annotation",
            "remove one of: ",
        ],
        ..NONE
    },
    Trouble {
        name: "large-file",
        broken: |draft| draft.trouble(&"#".repeat((16 << 20) + 1)),
        reason: "RenderFailed",
        words: &["large-file/trouble.yaml", "more than 16777216 file bytes"],
        ..NONE
    },
];
