//! A cluster that is there already, named by `$TIDEGATE_KUBECONFIG`.

use std::path::PathBuf;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;

use super::ControlPlane;
use crate::certificates::Identity;
use crate::client::{Client, Connection, Credentials};
use crate::program::{self, Requirement};
use crate::{Error, Result};

/// The answer to what only a control plane of our own can do.
pub(super) const UNSUPPORTED: Error = Error::Unsupported {
    what: "stopping parts of a cluster, reading its audit log or making identities",
    hint: "unset TIDEGATE_KUBECONFIG, so that a control plane is started here",
};

const KUBECTL: Requirement = Requirement {
    program: "kubectl",
    purpose: "TIDEGATE_KUBECONFIG names a cluster, which kubectl reaches",
    hint: "put kubectl on PATH, or unset TIDEGATE_KUBECONFIG",
};

/// The kubeconfig of the cluster to use instead of an own one.
pub(super) fn kubeconfig() -> Option<PathBuf> {
    std::env::var_os("TIDEGATE_KUBECONFIG")
        .filter(|value| !value.is_empty())
        .map(PathBuf::from)
}

/// Connects to the cluster, which must have nodes of its own.
pub(super) fn connect(kubeconfig: PathBuf) -> Result<ControlPlane> {
    let kubectl = program::find(&KUBECTL)?;
    let view = program::output(
        program::command(&kubectl)
            .env("KUBECONFIG", &kubeconfig)
            .args([
                "config",
                "view",
                "--raw",
                "--minify",
                "--flatten",
                "--output=json",
            ]),
    )?;
    let view: Value = serde_json::from_str(&view)
        .map_err(|error| Error::malformed(kubeconfig.display().to_string(), &error))?;
    let client = Client::new(&connection(&view)?)?;
    client.get("/version")?;
    Ok(ControlPlane {
        client,
        kubeconfig,
        kubectl,
        memory: None,
        own: None,
    })
}

fn connection(view: &Value) -> Result<Connection> {
    let text = |pointer: &str| view.pointer(pointer).and_then(Value::as_str);
    let decoded = |pointer: &str| {
        let bytes = text(pointer).and_then(|value| STANDARD.decode(value).ok());
        bytes.map(|bytes| String::from_utf8_lossy(&bytes).into_owned())
    };
    let missing = |field: &str| {
        let reason = format!("{field} is missing; client certificates and tokens can be used");
        Error::malformed("the kubeconfig of TIDEGATE_KUBECONFIG", &reason)
    };
    let certificate = decoded("/users/0/user/client-certificate-data");
    let key = decoded("/users/0/user/client-key-data");
    let credentials = match (certificate, key, text("/users/0/user/token")) {
        (Some(certificate), Some(key), _) => {
            Credentials::Certificate(Identity { certificate, key })
        }
        (_, _, Some(token)) => Credentials::Token(token.to_owned()),
        _ => return Err(missing("users[0].user")),
    };
    Ok(Connection {
        url: text("/clusters/0/cluster/server")
            .ok_or_else(|| missing("server"))?
            .to_owned(),
        authority: decoded("/clusters/0/cluster/certificate-authority-data")
            .ok_or_else(|| missing("certificate-authority-data"))?,
        credentials,
    })
}
