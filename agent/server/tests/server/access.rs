//! Who gets in, as a real API server says.

use std::fmt::Write as _;
use std::path::PathBuf;
use std::sync::OnceLock;

use insta::assert_snapshot;
use reqwest::{Method, RequestBuilder, Response};
use serde_json::{Value, json};
use tempfile::TempDir;
use tidegate_server::Access;
use tidegate_testbed::ControlPlane;
use tidegate_testbed::certificates::{Authority, Subject};
use tokio::runtime::Runtime;

use crate::rig::{Rig, Setup, layer, read, until};

/// The agent's own rights, as they are shipped.
const RBAC: &str = include_str!("../../../../manifests/tidegate/rbac.yaml");
const AGENT: &str = "system:serviceaccount:tidegate-system:tidegate";
const ROUTES: [(Method, &str); 8] = [
    (Method::GET, "/api/v1/layers"),
    (Method::GET, "/api/v1/layers/platform/database"),
    (Method::GET, "/api/v1/layers/platform/database/objects"),
    (Method::GET, "/api/v1/layers/platform/database/plan"),
    (Method::GET, "/api/v1/layers/platform/database/history"),
    (Method::GET, "/api/v1/layers/platform/database/runs/run-2"),
    (Method::GET, "/api/v1/events"),
    (Method::POST, "/api/v1/layers/platform/database/sync"),
];

/// A namespace of the cluster, and a server with a layer in it.
pub(crate) struct Ground {
    pub(crate) namespace: String,
    pub(crate) rig: Rig,
    pub(crate) runtime: Runtime,
    /// Whom clients must trust, as PEM text.
    pub(crate) authority: String,
    _tls: TempDir,
}

impl Ground {
    /// Starts a server as the agent's account.
    pub(crate) fn new() -> Self {
        static KUBECONFIG: OnceLock<PathBuf> = OnceLock::new();
        let kubeconfig = KUBECONFIG.get_or_init(|| {
            let subject = Subject {
                user: AGENT,
                group: Some("system:serviceaccounts"),
            };
            cluster().kubeconfig_for(subject).unwrap()
        });
        Self::with(Access::Cluster, Some(kubeconfig.clone()))
    }

    fn with(access: Access, kubeconfig: Option<PathBuf>) -> Self {
        let namespace = match kubeconfig {
            Some(_) => cluster().new_namespace("access").unwrap(),
            None => "platform".into(),
        };
        let authority = Authority::new("authority").unwrap();
        let identity = authority.server(&["127.0.0.1"]).unwrap();
        let tls = TempDir::new().unwrap();
        std::fs::write(tls.path().join("tls.crt"), &identity.certificate).unwrap();
        std::fs::write(tls.path().join("tls.key"), &identity.key).unwrap();
        let runtime = Runtime::new().unwrap();
        let rig = runtime.block_on(Rig::start(Setup {
            access,
            tls: Some(tls.path().to_owned()),
            hooks: None,
            cluster: kubeconfig,
            authority: Some(authority.certificate().to_owned()),
            ..Setup::default()
        }));
        let mut view = layer();
        view.namespace.clone_from(&namespace);
        rig.fleet.put(view);
        Self {
            namespace,
            rig,
            runtime,
            authority: authority.certificate().to_owned(),
            _tls: tls,
        }
    }

    /// Makes an account, and returns a token of it.
    pub(crate) fn account(&self, name: &str) -> String {
        let accounts = format!("/api/v1/namespaces/{}/serviceaccounts", self.namespace);
        let object = json!({"metadata": {"name": name}});
        let client = cluster().client();
        client.create(&accounts, &object).unwrap();
        let request = json!({"spec": {"expirationSeconds": 600}});
        let answer = client.create(&format!("{accounts}/{name}/token"), &request);
        answer.unwrap()["status"]["token"].as_str().unwrap().into()
    }

