//! The last runs of a layer.

use std::collections::BTreeMap;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};

use crate::{ChangedObject, Drift, HistoryEntry, Leaving, Outcome, Run, Trigger, Verdict};

/// How many runs are remembered.
const LENGTH: usize = 20;

/// How many of the objects that a run changed are named.
const NAMED: usize = 5;

/// The outcome of what only suspends a layer.
pub(crate) const SUSPENDED: &str = "suspended";

/// The trigger of a line that says what was put right.
const DRIFT: &str = "drift";

/// What is put right within so long of each other is one line.
const TOGETHER: SignedDuration = SignedDuration::from_mins(1);

/// Notes that a layer was suspended, and by whom if that is known.
pub(crate) fn suspended(history: &mut Vec<HistoryEntry>, id: String, by: Option<String>) {
    let entry = HistoryEntry {
        requested_by: by,
        outcome: SUSPENDED.into(),
        message: "nothing is written until it is resumed".into(),
        ..line(id, Trigger::Manual.as_str(), Timestamp::now())
    };
    history.insert(0, entry);
    history.truncate(LENGTH);
}

/// Puts a run that is over before the older ones. What says no more than the one before takes its place, and a start
/// that found all as it was is not remembered.
pub(crate) fn record(history: &mut Vec<HistoryEntry>, run: &Run) {
    let entry = entry(run);
    let is_proof = run.trigger == Trigger::Start && run.outcome == Some(Outcome::Healthy);
    if is_proof && entry.changes.is_empty() {
        return;
    }
    if history
        .first()
        .is_some_and(|last| says_the_same(&entry, last))
    {
        let last = history.remove(0);
        // Whoever follows a run that the older one took the place of goes on here.
        let followers = history.iter_mut();
        followers
            .filter(|older| older.superseded_by.as_ref() == Some(&last.id))
            .for_each(|older| older.superseded_by = Some(entry.id.clone()));
    }
    history.insert(0, entry);
    history.truncate(LENGTH);
}

/// Notes what was put right: in the line of before, if that was a short while ago.
pub(crate) fn put_right(history: &mut Vec<HistoryEntry>, run: &Run, news: &[&Drift]) {
    let written: Vec<&&Drift> = news
        .iter()
        .filter(|drift| drift.verdict.is_write())
        .collect();
    let (Some(first), Some(last)) = (written.first(), written.last()) else {
        return;
    };
    let is_recent = |entry: &HistoryEntry| {
        let ended: Option<Timestamp> = entry.ended.parse().ok();
        let quiet = ended.map(|ended| first.noticed.duration_since(ended));
        entry.trigger == DRIFT && quiet.is_some_and(|quiet| quiet < TOGETHER)
    };
    let recent = history.first().is_some_and(is_recent);
    let mut entry = if recent {
        history.remove(0)
    } else {
        let id = uuid::Uuid::new_v4().to_string();
        HistoryEntry {
            revision: run.revision.as_ref().map(ToString::to_string),
            outcome: run.outcome.map_or("", Outcome::as_str).into(),
            ..line(id, DRIFT, first.noticed)
        }
    };
    for drift in &written {
        let change = match drift.verdict {
            Verdict::Remade => "create",
            _ => "update",
        };
        let count = entry.changes.entry(change.into()).or_default();
        *count = count.saturating_add(1);
    }
    let all: u32 = entry.changes.values().sum();
    let more = match all.saturating_sub(1) {
        0 => String::new(),
        more => format!(" (and {more} more)"),
    };
    entry.message = format!("{}: {last}{more}", last.object);
    entry.ended = last.noticed.to_string();
    history.insert(0, entry);
    history.truncate(LENGTH);
}

/// Notes which run took the place of those that were superseded last.
pub(crate) fn succeeded(history: &mut [HistoryEntry], run: &str) {
    let superseded = |entry: &&mut HistoryEntry| entry.outcome == Outcome::Superseded.as_str();
    for entry in history.iter_mut().take_while(superseded) {
        entry.superseded_by.get_or_insert_with(|| run.into());
    }
}

