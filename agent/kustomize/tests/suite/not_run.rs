//! What kustomize can run and is not run here: each error names the file, the field and the reason.

use tidegate_kustomize::{Options, RenderError, build};

use crate::tree::MemoryTree;

const HELM: &str = "a Helm chart is not run: rendering starts no process; commit the chart's rendered \
                    manifests, and list them under `resources`";
const PLUGIN: &str = "is not run: rendering starts no process, and only the plugins of `apiVersion: builtin` are \
                      known; run it beforehand, commit what it gives, and list that under `resources`";
const BASE: &str = "is not run: rendering reaches no network; copy the base into this repository, or name its files \
                    by https addresses that `tidegate.lock` pins";

/// Builds a kustomization that may name `plugin.yaml`.
fn check(kustomization: &str, plugin: &str, expected: &str) {
    let tree = MemoryTree::new(&[
        ("kustomization.yaml", kustomization),
        ("plugin.yaml", plugin),
    ]);
    let error = build(&tree, "", &Options::default()).unwrap_err();
    assert_eq!(error.to_string(), expected);
    let is_by_design = matches!(
        error,
        RenderError::NotRun { .. } | RenderError::Unpinned { .. }
    );
    assert!(is_by_design, "{error:?}");
}

#[test]
fn helm_charts() {
    let check = |text: &str, place: &str| check(text, "", &format!("{place}: {HELM}"));
    check(
        "helmCharts:\n- name: x\n",
        "kustomization.yaml:2: helmCharts",
    );
    check(
        "helmChartInflationGenerator:\n- chartName: x\n",
        "kustomization.yaml:2: helmChartInflationGenerator",
    );
    check(
        "generators:\n- |\n  apiVersion: builtin\n  kind: HelmChartInflationGenerator\n  metadata: {name: x}\n",
        "kustomization.yaml:3: generators[0]",
    );
}

#[test]
fn remote_bases() {
    for base in [
        "github.com/org/repo",
        "https://example.com/org/repo.git//base?ref=v1",
        "git@example.com:org/repo//base",
        "git::https://example.com/org/repo",
        "ssh://git@example.com/org/repo",
    ] {
        check(
            &format!("resources:\n- {base}\n"),
            "",
            &if base.starts_with("https://") {
                format!(
                    "kustomization.yaml:2: resources[0]: `{base}` is remote and not pinned by `tidegate.lock`; add \
                     the address and its `sha256` to that file, then run `tidegate vendor`"
                )
            } else {
                format!("kustomization.yaml:2: resources[0]: the remote base `{base}` {BASE}")
            },
        );
    }
}

#[test]
fn functions() {
    for (annotation, what) in [
        (
            "config.kubernetes.io/function: \"container: {image: example.com/f:v1}\"",
            "container function `example.com/f:v1`",
        ),
        (
            "config.k8s.io/function: |-\n      container:\n        image: f",
            "container function `f`",
        ),
        (
            "config.kubernetes.io/container: f",
            "container function `f`",
        ),
        (
            "config.kubernetes.io/function: \"exec: {path: ./f.sh}\"",
            "exec function `./f.sh`",
        ),
        (
            "config.kubernetes.io/function: \"starlark: {path: f.star, name: f}\"",
            "Starlark function `f.star`",
        ),
    ] {
        let plugin = format!(
            "apiVersion: example.com/v1\nkind: Function\nmetadata:\n  name: f\n  annotations:\n    {annotation}\n"
        );
        for field in ["generators", "transformers", "validators"] {
            check(
                &format!("resources: []\n{field}:\n- plugin.yaml\n"),
                &plugin,
                &format!("plugin.yaml:1: {field}[0]: the {what} {PLUGIN}"),
            );
        }
    }
}

#[test]
fn programs_and_go_plugins() {
    let plugin = "apiVersion: example.com/v1\nkind: SomeGenerator\nmetadata: {name: x}\n";
    let named =
        format!("the plugin `example.com/v1 SomeGenerator`, a program or a Go library, {PLUGIN}");
    check(
        "resources: []\ngenerators: [plugin.yaml]\n",
        plugin,
        &format!("plugin.yaml:1: generators[0]: {named}"),
    );
    let inline = format!(
        "transformers:\n- |-\n  {}\n",
        plugin.trim().replace('\n', "\n  ")
    );
    check(
        &inline,
        "",
        &format!("kustomization.yaml:3: transformers[0]: {named}"),
    );
}
