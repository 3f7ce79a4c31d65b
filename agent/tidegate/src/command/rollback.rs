//! `tidegate rollback LAYER REVISION`.

use std::collections::BTreeSet;

use anyhow::{Context as _, Result, bail};
use clap::Args;
use jiff::{SignedDuration, Timestamp};
use kube::{Api, ResourceExt as _};
use tidegate_sync::{Control, Layer};

use super::get::condition;
use super::layers::{self, LayerName};
use super::progress;
use crate::command::ClusterArgs;
use crate::exit::Exit;
use crate::output;

/// Digits of a commit by which it is looked for in the history.
const SHORTEST: usize = 7;
/// Why a layer that has not looked at its commit yet is not ready: what was before.
const BEFORE: [&str; 5] = [
    "Degraded",
    "RunFailed",
    "Healthy",
    "Progressing",
    "DependencyNotReady",
];

/// Bring a layer to a commit, and hold it there for a time
///
/// The hold is in the Layer's spec: it survives restarts, and ends by itself; then the layer follows its ref again.
/// `tidegate resume` ends it earlier.
#[derive(Debug, Args)]
pub(crate) struct Rollback {
    /// The layer.
    #[arg(value_name = "[NAMESPACE/]LAYER")]
    layer: LayerName,
    /// A whole commit id, or the first digits of one that `tidegate history` shows.
    #[arg(value_name = "REVISION")]
    revision: String,
    /// How long the layer is held, for example `30m` or `2h`.
    #[arg(long = "for", value_name = "DURATION", default_value = "2h")]
    duration: SignedDuration,
    /// Follow the layer until it is healthy at the commit: exit code 1 if it does not get so.
    #[arg(short, long)]
    wait: bool,
    /// The namespace; the layer is looked for in all if it is not given.
    #[arg(short, long, value_name = "NAMESPACE")]
    namespace: Option<String>,
    #[command(flatten)]
    to: ClusterArgs,
}

impl Rollback {
    pub(crate) async fn run(&self) -> Result<Exit> {
        if !self.duration.is_positive() {
            bail!("--for must be a time to come, such as 30m or 2h");
        }
        let until = Timestamp::now().checked_add(self.duration);
        until.context("--for is too long")?;
        let cluster = self.to.connect().await?;
        let layer = layers::find(&cluster, self.namespace.as_deref(), &self.layer).await?;
        let commit = commit(&layer, &self.revision)?;
        let control = Control::Rollback {
            revision: commit.clone(),
            duration: self.duration,
        };
        let (held, _) = layers::change(&cluster, &layer, &control).await?;
        let id = layers::id(&held);
        let until = held.spec.hold.map(|hold| hold.until).unwrap_or_default();
        output::line(&format!("{id} is held at {commit} until {until}"))?;
        if !self.wait {
            return Ok(Exit::Done);
        }
        if layer.spec.suspend {
            bail!("the layer is suspended: `tidegate resume` it before you wait for it");
        }
        let namespace = layer.namespace().unwrap_or_default();
        let api = Api::namespaced(cluster.client(), &namespace);
        progress::follow(api, &layer.name_any(), |layer, _| Ok(ended(layer, &commit))).await
    }
}

/// The whole id of a commit: as it is given, or as the history knows it.
fn commit(layer: &Layer, text: &str) -> Result<String> {
    let text = text.rsplit(':').next().unwrap_or(text).to_lowercase();
    let is_hexadecimal = text.bytes().all(|byte| byte.is_ascii_hexdigit());
    if is_hexadecimal && text.len() == 40 {
        return Ok(text);
    }
    let history = layer.status.iter().flat_map(|status| &status.history);
    let known: BTreeSet<&str> = history
        .filter_map(|run| run.revision.as_deref()?.rsplit(':').next())
        .collect();
    let fits = |commit: &&&str| text.len() >= SHORTEST && commit.starts_with(&text);
    let found: Vec<&&str> = known.iter().filter(fits).collect();
    match found.as_slice() {
        [commit] => Ok((**commit).to_owned()),
        [] => bail!(
            "the history has no commit `{text}`: give all forty digits of its id, or at least {SHORTEST} of one that `tidegate history` shows"
        ),
        _ => bail!("`{text}` is more than one commit of the history: give more digits"),
    }
}

/// How it ended, if it did.
fn ended(layer: &Layer, commit: &str) -> Option<(Exit, String)> {
    let status = layer.status.as_ref()?;
    let ready = condition(layer, "Ready")?;
    let attempted = status.last_attempted_revision.as_deref();
    let is_there = attempted.is_some_and(|revision| revision.ends_with(commit));
    if status.observed_generation != layer.metadata.generation {
        return None;
    }
    match ready.status.as_str() {
        "True" if is_there => Some((Exit::Done, "healthy".into())),
        "False" if is_there || !BEFORE.contains(&ready.reason.as_str()) => Some((
            Exit::NotDone,
            format!("{}: {}", ready.reason, ready.message),
        )),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn layer(revisions: &[&str]) -> Layer {
        let run = |revision: &&str| {
            json!({"id": "1", "trigger": "change", "outcome": "healthy", "started": "", "ended": "",
                "revision": format!("main@sha1:{revision}")})
        };
        let history: Vec<_> = revisions.iter().map(run).collect();
        serde_json::from_value(json!({
            "apiVersion": "tidegate.dev/v1alpha1",
            "kind": "Layer",
            "metadata": {"name": "web"},
            "spec": {"source": {"git": {"url": "https://git.example.com/a.git"}}},
            "status": {"history": history},
        }))
        .unwrap()
    }

    #[test]
    fn a_commit_is_named_whole_or_by_its_first_digits() {
        let (one, two) = ("a".repeat(40), format!("{}b", "a".repeat(39)));
        let check = |text: &str, expected: Result<&str, &str>| {
            let found = commit(&layer(&[&one, &two, &"c".repeat(40)]), text);
            match expected {
                Ok(expected) => assert_eq!(found.unwrap(), expected),
                Err(expected) => {
                    let error = found.unwrap_err().to_string();
                    assert!(error.contains(expected), "{error}");
                }
            }
        };
        check(&"D".repeat(40), Ok(&"d".repeat(40)));
        check(&format!("main@sha1:{two}"), Ok(&two));
        check("ccccccc", Ok(&"c".repeat(40)));
        check("cccccc", Err("at least 7"));
        check("aaaaaaa", Err("more than one commit"));
        check("v1.2.3", Err("has no commit `v1.2.3`"));
    }
}
