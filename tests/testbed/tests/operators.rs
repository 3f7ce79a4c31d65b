//! The played operators, over the real CRDs.
#![cfg(test)]

use std::collections::BTreeMap;
use std::time::Duration;

use serde_json::Value;
use tidegate_testbed::{ControlPlane, Operator, Operators, Options, Upstream, wait};

const LIMIT: Duration = Duration::from_secs(60);
const PACE: Duration = Duration::from_millis(100);
const CNPG: &str = "/apis/postgresql.cnpg.io/v1/namespaces/default";
const ESO: &str = "/apis/external-secrets.io/v1/namespaces/default";

fn start() -> (ControlPlane, Operators) {
    let control_plane = ControlPlane::start(&Options::default()).unwrap();
    let operators = Operators::start(&control_plane, PACE).unwrap();
    let projects = [
        Upstream::Cnpg,
        Upstream::ExternalSecrets,
        Upstream::CertManager,
    ];
    control_plane.install_crds(&projects).unwrap();
    (control_plane, operators)
}

fn wait_for(control_plane: &ControlPlane, path: &str, (pointer, expected): (&str, &str)) -> Value {
    wait::until(&format!("{path} {pointer} to be {expected}"), LIMIT, || {
        let object = control_plane
            .client()
            .get(path)
            .map_err(|error| error.to_string())?;
        let found = object.pointer(pointer).unwrap_or(&Value::Null);
        let text = found
            .as_str()
            .map_or_else(|| found.to_string(), str::to_owned);
        if text == expected {
            Ok(object)
        } else {
            Err(object["status"].to_string())
        }
    })
    .unwrap()
}

const DATABASE: &str = r#"
apiVersion: postgresql.cnpg.io/v1
kind: Cluster
metadata: {name: pg, namespace: default}
spec:
  instances: 3
  imageName: example.com/postgresql:16.4
  bootstrap: {initdb: {database: appdb, owner: appdb}}
  storage: {size: 1Gi}
---
apiVersion: generators.external-secrets.io/v1alpha1
kind: Password
metadata: {name: role, namespace: default}
spec: {length: 32, digits: 8, symbols: 0, noUpper: false, allowRepeat: true}
---
apiVersion: external-secrets.io/v1
kind: ExternalSecret
metadata: {name: pg-role-n8n, namespace: default}
spec:
  refreshPolicy: CreatedOnce
  target:
    creationPolicy: Orphan
    immutable: true
    template:
      type: kubernetes.io/basic-auth
      metadata: {labels: {cnpg.io/reload: "true"}}
      data: {username: n8n, password: "{{ .password }}"}
  dataFrom:
  - sourceRef:
      generatorRef: {apiVersion: generators.external-secrets.io/v1alpha1, kind: Password, name: role}
---
apiVersion: postgresql.cnpg.io/v1
kind: DatabaseRole
metadata: {name: pg-n8n, namespace: default}
spec: {cluster: {name: pg}, name: n8n, login: true, passwordSecret: {name: pg-role-n8n}}
---
apiVersion: postgresql.cnpg.io/v1
kind: Database
metadata: {name: pg-n8n, namespace: default}
spec: {cluster: {name: pg}, name: n8n, owner: n8n}
---
apiVersion: postgresql.cnpg.io/v1
kind: ScheduledBackup
metadata: {name: pg-daily, namespace: default}
spec: {schedule: "0 0 2 * * *", cluster: {name: pg}}
---
apiVersion: external-secrets.io/v1
kind: ClusterSecretStore
metadata: {name: manager}
spec: {provider: {fake: {data: [{key: unused, value: unused}]}}}
---
apiVersion: external-secrets.io/v1alpha1
kind: PushSecret
metadata: {name: pg-n8n, namespace: default}
spec:
  secretStoreRefs: [{name: manager, kind: ClusterSecretStore}]
  selector: {secret: {name: pg-role-n8n}}
  template: {data: {uri: "postgresql://{{ .username }}@pg-rw"}}
  data: [{match: {remoteRef: {remoteKey: databases/n8n}}}]
