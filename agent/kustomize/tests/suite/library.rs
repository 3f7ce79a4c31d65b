//! What is ours alone: locks, links, folders without a kustomization, findings, places, the closure.

use sha2::{Digest as _, Sha256};
use tidegate_kustomize::{Options, RenderError, Rendered, Rule, build};

use crate::tree::MemoryTree;

const URL: &str = "https://example.com/install.yaml";
const OBJECT: &str = "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: a\n";

fn rendered(tree: &MemoryTree, folder: &str) -> Result<Rendered, RenderError> {
    build(tree, folder, &Options::default())
}

fn check_error(files: &[(&str, &str)], expected: &str) {
    let error = rendered(&MemoryTree::new(files), "")
        .unwrap_err()
        .to_string();
    assert_eq!(error, expected);
}

fn digest(text: &str) -> String {
    let digest = Sha256::digest(text);
    let digits: Vec<_> = digest.iter().map(|byte| format!("{byte:02x}")).collect();
    digits.concat()
}

fn with_lock(sha256: &str) -> MemoryTree {
    MemoryTree::new(&[
        ("base/kustomization.yaml", &format!("resources: [{URL}]\n")),
        (
            "base/tidegate.lock",
            &format!("{URL}:\n  sha256: {sha256}\n"),
        ),
    ])
}

#[test]
fn a_pinned_remote_file_is_read_from_vendor_or_the_mirror() {
    let sha256 = digest(OBJECT);
    let mut vendored = with_lock(&sha256);
    vendored
        .files
        .insert(format!("vendor/{sha256}"), OBJECT.to_owned());
    let object = &rendered(&vendored, "base").unwrap().objects[0];
    assert_eq!(object.origin().unwrap().to_string(), format!("{URL}:1"));

    let mirror = MemoryTree::new(&[(&sha256, OBJECT)]);
    let options = Options {
        mirror: Some(&mirror),
        cache: None,
    };
    assert_eq!(
        build(&with_lock(&sha256), "base", &options)
            .unwrap()
            .objects
            .len(),
        1
    );
    let error = rendered(&with_lock(&sha256), "base").unwrap_err();
    assert!(matches!(error, RenderError::NotVendored { .. }), "{error}");
}

#[test]
fn a_remote_file_with_other_content_shows_both_digests() {
    let (pinned, found) = (digest("other"), digest(OBJECT));
    let mut tree = with_lock(&pinned);
    tree.files
        .insert(format!("vendor/{pinned}"), OBJECT.to_owned());
    let error = rendered(&tree, "base").unwrap_err().to_string();
    assert!(error.contains(&pinned) && error.contains(&found), "{error}");
}

#[test]
fn an_unpinned_remote_file_is_refused_with_its_field() {
    check_error(
        &[(
            "kustomization.yaml",
            "resources:\n- https://example.com/a.yaml\n",
        )],
        "kustomization.yaml:2: resources[0]: `https://example.com/a.yaml` is remote and not pinned \
         by `tidegate.lock`; add the address and its `sha256` to that file, then run `tidegate vendor`",
    );
}

#[test]
fn links_are_followed_inside_of_the_tree_and_refused_outside() {
    let mut tree = MemoryTree::new(&[
        ("over/kustomization.yaml", "resources: [../link]\n"),
        ("base/kustomization.yaml", "resources: [a.yaml]\n"),
        ("base/a.yaml", OBJECT),
    ]);
    tree.links.insert("link".to_owned(), "base".to_owned());
    assert_eq!(rendered(&tree, "over").unwrap().objects.len(), 1);
    for target in ["/etc", "../../etc"] {
        tree.links.insert("link".to_owned(), target.to_owned());
        let error = rendered(&tree, "over").unwrap_err().to_string();
        assert!(error.contains("leaves the tree"), "{error}");
    }
    tree.links.insert("link".to_owned(), "link".to_owned());
    let error = rendered(&tree, "over").unwrap_err().to_string();
    assert!(error.contains("more than 40 links"), "{error}");
}

#[test]
fn a_folder_without_a_kustomization_is_rendered_file_by_file() {
    let named = |name: &str| OBJECT.replace("name: a", &format!("name: {name}"));
    let tree = MemoryTree::new(&[
        ("apps/b.yaml", &named("b")),
        ("apps/notes.txt", "no YAML"),
        ("apps/.hidden.yaml", "no: object"),
        ("apps/sub/c.yml", &named("c")),
        (
            "apps/unit/kustomization.yaml",
            "namePrefix: x-\nresources: [d.yaml]\n",
        ),
        ("apps/unit/d.yaml", &named("d")),
        ("apps/unit/unused.yaml", "is: not read"),
    ]);
    let rendered = rendered(&tree, "apps").unwrap();
    assert_eq!(rendered.rule, Rule::Folder);
    let found: Vec<_> = rendered
        .objects
        .iter()
        .map(|object| object.id().name.as_str())
        .collect();
    assert_eq!(found, ["b", "c", "x-d"]);
}

