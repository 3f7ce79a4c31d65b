//! Random nested overlays: most of them valid, all of them ugly.

mod words;

use std::fmt::Write as _;

use crate::random::Random;
use crate::tree::MemoryTree;
use words::{IMAGES, NAMES, SCALARS, WORKLOADS};

/// What is built of a tree, and from where.
pub(crate) struct Overlay {
    pub(crate) tree: MemoryTree,
    pub(crate) top: String,
}

/// Makes an overlay.
pub(crate) fn overlay(seed: u64) -> Overlay {
    let mut maker = Maker {
        random: Random::new(seed),
        tree: MemoryTree::default(),
        folders: 0,
        objects: Vec::new(),
        start: 0,
    };
    let depth = 1 + maker.random.below(3);
    let mut top = maker.kustomization(depth, "Kustomization");
    if maker.chance(20) {
        top = maker.variants(&top);
    }
    Overlay {
        tree: maker.tree,
        top,
    }
}

/// An object that was made: kind, version and name.
#[derive(Clone)]
struct Made {
    api_version: &'static str,
    kind: String,
    name: String,
}

struct Maker {
    random: Random,
    tree: MemoryTree,
    folders: usize,
    objects: Vec<Made>,
    /// Where the objects start that the kustomization in the making can see.
    start: usize,
}

impl Maker {
    fn visible(&self) -> &[Made] {
        &self.objects[self.start..]
    }

    fn chance(&mut self, percent: usize) -> bool {
        self.random.chance(percent)
    }

    fn name(&mut self) -> String {
        (*self.random.pick(&NAMES)).to_owned()
    }