---
apiVersion: external-secrets.io/v1
kind: ExternalSecret
metadata: {name: consumer, namespace: default}
spec:
  secretStoreRef: {name: manager, kind: ClusterSecretStore}
  target: {name: n8n-database}
  dataFrom: [{extract: {key: databases/n8n}}]
"#;

#[test]
fn a_database_comes_up_with_its_secrets_in_the_operators_own_words() {
    let (control_plane, operators) = start();
    control_plane.apply(DATABASE).unwrap();
    let get = |path: &str| control_plane.client().get(path).unwrap();
    let cluster = format!("{CNPG}/clusters/pg");
    let healthy = wait_for(
        &control_plane,
        &cluster,
        ("/status/phase", "Cluster in healthy state"),
    );
    assert_eq!(healthy["status"]["readyInstances"], 3);
    assert_eq!(healthy["status"]["image"], "example.com/postgresql:16.4");
    assert_eq!(healthy["status"]["currentPrimary"], "pg-1");
    wait_for(
        &control_plane,
        &format!("{CNPG}/databases/pg-n8n"),
        ("/status/applied", "true"),
    );
    wait_for(
        &control_plane,
        &format!("{CNPG}/databaseroles/pg-n8n"),
        ("/status/applied", "true"),
    );
    let consumer = format!("{ESO}/externalsecrets/consumer");
    let synced = ("/status/conditions/0/reason", "SecretSynced");
    let consumer = wait_for(&control_plane, &consumer, synced);
    assert!(
        consumer["status"]["syncedResourceVersion"]
            .as_str()
            .unwrap()
            .starts_with("1-")
    );
    let secret = get("/api/v1/namespaces/default/secrets/n8n-database");
    let keys: Vec<&String> = secret["data"].as_object().unwrap().keys().collect();
    assert_eq!(keys, ["password", "uri", "username"]);
    assert_eq!(
        operators.secret("databases/n8n").unwrap()["uri"],
        "postgresql://n8n@pg-rw"
    );
    let role = get("/api/v1/namespaces/default/secrets/pg-role-n8n");
    assert_eq!(role["type"], "kubernetes.io/basic-auth");
    assert_eq!(role["immutable"], true);
    assert_eq!(role["metadata"]["labels"]["cnpg.io/reload"], "true");
    for name in ["pg-app", "pg-ca"] {
        get(&format!("/api/v1/namespaces/default/secrets/{name}"));
    }
    for name in ["pg-rw", "pg-ro", "pg-r"] {
        get(&format!("/api/v1/namespaces/default/services/{name}"));
    }
}

#[test]
fn what_fails_says_why_and_recovers_when_the_cause_goes() {
    let (control_plane, operators) = start();
    operators.suspend(Operator::Cnpg);
    let broken = DATABASE.replace("postgresql:16.4", "postgresql:broken-16.4");
    let broken = broken.replace("key: databases/n8n", "key: made-later");
    control_plane.apply(&broken).unwrap();

    let consumer = format!("{ESO}/externalsecrets/consumer");
    let failed = ("/status/conditions/0/reason", "SecretSyncedError");
    let failed = wait_for(&control_plane, &consumer, failed);
    let message = failed["status"]["conditions"][0]["message"]
        .as_str()
        .unwrap();
    assert!(message.contains("made-later"), "{message}");
    operators.break_secrets(Some("connection refused"));
    operators.put_secret("made-later", &BTreeMap::from([("a".into(), "b".into())]));
    let refused = ("/status/conditions/0/message", "connection refused");
    wait_for(&control_plane, &consumer, refused);
    operators.break_secrets(None);
    wait_for(
        &control_plane,
        &consumer,
        ("/status/conditions/0/reason", "SecretSynced"),
    );

    let cluster = format!("{CNPG}/clusters/pg");
    assert!(control_plane.client().get(&cluster).unwrap()["status"]["phase"].is_null());
    operators.resume(Operator::Cnpg);
    let pod = "/api/v1/namespaces/default/pods/pg-1";
    let reason = "/status/containerStatuses/0/state/waiting/reason";
    wait_for(&control_plane, pod, (reason, "ImagePullBackOff"));
    wait_for(
        &control_plane,
        &cluster,
        ("/status/phase", "Setting up primary"),
    );
    control_plane.apply(DATABASE).unwrap();
    wait_for(
        &control_plane,
        &cluster,
        ("/status/phase", "Cluster in healthy state"),
    );
}

