//! What `plan` and `diff` say of a Layer before anything is done: at its ref, and at any other revision.

use tidegate_testbed::Commit;

use crate::rig::{rig, said, tidegate, tidegate_about};

const FIRST: &str = "apiVersion: v1
kind: ConfigMap
metadata: {name: config, namespace: NS}
data: {value: first}
---
apiVersion: v1
kind: Secret
metadata: {name: token, namespace: NS}
stringData: {token: canary-one}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: web, namespace: NS}
spec:
  replicas: 2
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec: {containers: [{name: main, image: 'example.com/web:1'}]}
";

#[test]
fn a_layer_is_planned_and_compared_at_any_revision() {
    let rig = rig();
    let origin = rig.origin("proposal");
    let place = rig.place(&origin, "proposal");
    let revision = place.push(FIRST);
    place.set_layer(&place.spec());
    place.until_healthy(&revision);
    let (code, same, error) = tidegate_about(&place, &["diff"]);
    assert_eq!((code, same.as_str()), (Some(0), ""), "{error}");

    let file = format!("{}/all.yaml", place.name);
    let changed = place
        .text(FIRST)
        .replace("first", "second")
        .replace("one", "two")
        .replace("web:1", "web:2");
    let more =
        place.text("---\napiVersion: v1\nkind: ConfigMap\nmetadata: {name: more, namespace: NS}\n");
    let branch = Commit::on("proposed").file(&file, format!("{changed}{more}"));
    let commit = origin.repository.push(&branch).unwrap();
    for revision in ["proposed", &commit] {
        let (code, plan, error) = tidegate_about(&place, &["plan", "--revision", revision]);
        assert_eq!(code, Some(0), "{error}");
        assert!(error.contains("asked as NS/tidegate-deployer"), "{error}");
        assert!(plan.contains("core/ConfigMap/NS/more  create"), "{plan}");
        assert!(
            plan.starts_with("restart: apps/Deployment/NS/web restarts its 2 pods\n"),
            "{plan}"
        );
        assert!(plan.contains("core/ConfigMap/NS/config  update"), "{plan}");
        let (code, diff, error) = tidegate_about(&place, &["diff", "--revision", revision]);
        assert_eq!(code, Some(1), "{error}");
        for word in ["-  value: first", "+  value: second", "*** (after)"] {
            assert!(diff.contains(word), "no {word} in {diff}");
        }
        for text in [&plan, &diff, &error] {
            assert!(
                !text.contains("canary") && !text.contains("Y2FuYXJ5"),
                "{text}"
            );
        }
    }
    // What a revision no longer holds leaves.
    let few = place.text(FIRST.split("---\n").next().unwrap());
    let branch = Commit::on("fewer").file(&file, few);
    origin.repository.push(&branch).unwrap();
    let (code, plan, error) = tidegate_about(&place, &["plan", "--revision", "fewer"]);
    assert_eq!(code, Some(0), "{error}");
    for line in [
        "scaleDown: apps/Deployment/NS/web stops its 2 pods",
        "  apps/Deployment/NS/web  delete",
        "delete 2",
    ] {
        assert!(plan.contains(line), "no {line} in {plan}");
    }
    let (code, diff, error) = tidegate_about(&place, &["diff", "--revision", "fewer"]);
    assert_eq!(code, Some(1), "{error}");
    assert!(diff.contains("delete apps/Deployment/NS/web\n"), "{diff}");
    let (code, _, error) = tidegate_about(&place, &["plan", "--revision", "nowhere"]);
    assert_eq!(code, Some(2));
    assert!(
        error.contains("no branch, tag or commit `nowhere`"),
        "{error}"
    );
}

#[test]
fn what_would_not_be_written_is_all_named() {
    let rig = rig();
    let origin = rig.origin("refused");
    let place = rig.place(&origin, "refused");
    let taken =
        place.text("apiVersion: v1\nkind: ConfigMap\nmetadata: {name: taken, namespace: NS}\n");
    rig.control_plane
        .apply(&taken.replace("{name", "{annotations: {meta.helm.sh/release-name: web, meta.helm.sh/release-namespace: NS}, labels: {app.kubernetes.io/managed-by: Helm}, name"))
        .unwrap();
    let secret = "---\napiVersion: v1\nkind: Secret\nmetadata: {name: bad, namespace: NS}\ndata: {token: '%%canary'}\n";
    let wrong =
        "---\napiVersion: v1\nkind: ConfigMap\nmetadata: {name: wrong, namespace: NS}\ndate: {}\n";
    let files = format!("{taken}{}{}", place.text(secret), place.text(wrong));
    place.push(&files);
    place.set_layer(&place.spec());
    for command in ["plan", "diff"] {
        let (code, _, error) = tidegate_about(&place, &[command]);
        assert_eq!(code, Some(2), "{error}");
        for word in [
            "core/Secret/NS/bad (refused/",
            "core/ConfigMap/NS/wrong (refused/",
            "core/ConfigMap/NS/taken (refused/",
            "it is owned by Helm release",
            "3 objects would not be written",
        ] {
            assert!(error.contains(word), "no {word} in {error}");
        }
        assert!(!error.contains("canary"), "{error}");
    }
}