    /// Binds a ClusterRole to an account, in the namespace.
    pub(crate) fn bind(&self, account: &str, role: &str) {
        let namespace = &self.namespace;
        let path =
            format!("/apis/rbac.authorization.k8s.io/v1/namespaces/{namespace}/rolebindings");
        let binding = json!({
            "metadata": {"name": format!("{account}-{role}")},
            "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": role},
            "subjects": [{"kind": "ServiceAccount", "name": account, "namespace": namespace}],
        });
        cluster().client().create(&path, &binding).unwrap();
    }

    /// Asks with a token.
    fn ask(&self, method: Method, path: &str, token: &str) -> (u16, Value) {
        self.runtime.block_on(self.asked(method, path, token))
    }

    async fn asked(&self, method: Method, path: &str, token: &str) -> (u16, Value) {
        let request = self.rig.request(method, path).bearer_auth(token);
        read(request.send().await.unwrap()).await
    }

    fn send(&self, request: RequestBuilder) -> Response {
        let sent = async { request.send().await };
        self.runtime.block_on(sent).unwrap()
    }

    fn path(&self, rest: &str) -> String {
        format!("/api/v1/layers/{}/database{rest}", self.namespace)
    }

    /// A problem's detail, with the namespace under a fixed name.
    fn detail(&self, body: &Value) -> String {
        let detail = body["detail"].as_str().unwrap();
        detail.replace(&self.namespace, "NAMESPACE")
    }
}

#[test]
fn an_account_with_just_the_right_may_sync_and_follow() {
    let mut ground = Ground::new();
    let token = ground.account("syncer");
    ground.bind("syncer", "tidegate-sync");
    let entered = ground.runtime.enter();
    let accepting = ground.rig.accept_syncs("run-3");
    drop(entered);

    let (status, body) = ground.ask(Method::POST, &ground.path("/sync"), &token);
    assert_eq!((status, &body["run"]), (202, &"run-3".into()), "{body}");
    let (status, body) = ground.ask(Method::GET, &ground.path("/runs/run-3"), &token);
    assert_eq!((status, &body["state"]), (200, &"pending".into()));

    let (status, body) = ground.ask(Method::GET, &ground.path(""), &token);
    assert_eq!(status, 403);
    assert_snapshot!(ground.detail(&body), @"system:serviceaccount:NAMESPACE:syncer may not get layers.tidegate.dev database in the namespace NAMESPACE: bind the ClusterRole tidegate-view to them in the namespace NAMESPACE");
    let elsewhere = "/api/v1/layers/elsewhere/database/sync";
    assert_eq!(ground.ask(Method::POST, elsewhere, &token).0, 403);

    let caller = format!("system:serviceaccount:{}:syncer", ground.namespace);
    let Ground { rig, runtime, .. } = ground;
    drop(rig);
    assert_eq!(runtime.block_on(accepting).unwrap(), [caller]);
}

#[test]
fn a_reader_may_read_and_not_sync_until_that_is_granted() {
    let mut ground = Ground::new();
    let token = ground.account("reader");
    ground.bind("reader", "tidegate-view");
    for rest in ["", "/objects", "/plan", "/history", "/runs/run-2"] {
        let (status, body) = ground.ask(Method::GET, &ground.path(rest), &token);
        assert_eq!(status, 200, "{rest}: {body}");
    }
    let list = format!("/api/v1/layers?namespace={}", ground.namespace);
    let (status, body) = ground.ask(Method::GET, &list, &token);
    assert_eq!(
        (status, &body["items"][0]["name"]),
        (200, &"database".into())
    );
    let (status, body) = ground.ask(Method::GET, "/api/v1/layers", &token);
    assert_eq!(status, 403);
    assert_snapshot!(ground.detail(&body), @"system:serviceaccount:NAMESPACE:reader may not list layers.tidegate.dev in all namespaces: bind the ClusterRole tidegate-view to them by a ClusterRoleBinding, or ask for one namespace with ?namespace=");

    let (status, body) = ground.ask(Method::POST, &ground.path("/sync"), &token);
    assert_eq!(status, 403);
    assert_snapshot!(ground.detail(&body), @"system:serviceaccount:NAMESPACE:reader may not update layers.tidegate.dev/sync database in the namespace NAMESPACE: bind the ClusterRole tidegate-sync to them in the namespace NAMESPACE");
    let entered = ground.runtime.enter();
    let _accepting = ground.rig.accept_syncs("run-3");
    drop(entered);
    ground.bind("reader", "tidegate-sync");
    ground
        .runtime
        .block_on(until("the right is there", async || {
            ground
                .asked(Method::POST, &ground.path("/sync"), &token)
                .await
                .0
                == 202
        }));
}