#[test]
fn an_operator_whose_deployment_is_down_does_nothing_and_its_webhooks_fail() {
    let (control_plane, _operators) = start();
    let manifest = Upstream::Cnpg.files().unwrap().remove(0);
    let kubectl = |arguments: &[&str]| control_plane.kubectl(arguments);
    let file = manifest.to_string_lossy();
    kubectl(&["apply", "--server-side", "--filename", &file]).unwrap();
    let deployment = "deployment/cnpg-controller-manager";
    let in_its_namespace = ["--namespace", "cnpg-system", deployment];
    kubectl(
        &[
            &["wait", "--for=condition=Available"],
            &in_its_namespace[..],
        ]
        .concat(),
    )
    .unwrap();
    let configurations = "/apis/admissionregistration.k8s.io/v1/mutatingwebhookconfigurations";
    let configuration = format!("{configurations}/cnpg-mutating-webhook-configuration");
    wait::until("the operator to write its authority", LIMIT, || {
        let object = control_plane.client().get(&configuration).unwrap();
        let filled = object
            .pointer("/webhooks/0/clientConfig/caBundle")
            .is_some();
        if filled {
            Ok(())
        } else {
            Err(object.to_string())
        }
    })
    .unwrap();

    kubectl(&[&["scale", "--replicas=0"], &in_its_namespace[..]].concat()).unwrap();
    wait::until("the webhook to fail", LIMIT, || {
        let refused = control_plane
            .apply(DATABASE)
            .map_err(|error| error.to_string());
        match refused {
            Err(message) if message.contains("no endpoints available") => Ok(()),
            other => Err(format!("{other:?}")),
        }
    })
    .unwrap();
    kubectl(&[&["scale", "--replicas=1"], &in_its_namespace[..]].concat()).unwrap();
    wait::until("the webhook to answer", LIMIT, || {
        control_plane
            .apply(DATABASE)
            .map_err(|error| error.to_string())
    })
    .unwrap();
    let cluster = format!("{CNPG}/clusters/pg");
    wait_for(
        &control_plane,
        &cluster,
        ("/status/phase", "Cluster in healthy state"),
    );
}

const CLAIMS: &str = r"
apiVersion: apps/v1
kind: StatefulSet
metadata: {name: redis, namespace: default}
spec:
  replicas: 2
  serviceName: redis
  selector: {matchLabels: {app: redis}}
  template:
    metadata: {labels: {app: redis}}
    spec:
      containers:
      - {name: redis, image: 'example.com/redis:1', volumeMounts: [{name: data, mountPath: /data}]}
  volumeClaimTemplates:
  - metadata: {name: data}
    spec: {accessModes: [ReadWriteOnce], resources: {requests: {storage: 1Gi}}}
---
apiVersion: cert-manager.io/v1
kind: Issuer
metadata: {name: own, namespace: default}
spec: {selfSigned: {}}
---
apiVersion: cert-manager.io/v1
kind: Certificate
metadata: {name: server, namespace: default}
spec: {secretName: server-tls, dnsNames: [barman-cloud], issuerRef: {name: own, kind: Issuer}}
";

#[test]
fn claims_are_bound_and_certificates_issued() {
    let (control_plane, _operators) = start();
    control_plane.apply(CLAIMS).unwrap();
    let path = "/apis/apps/v1/namespaces/default/statefulsets/redis";
    wait_for(&control_plane, path, ("/status/readyReplicas", "2"));
    let claim = "/api/v1/namespaces/default/persistentvolumeclaims/data-redis-0";
    wait_for(&control_plane, claim, ("/status/phase", "Bound"));
    let certificate = "/apis/cert-manager.io/v1/namespaces/default/certificates/server";
    wait_for(
        &control_plane,
        certificate,
        ("/status/conditions/0/status", "True"),
    );
    let secret = control_plane
        .client()
        .get("/api/v1/namespaces/default/secrets/server-tls");
    assert_eq!(secret.unwrap()["type"], "kubernetes.io/tls");
}
