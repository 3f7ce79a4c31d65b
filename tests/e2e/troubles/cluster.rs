//! Troubles of the cluster: rights, admission, quotas, namespaces, definitions, owners.

use serde_json::json;
use tidegate_testbed::{Answer, wait};

use super::scene::guard;
use super::{NONE, Trouble};
use crate::place::{ALL_RIGHTS, Place};
use crate::rig::LIMIT;

const GUARDED: &str = "apiVersion: v1
kind: ConfigMap
metadata: {name: guarded, namespace: NS, labels: {guarded: NS}}
";
const SERVICE: &str = "apiVersion: v1
kind: Service
metadata: {name: web, namespace: NS}
spec: {ports: [{port: 80}]}
";

const SHARED: &str = "apiVersion: v1
kind: ConfigMap
metadata: {name: shared, namespace: NS}
";

pub(super) const TROUBLES: &[Trouble] = &[
    Trouble {
        name: "definition",
        broken: |draft| {
            draft.trouble(
                "apiVersion: e2e.example/v1\nkind: Shard\nmetadata: {name: one, namespace: NS}\n",
            );
        },
        reason: "Degraded",
        words: &[
            "e2e.example/Shard/NS/one",
            "the API server does not serve e2e.example/v1 Shard",
            "add the CustomResourceDefinition to the layer, or install it",
        ],
        mend: |_, place| define(place),
        mended: |_| {},
        ..NONE
    },
    Trouble {
        name: "forbidden",
        prepare: |_, place| {
            place.set_rights(
                r#"[{"apiGroups": [""], "resources": ["configmaps"], "verbs": ["*"]}]"#,
            );
            place.set_layer(&place.spec());
        },
        broken: |draft| draft.trouble(SERVICE),
        reason: "Degraded",
        words: &[
            "core/Service/NS/web",
            "User \"system:serviceaccount:NS:tidegate-deployer\" cannot patch resource \"services\"",
            "grant it to the account that it names",
        ],
        mend: |_, place| place.set_rights(ALL_RIGHTS),
        mended: |_| {},
        ..NONE
    },
    Trouble {
        name: "no-account",
        bring: |_, place| {
            let path = place.text("/api/v1/namespaces/NS/serviceaccounts/tidegate-deployer");
            place.client.delete(&path).unwrap();
        },
        broken: |draft| draft.trouble(SERVICE),
        reason: "RunFailed",
        words: &[
            "service account NS/tidegate-deployer does not exist",
            "create it, or name another in spec.serviceAccountName",
            "nothing was written",
        ],
        mend: |_, place| place.create_deployer(),
        mended: |_| {},
        ..NONE
    },
    Trouble {
        name: "denied",
        bring: |scene, place| {
            scene
                .denying
                .set_answer(Answer::Deny("not on a Friday".into()));
            guard(&scene.denying, place);
        },
        broken: |draft| draft.trouble(GUARDED),
        reason: "Degraded",
        words: &[
            "core/ConfigMap/NS/guarded",
            "admission webhook \"NS.testbed.tidegate.dev\" denied the request: not on a Friday",
        ],
        mend: |scene, _| scene.denying.set_answer(Answer::Allow),
        mended: |_| {},
        ..NONE
    },
    Trouble {
        name: "webhook-down",
        bring: |scene, place| {
            scene.failing.set_answer(Answer::Hangup);
            guard(&scene.failing, place);
        },
        broken: |draft| draft.trouble(GUARDED),
        reason: "Progressing",
        words: &[
            "core/ConfigMap/NS/guarded",
            "failed calling webhook \"NS.testbed.tidegate.dev\"",
        ],
        mend: |scene, _| scene.failing.set_answer(Answer::Allow),
        mended: |_| {},
        ..NONE
    },
    Trouble {
        name: "quota",
        bring: |_, place| set_quota(place, "0"),
        broken: |draft| draft.trouble(SERVICE),
        reason: "Degraded",
        words: &[
            "core/Service/NS/web",
            "exceeded quota: few, requested: count/services=1",
            "raise the quota, or ask for less",
        ],
        mend: |_, place| set_quota(place, "5"),
        mended: |_| {},
        ..NONE
    },
    Trouble {
        name: "terminating",
        prepare: |_, place| {
            allow_namespaces(place);
            place.set_layer(&place.spec());
        },
        first: |draft| {
            draft.write(
                "other.yaml",
                "apiVersion: v1\nkind: Namespace\nmetadata: {name: NS-other}\n",
            );
        },
        bring: |_, place| terminate(place),
        broken: |draft| {
            draft.write(
                "late.yaml",
                "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: late, namespace: NS-other}\n",
            );
        },
        reason: "Progressing",
        words: &[
            "core/ConfigMap/NS-other/late",
            "unable to create new content in namespace NS-other because it is being terminated",
            "wait until it is gone, then it is made anew",
        ],
        mend: |_, place| {
            let path = "/api/v1/namespaces/NS-other/configmaps/held";
            place.merge(path, &json!({"metadata": {"finalizers": null}}));
        },
        mended: |_| {},
        ..NONE
    },
    Trouble {
        name: "theirs",
        prepare: |_, place| {
            place.set_layer(&place.spec());
            add_layer(place);
        },
        first: |draft| {
            draft.write("kustomization.yaml", "resources: [kept.yaml]\n");
            draft.write("other/shared.yaml", SHARED);
        },
        bring: |_, place| until_owned(place),
        broken: |draft| {
            draft.write(
                "kustomization.yaml",
                "resources: [kept.yaml, trouble.yaml]\n",
            );
            draft.trouble(SHARED);
        },
        reason: "Degraded",
        words: &[
            "core/ConfigMap/NS/shared",
            "owned by NS/other: remove it from this layer, or from that one and then delete the object",
        ],
        mended: |draft| draft.write("kustomization.yaml", "resources: [kept.yaml]\n"),
        ..NONE
    },
];

