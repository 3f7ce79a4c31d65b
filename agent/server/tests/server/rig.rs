//! A server on free ports, the fleet behind it, and a client.

use std::fs;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use reqwest::{Client, Method, RequestBuilder, Response};
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject as _;
use serde_json::{Value, json};
use tempfile::TempDir;
use tidegate_cluster::{Cluster, ConnectOptions, Lead};
use tidegate_server::{Access, Backend, HookOutcome, Options, Readiness, Server, Telemetry};
use tidegate_sync::{Fleet, LayerView, Lookup, Request};
use tokio::sync::mpsc::Receiver;
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio_util::sync::{CancellationToken, DropGuard};

/// How long a condition may take, before a test gives up.
pub(crate) const LIMIT: Duration = Duration::from_secs(30);

/// What a server is started with.
pub(crate) struct Setup {
    pub(crate) access: Access,
    pub(crate) tls: Option<PathBuf>,
    pub(crate) hooks: Option<PathBuf>,
    /// A kubeconfig; none is a cluster that does not answer.
    pub(crate) cluster: Option<PathBuf>,
    /// Whom the client trusts, as PEM text.
    pub(crate) authority: Option<String>,
    pub(crate) lead: Lead,
}

impl Default for Setup {
    fn default() -> Self {
        Self {
            access: Access::Open,
            tls: None,
            hooks: None,
            cluster: None,
            authority: None,
            lead: Lead::Ours,
        }
    }
}

/// A running server.
pub(crate) struct Rig {
    /// `http://host:port` or `https://host:port`.
    pub(crate) url: String,
    pub(crate) client: Client,
    pub(crate) api: SocketAddr,
    pub(crate) metrics: SocketAddr,
    /// What the server tells other replicas.
    pub(crate) announced: Option<String>,
    pub(crate) fleet: Fleet,
    pub(crate) requests: Receiver<Request>,
    pub(crate) readiness: Readiness,
    pub(crate) counts: Arc<Counts>,
    pub(crate) served: JoinHandle<()>,
    pub(crate) stop: DropGuard,
}

/// Metrics that only remember.
#[derive(Default)]
pub(crate) struct Counts(
    pub(crate) Mutex<Vec<(String, HookOutcome)>>,
    pub(crate) Mutex<Duration>,
);

impl Telemetry for Counts {
    fn exposition(&self) -> String {
        "# TYPE tidegate_leader gauge\ntidegate_leader 1\n".into()
    }

    fn unanswered(&self) -> Duration {
        *self.1.lock().unwrap()
    }

    fn webhook(&self, receiver: &str, outcome: HookOutcome) {
        self.0.lock().unwrap().push((receiver.into(), outcome));
    }
}

impl Rig {
    /// Starts a server.
    pub(crate) async fn start(setup: Setup) -> Self {
        let (fleet, requests) = Fleet::new();
        let counts = Arc::new(Counts::default());
        let cluster = cluster(setup.cluster).await;
        let backend = Backend {
            fleet: fleet.clone(),
            lookup: lookup(cluster.clone()),
            cluster,
            lead: watch::channel(setup.lead).1,
            readiness: Readiness::default(),
            telemetry: counts.clone(),
        };
        let readiness = backend.readiness.clone();
        let options = options(setup.access, setup.tls, setup.hooks);
        let server = Server::bind(&options, backend).await.unwrap();
        let stop = CancellationToken::new();
        let address = server.api_address().unwrap();
        let scheme = if setup.access == Access::Open {
            "http"
        } else {
            "https"
        };
        Self {
            url: format!("{scheme}://{address}"),
            client: client(setup.authority.as_deref()),
            api: server.api_address().unwrap(),
            metrics: server.metrics_address().unwrap(),
            announced: server.announcement(None).unwrap()(),
            served: tokio::spawn(server.serve(stop.clone())),
            stop: stop.drop_guard(),
            fleet,
            requests,
            readiness,
            counts,
        }
    }