/// Tells whether two runs that wrote nothing are one line to whoever reads: superseded both, or tried again in vain.
fn says_the_same(entry: &HistoryEntry, last: &HistoryEntry) -> bool {
    let retry = Trigger::Retry.as_str();
    let manual = Trigger::Manual.as_str();
    // Somebody waits for the answer to each request.
    let is_asked_for = entry.trigger == manual || last.trigger == manual;
    let is_superseded = entry.outcome == Outcome::Superseded.as_str() && !is_asked_for;
    let is_retry = entry.trigger == retry && last.trigger == retry;
    let is_idle = entry.changes.is_empty() && last.changes.is_empty();
    let same_end = entry.outcome == last.outcome && entry.message == last.message;
    let is_planned = entry.outcome == Outcome::Planned.as_str() && !is_asked_for;
    let is_repeated = (is_retry || is_planned) && entry.revision == last.revision;
    is_idle && same_end && (is_superseded || is_repeated)
}

/// When a run last ended well; what was put right afterwards is no run.
pub(crate) fn last_success(history: &[HistoryEntry]) -> Option<Timestamp> {
    let well = history
        .iter()
        .find(|entry| entry.outcome == Outcome::Healthy.as_str() && entry.trigger != DRIFT);
    well.and_then(|entry| entry.ended.parse().ok())
}

/// A line that says no more than when it began, and why.
fn line(id: String, trigger: &str, started: Timestamp) -> HistoryEntry {
    HistoryEntry {
        id,
        trigger: trigger.into(),
        requested_by: None,
        approved_by: None,
        confirmed_by: None,
        revision: None,
        outcome: String::new(),
        superseded_by: None,
        message: String::new(),
        changes: BTreeMap::new(),
        objects: Vec::new(),
        phases: BTreeMap::new(),
        started: started.to_string(),
        ended: started.to_string(),
    }
}

fn entry(run: &Run) -> HistoryEntry {
    let mut changes = BTreeMap::new();
    for object in run.objects.iter().filter(|object| object.was_written()) {
        let count: &mut u32 = changes
            .entry(object.change.as_str().to_owned())
            .or_default();
        *count = count.saturating_add(1);
    }
    let deleted = run.leaving.iter().filter(|leaving| leaving.was_deleted());
    let deleted = u32::try_from(deleted.count()).unwrap_or(u32::MAX);
    if deleted > 0 {
        changes.insert(Leaving::CHANGE.into(), deleted);
    }
    HistoryEntry {
        requested_by: run.requested_by.clone(),
        approved_by: run
            .approved
            .as_ref()
            .and_then(|approved| approved.by.clone()),
        confirmed_by: run.confirmed_by.clone().filter(|_| deleted > 0),
        revision: run.revision.as_ref().map(ToString::to_string),
        outcome: run.outcome.map_or("", Outcome::as_str).into(),
        message: run.message.clone(),
        changes,
        objects: changed(run),
        phases: phases(run),
        ended: run.ended.unwrap_or(run.started).to_string(),
        ..line(run.id.clone(), run.trigger.as_str(), run.started)
    }
}

/// The first objects that a run changed; what it deleted comes first.
fn changed(run: &Run) -> Vec<ChangedObject> {
    let deleted = run.leaving.iter().filter(|leaving| leaving.was_deleted());
    let deleted = deleted.map(|leaving| (leaving.id.to_string(), Leaving::CHANGE));
    let written = run.objects.iter().filter(|object| object.was_written());
    let written = written.map(|object| (object.id.to_string(), object.change.as_str()));
    let all = deleted.chain(written).take(NAMED);
    all.map(|(object, change)| ChangedObject {
        object,
        change: change.into(),
    })
    .collect()
}

fn phases(run: &Run) -> BTreeMap<String, u64> {
    let mut phases = BTreeMap::new();
    for (phase, seconds) in &run.durations {
        let took = Duration::try_from_secs_f64(*seconds).unwrap_or_default();
        let took = u64::try_from(took.as_millis()).unwrap_or(u64::MAX);
        let sum: &mut u64 = phases.entry(phase.as_str().to_owned()).or_default();
        *sum = sum.saturating_add(took);
    }
    phases
}