fn define(place: &Place) {
    let schema = json!({"openAPIV3Schema": {"type": "object", "x-kubernetes-preserve-unknown-fields": true}});
    let definition = json!({
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": {"name": "shards.e2e.example"},
        "spec": {
            "group": "e2e.example",
            "scope": "Namespaced",
            "names": {"kind": "Shard", "plural": "shards", "singular": "shard"},
            "versions": [{"name": "v1", "served": true, "storage": true, "schema": schema}],
        },
    });
    place.apply(
        "/apis/apiextensions.k8s.io/v1/customresourcedefinitions/shards.e2e.example",
        &definition,
    );
}

/// Adds a layer that follows a folder within the folder.
fn add_layer(place: &Place) {
    let mut spec = place.spec();
    spec["path"] = json!(format!("{}/other", place.name));
    let layer = json!({
        "apiVersion": "tidegate.dev/v1alpha1",
        "kind": "Layer",
        "metadata": {"name": "other"},
        "spec": spec,
    });
    place.apply(
        "/apis/tidegate.dev/v1alpha1/namespaces/NS/layers/other",
        &layer,
    );
}

fn until_owned(place: &Place) {
    wait::until("the other layer to own its object", LIMIT, || {
        let shared = place.read("/api/v1/namespaces/NS/configmaps/shared");
        let owner = shared["metadata"]["annotations"]["tidegate.dev/owner"].as_str();
        let other = place.text("NS/other:");
        owner
            .filter(|owner| owner.starts_with(&other))
            .map(drop)
            .ok_or_else(|| shared.to_string())
    })
    .unwrap();
}

/// Sets how many Services there may be, and waits until that is counted.
fn set_quota(place: &Place, count: &str) {
    const PATH: &str = "/api/v1/namespaces/NS/resourcequotas/few";
    let quota = json!({
        "apiVersion": "v1",
        "kind": "ResourceQuota",
        "metadata": {"name": "few"},
        "spec": {"hard": {"count/services": count}},
    });
    place.apply(PATH, &quota);
    wait::until("the quota to be counted", LIMIT, || {
        let quota = place.read(PATH);
        let is_counted = quota["status"]["hard"]["count/services"] == count;
        is_counted.then_some(()).ok_or_else(|| quota.to_string())
    })
    .unwrap();
}

/// Lets the deployer make namespaces, and work in the one that goes.
fn allow_namespaces(place: &Place) {
    const RBAC: &str = "/apis/rbac.authorization.k8s.io/v1";
    let binding = json!({
        "apiVersion": "rbac.authorization.k8s.io/v1",
        "kind": "ClusterRoleBinding",
        "metadata": {"name": place.namespace},
        "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": "cluster-admin"},
        "subjects": [{"kind": "ServiceAccount", "name": "tidegate-deployer", "namespace": place.namespace}],
    });
    place.apply(&format!("{RBAC}/clusterrolebindings/NS"), &binding);
}

/// Has somebody delete a namespace that something holds.
fn terminate(place: &Place) {
    let held = json!({
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {"name": "held", "finalizers": ["e2e.example/held"]},
    });
    place.apply("/api/v1/namespaces/NS-other/configmaps/held", &held);
    let path = place.text("/api/v1/namespaces/NS-other");
    place.client.delete(&path).unwrap();
}
