//! A namespace of the shared control plane, an account that deploys, and an engine.

use std::fmt::Write as _;
use std::path::Path;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use serde::Deserialize as _;
use serde_json::Value;
use tidegate_cluster::{Cluster, ConnectOptions};
use tidegate_kustomize::Rendered;
use tidegate_object::{Object, Origin};
use tidegate_sync::{
    Adopt, Claims, Consent, Consents, Engine, FailurePolicy, Finished, Leaving, Mode, Order, Owner,
    Prerequisite, Prune, PruneWhen, Restraint, Run, RunObject, Settings, Trigger,
};
use tidegate_testbed::{AuditEvent, ControlPlane, wait};
use tokio::runtime::Runtime;
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

pub(crate) const LIMIT: Duration = Duration::from_secs(60);

/// One test's part of the shared control plane.
pub(crate) struct World {
    pub control_plane: &'static ControlPlane,
    pub tenant: Tenant,
}

/// A namespace, and an engine with an owner whose objects live there.
pub(crate) struct Tenant {
    pub namespace: String,
    pub engine: Engine,
    pub owner: Owner,
}

/// A run that goes on.
pub(crate) struct Going {
    pub progress: watch::Receiver<Arc<Run>>,
    pub stop: CancellationToken,
    task: tokio::task::JoinHandle<Finished>,
}

pub(crate) fn runtime() -> &'static Runtime {
    static RUNTIME: OnceLock<Runtime> = OnceLock::new();
    RUNTIME.get_or_init(|| Runtime::new().unwrap())
}

impl World {
    /// Makes a namespace whose deployer may do everything in the cluster.
    pub(crate) fn new(name: &str) -> Self {
        let control_plane = ControlPlane::shared();
        let tenant = Tenant::new(control_plane, name);
        tenant.allow_everything(control_plane);
        Self {
            control_plane,
            tenant,
        }
    }

    /// Makes a namespace whose deployer may do nothing.
    pub(crate) fn without_rights(name: &str) -> Self {
        let control_plane = ControlPlane::shared();
        let tenant = Tenant::new(control_plane, name);
        Self {
            control_plane,
            tenant,
        }
    }

    /// Allows the deployer what a rule of a Role says, in its namespace.
    pub(crate) fn allow(&self, rule: &str) {
        let manifest = format!(
            "apiVersion: rbac.authorization.k8s.io/v1
kind: Role
metadata: {{name: deployer, namespace: NS}}
rules: [{rule}]
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: {{name: deployer, namespace: NS}}
roleRef: {{apiGroup: rbac.authorization.k8s.io, kind: Role, name: deployer}}
subjects: [{{kind: ServiceAccount, name: deployer, namespace: NS}}]
"
        );
        self.control_plane.apply(&self.text(&manifest)).unwrap();
    }

    /// The live object at a path below its namespace.
    pub(crate) fn live(&self, path: &str) -> Value {
        self.control_plane.client().get(&self.text(path)).unwrap()
    }

    /// What the engine has asked about its namespace so far, watches aside.
    pub(crate) fn requests(&self) -> Vec<AuditEvent> {
        let events = self.control_plane.audit().unwrap().into_iter();
        let is_ours = |event: &AuditEvent| {
            event.user_agent.starts_with("tidegate/") && event.namespace == self.namespace
        };
        let is_watch = |event: &AuditEvent| event.verb == "watch" || event.uri.contains("watch=");
        events
            .filter(|event| is_ours(event) && !is_watch(event))
            .collect()
    }

    /// What the deployer has written so far, oldest first.
    pub(crate) fn writes(&self) -> Vec<AuditEvent> {
        let user = format!("system:serviceaccount:{}:deployer", self.namespace);
        let events = self.control_plane.audit().unwrap().into_iter();
        events
            .filter(|event| event.is_write() && event.user == user)
            .collect()
    }
}

impl std::ops::Deref for World {
    type Target = Tenant;

