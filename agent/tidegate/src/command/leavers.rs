//! The objects of a layer that a revision no longer holds: what a run would do with each.

use std::fmt::Write as _;

use anyhow::{Context as _, Result};
use tidegate_sync::{Fate, Leaving};

use super::subject::Proposal;
use crate::output;

/// How many kinds are named that could not be listed.
const NAMED: usize = 5;

/// Asks the cluster what leaves; says what could not be seen.
pub(super) async fn of_proposal(proposal: &Proposal) -> Result<Vec<Leaving>> {
    let rendering = &proposal.rendering;
    let prune = &rendering.settings.prune;
    let asked = proposal.preview.leaving(&rendering.rendered, prune).await;
    let (leaving, unseen) = asked.context("what leaves Git cannot be read")?;
    if !unseen.is_empty() {
        let named: Vec<String> = unseen.iter().take(NAMED).map(ToString::to_string).collect();
        let more = unseen.len().saturating_sub(NAMED);
        let more = if more > 0 {
            format!(" and {more} more")
        } else {
            String::new()
        };
        output::message(&format!(
            "objects that leave Git are not seen of kinds that you may not list: {}{more}",
            named.join(", ")
        ))?;
    }
    Ok(leaving)
}

/// What becomes of an object, in a few words.
pub(super) fn fate(leaving: &Leaving) -> String {
    match (leaving.fate, leaving.guard) {
        (Fate::Held, Some(guard)) => format!("held ({}): {}", guard.as_str(), leaving.message),
        (Fate::Forgotten, _) => leaving.message.clone(),
        _ => "delete".into(),
    }
}

/// The objects that leave, a line each.
pub(super) fn text(leaving: &[Leaving]) -> String {
    let mut text = String::new();
    if !leaving.is_empty() {
        text.push_str("leave Git\n");
    }
    for one in leaving {
        let _ = writeln!(text, "  {}  {}", one.id, fate(one));
    }
    text
}
