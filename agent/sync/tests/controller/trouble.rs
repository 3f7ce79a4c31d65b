//! What goes wrong is named on the Layer, harms no other, deletes nothing, and passes when its cause does.

use serde_json::{Value, json};
use tidegate_testbed::{Commit, GitServer, Route};

use super::stage::{Site, condition, config_map, stage};

/// A site with a layer that is healthy.
fn healthy_site(prefix: &str) -> (Site, String) {
    let site = stage().site(prefix);
    site.credentials("git", GitServer::PASSWORD);
    let revision = site.push(&[("layer/a.yaml", &config_map("a", &site.namespace, "1"))]);
    site.layer("web", &site.spec("layer"));
    site.until_ready("web", &revision);
    (site, revision)
}

/// Changes the spec of a healthy layer for the worse, checks what is said, and changes it back.
fn check_spec(prefix: &str, change: impl FnOnce(&mut Value), (reason, words): (&str, &[&str])) {
    let (site, revision) = healthy_site(prefix);
    let mut spec = site.spec("layer");
    change(&mut spec);
    site.layer("web", &spec);
    let message = site.until_refused("web", reason);
    for word in words {
        assert!(message.contains(word), "{word} is not in: {message}");
    }
    assert_eq!(site.value("a"), "1", "something was deleted");
    site.layer("web", &site.spec("layer"));
    site.until_ready("web", &revision);
}

#[test]
fn a_missing_path_is_named() {
    let words = ["there is no directory `nowhere/else`", "check spec.path"];
    check_spec(
        "no-path",
        |spec| spec["path"] = json!("nowhere/else"),
        ("PathNotFound", &words),
    );
}

#[test]
fn a_missing_branch_is_named_with_those_that_are_there() {
    let change = |spec: &mut Value| spec["source"]["git"]["ref"] = json!({"branch": "mian"});
    let words = ["there is no branch `mian`", "there is main"];
    check_spec("no-ref", change, ("ReferenceNotFound", &words));
}

#[test]
fn a_missing_repository_is_named() {
    let url = stage().git.https_url(Route::Basic, "nowhere");
    let change = |spec: &mut Value| spec["source"]["git"]["url"] = json!(url);
    check_spec(
        "no-repository",
        change,
        ("RepositoryNotFound", &["nowhere.git", "check the URL"]),
    );
}

#[test]
fn an_unreachable_server_is_named() {
    let change =
        |spec: &mut Value| spec["source"]["git"]["url"] = json!("https://127.0.0.1:1/platform.git");
    check_spec(
        "no-server",
        change,
        ("Unreachable", &["https://127.0.0.1:1/platform.git"]),
    );
}

#[test]
fn a_missing_secret_is_named() {
    let change = |spec: &mut Value| spec["source"]["git"]["secretRef"] = json!({"name": "nothing"});
    check_spec(
        "no-secret",
        change,
        (
            "InvalidCredentials",
            &["/nothing of spec.source.git.secretRef", "create it"],
        ),
    );
}

#[test]
fn a_range_that_is_none_is_named() {
    let change = |spec: &mut Value| spec["source"]["git"]["ref"] = json!({"semver": "the newest"});
    check_spec(
        "no-range",
        change,
        ("InvalidSpec", &["spec.source.git.ref.semver", "the newest"]),
    );
}

#[test]
fn local_repositories_are_refused() {
    let change = |spec: &mut Value| spec["source"]["git"] = json!({"url": "file:///etc"});
    check_spec(
        "local",
        change,
        ("LocalSourceRefused", &["file:// is not allowed here"]),
    );
}

#[test]
fn a_cycle_is_an_error_on_every_layer_in_it() {
    let (site, revision) = healthy_site("cycle");
    let mut spec = site.spec("layer");
    spec["dependsOn"] = json!([{"name": "other"}]);
    site.layer("web", &spec);
    spec["dependsOn"] = json!([{"name": "web"}]);
    site.layer("other", &spec);
    for name in ["web", "other"] {
        let message = site.until_refused(name, "DependencyCycle");
        assert!(message.contains("/web → "), "{message}");
    }
    spec["dependsOn"] = json!([]);
    site.layer("other", &spec);
    site.until_ready("web", &revision);
}

#[test]
fn refused_credentials_work_as_soon_as_the_secret_is_right() {
    let (site, revision) = healthy_site("password");
    site.credentials("git", "wrong");
    let message = site.until_refused("web", "AuthenticationFailed");
    assert!(
        message.contains("the server refuses the credentials"),
        "{message}"
    );
    assert!(!message.contains("wrong"), "{message}");
    site.credentials("git", GitServer::PASSWORD);
    site.until_ready("web", &revision);
}

#[test]
fn broken_yaml_is_named_by_file_and_line_and_touches_nothing() {
    let (site, _) = healthy_site("yaml");
    site.push(&[(
        "layer/b.yaml",
        "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: [\n",
    )]);
    let message = site.until_refused("web", "RenderFailed");
    assert!(message.contains("layer/b.yaml"), "{message}");
    assert_eq!(site.value("a"), "1");
    let layer = site.read("web");
    assert_eq!(condition(&layer, "Stalled")["status"], "True");
    assert_eq!(condition(&layer, "Healthy")["status"], "True");
    let mended = site.push(&[("layer/b.yaml", &config_map("b", &site.namespace, "1"))]);
    site.until_ready("web", &mended);
}

#[test]
fn an_empty_layer_deletes_nothing() {
    let (site, _) = healthy_site("empty");
    let emptied = Commit::on("main")
        .remove("layer/a.yaml")
        .file("layer/README.md", "");
    site.repository.push(&emptied).unwrap();
    let message = site.until_refused("web", "EmptyLayer");
    assert!(message.contains("`layer` holds no objects"), "{message}");
    assert_eq!(site.value("a"), "1");
    let back = site.push(&[("layer/a.yaml", &config_map("a", &site.namespace, "2"))]);
    site.until_ready("web", &back);
}

#[test]
fn other_layers_go_on_while_one_is_in_trouble() {
    let (site, _) = healthy_site("others");
    let mut spec = site.spec("broken");
    spec["source"]["git"]["url"] = json!("https://127.0.0.1:1/platform.git");
    site.layer("unreachable", &spec);
    site.layer("broken", &site.spec("broken"));
    site.push(&[("broken/a.yaml", "kind: [")]);
    site.until_refused("unreachable", "Unreachable");
    site.until_refused("broken", "RenderFailed");
    let revision = site.push(&[("layer/a.yaml", &config_map("a", &site.namespace, "2"))]);
    site.until_ready("web", &revision);
    assert_eq!(site.value("a"), "2");
}