    fn deref(&self) -> &Tenant {
        &self.tenant
    }
}

impl Tenant {
    /// Makes a namespace with a deployer that may do nothing.
    pub(crate) fn new(control_plane: &ControlPlane, name: &str) -> Self {
        let namespace = control_plane.new_namespace(name).unwrap();
        let owner = Owner {
            namespace: namespace.clone(),
            name: name.into(),
            uid: format!("uid-of-{namespace}"),
        };
        let tenant = Self {
            engine: engine(control_plane.kubeconfig(), &namespace),
            namespace,
            owner,
        };
        let account =
            "apiVersion: v1\nkind: ServiceAccount\nmetadata: {name: deployer, namespace: NS}\n";
        control_plane.apply(&tenant.text(account)).unwrap();
        tenant
    }

    /// Allows the deployer everything.
    pub(crate) fn allow_everything(&self, control_plane: &ControlPlane) {
        let binding = "apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata: {name: NS}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: cluster-admin}
subjects: [{kind: ServiceAccount, name: deployer, namespace: NS}]
";
        control_plane.apply(&self.text(binding)).unwrap();
    }

    /// Replaces `NS` by the namespace.
    pub(crate) fn text(&self, yaml: &str) -> String {
        yaml.replace("NS", &self.namespace)
    }

    /// An order for YAML documents, which stand in `app.yaml`.
    pub(crate) fn order(&self, yaml: &str) -> Order {
        let rendered = Rendered {
            objects: objects(&self.text(yaml)),
            ..Rendered::default()
        };
        Order {
            id: "run-1".into(),
            trigger: Trigger::Change,
            requested_by: None,
            owner: self.owner.clone(),
            revision: None,
            rendered: Arc::new(rendered),
            prerequisite: Prerequisite::default(),
            claims: Claims::default(),
            consents: Consents::default(),
            restraint: Restraint::default(),
            settings: Settings {
                adopt: Adopt::Unowned,
                timeout: Duration::from_secs(60),
                account: Some((self.namespace.clone(), "deployer".into())),
                requires: Vec::new(),
                references: Vec::new(),
                concurrency: 16,
                prune: Prune {
                    when: Some(PruneWhen::Healthy),
                    max_fraction: Prune::MAX_FRACTION,
                },
                mode: Mode::Auto,
                approve_when: Vec::new(),
                failure_policy: FailurePolicy::Stop,
            },
        }
    }

    /// Executes an order to its end.
    pub(crate) fn run(&self, order: Order) -> Arc<Run> {
        self.start(order).end()
    }

    /// Brings the objects of YAML documents to the cluster.
    pub(crate) fn apply(&self, yaml: &str) -> Arc<Run> {
        self.run(self.order(yaml))
    }

    /// Begins to execute an order.
    pub(crate) fn start(&self, order: Order) -> Going {
        let (sender, progress) = watch::channel(Arc::new(empty(&order)));
        let stop = CancellationToken::new();
        let (engine, token) = (self.engine.clone(), stop.clone());
        let task = runtime().spawn(async move { engine.run(order, sender, token).await });
        Going {
            progress,
            stop,
            task,
        }
    }
}

impl Going {
    /// Waits until the run shows something.
    pub(crate) fn until(&mut self, what: &str, shows: impl Fn(&Run) -> bool) -> Arc<Run> {
        wait::until(what, LIMIT, || {
            let run = Arc::clone(&self.progress.borrow());
            if shows(&run) {
                Ok(run)
            } else {
                Err(describe(&run))
            }
        })
        .unwrap()
    }

    /// Stops the run as soon as it shows something, as a newer commit would.
    pub(crate) fn stop_once(mut self, what: &str, shows: impl Fn(&Run) -> bool) {
        self.until(what, |run| !run.objects.is_empty() && shows(run));
        self.stop.cancel();
        self.end();
    }