#[test]
fn the_closure_names_what_was_read_and_what_was_looked_for() {
    let tree = MemoryTree::new(&[
        ("over/kustomization.yml", "resources: [../base]\n"),
        ("base/kustomization.yaml", "resources: [a.yaml]\n"),
        ("base/a.yaml", OBJECT),
        ("other/b.yaml", OBJECT),
    ]);
    let closure = rendered(&tree, "over").unwrap().closure;
    for path in [
        "over/kustomization.yaml",
        "over/kustomization.yml",
        "base/a.yaml",
    ] {
        assert!(closure.contains(path), "{path}");
    }
    assert!(!closure.contains("other/b.yaml"));
}

/// The findings of a kustomization on `a.yaml` and a base.
fn check_findings(text: &str, expected: &[&str]) {
    let tree = MemoryTree::new(&[
        ("over/kustomization.yaml", text),
        ("over/a.yaml", OBJECT),
        ("over/empty.yaml", "# nothing\n"),
        (
            "base/kustomization.yaml",
            "resources: []\nsortOptions: {order: fifo}\nbuildMetadata: [managedByLabel]\n",
        ),
    ]);
    let findings = rendered(&tree, "over").unwrap().findings;
    let found: Vec<_> = findings
        .iter()
        .map(|found| {
            format!(
                "{}:{}: {}: {}",
                found.file, found.line, found.field, found.message
            )
        })
        .collect();
    assert_eq!(found, expected, "{text}");
}

#[test]
fn what_kustomize_is_silent_about_is_found() {
    check_findings("resources: [a.yaml]\nnamePrefix: p-\n", &[]);
    check_findings(
        "resources: [a.yaml]\nimages:\n- name: absent\n  newTag: v1\n- name: '.*'\npatches:\n- target: \
         {kind: Pod}\n  patch: '- {op: remove, path: /a}'\n- {target: {kind: ConfigMap}, path: empty.yaml}\n",
        &[
            "over/kustomization.yaml:5: images[1]: changes nothing; give `newName`, `newTag`, or `digest`",
            "over/kustomization.yaml:7: patches[0].target: the target matches no object; correct or remove \
             the patch",
            "over/kustomization.yaml:9: patches[1]: the patch is empty; write one, or remove the entry",
            "over/kustomization.yaml:3: images[0]: no image is named `absent`; correct or remove the entry",
            "over/kustomization.yaml:5: images[1]: no image is named `.*`; correct or remove the entry",
        ],
    );
    check_findings(
        "resources: [a.yaml]\nreplacements:\n- source: {kind: ConfigMap}\n  targets:\n  - select: {kind: Pod}\n\
         vars:\n- {name: V, objref: {apiVersion: v1, kind: ConfigMap, name: a}}\n",
        &[
            "over/kustomization.yaml:3: replacements[0].targets[0]: selects no object; correct or remove \
             the target",
            "over/kustomization.yaml:7: vars[0]: var `V` is used nowhere; remove it",
        ],
    );
    check_findings(
        "resources: [a.yaml]\nresources: [a.yaml]\ngeneratorOptions: {immutable: true}\n---\nnamePrefix: p-\n",
        &[
            "over/kustomization.yaml:2: resources: is given twice, and that of line 1 is not used; remove it",
            "over/kustomization.yaml:5: : only the first document of a kustomization is used; remove the others",
            "over/kustomization.yaml:3: generatorOptions: there is no generator that has these options; \
             remove the field",
        ],
    );
    let message = "only that of the kustomization that is built counts, and this one is a base of it; move \
                   the field there";
    check_findings(
        "resources: [a.yaml, ../base]\n",
        &[
            &format!("base/kustomization.yaml:2: sortOptions: {message}"),
            &format!("base/kustomization.yaml:3: buildMetadata: {message}"),
        ],
    );
}