#[test]
fn a_right_that_is_taken_away_is_gone() {
    let ground = Ground::new();
    let token = ground.account("former");
    ground.bind("former", "tidegate-sync");
    let path = ground.path("/runs/run-2");
    assert_eq!(ground.ask(Method::GET, &path, &token).0, 200);
    let binding = format!(
        "/apis/rbac.authorization.k8s.io/v1/namespaces/{}/rolebindings/former-tidegate-sync",
        ground.namespace
    );
    cluster().client().delete(&binding).unwrap();
    ground
        .runtime
        .block_on(until("the right is gone", async || {
            ground.asked(Method::GET, &path, &token).await.0 == 403
        }));
}

#[test]
fn an_object_is_shown_to_whom_the_cluster_shows_it_and_secrets_to_nobody() {
    let ground = Ground::new();
    let token = ground.account("looker");
    ground.bind("looker", "tidegate-view");
    let namespace = &ground.namespace;
    let client = cluster().client();
    let secrets = format!("/api/v1/namespaces/{namespace}/secrets");
    let secret = json!({"metadata": {"name": "login"}, "stringData": {"password": "canary"}});
    client.create(&secrets, &secret).unwrap();
    let path = ground.path(&format!("/objects/core%2FSecret%2F{namespace}%2Flogin"));

    let (status, body) = ground.ask(Method::GET, &path, &token);
    assert_eq!(status, 403);
    assert_snapshot!(ground.detail(&body), @"system:serviceaccount:NAMESPACE:looker may not get secrets login in the namespace NAMESPACE: ask an administrator of the cluster for it");

    ground.bind("looker", "admin");
    let runtime = &ground.runtime;
    runtime.block_on(until("the right is there", async || {
        ground.asked(Method::GET, &path, &token).await.0 == 200
    }));
    let (_, body) = ground.ask(Method::GET, &path, &token);
    let live = body["live"].as_str().unwrap();
    assert!(live.contains("password: '***'"), "{live}");
    for secret in ["canary", "Y2FuYXJ5"] {
        assert!(!body.to_string().contains(secret), "{body}");
    }
    assert_eq!(body["writers"][0]["operation"], "Update");
    assert_eq!(body["reasons"][0]["health"], "current");

    let missing = ground.path(&format!("/objects/core%2FSecret%2F{namespace}%2Fnone"));
    assert_eq!(ground.ask(Method::GET, &missing, &token).0, 404);
    let malformed = ground.path("/objects/login");
    assert_eq!(ground.ask(Method::GET, &malformed, &token).0, 400);
}

#[test]
fn nobody_unknown_sees_an_object_or_has_a_plan_made() {
    let ground = Ground::with(Access::AnonymousRead, None);
    for rest in ["/objects/core%2FNamespace%2F_%2Fweb", "/plan?revision=main"] {
        let request = ground.rig.request(Method::GET, &ground.path(rest));
        assert_eq!(ground.send(request).status(), 401, "{rest}");
    }
}

