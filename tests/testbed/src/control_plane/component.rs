//! The programs of a control plane, and the flags that each is started with.

use std::path::Path;

use super::Options;
use super::own::STAGES;
use crate::binaries::Binaries;
use crate::service::Specification;

/// A program of the control plane.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Component {
    /// The store.
    Etcd,
    /// The API server.
    ApiServer,
    /// The built-in controllers.
    ControllerManager,
    /// The scheduler.
    Scheduler,
    /// The life of nodes and pods.
    Kwok,
}

impl Component {
    fn name(self) -> &'static str {
        match self {
            Self::Etcd => "etcd",
            Self::ApiServer => "kube-apiserver",
            Self::ControllerManager => "kube-controller-manager",
            Self::Scheduler => "kube-scheduler",
            Self::Kwok => "kwok",
        }
    }
}

/// What the flags are made from.
#[derive(Debug)]
pub(super) struct Setting<'a> {
    pub(super) binaries: &'a Binaries,
    pub(super) folder: &'a Path,
    pub(super) options: &'a Options,
    pub(super) etcd: (u16, u16),
    pub(super) api_server: u16,
    pub(super) node: u16,
    /// Where forwarded ports of pods lead.
    pub(super) forward: u16,
}

impl Setting<'_> {
    pub(super) fn specification(&self, component: Component) -> Specification {
        let arguments = match component {
            Component::Etcd => self.etcd(),
            Component::ApiServer => self.api_server(),
            Component::ControllerManager => self.controller_manager(),
            Component::Scheduler => self.scheduler(),
            Component::Kwok => self.kwok(),
        };
        Specification {
            name: component.name(),
            program: self.binaries.program(component.name()),
            arguments,
            environment: Vec::new(),
        }
    }

    fn etcd(&self) -> Vec<String> {
        let (client, peer) = self.etcd;
        let client = format!("http://127.0.0.1:{client}");
        let peer = format!("http://127.0.0.1:{peer}");
        let mut flags = vec![
            format!("--data-dir={}", self.path("etcd")),
            format!("--listen-client-urls={client}"),
            format!("--advertise-client-urls={client}"),
            format!("--listen-peer-urls={peer}"),
            format!("--initial-advertise-peer-urls={peer}"),
            format!("--initial-cluster=default={peer}"),
            "--log-level=warn".to_owned(),
        ];
        if !self.options.durable {
            flags.push("--unsafe-no-fsync".to_owned());
        }
        flags
    }

    fn api_server(&self) -> Vec<String> {
        let mut flags = vec![
            format!("--etcd-servers=http://127.0.0.1:{}", self.etcd.0),
            "--bind-address=127.0.0.1".to_owned(),
            format!("--secure-port={}", self.api_server),
            // A loopback address cannot be an endpoint of the Service `kubernetes`.
            "--endpoint-reconciler-type=none".to_owned(),
            format!("--tls-cert-file={}", self.path("api-server.crt")),
            format!("--tls-private-key-file={}", self.path("api-server.key")),
            format!("--client-ca-file={}", self.path("ca.crt")),
            format!("--requestheader-client-ca-file={}", self.path("ca.crt")),
            "--requestheader-allowed-names=front-proxy-client".to_owned(),
            "--requestheader-username-headers=X-Remote-User".to_owned(),
            "--requestheader-group-headers=X-Remote-Group".to_owned(),
            "--requestheader-extra-headers-prefix=X-Remote-Extra-".to_owned(),
            format!("--proxy-client-cert-file={}", self.path("front-proxy.crt")),
            format!("--proxy-client-key-file={}", self.path("front-proxy.key")),
            "--service-account-issuer=https://kubernetes.default.svc".to_owned(),
            format!(
                "--service-account-key-file={}",
                self.path("service-account.pub")
            ),
            format!(
                "--service-account-signing-key-file={}",
                self.path("service-account.key")
            ),
            "--service-cluster-ip-range=10.96.0.0/16".to_owned(),
            "--authorization-mode=Node,RBAC".to_owned(),
            "--allow-privileged=true".to_owned(),
            "--profiling=false".to_owned(),
            "--kubelet-preferred-address-types=InternalIP".to_owned(),
            // Webhooks are asked at the ready pods of their Services, through the rig's proxy.
            "--enable-aggregator-routing=true".to_owned(),
            format!("--egress-selector-config-file={}", self.path("egress.yaml")),
        ];
        if self.options.audit {
            flags.push(format!(
                "--audit-policy-file={}",
                self.path("audit-policy.yaml")
            ));
            flags.push(format!("--audit-log-path={}", self.path("audit.log")));
        }
        flags.extend(self.options.api_server_flags.iter().cloned());
        flags
    }

    fn controller_manager(&self) -> Vec<String> {
        let mut flags = vec![
            format!(
                "--kubeconfig={}",
                self.path("controller-manager.kubeconfig")
            ),
            "--leader-elect=false".to_owned(),
            "--secure-port=0".to_owned(),
            "--use-service-account-credentials=true".to_owned(),
            format!("--root-ca-file={}", self.path("ca.crt")),
            format!("--cluster-signing-cert-file={}", self.path("ca.crt")),
            format!("--cluster-signing-key-file={}", self.path("ca.key")),
            format!(
                "--service-account-private-key-file={}",
                self.path("service-account.key")
            ),
        ];
        flags.extend(self.limits());
        flags
    }

    fn scheduler(&self) -> Vec<String> {
        let mut flags = vec![
            format!("--kubeconfig={}", self.path("scheduler.kubeconfig")),
            "--leader-elect=false".to_owned(),
            "--secure-port=0".to_owned(),
        ];
        flags.extend(self.limits());
        flags
    }

    fn kwok(&self) -> Vec<String> {
        let mut flags = vec![
            format!("--kubeconfig={}", self.path("kwok.kubeconfig")),
            "--manage-all-nodes=true".to_owned(),
            // Without Leases the nodes, and all that runs on them, are taken for lost after 50 s.
            "--node-lease-duration-seconds=40".to_owned(),
            // The API server asks here for the logs of every node's containers.
            "--node-ip=127.0.0.1".to_owned(),
            format!("--node-port={}", self.node),
            format!("--server-address=127.0.0.1:{}", self.node),
            format!("--tls-cert-file={}", self.path("api-server.crt")),
            format!("--tls-private-key-file={}", self.path("api-server.key")),
        ];
        flags.extend(STAGES.map(|file| format!("--config={}", self.path(file))));
        flags
    }

    fn limits(&self) -> Vec<String> {
        let Some(limit) = self.options.controller_requests_per_second else {
            return Vec::new();
        };
        let burst = limit.saturating_mul(2);
        vec![
            format!("--kube-api-qps={limit}"),
            format!("--kube-api-burst={burst}"),
        ]
    }

    fn path(&self, name: &str) -> String {
        self.folder.join(name).display().to_string()
    }
}