#[cfg(test)]
mod tests {
    use tidegate_health::Status;
    use tidegate_plan::Change;

    use super::*;
    use crate::{Phase, RunObject, Step};

    /// A run that ended so, and wrote as many objects.
    fn run(trigger: Trigger, outcome: Outcome, writes: usize) -> Run {
        let now = Timestamp::UNIX_EPOCH;
        let object = RunObject {
            id: "core/ConfigMap/web/a".parse().unwrap(),
            wave: 1,
            change: Change::Create,
            consequences: Vec::new(),
            step: Step::Ready,
            health: Status::Current,
            message: String::new(),
            waiting_for: Vec::new(),
            since: now,
            drift: None,
            held_until: None,
            origin: None,
        };
        Run {
            id: "1".into(),
            trigger,
            requested_by: None,
            revision: None,
            started: now,
            ended: Some(now),
            phase: Phase::Done,
            outcome: Some(outcome),
            message: String::new(),
            waves: 1,
            objects: vec![object; writes],
            edges: std::sync::Arc::default(),
            findings: std::sync::Arc::default(),
            unproven: 0,
            leaving: Vec::new(),
            confirm: None,
            approve: None,
            approved: None,
            confirmed_by: None,
            drift: Vec::new(),
            durations: Vec::new(),
        }
    }

    fn check(runs: &[(Trigger, Outcome, usize)], expected: &[&str]) {
        let mut history = Vec::new();
        for (trigger, outcome, writes) in runs {
            record(&mut history, &run(*trigger, *outcome, *writes));
        }
        let lines: Vec<String> = history
            .iter()
            .map(|entry| format!("{} {}", entry.trigger, entry.outcome))
            .collect();
        assert_eq!(lines, expected);
    }

    #[test]
    fn runs_that_say_the_same_are_one_line() {
        use Outcome::{Degraded, Healthy, Superseded};
        use Trigger::{Change, Retry, Start};
        check(&[(Start, Healthy, 0)], &[]);
        check(&[(Start, Healthy, 1)], &["start healthy"]);
        let superseded = (Change, Superseded, 0);
        check(
            &[superseded, superseded, superseded],
            &["change superseded"],
        );
        check(
            &[superseded, (Change, Superseded, 1)],
            &["change superseded", "change superseded"],
        );
        check(
            &[
                (Change, Degraded, 0),
                (Retry, Degraded, 0),
                (Retry, Degraded, 0),
            ],
            &["retry degraded", "change degraded"],
        );
        check(
            &[(Retry, Degraded, 0), (Retry, Healthy, 0)],
            &["retry healthy", "retry degraded"],
        );
    }

    #[test]
    fn each_request_is_answered_and_names_the_run_that_took_its_place() {
        let named = |id: &str, trigger, outcome| Run {
            id: id.into(),
            ..run(trigger, outcome, 0)
        };
        let mut history = Vec::new();
        for id in ["1", "2"] {
            record(
                &mut history,
                &named(id, Trigger::Manual, Outcome::Superseded),
            );
        }
        succeeded(&mut history, "3");
        for (id, next) in [("3", "4"), ("4", "5")] {
            record(
                &mut history,
                &named(id, Trigger::Change, Outcome::Superseded),
            );
            succeeded(&mut history, next);
        }
        record(&mut history, &named("5", Trigger::Change, Outcome::Healthy));
        let lines: Vec<_> = history
            .iter()
            .map(|entry| (entry.id.as_str(), entry.superseded_by.as_deref()))
            .collect();
        let expected = [
            ("5", None),
            ("4", Some("5")),
            ("2", Some("4")),
            ("1", Some("4")),
        ];
        assert_eq!(lines, expected);
    }

    #[test]
    fn twenty_runs_are_remembered() {
        let mut history = Vec::new();
        for _ in 0..25 {
            record(&mut history, &run(Trigger::Change, Outcome::Healthy, 1));
        }
        assert_eq!(history.len(), 20);
    }
}