#[test]
fn whom_the_cluster_does_not_know_stays_out() {
    let ground = Ground::new();
    let deleted = ground.account("deleted");
    let path = format!(
        "/api/v1/namespaces/{}/serviceaccounts/deleted",
        ground.namespace
    );
    cluster().client().delete(&path).unwrap();
    let mut said = String::new();
    for (who, header) in [
        ("nobody", None),
        ("a deleted account", Some(format!("Bearer {deleted}"))),
        ("garbage", Some("Bearer garbage".into())),
        ("an empty token", Some("Bearer ".into())),
        ("another scheme", Some("Basic YTpi".into())),
        (
            "a huge token",
            Some(format!("Bearer {}", "x".repeat(17 * 1024))),
        ),
    ] {
        let mut request = ground.rig.request(Method::GET, &ground.path(""));
        if let Some(header) = header {
            request = request.header("authorization", header);
        }
        let answer = ground.send(request);
        let challenge = answer.headers()["www-authenticate"]
            .to_str()
            .unwrap()
            .to_owned();
        let (status, body) = ground.runtime.block_on(read(answer));
        let detail = ground.detail(&body);
        writeln!(said, "{who}: {status} {challenge}: {detail}").unwrap();
    }
    assert_snapshot!(said, @r#"
    nobody: 401 Bearer realm="tidegate": send the header `Authorization: Bearer <token>`; a Pod finds its token in /var/run/secrets/kubernetes.io/serviceaccount/token
    a deleted account: 401 Bearer realm="tidegate", error="invalid_token": the cluster does not accept this token: it is malformed, has expired, or is for another audience
    garbage: 401 Bearer realm="tidegate", error="invalid_token": the cluster does not accept this token: it is malformed, has expired, or is for another audience
    an empty token: 401 Bearer realm="tidegate", error="invalid_token": the header Authorization must be `Bearer <token>`, with a token of at most 16 KiB
    another scheme: 401 Bearer realm="tidegate", error="invalid_token": the header Authorization must be `Bearer <token>`, with a token of at most 16 KiB
    a huge token: 401 Bearer realm="tidegate", error="invalid_token": the header Authorization must be `Bearer <token>`, with a token of at most 16 KiB
    "#);
}

#[test]
fn no_route_answers_without_a_token() {
    let ground = Ground::with(Access::Cluster, None);
    for (method, path) in ROUTES {
        let request = ground.rig.request(method.clone(), path);
        let answer = ground.send(request);
        assert_eq!(answer.status(), 401, "{method} {path}");
    }
}

#[test]
fn anonymous_callers_may_read_where_that_is_allowed() {
    let ground = Ground::with(Access::AnonymousRead, None);
    for (method, path) in ROUTES {
        let request = ground.rig.request(method.clone(), path);
        let answer = ground.send(request);
        let expected = if method == Method::GET { 200 } else { 401 };
        assert_eq!(answer.status(), expected, "{method} {path}");
    }
}

#[test]
fn nobody_gets_in_while_the_cluster_is_away() {
    let ground = Ground::with(Access::AnonymousRead, None);
    for (method, path) in ROUTES {
        let (status, body) = ground.ask(method.clone(), path, "some-token");
        assert_eq!(status, 503, "{method} {path}: {body}");
    }
    let (_, body) = ground.ask(Method::GET, "/api/v1/layers", "some-token");
    assert_snapshot!(body["detail"].as_str().unwrap(), @"the API server does not say who you are and what you may do: try again when it answers");
}

#[test]
fn an_agent_without_its_rights_says_so() {
    let subject = Subject {
        user: "somebody",
        group: None,
    };
    let kubeconfig = cluster().kubeconfig_for(subject).unwrap();
    let ground = Ground::with(Access::Cluster, Some(kubeconfig));
    let token = ground.account("caller");
    let (status, body) = ground.ask(Method::GET, &ground.path(""), &token);
    assert_eq!(status, 503);
    assert_snapshot!(body["detail"].as_str().unwrap(), @"the agent itself may not create tokenreviews, so that nobody can be let in: bind the ClusterRole tidegate-agent to its account");
}

#[test]
fn answers_of_the_cluster_are_remembered_for_seconds() {
    let ground = Ground::new();
    let token = ground.account("often");
    ground.bind("often", "tidegate-sync");
    for _ in 0..200 {
        let (status, _) = ground.ask(Method::GET, &ground.path("/runs/run-2"), &token);
        assert_eq!(status, 200);
    }
    let events = cluster().audit().unwrap();
    let reviews = events
        .iter()
        .filter(|event| event.resource == "tokenreviews" && event.user == AGENT)
        .count();
    assert!((1..100).contains(&reviews), "{reviews} reviews");
}

/// A control plane in which the agent has its rights.
fn cluster() -> &'static ControlPlane {
    static READY: OnceLock<&ControlPlane> = OnceLock::new();
    READY.get_or_init(|| {
        let control_plane = ControlPlane::shared();
        control_plane.apply(RBAC).unwrap();
        control_plane
    })
}