    /// Tells whether the run is over.
    pub(crate) fn is_over(&self) -> bool {
        self.task.is_finished()
    }

    /// Breaks the run off in its tracks, as the end of its process would.
    pub(crate) fn abort(self) {
        self.task.abort();
        runtime().block_on(async { drop(self.task.await) });
    }

    /// Waits until the run is over.
    pub(crate) fn end(self) -> Arc<Run> {
        Arc::clone(self.finish().run())
    }

    /// Waits until the run is over, to follow it on.
    pub(crate) fn finish(self) -> Finished {
        let progress = self.progress.clone();
        runtime().block_on(async {
            let ended = tokio::time::timeout(LIMIT, self.task).await;
            let ended =
                ended.unwrap_or_else(|_| panic!("no end: {}", describe(&progress.borrow())));
            ended.unwrap()
        })
    }
}

/// An engine that keeps its inventories in a namespace, with all rights of its own.
pub(crate) fn engine(kubeconfig: &Path, namespace: &str) -> Engine {
    let options = ConnectOptions {
        kubeconfig: Some(kubeconfig.to_owned()),
        ..ConnectOptions::default()
    };
    engine_with(&options, namespace)
}

/// The same, that reaches the cluster in its own way.
pub(crate) fn engine_with(options: &ConnectOptions, namespace: &str) -> Engine {
    runtime().block_on(async {
        let cluster = Cluster::connect(options).await.unwrap();
        Engine::new(cluster, namespace)
    })
}

/// A run's object by its kind and name, as `configmap/a`.
pub(crate) fn object<'a>(run: &'a Run, short: &str) -> &'a RunObject {
    let found = run.objects.iter().find(|object| object.id.short() == short);
    found.unwrap_or_else(|| panic!("no {short}: {}", describe(run)))
}

/// An object of a run that has left Git, by its kind and name.
pub(crate) fn leaving<'a>(run: &'a Run, short: &str) -> &'a Leaving {
    let found = run
        .leaving
        .iter()
        .find(|leaving| leaving.id.short() == short);
    found.unwrap_or_else(|| panic!("no {short} leaves: {}", describe(run)))
}

/// What a person agrees to for an hour.
pub(crate) fn consent(hash: &str) -> Consent {
    Consent {
        hash: hash.into(),
        by: Some("ann".into()),
        until: Timestamp::now() + SignedDuration::from_hours(1),
        rendering: None,
    }
}

/// A run in a few lines, for failures of tests.
pub(crate) fn describe(run: &Run) -> String {
    let mut text = format!("{:?} {:?} `{}`", run.phase, run.outcome, run.message);
    for object in &run.objects {
        let (change, step, health) = (object.change, object.step, object.health);
        let id = object.id.short();
        let _ = write!(
            text,
            "\n  {id} {change} {step:?} {health} `{}`",
            object.message
        );
    }
    for leaving in &run.leaving {
        let (id, fate, message) = (leaving.id.short(), leaving.fate, &leaving.message);
        let _ = write!(text, "\n  {id} leaves {fate:?} `{message}`");
    }
    text
}

fn empty(order: &Order) -> Run {
    let text = serde_json::json!({
        "id": order.id, "trigger": "change", "started": "1970-01-01T00:00:00Z", "phase": "render",
        "waves": 0, "objects": [], "edges": [],
    });
    serde_json::from_value(text).unwrap()
}

fn objects(yaml: &str) -> Vec<Object> {
    let mut line = 1;
    let mut objects = Vec::new();
    for (index, document) in yaml.split("---\n").enumerate() {
        let value = serde_yaml::Deserializer::from_str(document);
        let value = Value::deserialize(value).unwrap();
        let origin = Origin {
            file: "app.yaml".into(),
            document: index,
            line,
        };
        line += document.lines().count() + 1;
        if !value.is_null() {
            objects.push(Object::new(value).unwrap().with_origin(origin));
        }
    }
    objects
}
