//! A stage of this repository on a control plane: its accounts, and its Layers, which follow a Git server.

use serde::Deserialize as _;
use serde_json::{Value, json};

use crate::{ControlPlane, Error, GitServer, Result, Route, agent, program};

/// The Secret with the credentials of the repository.
const CREDENTIALS: &str = "platform-git";
/// With a webhook the poll can be slow.
const INTERVAL: &str = "10s";

/// Applies a stage's folder such as `clusters/stages/local`, with Layers that follow `repository` of the Git
/// server; answers the Layers' names.
///
/// # Errors
/// [`Error::Command`] with kubectl's own message, [`Error::Malformed`] for a Layer without a Git source.
pub fn register(
    control_plane: &ControlPlane,
    folder: &str,
    (git, repository): (&GitServer, &str),
) -> Result<Vec<String>> {
    create_credentials(control_plane, git)?;
    let path = program::workspace().join(folder);
    let text = control_plane.kubectl(&["kustomize", &path.to_string_lossy()])?;
    let mut names = Vec::new();
    for mut object in documents(folder, &text)? {
        if object.get("kind").and_then(Value::as_str) == Some("Layer") {
            let source = object.pointer_mut("/spec/source/git");
            let source = source
                .ok_or_else(|| Error::malformed(folder, &"a Layer has no spec.source.git"))?;
            *source = json!({
                "url": git.https_url(Route::Basic, repository),
                "ref": {"branch": "main"},
                "interval": INTERVAL,
                "secretRef": {"name": CREDENTIALS},
            });
            let name = object.pointer("/metadata/name").and_then(Value::as_str);
            names.push(name.unwrap_or_default().to_owned());
        }
        control_plane.apply(&object.to_string())?;
    }
    Ok(names)
}

fn create_credentials(control_plane: &ControlPlane, git: &GitServer) -> Result<()> {
    let secret = json!({
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": {"name": CREDENTIALS, "namespace": agent::NAMESPACE},
        "stringData": {
            "username": GitServer::USERNAME,
            "password": GitServer::PASSWORD,
            "ca.crt": git.authority(),
        },
    });
    control_plane.apply(&secret.to_string())
}

/// The documents of a YAML stream, empty ones aside; errors name it as `subject`.
pub(crate) fn documents(subject: &str, text: &str) -> Result<Vec<Value>> {
    serde_yaml::Deserializer::from_str(text)
        .map(Value::deserialize)
        .filter(|value| !matches!(value, Ok(Value::Null)))
        .map(|value| value.map_err(|error| Error::malformed(subject, &error)))
        .collect()
}
