//! What the API server says of Layers that are wrong, and of those that are right.

use serde_json::{Value, json};

use super::stage::control_plane;

/// Specs that are wrong, as changes to one that is right, and what the API server says of each.
const WRONG: &str = include_str!("wrong_layers.yaml");

#[derive(serde::Deserialize)]
struct Case {
    spec: Value,
    message: String,
}

/// What the API server says of a Layer with this spec, in a dry-run.
fn create(name: &str, spec: &Value) -> Result<Value, String> {
    let layer = json!({
        "apiVersion": "tidegate.dev/v1alpha1",
        "kind": "Layer",
        "metadata": {"name": name},
        "spec": spec,
    });
    let path =
        "/apis/tidegate.dev/v1alpha1/namespaces/default/layers?dryRun=All&fieldValidation=Strict";
    let answer = control_plane().client().create(path, &layer);
    answer.map_err(|error| error.to_string())
}

#[test]
fn wrong_specs_are_refused_with_the_field_and_what_to_do() {
    let cases: Vec<Case> = serde_yaml::from_str(WRONG).unwrap();
    for case in cases {
        let refused = create("database", &case.spec).expect_err(&case.message);
        assert!(
            refused.contains(&case.message),
            "{}\nis refused with: {refused}\ninstead of: {}",
            case.spec,
            case.message
        );
    }
}

#[test]
fn a_short_spec_is_filled_with_defaults() {
    let spec = json!({"source": {"git": {"url": "https://git.example.com/platform.git"}}});
    let layer = create("database", &spec).unwrap();
    let expected = json!({
        "source": {"git": {"url": "https://git.example.com/platform.git", "interval": "30s", "timeout": "60s"}},
        "path": "",
        "adopt": "unowned",
        "mode": "auto",
        "approveWhen": ["dataLoss"],
        "failurePolicy": "stop",
        "prune": {"enabled": true, "when": "healthy", "maxFraction": 0.3},
        "deletionPolicy": "orphan",
        "suspend": false,
        "retryInterval": "15s",
        "timeout": "10m",
        "serviceAccountName": "tidegate-deployer",
    });
    assert_eq!(layer["spec"], expected);
}

#[test]
fn a_whole_spec_is_taken() {
    let spec = json!({
        "source": {"git": {
            "url": "git@git.example.com:team/platform.git",
            "ref": {"semver": ">=1.0 <2.0"},
            "interval": "1m30s",
            "timeout": "20s",
            "secretRef": {"name": "platform-git"},
        }},
        "path": "./clusters/stages/dev/database",
        "dependsOn": [{"name": "infrastructure"}, {"name": "database", "namespace": "other", "continuous": true}],
        "requires": [{"apiVersion": "v1", "kind": "Secret", "name": "made-by-hand", "namespace": "database"}],
        "adopt": "never",
        "suspend": true,
        "hold": {"revision": "0a".repeat(20), "until": "2026-12-01T18:00:00Z"},
        "retryInterval": "5s",
        "timeout": "1h",
        "serviceAccountName": "database-deployer",
        "references": [{"from": {"group": "db.example", "kind": "Shard"}, "path": "spec.secretName", "to": {"kind": "Secret"}, "class": "soft"}],
    });
    create("database", &spec).unwrap();
}

#[test]
fn tables_show_how_a_layer_stands() {
    let columns = control_plane()
        .kubectl(&[
            "get",
            "crd",
            "layers.tidegate.dev",
            "-o=jsonpath={.spec.versions[0].additionalPrinterColumns[*].name}",
        ])
        .unwrap();
    assert_eq!(columns, "Ready Health Revision Wave Objects Age Message");
}
