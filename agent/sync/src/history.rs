//! The last runs of a layer.

use std::collections::BTreeMap;

use jiff::Timestamp;

use crate::{HistoryEntry, Outcome, Run, Trigger};

/// How many runs are remembered.
const LENGTH: usize = 20;

/// Puts a run that is over before the older ones. A run that was superseded and wrote nothing says no more than that,
/// and takes the place of one of its kind; a start that found all as it was is not remembered.
pub(crate) fn record(history: &mut Vec<HistoryEntry>, run: &Run) {
    let entry = entry(run);
    let is_proof = run.trigger == Trigger::Start && run.outcome == Some(Outcome::Healthy);
    if is_proof && entry.changes.is_empty() {
        return;
    }
    let idle = |entry: &HistoryEntry| {
        entry.outcome == Outcome::Superseded.as_str() && entry.changes.is_empty()
    };
    if idle(&entry) && history.first().is_some_and(idle) {
        history.remove(0);
    }
    history.insert(0, entry);
    history.truncate(LENGTH);
}

/// When a run last ended well.
pub(crate) fn last_success(history: &[HistoryEntry]) -> Option<Timestamp> {
    let well = history
        .iter()
        .find(|entry| entry.outcome == Outcome::Healthy.as_str());
    well.and_then(|entry| entry.ended.parse().ok())
}

fn entry(run: &Run) -> HistoryEntry {
    let mut changes = BTreeMap::new();
    for object in run.objects.iter().filter(|object| object.was_written()) {
        let count: &mut u32 = changes
            .entry(object.change.as_str().to_owned())
            .or_default();
        *count = count.saturating_add(1);
    }
    HistoryEntry {
        id: run.id.clone(),
        trigger: run.trigger.as_str().into(),
        requested_by: run.requested_by.clone(),
        revision: run.revision.as_ref().map(ToString::to_string),
        outcome: run.outcome.map_or("", Outcome::as_str).into(),
        message: run.message.clone(),
        changes,
        started: run.started.to_string(),
        ended: run.ended.unwrap_or(run.started).to_string(),
    }
}