const SHARD: &str = "apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {name: shards.NS.example}
spec:
  group: NS.example
  scope: Namespaced
  names: {kind: Shard, plural: shards, singular: shard, listKind: ShardList}
  versions:
  - name: v1
    served: true
    storage: true
    schema: {openAPIV3Schema: {type: object, properties: {spec: {type: object, properties: {size: {type: integer}}}}}}
---
apiVersion: NS.example/v1
kind: Shard
metadata: {name: one, namespace: NS}
spec: {size: 3}
";

const ALL_OVER: &str = "apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata: {name: NS}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: cluster-admin}
subjects: [{kind: ServiceAccount, name: tidegate-deployer, namespace: NS}]
";

#[test]
fn custom_resources_are_held_against_the_definitions_that_come_with_them() {
    let rig = rig();
    let origin = rig.origin("misfit");
    let place = rig.place(&origin, "misfit");
    let wrong = place.text(SHARD).replace("{size: 3}", "{sise: 3}");
    let expected = ".yaml:14): spec.sise: there is no such field: is `size` meant?";
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("all.yaml");
    std::fs::write(&file, &wrong).unwrap();
    let path = folder.path().to_str().unwrap();
    let kubeconfig = rig.control_plane.kubeconfig();
    let kubeconfig = format!("--kubeconfig={}", kubeconfig.display());
    for command in [
        &["plan", path][..],
        &["plan", path, "--live", &kubeconfig],
        &["diff", path, &kubeconfig],
    ] {
        let (code, _, error) = said(command);
        assert_eq!(code, Some(2), "{command:?}: {error}");
        assert!(error.contains(expected), "{command:?}: {error}");
    }
    rig.control_plane.apply(&place.text(ALL_OVER)).unwrap();
    place.push(&wrong);
    place.set_layer(&place.spec());
    for command in ["plan", "diff"] {
        let (code, _, error) = tidegate_about(&place, &[command]);
        assert_eq!(code, Some(2), "{error}");
        assert!(error.contains(expected), "{error}");
    }

    let revision = place.push(SHARD);
    place.until_healthy(&revision);
    // What the cluster knows is not what the object will be held against.
    let grown = place.text(SHARD).replace("{size: 3}", "{size: 3, zone: a}");
    let grown = grown.replace("{size: {", "{zone: {type: string}, size: {");
    std::fs::write(&file, grown).unwrap();
    let (code, plan, error) = said(&["plan", path, "--live", &kubeconfig]);
    assert_eq!(code, Some(0), "{error}");
    assert!(
        plan.contains("/Shard/") && plan.contains("update 2"),
        "{plan}"
    );
}

#[test]
fn a_one_shot_apply_deletes_what_its_folder_has_lost_when_it_is_told_to() {
    let rig = rig();
    let namespace = rig.control_plane.new_namespace("one-shot").unwrap();
    let folder = tempfile::tempdir().unwrap();
    let file = |name: &str| folder.path().join(format!("{name}.yaml"));
    for name in ["a", "b"] {
        let text = format!(
            "apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: {name}, namespace: {namespace}}}\n"
        );
        std::fs::write(file(name), text).unwrap();
    }
    let path = folder.path().to_str().unwrap();
    let apply = |more: &[&str]| {
        let arguments = ["apply", path, "--name", "mine", "-n", &namespace];
        tidegate(rig.control_plane, &[&arguments, more].concat())
    };
    apply(&[]);
    std::fs::remove_file(file("b")).unwrap();
    let line = |what: &str| format!("left    core/ConfigMap/{namespace}/b  {what}");
    let kept = apply(&[]);
    assert!(kept.contains(&line("stays: --prune deletes it")), "{kept}");
    let gone = apply(&["--prune"]);
    assert!(gone.contains(&line("deleted")), "{gone}");
    assert!(!apply(&["--prune"]).contains("left  "));
}