    fn scalar(&mut self) -> &'static str {
        self.random.pick::<&str>(&SCALARS)
    }

    /// Makes a folder with a kustomization; answers its path.
    fn kustomization(&mut self, depth: usize, kind: &str) -> String {
        self.folders += 1;
        let outer = self.start;
        if kind == "Kustomization" {
            self.start = self.objects.len();
        }
        let folder = format!("f{}", self.folders);
        let mut text = String::new();
        if kind == "Component" {
            text.push_str("apiVersion: kustomize.config.k8s.io/v1alpha1\nkind: Component\n");
        }
        let mut resources = Vec::new();
        if depth > 0 {
            for _ in 0..=self.random.below(2) {
                let base = self.kustomization(depth - 1, "Kustomization");
                resources.push(format!("../{base}"));
            }
        }
        for index in 0..self.random.below(3) + usize::from(depth == 0) {
            let file = format!("r{index}.yaml");
            let content = self.resource_file();
            self.tree.files.insert(format!("{folder}/{file}"), content);
            resources.push(file);
        }
        if !resources.is_empty() {
            let _ = writeln!(text, "resources: [{}]", resources.join(", "));
        }
        self.generators(&folder, &mut text);
        if depth > 0 && self.chance(30) {
            let component = self.kustomization(0, "Component");
            let _ = writeln!(text, "components: [../{component}]");
        }
        self.fields(&mut text);
        self.patches(&folder, &mut text);
        self.replacements(&mut text);
        if text.is_empty() {
            text.push_str("resources: []\n");
        }
        self.tree
            .files
            .insert(format!("{folder}/kustomization.yaml"), text);
        self.start = outer;
        folder
    }

    /// Makes a folder in which a base is used by several overlays; answers its path.
    fn variants(&mut self, base: &str) -> String {
        let mut resources = Vec::new();
        for index in 0..2 + self.random.below(2) {
            let mut text = format!("resources: [../{base}]\nnamePrefix: v{index}-\n");
            if self.chance(50) {
                let _ = writeln!(text, "namespace: v{index}");
            }
            if self.chance(30) {
                text.push_str("commonLabels: {variant: x}\n");
            }
            let file = format!("v{index}/kustomization.yaml");
            self.tree.files.insert(file, text);
            resources.push(format!("../v{index}"));
        }
        let text = format!("resources: [{}]\n", resources.join(", "));
        let file = "all/kustomization.yaml".to_owned();
        self.tree.files.insert(file, text);
        "all".to_owned()
    }

    fn fields(&mut self, text: &mut String) {
        let suffix = self.folders;
        if self.chance(40) {
            let _ = writeln!(text, "namePrefix: p{suffix}-");
        }
        if self.chance(25) {
            let _ = writeln!(text, "nameSuffix: -s{suffix}");
        }
        if self.chance(30) {
            let _ = writeln!(text, "namespace: ns{}", self.random.below(2));
        }
        if self.chance(30) {
            let value = self.name();
            let _ = writeln!(text, "commonLabels: {{app: {value}, tier: \"{suffix}\"}}");
        }
        if self.chance(40) {
            let value = self.name();
            let mode = *self
                .random
                .pick(&["includeSelectors", "includeTemplates", "other"]);
            let _ = write!(
                text,
                "labels:\n- pairs: {{app: {value}, l{suffix}: \"yes\"}}\n"
            );
            if mode != "other" {
                let _ = writeln!(text, "  {mode}: true");
            }
        }
        if self.chance(30) {
            let _ = writeln!(text, "commonAnnotations: {{note: \"{suffix}\", a.b/c: x}}");
        }
        if self.chance(40) {
            let name = *self
                .random
                .pick(&["nginx", "redis", "busybox", "reg.io:5000/a/b"]);
            let change = *self.random.pick(&[
                "newTag: v2",
                "newName: other.io/x",
                "digest: sha256:ff00",
                "newTag: \"3\", digest: sha256:aa",
                "tagSuffix: -x",
                "newName: other, newTag: \"1.0\"",
            ]);
            let _ = write!(text, "images:\n- {{name: \"{name}\", {change}}}\n");
        }
        if self.chance(20) {
            let workloads = self.visible().iter().filter(|made| is_scaled(&made.kind));
            let names: Vec<_> = workloads.map(|made| made.name.clone()).collect();
            if !names.is_empty() {
                let name = self.random.pick(&names).clone();
                let _ = write!(text, "replicas:\n- {{name: {name}, count: {suffix}}}\n");
            }
        }
        if self.chance(10) {
            text.push_str("sortOptions: {order: fifo}\n");
        }
        if self.chance(10) {
            text.push_str("buildMetadata: [originAnnotations, transformerAnnotations]\n");
        }
        if self.chance(10) {
            text.push_str(
                "transformers:\n- |\n  apiVersion: builtin\n  kind: LabelTransformer\n  metadata: \
                 {name: t}\n  labels: {plugin: \"1\"}\n  fieldSpecs:\n  - {path: metadata/labels, \
                 create: true}\n",
            );
        }
    }

    fn generators(&mut self, folder: &str, text: &mut String) {
        for (field, kind) in [
            ("configMapGenerator", "ConfigMap"),
            ("secretGenerator", "Secret"),
        ] {
            if !self.chance(30) {
                continue;
            }
            let name = format!("gen{}", self.random.below(3));
            let exists = self
                .visible()
                .iter()
                .any(|made| made.kind == kind && made.name == name);
            let _ = write!(text, "{field}:\n- name: {name}\n");
            if exists {
                let behavior = *self.random.pick(&["merge", "replace"]);
                let _ = writeln!(text, "  behavior: {behavior}");
            }
            let value = self.scalar().replace(['\'', '"', '\\'], "");
            let _ = writeln!(text, "  literals: [\"k{}={value}\", 'x=a b']", self.folders);
            if self.chance(30) {
                let content = format!("# comment\nE{0}=value {0}\nPLAIN\n", self.folders);
                self.tree.files.insert(format!("{folder}/gen.env"), content);
                text.push_str("  envs: [gen.env]\n");
            }
            if self.chance(30) {
                let content = "text ".repeat(self.random.below(40)) + "\nend\n";
                self.tree.files.insert(format!("{folder}/gen.txt"), content);
                text.push_str("  files: [gen.txt, other=gen.txt]\n");
            }
            if self.chance(20) {
                text.push_str("  options: {disableNameSuffixHash: true, labels: {g: \"1\"}}\n");
            }
            self.made("v1", kind, &name);
        }
    }

    fn patches(&mut self, folder: &str, text: &mut String) {
        if self.visible().is_empty() || !self.chance(60) {
            return;
        }
        text.push_str("patches:\n");
        for index in 0..=self.random.below(2) {
            let made = self.random.pick(&self.objects[self.start..]).clone();
            if self.chance(35) {
                self.json_patch(&made, text);
                continue;
            }
            let body = self.merge_patch(&made);
            if self.chance(50) {
                let file = format!("p{index}.yaml");
                self.tree.files.insert(format!("{folder}/{file}"), body);
                let _ = writeln!(text, "- path: {file}");
            } else {
                text.push_str("- patch: |\n");
                for line in body.lines() {
                    let _ = writeln!(text, "    {line}");
                }
            }
            let _ = writeln!(
                text,
                "  target: {{kind: {}, name: \".*{}.*\"}}",
                made.kind, made.name
            );
        }
    }

    fn json_patch(&mut self, made: &Made, text: &mut String) {
        let value = self.scalar();
        let operation = match self.random.below(5) {
            0 => "{op: add, path: /metadata/annotations/j~1x, value: \"v\"}".to_owned(),
            1 => format!("{{op: add, path: /extra, value: {{a: {value}, list: [1, {value}]}}}}"),
            2 => "{op: add, path: /metadata/labels, value: {app: replaced}}".to_owned(),
            3 => format!("{{op: replace, path: /metadata/x, value: {value}}}"),
            _ => "{op: add, path: /list, value: [{name: a}, {name: b}]}".to_owned(),
        };
        let _ = writeln!(
            text,
            "- target: {{kind: {}}}\n  patch: |\n    - {operation}",
            made.kind
        );
    }

    fn merge_patch(&mut self, made: &Made) -> String {
        let mut text = format!(
            "apiVersion: {}\nkind: {}\nmetadata:\n  name: {}\n",
            made.api_version, made.kind, made.name
        );
        if self.chance(30) {
            let value = self.scalar();
            let _ = writeln!(text, "  labels: {{app: {value}, patched: \"1\"}}");
        }
        if self.chance(30) {
            let _ = writeln!(text, "  annotations: {{p: {}}}", self.scalar());
        }
        match made.kind.as_str() {
            "ConfigMap" | "Secret" => {
                let (a, b) = (self.scalar(), self.scalar());
                let _ = writeln!(text, "data: {{a: {a}, new: {b}, x: null}}");
            }
            "Service" => {
                let port = 80 + self.random.below(3);
                let _ = write!(text, "spec:\n  ports:\n  - port: {port}\n    name: p\n");
                if self.chance(50) {
                    text.push_str("    protocol: TCP\n");
                }
            }
            kind if WORKLOADS.contains(&kind) => {
                self.pod_patch(&mut text, "  template:\n    spec:\n      ");
            }
            "Thing" => {
                let value = self.scalar();
                let _ = writeln!(
                    text,
                    "spec: {{list: [{value}], map: {{a: {value}, b: {{c: 1}}}}}}"
                );
            }
            _ => {}
        }
        text
    }

    fn pod_patch(&mut self, text: &mut String, path: &str) {
        let indent = " ".repeat(path.len() - path.rfind('\n').unwrap() - 1);
        let _ = write!(text, "spec:\n{path}containers:\n");
        let name = self.name();
        let _ = writeln!(text, "{indent}- name: {name}");
        if self.chance(50) {
            let image = *self.random.pick(&IMAGES);
            let _ = writeln!(text, "{indent}  image: {image}");
        }
        if self.chance(50) {
            let value = self.scalar();
            let _ = write!(
                text,
                "{indent}  env:\n{indent}  - {{name: A, value: {value}}}\n{indent}  - {{name: NEW, value: x}}\n"
            );
        }
        if self.chance(40) {
            let port = 8080 + self.random.below(2);
            let _ = writeln!(
                text,
                "{indent}  ports: [{{containerPort: {port}, name: q}}]"
            );
        }
        if self.chance(20) {
            let directive = *self.random.pick(&["delete", "replace", "merge"]);
            let _ = writeln!(text, "{indent}  $patch: {directive}");
        }
        if self.chance(30) {
            let _ = writeln!(text, "{indent}tolerations: [{{key: patched}}]");
        }
        if self.chance(30) {
            let _ = writeln!(text, "{indent}volumes: [{{name: extra, emptyDir: {{}}}}]");
        }
    }

    fn replacements(&mut self, text: &mut String) {
        if self.visible().len() < 2 || !self.chance(25) {
            return;
        }
        let (from, to) = {
            let objects = self.visible().to_vec();
            (
                self.random.pick(&objects).clone(),
                self.random.pick(&objects).clone(),
            )
        };
        let path = *self.random.pick(&["metadata.name", "kind", "apiVersion"]);
        let _ = write!(
            text,
            "replacements:\n- source: {{kind: {}, name: {}, fieldPath: {path}}}\n  targets:\n  - \
             select: {{kind: {}}}\n    fieldPaths: [metadata.annotations.replaced]\n    options: \
             {{create: true}}\n",
            from.kind, from.name, to.kind
        );
        if self.chance(30) {
            text.push_str("  - select: {kind: Deployment}\n    fieldPaths: [\"spec.template.spec.containers.*.image\"]\n");
        }
    }

    fn made(&mut self, api_version: &'static str, kind: &str, name: &str) {
        self.objects.push(Made {
            api_version,
            kind: kind.to_owned(),
            name: name.to_owned(),
        });
    }

    fn resource_file(&mut self) -> String {
        let count = 1 + self.random.below(3);
        let documents: Vec<_> = (0..count).map(|_| self.object()).collect();
        documents.join("---\n")
    }

    fn object(&mut self) -> String {
        let name = format!("{}-{}", self.name(), self.objects.len());
        match self.random.below(9) {
            0 => self.config_map(&name),
            1 => self.service(&name),
            2..=4 => self.workload(&name),
            5 => self.ingress(&name),
            6 => self.binding(&name),
            7 => self.thing(&name),
            _ => self.account(&name),
        }
    }

    fn head(&mut self, api_version: &'static str, kind: &str, name: &str) -> String {
        self.made(api_version, kind, name);
        let mut text =
            format!("apiVersion: {api_version}\nkind: {kind}\nmetadata:\n  name: {name}\n");
        if self.chance(20) {
            let _ = writeln!(
                text,
                "  namespace: {}",
                self.random.pick(&["ns0", "ns1", "default"])
            );
        }
        if self.chance(40) {
            let value = self.scalar();
            let _ = writeln!(text, "  labels: {{app: {name}, extra: {value}}}");
        }
        if self.chance(30) {
            let value = self.scalar();
            let _ = writeln!(text, "  annotations:\n    note: {value}\n    other: 'x'");
        }
        text
    }

    /// The name of an object of a kind that was made, or of one that was not.
    fn reference(&mut self, kind: &str) -> String {
        let known = self.objects.iter().filter(|made| made.kind == kind);
        let names: Vec<_> = known.map(|made| made.name.clone()).collect();
        if names.is_empty() || self.chance(15) {
            return "foreign".to_owned();
        }
        self.random.pick(&names).clone()
    }

    fn config_map(&mut self, name: &str) -> String {
        let kind = *self.random.pick(&["ConfigMap", "Secret"]);
        let mut text = self.head("v1", kind, name);
        text.push_str("data:\n");
        for key in ["a", "b2", "b10", "C"] {
            let _ = writeln!(text, "  {key}: {}", self.scalar());
        }
        text.push_str(
            "  block: |\n    one\n      two\n\n    three\n  folded: >-\n    a b\n    c\n",
        );
        text
    }

    fn service(&mut self, name: &str) -> String {
        let mut text = self.head("v1", "Service", name);
        text.push_str("spec:\n  selector: {app: x}\n  ports:\n  - {port: 80, name: http}\n");
        if self.chance(50) {
            text.push_str(
                "  - {port: 81, protocol: UDP}\n  - {port: 80, protocol: UDP, name: u}\n",
            );
        }
        text
    }

    fn workload(&mut self, name: &str) -> String {
        let kind = *self.random.pick(&WORKLOADS);
        let mut text = self.head("apps/v1", kind, name);
        text.push_str("spec:\n");
        if self.chance(50) {
            text.push_str("  selector:\n    matchLabels: {app: x}\n");
        }
        if self.chance(30) {
            text.push_str("  replicas: 2\n");
        }
        if kind == "StatefulSet" {
            let service = self.reference("Service");
            let _ = writeln!(text, "  serviceName: {service}");
            text.push_str("  volumeClaimTemplates:\n  - metadata: {name: data}\n");
        }
        text.push_str("  template:\n    metadata: {labels: {app: x}}\n    spec:\n");
        if self.chance(30) {
            let account = self.reference("ServiceAccount");
            let _ = writeln!(text, "      serviceAccountName: {account}");
        }
        if self.chance(20) {
            text.push_str("      initContainers:\n");
        }
        text.push_str("      containers:\n");
        for _ in 0..=self.random.below(2) {
            self.container(&mut text);
        }
        if self.chance(50) {
            let (config, secret) = (self.reference("ConfigMap"), self.reference("Secret"));
            let _ = write!(
                text,
                "      volumes:\n      - {{name: a, configMap: {{name: {config}}}}}\n      - {{name: \
                 b, secret: {{secretName: {secret}}}}}\n"
            );
        }
        text
    }

    fn container(&mut self, text: &mut String) {
        let (name, image) = (self.name(), *self.random.pick(&IMAGES));
        let _ = write!(text, "      - name: {name}\n        image: {image}\n");
        if self.chance(40) {
            text.push_str("        ports:\n        - containerPort: 8080\n        - {containerPort: 8081, protocol: UDP}\n");
        }
        if self.chance(50) {
            let config = self.reference("ConfigMap");
            let value = self.scalar();
            let _ = write!(
                text,
                "        env:\n        - name: A\n          value: {value}\n        - name: B\n          \
                 valueFrom: {{configMapKeyRef: {{name: {config}, key: a}}}}\n        envFrom:\n        - \
                 configMapRef: {{name: {config}}}\n"
            );
        }
    }

    fn ingress(&mut self, name: &str) -> String {
        let mut text = self.head("networking.k8s.io/v1", "Ingress", name);
        let (service, secret) = (self.reference("Service"), self.reference("Secret"));
        let _ = write!(
            text,
            "spec:\n  tls: [{{secretName: {secret}}}]\n  rules:\n  - http:\n      paths:\n      - path: /\n        \
             backend: {{service: {{name: {service}, port: {{number: 80}}}}}}\n"
        );
        text
    }

    fn binding(&mut self, name: &str) -> String {
        let kind = *self.random.pick(&["RoleBinding", "ClusterRoleBinding"]);
        let mut text = self.head("rbac.authorization.k8s.io/v1", kind, name);
        let account = self.reference("ServiceAccount");
        let namespace = *self.random.pick(&["ns0", "ns1", "default"]);
        let _ = write!(
            text,
            "roleRef: {{apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: r}}\nsubjects:\n- kind: \
             ServiceAccount\n  name: {account}\n  namespace: {namespace}\n- {{kind: ServiceAccount, name: default, \
             namespace: x}}\n"
        );
        text
    }

    fn thing(&mut self, name: &str) -> String {
        let mut text = self.head("example.com/v1", "Thing", name);
        let (a, b) = (self.scalar(), self.scalar());
        let image = *self.random.pick(&IMAGES);
        let _ = write!(
            text,
            "spec:\n  list: [{a}, {b}]\n  map:\n    a: {b}\n    none:\n  containers:\n  - image: {image}\n"
        );
        text
    }

    fn account(&mut self, name: &str) -> String {
        let has_namespace = self.objects.iter().any(|made| made.kind == "Namespace");
        let kind = match self.random.below(3) {
            0 if !has_namespace => "Namespace",
            1 => "PersistentVolumeClaim",
            _ => "ServiceAccount",
        };
        self.head("v1", kind, name)
    }
}

fn is_scaled(kind: &str) -> bool {
    matches!(kind, "Deployment" | "StatefulSet" | "ReplicaSet")
}