    /// What another server of the same fleet would serve.
    pub(crate) async fn backend(&self) -> Backend {
        let cluster = cluster(None).await;
        Backend {
            fleet: self.fleet.clone(),
            lookup: lookup(cluster.clone()),
            cluster,
            lead: watch::channel(Lead::Ours).1,
            readiness: self.readiness.clone(),
            telemetry: self.counts.clone(),
        }
    }

    /// A server without authentication, with a layer.
    pub(crate) async fn with_layer() -> Self {
        let rig = Self::start(Setup::default()).await;
        rig.fleet.put(layer());
        rig
    }

    /// Sends a GET.
    pub(crate) async fn get(&self, path: &str) -> Response {
        self.request(Method::GET, path).send().await.unwrap()
    }

    /// Sends a GET, and returns status and body.
    pub(crate) async fn json(&self, path: &str) -> (u16, Value) {
        read(self.get(path).await).await
    }

    /// A request.
    pub(crate) fn request(&self, method: Method, path: &str) -> RequestBuilder {
        self.client.request(method, format!("{}{path}", self.url))
    }

    /// Accepts every sync as a run of this id.
    pub(crate) fn accept_syncs(&mut self, run: &'static str) -> JoinHandle<Vec<String>> {
        let (_, empty) = tokio::sync::mpsc::channel(1);
        let mut requests = std::mem::replace(&mut self.requests, empty);
        tokio::spawn(async move {
            let mut callers = Vec::new();
            while let Some(request) = requests.recv().await {
                let Request::Sync { by, answer, .. } = request else {
                    continue;
                };
                let ticket = tidegate_sync::Ticket {
                    run: run.into(),
                    pending: !callers.is_empty(),
                };
                callers.push(by);
                answer.send(Ok(ticket)).unwrap();
            }
            callers
        })
    }
}

async fn cluster(kubeconfig: Option<PathBuf>) -> Cluster {
    let folder = TempDir::new().unwrap();
    let nowhere = folder.path().join("kubeconfig");
    fs::write(&nowhere, NOWHERE).unwrap();
    let options = ConnectOptions {
        kubeconfig: Some(kubeconfig.unwrap_or(nowhere)),
        ..ConnectOptions::default()
    };
    let cluster = Cluster::connect(&options).await.unwrap();
    // As the agent does; a cluster that does not answer serves nothing that is known.
    let _ = cluster.kinds().refresh().await;
    cluster
}

fn lookup(cluster: Cluster) -> Arc<Lookup> {
    let folder = TempDir::new().unwrap().keep();
    Arc::new(Lookup::open(cluster, folder).unwrap())
}

/// Options on free loopback ports.
pub(crate) fn options(access: Access, tls: Option<PathBuf>, hooks: Option<PathBuf>) -> Options {
    Options {
        api: "127.0.0.1:0".parse().unwrap(),
        metrics: "127.0.0.1:0".parse().unwrap(),
        access,
        tls,
        names: vec!["tidegate.tidegate-system.svc".into()],
        hooks,
    }
}

/// A client that trusts an authority, given as PEM text.
pub(crate) fn client(authority: Option<&str>) -> Client {
    let mut roots = rustls::RootCertStore::empty();
    for certificate in CertificateDer::pem_slice_iter(authority.unwrap_or_default().as_bytes()) {
        roots.add(certificate.unwrap()).unwrap();
    }
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let config = rustls::ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    let builder = Client::builder().tls_backend_preconfigured(config);
    builder.no_proxy().timeout(LIMIT).build().unwrap()
}

/// Returns an answer's status and body.
pub(crate) async fn read(answer: Response) -> (u16, Value) {
    let status = answer.status().as_u16();
    let text = answer.text().await.unwrap();
    let body = serde_json::from_str(&text).unwrap_or(Value::String(text));
    (status, body)
}

