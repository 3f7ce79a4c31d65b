//! The shapes of the API's answers about layers and runs.

use std::collections::BTreeMap;
use std::time::Duration;

use serde::Serialize;
use tidegate_sync::{GitRef, HistoryEntry, Hold, LayerSpec, LayerStatus, LayerView, Phase, Run};

/// A layer in short.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Summary {
    namespace: String,
    name: String,
    uid: String,
    source: Source,
    path: String,
    ready: bool,
    healthy: bool,
    /// The reason of the condition `Ready`.
    #[serde(skip_serializing_if = "String::is_empty")]
    reason: String,
    /// Its message.
    #[serde(skip_serializing_if = "String::is_empty")]
    message: String,
    /// The revision that was tried last.
    #[serde(skip_serializing_if = "Option::is_none")]
    revision: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    wave: Option<Wave>,
    /// The revision whose objects are all applied.
    #[serde(skip_serializing_if = "Option::is_none")]
    applied: Option<String>,
    /// Whether nothing is written until somebody resumes it.
    suspended: bool,
    /// The commit that it stays at, and until when.
    #[serde(skip_serializing_if = "Option::is_none")]
    hold: Option<Hold>,
    /// The layers that it waits on.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    depends_on: Vec<Needed>,
    /// How many objects the layer owns.
    objects: u32,
    /// How many of them are healthy.
    healthy_objects: u32,
    #[serde(skip_serializing_if = "Option::is_none")]
    run: Option<RunView>,
}

#[derive(Debug, Serialize)]
struct Source {
    url: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    r#ref: Option<GitRef>,
}

/// A layer that another one waits on.
#[derive(Debug, Serialize)]
struct Needed {
    namespace: String,
    name: String,
}

/// How far the waves are.
#[derive(Debug, Serialize)]
struct Wave {
    /// The first wave that is not done.
    current: u32,
    of: u32,
}

/// A layer: the summary, what is wanted, how it stands. The history has a route of its own.
#[derive(Debug, Serialize)]
pub(crate) struct Detail {
    #[serde(flatten)]
    summary: Summary,
    spec: LayerSpec,
    status: LayerStatus,
}

/// A run in short, wherever it stands: asked for, going on, or over.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct RunView {
    id: String,
    /// `pending`, `running`, or the outcome.
    state: String,
    /// The run that took its place.
    #[serde(skip_serializing_if = "Option::is_none")]
    superseded_by: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    trigger: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    requested_by: Option<String>,
    /// Who approved its plan.
    #[serde(skip_serializing_if = "Option::is_none")]
    approved_by: Option<String>,
    /// Who confirmed deletes that were held back.
    #[serde(skip_serializing_if = "Option::is_none")]
    confirmed_by: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    revision: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    phase: Option<String>,
    #[serde(skip_serializing_if = "String::is_empty")]
    message: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    started: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    ended: Option<String>,
    /// How many objects there are at each step.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    steps: BTreeMap<String, u32>,
    /// How long each phase took that is over, in order.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    phases: Vec<Took>,
}

/// How long a phase took.
#[derive(Debug, Serialize)]
struct Took {
    phase: String,
    milliseconds: u64,
}

impl From<&LayerView> for Summary {
    fn from(view: &LayerView) -> Self {
        let status = &view.status;
        let ready = status.conditions.iter().find(|it| it.type_ == "Ready");
        let inventory = status.inventory.clone().unwrap_or_default();
        let git = &view.spec.source.git;
        Self {
            namespace: view.namespace.clone(),
            name: view.name.clone(),
            uid: view.uid.clone(),
            source: Source {
                url: shown(&git.url),
                r#ref: git.reference.clone(),
            },
            path: view.spec.path.clone(),
            ready: is_true(status, "Ready"),
            healthy: is_true(status, "Healthy"),
            reason: ready.map(|it| it.reason.clone()).unwrap_or_default(),
            message: ready.map(|it| it.message.clone()).unwrap_or_default(),
            revision: status.last_attempted_revision.clone(),
            wave: status.wave.as_ref().map(|wave| Wave {
                current: wave.current,
                of: wave.of,
            }),
            applied: status.last_applied_revision.clone(),
            suspended: view.spec.suspend,
            hold: view.spec.hold.clone(),
            depends_on: needed(view),
            objects: inventory.objects,
            healthy_objects: inventory.healthy,
            run: view.run.as_deref().map(RunView::from),
        }
    }
}

impl Summary {
    pub(crate) fn id(&self) -> String {
        format!("{}/{}", self.namespace, self.name)
    }

    pub(crate) fn is_ready(&self) -> bool {
        self.ready
    }

    /// Tells whether the newest revision that is known is not applied.
    pub(crate) fn is_behind(&self) -> bool {
        self.revision != self.applied
    }

