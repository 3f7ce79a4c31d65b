//! `tidegate history LAYER`.

use anyhow::Result;
use clap::Args;
use jiff::Timestamp;
use tidegate_sync::{HistoryEntry, Layer};

use super::get::short;
use super::layers::{self, LayerName};
use crate::command::ClusterArgs;
use crate::exit::Exit;
use crate::output::{Format, Table, age, one_line};

/// Show the last runs of a layer, the newest first: why, who, which revision, what changed, how it ended
#[derive(Debug, Args)]
pub(crate) struct History {
    /// The layer.
    #[arg(value_name = "[NAMESPACE/]LAYER")]
    layer: LayerName,
    /// The namespace; the layer is looked for in all if it is not given.
    #[arg(short, long, value_name = "NAMESPACE")]
    namespace: Option<String>,
    /// The form of the output.
    #[arg(short, long, value_name = "FORM", default_value = "table")]
    output: Format,
    #[command(flatten)]
    to: ClusterArgs,
}

impl History {
    pub(crate) async fn run(&self) -> Result<Exit> {
        let cluster = self.to.connect().await?;
        let layer = layers::find(&cluster, self.namespace.as_deref(), &self.layer).await?;
        let history = runs(layer);
        self.output
            .print(&history, || table(&history, Timestamp::now()))?;
        Ok(Exit::Done)
    }
}

fn runs(layer: Layer) -> Vec<HistoryEntry> {
    layer
        .status
        .map(|status| status.history)
        .unwrap_or_default()
}

fn table(history: &[HistoryEntry], now: Timestamp) -> String {
    if history.is_empty() {
        return "no runs\n".into();
    }
    let mut table = Table::new(&[
        "ENDED", "TRIGGER", "BY", "REVISION", "OUTCOME", "CHANGES", "MESSAGE",
    ]);
    for run in history {
        table.row(row(run, now));
    }
    table.text()
}

fn row(run: &HistoryEntry, now: Timestamp) -> Vec<String> {
    let ended = run.ended.parse::<Timestamp>();
    let changes = run.changes.iter();
    let changes: Vec<String> = changes
        .map(|(change, count)| format!("{change} {count}"))
        .collect();
    let or_none = |text: String| if text.is_empty() { "-".into() } else { text };
    vec![
        ended.map_or_else(|_| "-".into(), |ended| age(ended, now)),
        run.trigger.clone(),
        or_none(by(run)),
        run.revision.as_deref().map_or("-".into(), short),
        run.outcome.clone(),
        or_none(changes.join(", ")),
        one_line(&run.message),
    ]
}

/// Who asked for a run, or else approved it or confirmed what it deleted.
fn by(run: &HistoryEntry) -> String {
    let agreed = run.approved_by.as_ref().or(run.confirmed_by.as_ref());
    let by = run.requested_by.as_ref().or(agreed);
    by.cloned().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn runs_are_one_line_each() {
        let run = |value: serde_json::Value| serde_json::from_value(value).unwrap();
        let history: Vec<HistoryEntry> = vec![
            run(serde_json::json!({
                "id": "2", "trigger": "manual", "requestedBy": "ann", "outcome": "failed",
                "revision": format!("main@sha1:{}", "0b".repeat(20)), "message": "it is\nrefused",
                "started": "2026-01-02T03:00:00Z", "ended": "2026-01-02T03:04:00Z",
            })),
            run(serde_json::json!({
                "id": "1", "trigger": "change", "outcome": "healthy", "changes": {"create": 2, "update": 1},
                "started": "2026-01-02T02:00:00Z", "ended": "2026-01-02T02:05:00Z",
            })),
        ];
        let now = "2026-01-02T03:05:00Z".parse().unwrap();
        insta::assert_snapshot!(table(&history, now), @r"
        ENDED   TRIGGER   BY    REVISION       OUTCOME   CHANGES              MESSAGE
        60s     manual    ann   main@0b0b0b0   failed    -                    it is refused
        60m     change    -     -              healthy   create 2, update 1
        ");
    }
}