#[test]
fn a_line_that_ends_an_environment_file_is_found() {
    let check = |bytes: usize, expected: Option<&str>| {
        let line = format!("LONG={}", "x".repeat(bytes - "LONG=".len()));
        let tree = MemoryTree::new(&[
            (
                "kustomization.yaml",
                "configMapGenerator:\n- {name: a, envs: [a.env]}\n",
            ),
            ("a.env", &format!("A=1\n{line}\nB=2\n")),
        ]);
        let rendered = rendered(&tree, "").unwrap();
        let keys = rendered.objects[0].value()["data"].as_object().unwrap();
        assert_eq!(keys.len(), if expected.is_some() { 1 } else { 3 });
        let found: Vec<_> = rendered
            .findings
            .iter()
            .map(|found| {
                format!(
                    "{}:{}: {}: {}",
                    found.file, found.line, found.field, found.message
                )
            })
            .collect();
        assert_eq!(found, Vec::from_iter(expected));
    };
    check(65_535, None);
    check(
        65_536,
        Some(
            "a.env:2: configMapGenerator[0].envs[0]: has 65536 bytes, and kustomize drops a line of 65536 or \
             more with all that follow; give the value as a file of its own, under `files`",
        ),
    );
}

#[test]
fn what_grows_without_end_is_refused() {
    let check = |text: &str| {
        let object = format!("{OBJECT}  labels: {{long: {}}}\n", "x".repeat(100_000));
        let tree = MemoryTree::new(&[("kustomization.yaml", text), ("a.yaml", &object)]);
        let error = rendered(&tree, "").unwrap_err().to_string();
        assert!(error.contains("more than 8388608 bytes"), "{error}");
    };
    let copy = "    - {op: copy, from: /metadata, path: /x}\n".to_owned()
        + &"    - {op: copy, from: /x, path: /y}\n    - {op: copy, from: /y, path: /x/y}\n    - {op: copy, \
            from: /x, path: /x/x}\n"
            .repeat(40);
    check(&format!(
        "resources: [a.yaml]\npatches:\n- target: {{kind: ConfigMap}}\n  patch: |-\n{copy}"
    ));
    let doubled = "- source: {kind: ConfigMap, fieldPath: metadata}\n  targets:\n  - {select: {kind: ConfigMap}, \
                   fieldPaths: [metadata.x], options: {create: true}}\n- source: {kind: ConfigMap, fieldPath: \
                   metadata}\n  targets:\n  - {select: {kind: ConfigMap}, fieldPaths: [metadata.y], options: \
                   {create: true}}\n";
    check(&format!(
        "resources: [a.yaml]\nreplacements:\n{}",
        doubled.repeat(40)
    ));
}

/// Every level names the one below twice, so that there are 2^40 ways down.
#[test]
fn bases_that_many_ways_lead_to_are_built_once() {
    let mut tree = MemoryTree::new(&[("l0/kustomization.yaml", "resources: []\n")]);
    for level in 1..40 {
        let below = level - 1;
        for side in ["a", "b"] {
            let text = format!("resources: [../../l{below}]\n");
            let path = format!("l{level}/{side}/kustomization.yaml");
            tree.files.insert(path, text);
        }
        let path = format!("l{level}/kustomization.yaml");
        tree.files.insert(path, "resources: [a, b]\n".to_owned());
    }
    assert!(rendered(&tree, "l39").unwrap().objects.is_empty());
}

#[test]
fn errors_name_file_line_and_field() {
    let kustomization = |text| [("kustomization.yaml", text), ("a.yaml", OBJECT)];
    check_error(
        &kustomization("resources: [a.yaml]\nnamePrefixx: a\n"),
        "kustomization.yaml:2: namePrefixx: unknown field; did you mean `namePrefix`?",
    );
    check_error(
        &kustomization("resources: [a.yaml]\nimages:\n- name: a\n  newTag: 1.20\n"),
        "kustomization.yaml:4: images[0].newTag: must be a text, and `1.20` is read as a number; \
         write \"1.20\"",
    );
    check_error(
        &kustomization("resources:\n- a.yaml\n- b.yaml\n"),
        "kustomization.yaml:3: resources[1]: `b.yaml` does not exist in `.`",
    );
    check_error(
        &kustomization("resources: [a.yaml, a.yaml]\n"),
        "kustomization.yaml:1: resources[1]: `core/ConfigMap/_/a` of a.yaml:1 has the \
         same id as that of a.yaml:1; rename or remove one of the two",
    );
}

#[test]
fn objects_without_an_api_version_are_no_objects() {
    check_error(
        &[
            ("kustomization.yaml", "resources: [a.yaml]\n"),
            ("a.yaml", "\nkind: ConfigMap\nmetadata: {name: a}\n"),
        ],
        "a.yaml:2: field `apiVersion` is missing or not a text",
    );
}
