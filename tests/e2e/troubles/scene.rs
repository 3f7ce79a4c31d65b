//! The servers that go away, lead astray or say no.

use std::net::{SocketAddr, TcpListener};
use std::sync::{Mutex, MutexGuard, PoisonError};

use serde_json::{Value, json};
use tidegate_testbed::{AdmissionServer, ClientKey, Commit, GitServer, Repository, SshServer};

use crate::place::Place;
use crate::rig::Rig;

/// What some of the troubles need.
pub(super) struct Scene {
    pub(super) rig: &'static Rig,
    /// A Git server that can be taken away.
    away: Mutex<GitServer>,
    /// Takes connections, and says nothing on them.
    silent: TcpListener,
    /// A repository that gets too large.
    pub(super) large: Repository,
    pub(super) ssh: SshServer,
    /// A webhook that says no, and one that does not answer.
    pub(super) denying: AdmissionServer,
    pub(super) failing: AdmissionServer,
}

impl Scene {
    pub(super) fn start(rig: &'static Rig) -> Self {
        Self {
            rig,
            away: Mutex::new(GitServer::start().unwrap()),
            silent: TcpListener::bind("127.0.0.1:0").unwrap(),
            large: rig.git.create("large").unwrap(),
            ssh: SshServer::start().unwrap(),
            denying: AdmissionServer::start().unwrap(),
            failing: AdmissionServer::start().unwrap(),
        }
    }

    pub(super) fn away(&self) -> MutexGuard<'_, GitServer> {
        self.away.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Where a server is that takes connections and says nothing.
    pub(super) fn silent(&self) -> SocketAddr {
        self.silent.local_addr().unwrap()
    }

    /// The Secret for ssh, with these known hosts.
    pub(super) fn create_ssh_secret(&self, place: &Place, known_hosts: &str) {
        let data = json!({
            "identity": self.ssh.private_key(ClientKey::Ed25519).unwrap(),
            "known_hosts": known_hosts,
        });
        place.set_secret(&data);
    }
}

/// Has a webhook asked about the ConfigMaps of a namespace that bear the label `guarded`.
pub(super) fn guard(server: &AdmissionServer, place: &Place) {
    let rule = json!({"apiGroups": [""], "apiVersions": ["v1"], "resources": ["configmaps"], "operations": ["CREATE", "UPDATE"]});
    let mut configuration = server.configuration(&place.namespace, &rule);
    configuration["webhooks"][0]["objectSelector"] =
        json!({"matchLabels": {"guarded": place.namespace}});
    let path = "/apis/admissionregistration.k8s.io/v1/validatingwebhookconfigurations/NS";
    place.apply(path, &configuration);
}

/// A spec that follows another repository.
pub(super) fn following(place: &Place, url: &str) -> Value {
    let mut spec = place.spec();
    spec["source"]["git"]["url"] = json!(url);
    spec
}

/// Pushes the folder that a place's layer has at first to a repository of its own.
pub(super) fn push_first(repository: &Repository, place: &Place) {
    let path = format!("{}/kept.yaml", place.name);
    let commit = Commit::on("main").file(&path, place.text(super::KEPT));
    repository.push(&commit).unwrap();
}
