//! `tidegate approve LAYER [HASH]`.

use std::fmt::Write as _;

use anyhow::Result;
use clap::Args;
use tidegate_sync::{Control, PlanSummary};

use super::consent::{ConsentArgs, Question};
use crate::exit::Exit;

/// Approve the plan that waits: shows what it does to what runs, then what changes, and asks
///
/// A plan waits in mode `approve`, and in mode `auto` if it has a consequence that `approveWhen` names. The approval
/// names the changes, what is wanted of each object, and the uids of those that go: of another plan by the time it
/// arrives nothing is written. It is void after 24 hours, save for what is left of a plan that it has begun.
/// `tidegate plan LAYER` and `tidegate diff LAYER` show the plan in full.
#[derive(Debug, Args)]
pub(crate) struct Approve {
    #[command(flatten)]
    consent: ConsentArgs,
}

impl Approve {
    pub(crate) async fn run(&self) -> Result<Exit> {
        let (cluster, layer) = self.consent.find().await?;
        let plan = layer.status.as_ref().and_then(|status| status.plan.clone());
        let plan = plan.unwrap_or_default();
        let Some(hash) = plan.hash.clone() else {
            return self.consent.nothing("no plan waits for approval");
        };
        let question = Question {
            text: text(&plan, &hash),
            hash,
            ask: "Carry it out?",
            done: "approved",
            control: Control::approve,
        };
        self.consent.settle((&cluster, &layer), &question).await
    }
}

fn text(plan: &PlanSummary, hash: &str) -> String {
    let mut text = String::new();
    for consequence in &plan.consequences {
        let _ = writeln!(text, "{consequence}");
    }
    if !text.is_empty() {
        text.push('\n');
    }
    let changes = plan.changes.iter().filter(|(change, _)| *change != "none");
    let changes: Vec<String> = changes
        .map(|(change, count)| format!("{change} {count}"))
        .collect();
    let _ = writeln!(text, "{}\nhash {hash}", changes.join(", "));
    text
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_the_plan_does_comes_first() {
        let plan: PlanSummary = serde_json::from_value(json!({
            "hash": "0a", "changes": {"create": 1, "none": 8, "update": 2},
            "consequences": ["apps/StatefulSet/db/redis restarts its 3 pods, one after the other"],
        }))
        .unwrap();
        insta::assert_snapshot!(text(&plan, "0a"), @r"
        apps/StatefulSet/db/redis restarts its 3 pods, one after the other

        create 1, update 2
        hash 0a
        ");
    }
}
