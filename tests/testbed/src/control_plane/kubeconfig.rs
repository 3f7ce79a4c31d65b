//! Kubeconfig files, written as JSON, which is YAML.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use crate::client::{Connection, Credentials};

/// The text of a kubeconfig with one cluster and one user.
pub(crate) fn text(connection: &Connection) -> String {
    let user = match &connection.credentials {
        Credentials::Certificate(identity) => json!({
            "client-certificate-data": STANDARD.encode(&identity.certificate),
            "client-key-data": STANDARD.encode(&identity.key),
        }),
        Credentials::Token(token) => json!({"token": token}),
    };
    let cluster = json!({
        "server": connection.url,
        "certificate-authority-data": STANDARD.encode(&connection.authority),
    });
    let kubeconfig: Value = json!({
        "apiVersion": "v1",
        "kind": "Config",
        "clusters": [{"name": "testbed", "cluster": cluster}],
        "users": [{"name": "testbed", "user": user}],
        "contexts": [{"name": "testbed", "context": {"cluster": "testbed", "user": "testbed"}}],
        "current-context": "testbed",
    });
    format!("{kubeconfig:#}\n")
}