/// Waits until a condition holds.
pub(crate) async fn until(condition: &str, mut look: impl AsyncFnMut() -> bool) {
    let waited = async {
        while !look().await {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    let waited = tokio::time::timeout(LIMIT, waited).await;
    waited.unwrap_or_else(|_| panic!("{condition}: not so after {LIMIT:?}"));
}

/// The layer `platform/database`, in the middle of a run.
pub(crate) fn layer() -> LayerView {
    let condition = |kind: &str, status: &str, message: &str| {
        json!({
            "type": kind, "status": status, "reason": "Progressing", "message": message,
            "lastTransitionTime": "2026-11-25T08:00:00Z",
        })
    };
    let history = json!([{
        "id": "run-1", "trigger": "change", "revision": format!("main@sha1:{}", "0a".repeat(20)),
        "outcome": "healthy", "changes": {"create": 3}, "started": "2026-11-25T07:00:00Z",
        "ended": "2026-11-25T07:01:00Z",
    }]);
    LayerView {
        namespace: "platform".into(),
        name: "database".into(),
        uid: "8f14e45f-0000-0000-0000-000000000001".into(),
        spec: serde_json::from_value(json!({
            "source": {"git": {"url": "https://robot:hunter2@git.example/platform.git?key=hunter2", "ref": {"branch": "main"}}},
            "path": "clusters/dev/database",
        }))
        .unwrap(),
        status: serde_json::from_value(json!({
            "observedGeneration": 1,
            "conditions": [condition("Ready", "False", "wave 2 of 2"), condition("Healthy", "False", "")],
            "lastAttemptedRevision": format!("main@sha1:{}", "0b".repeat(20)),
            "wave": {"current": 2, "of": 2},
            "inventory": {"objects": 3, "healthy": 2},
            "sync": {"id": "run-3", "state": "pending"},
            "history": history,
        }))
        .unwrap(),
        run: Some(Arc::new(serde_json::from_value(run()).unwrap())),
        rendering: None,
    }
}

fn run() -> Value {
    let object = |id: &str, wave: u32, step: &str, health: &str| {
        json!({
            "id": id, "wave": wave, "change": "create", "step": step, "health": health,
            "since": "2026-11-25T08:00:00Z",
            "origin": {"file": "clusters/dev/database/all.yaml", "document": 0, "line": 7},
        })
    };
    let mut waiting = object("apps/Deployment/web/web", 2, "waiting", "missing");
    waiting["message"] = "waits for core/Secret/web/login".into();
    waiting["waitingFor"] = json!([{
        "object": "core/Secret/web/login", "reason": "<b>not there</b>", "since": "2026-11-25T08:00:00Z",
    }]);
    json!({
        "id": "run-2", "trigger": "change", "revision": format!("main@sha1:{}", "0b".repeat(20)),
        "started": "2026-11-25T08:00:00Z", "phase": "apply", "waves": 2,
        "durations": [["fetch", 0.25], ["render", 0.5]],
        "objects": [
            object("core/Namespace/_/web", 1, "ready", "current"),
            object("core/ConfigMap/web/settings", 1, "ready", "current"),
            waiting,
        ],
        "edges": [{
            "from": "apps/Deployment/web/web", "to": "core/Namespace/_/web", "class": "exists",
            "gate": {"type": "active"}, "reason": {"source": "structure", "rule": "namespace before its content"},
            "fresh": true,
        }],
        "findings": [{
            "kind": "danglingReference", "object": "apps/Deployment/web/web", "origin": null,
            "field": "spec.template.spec.volumes[].secret.secretName", "message": "core/Secret/web/login is nowhere",
        }],
    })
}

/// A cluster at an address where nothing listens.
const NOWHERE: &str = "\
apiVersion: v1
kind: Config
current-context: nowhere
contexts: [{name: nowhere, context: {cluster: nowhere, user: nobody}}]
clusters: [{name: nowhere, cluster: {server: \"http://127.0.0.1:1\"}}]
users: [{name: nobody, user: {}}]
";
