//! A real API server with the real CRDs takes every stage, from the layer's own account, under strict validation.

use std::time::Duration;

use serde_json::Value;
use tidegate_testbed::{ControlPlane, Operators, Options, wait};

use crate::stage::yaml;

const ACCOUNT: &str = "system:serviceaccount:tidegate-system:database-deployer";
const LIMIT: Duration = Duration::from_secs(120);

/// A control plane with the infrastructure of `local` and the deployer's rights.
struct Platform {
    _operators: Operators,
    control_plane: ControlPlane,
}

impl Platform {
    fn start() -> Self {
        let control_plane = ControlPlane::start(&Options::default()).unwrap();
        let operators = Operators::start(&control_plane, Duration::from_millis(50)).unwrap();
        control_plane
            .kubectl(&["create", "namespace", "tidegate-system"])
            .unwrap();
        let platform = Self {
            _operators: operators,
            control_plane,
        };
        platform.apply("clusters/stages/local/infrastructure", &[]);
        platform.apply("manifests/database/deployer", &[]);
        platform
    }

    /// Applies a folder: what defines kinds and namespaces first, and the rest once it is taken.
    fn apply(&self, path: &str, flags: &[&str]) {
        let text = yaml(path);
        let defines = |document: &&str| {
            document
                .lines()
                .any(|line| line == "kind: CustomResourceDefinition" || line == "kind: Namespace")
        };
        let (first, rest): (Vec<_>, Vec<_>) = text.split("\n---\n").partition(defines);
        self.apply_documents(&first, flags).unwrap();
        wait::until("the API server to take the rest", LIMIT, || {
            self.apply_documents(&rest, flags)
        })
        .unwrap();
    }

    fn apply_documents(&self, documents: &[&str], flags: &[&str]) -> Result<(), String> {
        if documents.is_empty() {
            return Ok(());
        }
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), documents.join("\n---\n")).unwrap();
        let path = file.path().to_string_lossy();
        let fixed = ["apply", "--server-side", "--validate=strict", "-f", &path];
        let arguments = [&fixed, flags].concat();
        let applied = self.control_plane.kubectl(&arguments);
        applied.map(drop).map_err(|error| error.to_string())
    }

    /// Waits until a field of an object has a value.
    fn wait_for(&self, path: &str, pointer: &str, expected: &Value) {
        wait::until(&format!("{path} {pointer}"), LIMIT, || {
            let object = self.control_plane.client().get(path);
            let object = object.map_err(|error| error.to_string())?;
            match object.pointer(pointer) {
                Some(found) if found == expected => Ok(()),
                found => Err(format!("{found:?}")),
            }
        })
        .unwrap();
    }
}

fn check(stage: &str, redis: u64) {
    let platform = Platform::start();
    let account = format!("--as={ACCOUNT}");
    platform.apply(&format!("clusters/stages/{stage}/database"), &[&account]);
    let cnpg = "/apis/postgresql.cnpg.io/v1/namespaces/databases";
    platform.wait_for(
        &format!("{cnpg}/clusters/pg-main"),
        "/status/readyInstances",
        &3.into(),
    );
    for database in ["appdb", "n8n", "temporal", "temporal-visibility"] {
        let path = format!("{cnpg}/databases/{database}");
        platform.wait_for(&path, "/status/applied", &true.into());
    }
    let apps = "/apis/apps/v1/namespaces/databases";
    for (workload, ready) in [
        ("statefulsets/redis", redis),
        ("statefulsets/redis-sentinel", 3),
        ("deployments/redisinsight", 1),
        ("deployments/pgadmin", 1),
    ] {
        let path = format!("{apps}/{workload}");
        platform.wait_for(&path, "/status/readyReplicas", &ready.into());
    }
}

#[test]
fn local_comes_up() {
    check("local", 2);
}

#[test]
fn dev_comes_up() {
    check("dev", 2);
}

#[test]
fn prod_comes_up() {
    check("prod", 3);
}
