//! A base of any size, and an overlay over it that uses what overlays use.

use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};

use crate::object::{self, IMAGE, Kind};

/// How many objects a file of the base holds.
const PER_FILE: usize = 100;

/// Writes a base of `count` objects and an overlay into a folder; answers the overlay's folder.
pub(super) fn write(folder: &Path, count: usize) -> Result<PathBuf> {
    let base = folder.join("base");
    let overlay = folder.join("overlay");
    // What a repository holds is what an overlay may reach.
    let repository = folder.join(".git");
    for path in [&base, &overlay, &repository] {
        fs::create_dir_all(path).with_context(|| path.display().to_string())?;
    }
    let mut kustomization = "resources:\n".to_owned();
    for start in (0..count).step_by(PER_FILE) {
        let name = format!("objects-{start}.yaml");
        let samples = (start..count.min(start + PER_FILE)).map(object::sample);
        let values: Vec<_> = samples.map(|sample| sample.value).collect();
        put(&base.join(&name), &tidegate_yaml::emit_all(&values))?;
        writeln!(kustomization, "- {name}")?;
    }
    put(&base.join("kustomization.yaml"), &kustomization)?;
    write_variants(&folder.join("variants"))?;
    put(&overlay.join("site.conf"), "stage = bench\n")?;
    put(&overlay.join("kustomization.yaml"), &overlay_of(count)?)?;
    Ok(overlay)
}

/// Four overlays of the base, and a folder of all four.
fn write_variants(folder: &Path) -> Result<()> {
    let mut all = "resources:\n".to_owned();
    for index in 0..4 {
        let variant = folder.join(format!("v{index}"));
        fs::create_dir_all(&variant).with_context(|| variant.display().to_string())?;
        let text = format!("resources: [../../base]\nnamePrefix: v{index}-\n");
        put(&variant.join("kustomization.yaml"), &text)?;
        writeln!(all, "- v{index}")?;
    }
    put(&folder.join("kustomization.yaml"), &all)
}

/// Patches, labels, annotations, images, generators, a replacement, a prefix and a namespace.
fn overlay_of(count: usize) -> Result<String> {
    let mut text = format!(
        "\
resources: [../base]
namePrefix: stage-
namespace: bench
labels:
- pairs: {{stage: bench}}
  includeSelectors: true
commonAnnotations: {{example.com/owner: platform}}
images:
- {{name: {IMAGE}, newName: mirror.example/app, newTag: '2.0'}}
replacements:
- source: {{kind: ConfigMap, name: {source}, fieldPath: data.host}}
  targets:
  - select: {{kind: Deployment}}
    fieldPaths: ['spec.template.spec.containers.[name=app].env.[name=HOST].value']
secretGenerator:
- {{name: generated, literals: [password=secret]}}
",
        source = object::name(0),
    );
    let hundreds = || (0..count).step_by(100);
    text.push_str("configMapGenerator:\n");
    for start in hundreds() {
        writeln!(
            text,
            "- {{name: generated-{start}, files: [site.conf], literals: [number={start}]}}"
        )?;
    }
    text.push_str("patches:\n");
    text.push_str(RESOURCES);
    for start in hundreds() {
        text.push_str(&patches(start));
    }
    Ok(text)
}

/// One patch of many objects.
const RESOURCES: &str = "\
- target: {kind: Deployment, labelSelector: part-of=bench}
  patch: |
    apiVersion: apps/v1
    kind: Deployment
    metadata: {name: any}
    spec:
      template:
        spec:
          containers:
          - name: app
            resources: {limits: {memory: 64Mi}}
";

/// A patch of one ConfigMap, of one Service, and of one Deployment that names a generated ConfigMap.
fn patches(start: usize) -> String {
    let of = |kind: Kind| object::name(kind.first(start));
    format!(
        "\
- patch: |
    apiVersion: v1
    kind: ConfigMap
    metadata: {{name: {map}}}
    data: {{patched: '{start}'}}
- target: {{kind: Service, name: {service}}}
  patch: |
    - {{op: replace, path: /spec/ports/0/port, value: 8080}}
- patch: |
    apiVersion: apps/v1
    kind: Deployment
    metadata: {{name: {deployment}}}
    spec:
      template:
        spec:
          volumes:
          - {{name: site, configMap: {{name: generated-{start}}}}}
",
        map = of(Kind::ConfigMap),
        service = of(Kind::Service),
        deployment = of(Kind::Deployment),
    )
}

fn put(path: &Path, text: &str) -> Result<()> {
    fs::write(path, text).with_context(|| path.display().to_string())
}
