//! A base of a given size, and an overlay that uses every common field.

use std::fmt::Write as _;
use std::fs;
use std::io::Result;
use std::path::Path;

/// One strategic merge patch for so many objects.
const OBJECTS_PER_PATCH: usize = 20;
const OVERLAY: &str = r#"namespace: prod
namePrefix: p-
resources: [../base]
labels:
- pairs: {stage: prod}
  includeSelectors: true
commonAnnotations: {owner: team}
images:
- {name: nginx, newTag: "1.27"}
replicas:
- {name: app-0, count: 3}
configMapGenerator:
- {name: extra, literals: [a=b]}
replacements:
- source: {kind: ConfigMap, name: app-0, fieldPath: data.key}
  targets:
  - select: {kind: Ingress}
    fieldPaths: [metadata.annotations.replaced]
    options: {create: true}
patches:
- target: {kind: Deployment}
  patch: '[{"op": "add", "path": "/spec/paused", "value": false}]'
"#;

/// Writes `base` and `over` with so many objects, one file each.
pub(crate) fn write(root: &Path, objects: usize) -> Result<()> {
    let (base, over) = (root.join("base"), root.join("over"));
    fs::create_dir_all(&base)?;
    fs::create_dir_all(&over)?;
    let mut list = "resources:\n".to_owned();
    for index in 0..objects {
        let file = format!("r{index}.yaml");
        fs::write(base.join(&file), object(index))?;
        let _ = writeln!(list, "- {file}");
    }
    fs::write(base.join("kustomization.yaml"), list)?;
    let mut kustomization = OVERLAY.to_owned();
    for index in 0..objects.div_ceil(OBJECTS_PER_PATCH) {
        let file = format!("p{index}.yaml");
        fs::write(over.join(&file), patch(index))?;
        let _ = writeln!(kustomization, "- path: {file}");
    }
    fs::write(over.join("kustomization.yaml"), kustomization)
}

fn object(index: usize) -> String {
    let template = match index % 5 {
        0 => DEPLOYMENT,
        1 => SERVICE,
        2 => CONFIG_MAP,
        3 => SERVICE_ACCOUNT,
        _ => INGRESS,
    };
    template.replace("NAME", &format!("app-{}", index / 5))
}

fn patch(index: usize) -> String {
    PATCH.replace("NAME", &format!("app-{index}"))
}

const DEPLOYMENT: &str = "apiVersion: apps/v1
kind: Deployment
metadata:
  name: NAME
  labels:
    app: NAME
spec:
  replicas: 1
  selector:
    matchLabels:
      app: NAME
  template:
    metadata:
      labels:
        app: NAME
    spec:
      serviceAccountName: NAME
      containers:
      - name: main
        image: nginx:1.25
        ports:
        - containerPort: 8080
        env:
        - name: A
          value: \"1\"
        envFrom:
        - configMapRef:
            name: NAME
        volumeMounts:
        - name: config
          mountPath: /etc/config
      volumes:
      - name: config
        configMap:
          name: NAME
";
const SERVICE: &str = "apiVersion: v1
kind: Service
metadata:
  name: NAME
spec:
  selector:
    app: NAME
  ports:
  - port: 80
    targetPort: 8080
";
const CONFIG_MAP: &str = "apiVersion: v1
kind: ConfigMap
metadata:
  name: NAME
data:
  key: value
  file: |
    line one
    line two
";
const SERVICE_ACCOUNT: &str = "apiVersion: v1
kind: ServiceAccount
metadata:
  name: NAME
";
const INGRESS: &str = "apiVersion: networking.k8s.io/v1
kind: Ingress
metadata:
  name: NAME
spec:
  rules:
  - host: NAME.example.com
    http:
      paths:
      - path: /
        pathType: Prefix
        backend:
          service:
            name: NAME
            port:
              number: 80
";
const PATCH: &str = "apiVersion: apps/v1
kind: Deployment
metadata:
  name: NAME
spec:
  template:
    spec:
      containers:
      - name: main
        resources:
          limits:
            memory: 1Gi
";
