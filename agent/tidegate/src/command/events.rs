//! `tidegate events [LAYER]`.

use anyhow::{Context as _, Result};
use clap::Args;
use jiff::Timestamp;
use k8s_openapi::api::events::v1::Event;
use kube::Api;
use kube::api::ListParams;
use tidegate_cluster::{ApiError, Cluster};

use super::layers::{self, LayerName};
use crate::command::ClusterArgs;
use crate::exit::Exit;
use crate::output::{self, Table, age, one_line};

/// Show the Events of layers, the oldest first: each passage from one lasting state to another
#[derive(Debug, Args)]
pub(crate) struct Events {
    /// The layer; all if it is not given.
    #[arg(value_name = "[NAMESPACE/]LAYER")]
    layer: Option<LayerName>,
    /// The namespace; all if it is not given.
    #[arg(short, long, value_name = "NAMESPACE")]
    namespace: Option<String>,
    #[command(flatten)]
    to: ClusterArgs,
}

impl Events {
    pub(crate) async fn run(&self) -> Result<Exit> {
        let cluster = self.to.connect().await?;
        let mut events = self.list(&cluster).await?;
        events.sort_by_key(time);
        output::data(&table(&events, Timestamp::now()))?;
        Ok(Exit::Done)
    }

    async fn list(&self, cluster: &Cluster) -> Result<Vec<Event>> {
        let mut namespace = self.namespace.clone();
        let mut fields =
            "regarding.kind=Layer,regarding.apiVersion=tidegate.dev/v1alpha1".to_owned();
        if let Some(name) = &self.layer {
            let layer = layers::find(cluster, self.namespace.as_deref(), name).await?;
            namespace = layer.metadata.namespace;
            fields = format!("{fields},regarding.name={}", name.name);
        }
        let api: Api<Event> = match &namespace {
            Some(namespace) => Api::namespaced(cluster.client(), namespace),
            None => Api::all(cluster.client()),
        };
        let listed = api.list(&ListParams::default().fields(&fields)).await;
        let listed = listed.map_err(|error| ApiError::of(&error));
        Ok(listed.context("events cannot be listed")?.items)
    }
}

/// When it was seen last.
fn time(event: &Event) -> Option<Timestamp> {
    let series = event
        .series
        .as_ref()
        .map(|series| series.last_observed_time.0);
    series.or(event.event_time.as_ref().map(|time| time.0))
}

fn table(events: &[Event], now: Timestamp) -> String {
    if events.is_empty() {
        return "no events\n".into();
    }
    let mut table = Table::new(&["SEEN", "TYPE", "LAYER", "REASON", "NOTE"]);
    for event in events {
        let regarding = event.regarding.clone().unwrap_or_default();
        let note = event.note.as_deref().unwrap_or_default();
        table.row(vec![
            time(event).map_or("-".into(), |seen| age(seen, now)),
            event.type_.clone().unwrap_or_default(),
            format!(
                "{}/{}",
                regarding.namespace.unwrap_or_default(),
                regarding.name.unwrap_or_default()
            ),
            event.reason.clone().unwrap_or_default(),
            one_line(note),
        ]);
    }
    table.text()
}
