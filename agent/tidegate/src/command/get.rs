//! `tidegate get [LAYER]`.

use clap::Args;
use jiff::Timestamp;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::Condition;
use tidegate_sync::Layer;

use super::layers::{self, LayerName};
use crate::command::ClusterArgs;
use crate::exit::Exit;
use crate::output::{Format, Table, age, one_line};

/// Show layers: ready or not, how well, at which revision, in which wave
#[derive(Debug, Args)]
pub(crate) struct Get {
    /// The layer; all if it is not given.
    #[arg(value_name = "[NAMESPACE/]LAYER")]
    layer: Option<LayerName>,
    /// The namespace; all if it is not given.
    #[arg(short, long, value_name = "NAMESPACE")]
    namespace: Option<String>,
    /// The form of the output.
    #[arg(short, long, value_name = "FORM", default_value = "table")]
    output: Format,
    #[command(flatten)]
    to: ClusterArgs,
}

impl Get {
    pub(crate) async fn run(&self) -> anyhow::Result<Exit> {
        let cluster = self.to.connect().await?;
        let namespace = self.namespace.as_deref();
        let mut layers = match &self.layer {
            Some(wanted) => vec![layers::find(&cluster, namespace, wanted).await?],
            None => layers::list(&cluster, namespace).await?,
        };
        for layer in &mut layers {
            // As in kubectl: nobody reads them.
            layer.metadata.managed_fields = None;
        }
        let shown = || table(&layers, Timestamp::now());
        match (&self.layer, layers.as_slice()) {
            // As in kubectl: what is asked for by its name is no list.
            (Some(_), [layer]) => self.output.print(layer, shown)?,
            _ => self.output.print(&layers, shown)?,
        }
        let ready = layers.iter().all(|layer| is_true(layer, "Ready"));
        Ok(if ready { Exit::Done } else { Exit::NotDone })
    }
}

fn table(layers: &[Layer], now: Timestamp) -> String {
    if layers.is_empty() {
        return "no layers\n".into();
    }
    let mut table = Table::new(&[
        "NAMESPACE",
        "NAME",
        "READY",
        "HEALTH",
        "REVISION",
        "WAVE",
        "OBJECTS",
        "AGE",
        "MESSAGE",
    ]);
    for layer in layers {
        table.row(row(layer, now));
    }
    table.text()
}

fn row(layer: &Layer, now: Timestamp) -> Vec<String> {
    let status = layer.status.clone().unwrap_or_default();
    let created = layer.metadata.creation_timestamp.as_ref();
    let ready = condition(layer, "Ready");
    let wave = status.wave.map(|wave| wave.progress);
    let inventory = status.inventory.map(|owned| {
        format!(
            "{}/{}",
            owned.healthy,
            owned.objects.saturating_sub(owned.left_git)
        )
    });
    vec![
        layer.metadata.namespace.clone().unwrap_or_default(),
        layer.metadata.name.clone().unwrap_or_default(),
        ready.map_or("Unknown".into(), |ready| ready.status.clone()),
        condition(layer, "Healthy").map_or("-".into(), |healthy| healthy.reason.clone()),
        status
            .last_attempted_revision
            .as_deref()
            .map_or("-".into(), short),
        wave.unwrap_or_else(|| "-".into()),
        inventory.unwrap_or_else(|| "-".into()),
        created.map_or("-".into(), |created| age(created.0, now)),
        said(layer, now),
    ]
}

/// The message of `Ready`, after what somebody asked for, a suspension or a hold, and what is applied if that is older.
fn said(layer: &Layer, now: Timestamp) -> String {
    let mut said = standstills(layer, now);
    let status = layer.status.clone().unwrap_or_default();
    if let Some(applied) = status.last_applied_revision
        && status.last_attempted_revision.as_ref() != Some(&applied)
    {
        said.push(format!("still at {}", short(&applied)));
    }
    if let Some(ready) = condition(layer, "Ready") {
        said.push(one_line(&ready.message));
    }
    said.join("; ")
}

/// What somebody asked for that keeps commits from being applied.
pub(super) fn standstills(layer: &Layer, now: Timestamp) -> Vec<String> {
    let mut said = Vec::new();
    if layer.spec.suspend {
        said.push("suspended".to_owned());
    }
    let ends = |until: &str| until.parse::<Timestamp>().ok().filter(|until| *until > now);
    if let Some(hold) = &layer.spec.hold
        && let Some(until) = ends(&hold.until)
    {
        let commit: String = hold.revision.chars().take(7).collect();
        said.push(format!("held at {commit} until {until}"));
    }
    said
}

/// Shortens `main@sha1:<commit>` to what people read.
pub(super) fn short(revision: &str) -> String {
    let parsed = revision.parse::<tidegate_source::Revision>();
    parsed.map_or_else(|_| revision.into(), |revision| revision.short())
}

pub(super) fn condition<'a>(layer: &'a Layer, kind: &str) -> Option<&'a Condition> {
    let conditions = &layer.status.as_ref()?.conditions;
    conditions.iter().find(|condition| condition.type_ == kind)
}

pub(super) fn is_true(layer: &Layer, kind: &str) -> bool {
    condition(layer, kind).is_some_and(|condition| condition.status == "True")
}
