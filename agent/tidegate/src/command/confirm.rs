//! `tidegate confirm LAYER [HASH]`.

use std::fmt::Write as _;

use anyhow::Result;
use clap::Args;
use tidegate_sync::{Control, HeldPrune};

use super::consent::{ConsentArgs, Question};
use crate::exit::Exit;
use crate::output::counted;

/// Confirm deletes that are held back: shows them, what they do to what runs first, and asks
///
/// The confirmation names exactly the objects that are shown, with their uids. If others are held back when it
/// arrives, nothing goes. It is void after 24 hours. Objects that are held back for another reason than their
/// number, their kind or a layer that cannot be rendered are not among them: `kubectl describe layer` names those.
#[derive(Debug, Args)]
pub(crate) struct Confirm {
    #[command(flatten)]
    consent: ConsentArgs,
}

impl Confirm {
    pub(crate) async fn run(&self) -> Result<Exit> {
        let (cluster, layer) = self.consent.find().await?;
        let held = layer.status.as_ref();
        let Some(held) = held.and_then(|status| status.held_prune.as_ref()) else {
            return self
                .consent
                .nothing("no deletes are held back that could be confirmed");
        };
        let question = Question {
            text: text(held),
            hash: held.hash.clone(),
            ask: "Delete them?",
            done: "confirmed",
            control: Control::confirm,
        };
        self.consent.settle((&cluster, &layer), &question).await
    }
}

fn text(held: &HeldPrune) -> String {
    let mut text = String::new();
    for object in &held.objects {
        for consequence in &object.consequences {
            let _ = writeln!(text, "{} {consequence}", object.object);
        }
    }
    if !text.is_empty() {
        text.push('\n');
    }
    let count = held.count as usize;
    let _ = writeln!(text, "{} would be deleted:", counted(count, "object"));
    for object in &held.objects {
        let _ = writeln!(text, "  {}  {}", object.object, object.guard);
    }
    let more = count.saturating_sub(held.objects.len());
    if more > 0 {
        let _ = writeln!(
            text,
            "  and {more} more: GET /api/v1/layers/NAMESPACE/NAME/plan names all"
        );
    }
    let _ = writeln!(text, "hash {}", held.hash);
    text
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_deletes_do_comes_first() {
        let held: HeldPrune = serde_json::from_value(json!({"hash": "0a", "count": 3, "objects": [
            {"object": "core/PersistentVolumeClaim/db/data", "guard": "protected", "reason": "it is",
                "consequences": ["gives the volume up"]},
            {"object": "core/ConfigMap/db/a", "guard": "fraction", "reason": "too many"},
        ]}))
        .unwrap();
        insta::assert_snapshot!(text(&held), @r"
        core/PersistentVolumeClaim/db/data gives the volume up

        3 objects would be deleted:
          core/PersistentVolumeClaim/db/data  protected
          core/ConfigMap/db/a  fraction
          and 1 more: GET /api/v1/layers/NAMESPACE/NAME/plan names all
        hash 0a
        ");
    }
}
