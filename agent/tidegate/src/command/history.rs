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

/// How many of the objects that a run changed are in its row; `-o json` has the first five.
const NAMED: usize = 2;

/// Show the last runs of a layer, the newest first: why, who, which revision, how it ended, how long it and its slowest
/// phase took, what changed
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
        "ENDED", "TRIGGER", "BY", "REVISION", "OUTCOME", "TOOK", "SLOWEST", "CHANGES", "OBJECTS",
        "MESSAGE",
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
        or_none(took(run)),
        or_none(slowest(run)),
        or_none(changes.join(", ")),
        or_none(objects(run)),
        one_line(&run.message),
    ]
}

/// Who asked for a run, or else approved it or confirmed what it deleted.
fn by(run: &HistoryEntry) -> String {
    let agreed = run.approved_by.as_ref().or(run.confirmed_by.as_ref());
    let by = run.requested_by.as_ref().or(agreed);
    by.cloned().unwrap_or_default()
}

fn took(run: &HistoryEntry) -> String {
    let times = (run.started.parse::<Timestamp>(), run.ended.parse());
    let (Ok(started), Ok(ended)) = times else {
        return String::new();
    };
    age(started, ended)
}

/// The phase that took longest, and how long.
fn slowest(run: &HistoryEntry) -> String {
    let slowest = run.phases.iter().max_by_key(|(_, took)| **took);
    slowest.map_or(String::new(), |(phase, took)| {
        let tenths = took.div_euclid(100);
        format!(
            "{phase} {}.{}s",
            tenths.div_euclid(10),
            tenths.rem_euclid(10)
        )
    })
}

/// The first objects that it changed.
fn objects(run: &HistoryEntry) -> String {
    let named = run.objects.iter().map(|it| it.object.as_str());
    let named: Vec<&str> = named.take(NAMED).collect();
    let count: u32 = run.changes.values().sum();
    let more = usize::try_from(count)
        .unwrap_or(usize::MAX)
        .saturating_sub(named.len());
    match more {
        0 => named.join(", "),
        _ if named.is_empty() => String::new(),
        more => format!("{} and {more} more", named.join(", ")),
    }
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
                "objects": [{"object": "core/ConfigMap/web/a", "change": "create"}],
                "phases": {"render": 20, "apply": 1500, "wait": 298_400},
            })),
        ];
        let now = "2026-01-02T03:05:00Z".parse().unwrap();
        insta::assert_snapshot!(table(&history, now), @r"
        ENDED   TRIGGER   BY    REVISION       OUTCOME   TOOK   SLOWEST       CHANGES              OBJECTS                           MESSAGE
        60s     manual    ann   main@0b0b0b0   failed    4m     -             -                    -                                 it is refused
        60m     change    -     -              healthy   5m     wait 298.4s   create 2, update 1   core/ConfigMap/web/a and 2 more
        ");
    }
}