    /// What a search looks at.
    pub(crate) fn words(&self) -> String {
        let Self { path, message, .. } = self;
        let revision = self.revision.as_deref().unwrap_or_default();
        format!(
            "{} {path} {} {revision} {message}",
            self.id(),
            self.source.url
        )
    }
}

fn needed(view: &LayerView) -> Vec<Needed> {
    let depends_on = view.spec.depends_on.iter();
    depends_on
        .map(|dependency| dependency.layer(&view.namespace))
        .map(|(namespace, name)| Needed { namespace, name })
        .collect()
}

impl From<&LayerView> for Detail {
    fn from(view: &LayerView) -> Self {
        let mut spec = view.spec.clone();
        spec.source.git.url = shown(&spec.source.git.url);
        let mut status = view.status.clone();
        status.history.clear();
        Self {
            summary: view.into(),
            spec,
            status,
        }
    }
}

impl From<&Run> for RunView {
    fn from(run: &Run) -> Self {
        let mut steps = BTreeMap::new();
        for object in &run.objects {
            *steps.entry(word(object.step)).or_default() += 1;
        }
        Self {
            id: run.id.clone(),
            state: run.outcome.map_or_else(|| "running".into(), word),
            superseded_by: None,
            trigger: Some(word(run.trigger)),
            requested_by: run.requested_by.clone(),
            approved_by: run.approved.as_ref().and_then(|it| it.by.clone()),
            confirmed_by: run.confirmed_by.clone(),
            revision: run.revision.as_ref().map(ToString::to_string),
            phase: Some(word(run.phase)),
            message: run.message.clone(),
            started: Some(run.started.to_string()),
            ended: run.ended.map(|ended| ended.to_string()),
            steps,
            phases: run.durations.iter().map(took).collect(),
        }
    }
}

impl From<&HistoryEntry> for RunView {
    fn from(entry: &HistoryEntry) -> Self {
        Self {
            id: entry.id.clone(),
            state: entry.outcome.clone(),
            superseded_by: entry.superseded_by.clone(),
            trigger: Some(entry.trigger.clone()),
            requested_by: entry.requested_by.clone(),
            approved_by: entry.approved_by.clone(),
            confirmed_by: entry.confirmed_by.clone(),
            revision: entry.revision.clone(),
            phase: None,
            message: entry.message.clone(),
            started: Some(entry.started.clone()),
            ended: Some(entry.ended.clone()),
            steps: BTreeMap::new(),
            phases: entry
                .phases
                .iter()
                .map(|(phase, milliseconds)| Took {
                    phase: phase.clone(),
                    milliseconds: *milliseconds,
                })
                .collect(),
        }
    }
}

impl RunView {
    /// A run that was asked for and has not begun.
    pub(crate) fn pending(id: String) -> Self {
        Self::requested(id, "pending".into())
    }

    /// A run of which only the request is known.
    pub(crate) fn requested(id: String, state: String) -> Self {
        Self {
            id,
            state,
            superseded_by: None,
            trigger: Some("manual".into()),
            requested_by: None,
            approved_by: None,
            confirmed_by: None,
            revision: None,
            phase: None,
            message: String::new(),
            started: None,
            ended: None,
            steps: BTreeMap::new(),
            phases: Vec::new(),
        }
    }
}

fn took((phase, seconds): &(Phase, f64)) -> Took {
    let took = Duration::try_from_secs_f64(*seconds).unwrap_or_default();
    Took {
        phase: word(phase),
        milliseconds: u64::try_from(took.as_millis()).unwrap_or(u64::MAX),
    }
}

/// Shows a repository's URL without what may be secret: password or token, and query.
fn shown(url: &str) -> String {
    let Some((scheme, rest)) = url.split_once("://") else {
        return url.into();
    };
    let rest = rest.split(['?', '#']).next().unwrap_or_default();
    let (authority, path) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
    let host = authority.rsplit('@').next().unwrap_or_default();
    format!("{scheme}://{host}{path}")
}

/// Returns the word that JSON carries for a value that is one.
fn word(value: impl Serialize) -> String {
    let value = serde_json::to_value(value).unwrap_or_default();
    value.as_str().unwrap_or_default().into()
}

fn is_true(status: &LayerStatus, condition: &str) -> bool {
    let mut conditions = status.conditions.iter();
    conditions.any(|it| it.type_ == condition && it.status == "True")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn urls_are_shown_without_secrets() {
        for (url, expected) in [
            ("https://git.example/a.git", "https://git.example/a.git"),
            (
                "https://u:p@git.example:8443/a@b.git?token=x#y",
                "https://git.example:8443/a@b.git",
            ),
            ("https://token@git.example", "https://git.example"),
            ("https://p@ss@git.example/a", "https://git.example/a"),
            ("ssh://git@git.example/a.git", "ssh://git.example/a.git"),
            ("git@git.example:team/a.git", "git@git.example:team/a.git"),
        ] {
            assert_eq!(shown(url), expected);
        }
    }
}
