//! What a Pod gives the agent: its container's command and environment, its account's files at their fixed place.

use std::fs;
use std::path::{Path, PathBuf};

use crate::client::Connection;
use crate::{ControlPlane, Error, Result, certificates, program};

/// Where an account's files are, below `/run`, which `/var/run` leads to.
const ACCOUNT: &str = "secrets/kubernetes.io/serviceaccount";
/// Puts a folder of ours in the place of /run, for this process only, and becomes the rest of the arguments.
const BECOME: &str = r#"mount --bind "$1" /run && shift && exec "$@""#;

/// What a Deployment starts the agent's container with.
#[derive(Debug, Clone, Default)]
pub struct Container {
    /// The arguments of the image's entry point.
    pub arguments: Vec<String>,
    /// The environment, beside what Kubernetes adds.
    pub environment: Vec<(String, String)>,
}

/// Writes the account's files, with a new token.
pub(super) fn write_account(
    folder: &Path,
    control_plane: &ControlPlane,
    account: (&str, &str),
) -> Result<()> {
    let folder = run(folder).join(ACCOUNT);
    fs::create_dir_all(&folder).map_err(Error::file(&folder))?;
    for (name, text) in [
        ("namespace", account.0),
        ("ca.crt", &control_plane.connection().authority),
        ("token", &control_plane.account_token(account.0, account.1)?),
    ] {
        // At once, as the kubelet does: nobody may read half a token.
        let (new, path) = (folder.join(format!(".{name}")), folder.join(name));
        certificates::write_private(&new, text)?;
        fs::rename(&new, &path).map_err(Error::file(&path))?;
    }
    Ok(())
}

/// The arguments of `unshare`, for a process that becomes the program and sees what a Pod shows.
pub(super) fn arguments(
    folder: &Path,
    connection: &Connection,
    (program, container): (&Path, &Container),
) -> Result<Vec<String>> {
    let address = connection.url.trim_start_matches("https://");
    let (host, port) = address
        .rsplit_once(':')
        .ok_or_else(|| Error::malformed("the API server's address", &connection.url))?;
    let mut arguments = vec!["--mount".to_owned()];
    if program::output(program::command("id").arg("-u"))?.trim() != "0" {
        arguments.push("--map-root-user".to_owned());
    }
    let run = run(folder).to_string_lossy().into_owned();
    arguments.extend(["sh", "-c", BECOME, "pod", &run, "env", "-i"].map(str::to_owned));
    arguments.push(format!("KUBERNETES_SERVICE_HOST={host}"));
    arguments.push(format!("KUBERNETES_SERVICE_PORT={port}"));
    let environment = container.environment.iter();
    arguments.extend(environment.map(|(name, value)| format!("{name}={value}")));
    arguments.push(program.to_string_lossy().into_owned());
    arguments.extend(container.arguments.iter().cloned());
    Ok(arguments)
}

fn run(folder: &Path) -> PathBuf {
    folder.join("run")
}
