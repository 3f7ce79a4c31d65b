//! A run in short: counts, waves, and the sentence that a table shows.

use std::collections::BTreeMap;

use tidegate_health::Status;

use super::{Reason, Trouble, Verdict};
use crate::{
    BlockedOn, Drift, Fate, Guard, HeldObject, HeldPrune, InventorySummary, Leaving, Outcome,
    PlanSummary, Run, RunObject, Step, WaveProgress,
};

/// How many consequences a status names.
const CONSEQUENCES: usize = 20;

/// How many deletes that are held back a status names.
const HELD: usize = 100;

/// How many objects are named that wait for one thing.
const HOLDS: usize = 5;
/// How many waits a status names.
const WAITS: usize = 20;

pub(super) fn plan(run: &Run) -> PlanSummary {
    let mut changes = BTreeMap::new();
    for object in &run.objects {
        let known: &mut u32 = changes
            .entry(object.change.as_str().to_owned())
            .or_default();
        *known = known.saturating_add(1);
    }
    let deletes = run
        .leaving
        .iter()
        .filter(|leaving| !matches!(leaving.fate, Fate::Held | Fate::Forgotten));
    match deletes.count() {
        0 => {}
        deletes => drop(changes.insert(Leaving::CHANGE.to_owned(), count(deletes))),
    }
    PlanSummary {
        hash: run.approve.clone(),
        changes,
        findings: count(run.findings.len()),
        unproven: run.unproven,
        consequences: consequences(run),
    }
}

fn consequences(run: &Run) -> Vec<String> {
    let changed = run.objects.iter().map(|it| (&it.id, &it.consequences));
    let removed = run.leaving.iter().map(|it| (&it.id, &it.consequences));
    let mut all: Vec<_> = changed
        .chain(removed)
        .flat_map(|(id, all)| all.iter().map(move |one| (one.kind, id, &one.message)))
        .collect();
    all.sort();
    all.into_iter()
        .map(|(_, id, message)| format!("{id} {message}"))
        .take(CONSEQUENCES)
        .collect()
}

pub(super) fn wave(run: &Run) -> WaveProgress {
    let open = run
        .objects
        .iter()
        .filter(|object| object.step != Step::Ready);
    let current = open.map(|object| object.wave).min().unwrap_or(run.waves);
    WaveProgress {
        current,
        of: run.waves,
        progress: match run.waves {
            0 => "-".into(),
            waves => format!("{current}/{waves}"),
        },
    }
}

pub(super) fn inventory(run: &Run) -> InventorySummary {
    let written = |object: &&RunObject| matches!(object.step, Step::Applied | Step::Ready);
    let owned = run.objects.iter().filter(written);
    let healthy = owned.filter(|object| object.health.is_done());
    let left = run.leaving.iter().filter(|leaving| leaving.is_owned());
    let left = left.count();
    InventorySummary {
        objects: count(run.objects.len() + left),
        healthy: count(healthy.count()),
        left_git: count(left),
    }
}

/// What is waited for, each object once: what gates wait for, then what is applied and not well yet.
pub(super) fn waiting_for(run: Option<&Run>, trouble: Option<&Trouble>) -> Vec<BlockedOn> {
    let first = trouble.and_then(|trouble| trouble.waits_for.as_deref());
    let objects = run.filter(|run| run.outcome.is_none());
    let objects = objects
        .map(|run| run.objects.as_slice())
        .unwrap_or_default();
    let gates = objects.iter().flat_map(|object| {
        let gates = object.waiting_for.iter();
        gates.map(|gate| (gate, Some(&object.id)))
    });
    let first = first.map(|gate| (gate, None));
    let gates = first
        .into_iter()
        .chain(gates)
        .map(|(gate, held)| BlockedOn {
            object: gate.object.to_string(),
            reason: gate.reason.clone(),
            since: gate.since.to_string(),
            holds: held.iter().map(ToString::to_string).collect(),
        });
    let applied = objects.iter().filter(|object| object.step == Step::Applied);
    let applied = applied.map(|object| BlockedOn {
        object: object.id.to_string(),
        reason: said(object),
        since: object.since.to_string(),
        holds: Vec::new(),
    });
    // What is being deleted is waited for until it is gone, also when the run is over.
    let leaving = run.map(|run| run.leaving.as_slice()).unwrap_or_default();
    let going = leaving.iter().filter(|leaving| leaving.fate == Fate::Going);
    let going = going.map(|leaving| BlockedOn {
        object: leaving.id.to_string(),
        reason: leaving.message.clone(),
        since: leaving.since.to_string(),
        holds: Vec::new(),
    });
    let mut waits: Vec<BlockedOn> = Vec::new();
    for wait in gates.chain(applied).chain(going) {
        let is_new = !waits.iter().any(|known| known.object == wait.object);
        if is_new && waits.len() < WAITS {
            waits.push(wait);
        } else if let Some(known) = waits.iter_mut().find(|known| known.object == wait.object)
            && known.holds.len() < HOLDS
        {
            known.holds.extend(wait.holds);
        }
    }
    waits
}

/// What the cluster says of an object that is not well.
fn said(object: &RunObject) -> String {
    match object.message.as_str() {
        "" => format!("it is {}", object.health),
        message => message.to_owned(),
    }
}

/// What a run that goes on is doing.
pub(super) fn progress(run: &Run) -> String {
    if run.objects.is_empty() {
        let phase = run.phase.as_str();
        return match run.message.as_str() {
            "" => format!("the run is in its phase {phase}"),
            message => format!("the run is in its phase {phase}: {message}"),
        };
    }
    let WaveProgress { current, of, .. } = wave(run);
    let done = run
        .objects
        .iter()
        .filter(|object| object.step == Step::Ready);
    let all = run.objects.len();
    format!(
        "wave {current} of {of}: {} of {all} objects are ready",
        done.count()
    )
}

/// What there is to say of a run that ended well.
pub(super) fn well(run: &Run) -> String {
    let objects = match run.objects.len() {
        1 => "its object is".into(),
        count => format!("all {count} objects are"),
    };
    let applied = match &run.revision {
        Some(revision) => format!("{} is applied", revision.short()),
        None => "it is applied".into(),
    };
    // What became of the objects since then.
    let now = health(run);
    match now.reason {
        Reason::Current => format!("{applied}, and {objects} healthy"),
        _ => format!("{applied} and was healthy, but now {}", now.message),
    }
}

/// What there is to say of a run that did not.
pub(crate) fn failure(run: &Run) -> String {
    if !run.message.is_empty() {
        return run.message.clone();
    }
    let in_trouble = |object: &&RunObject| matches!(object.step, Step::Failed | Step::Blocked);
    let mut objects = run.objects.iter().filter(in_trouble);
    match objects.next() {
        Some(first) => {
            let more = and_more(objects.count());
            format!("{}: {}{more}", first.id, first.message)
        }
        None => "not every object is applied and healthy".into(),
    }
}

/// What keeps objects from being deleted that have left Git, if somebody has to do something about it.
pub(super) fn held_back(run: &Run) -> Option<String> {
    let is_held =
        |leaving: &&Leaving| leaving.fate == Fate::Held && leaving.guard != Some(Guard::Disabled);
    let mut held = run.leaving.iter().filter(is_held);
    let first = held.next()?;
    let more = and_more(held.count());
    Some(format!(
        "{} is not deleted{more}: {}",
        first.id, first.message
    ))
}

/// The deletes that a person may confirm, the gravest first.
pub(super) fn held_prune(run: &Run) -> Option<HeldPrune> {
    let hash = run.confirm.clone()?;
    let held = run.leaving.iter().filter(|leaving| leaving.confirmable);
    let mut held: Vec<&Leaving> = held.collect();
    let gravity = |leaving: &Leaving| {
        let gravest = leaving.consequences.iter().map(|one| one.kind).min();
        (gravest.is_none(), gravest)
    };
    held.sort_by_key(|leaving| gravity(leaving));
    Some(HeldPrune {
        hash,
        count: count(held.len()),
        objects: held.into_iter().take(HELD).map(held_object).collect(),
    })
}

fn held_object(leaving: &Leaving) -> HeldObject {
    let consequences = leaving.consequences.iter();
    HeldObject {
        object: leaving.id.to_string(),
        guard: leaving.guard.map_or("", Guard::as_str).into(),
        reason: leaving.message.clone(),
        consequences: consequences.map(|one| one.message.clone()).collect(),
    }
}

/// What others have changed and is left so.
pub(super) fn drift(run: &Run) -> Verdict {
    let drifted = run
        .objects
        .iter()
        .filter_map(|object| object.drift.as_ref());
    let is_contested = |drift: &&Drift| drift.verdict == crate::Verdict::Contested;
    let first = drifted.clone().find(is_contested);
    let Some(first) = first.or_else(|| drifted.clone().next()) else {
        return Verdict::no(Reason::NotDrifted, "");
    };
    let reason = match first.verdict {
        crate::Verdict::Contested => Reason::Contested,
        _ => Reason::Drifted,
    };
    let more = and_more(drifted.count().saturating_sub(1));
    Verdict::yes(reason, &format!("{}: {first}{more}", first.object))
}

/// How well the objects are, taken together.
pub(super) fn health(run: &Run) -> Verdict {
    let is_over = run
        .outcome
        .is_some_and(|outcome| outcome != Outcome::Planned);
    // Before a run is over, what is not there may still come.
    let is_failed = |object: &RunObject| match object.health {
        Status::Failed => true,
        Status::Missing => is_over,
        Status::Unknown => is_over && object.step == Step::Failed,
        _ => false,
    };
    if let Some(message) = said_of(run, is_failed) {
        return Verdict::no(Reason::Failed, &message);
    }
    let is_kept_out = |object: &RunObject| matches!(object.step, Step::Blocked | Step::SetAside);
    if is_over && let Some(message) = said_of(run, is_kept_out) {
        return Verdict::no(Reason::ObjectBlocked, &message);
    }
    let is_open = |object: &RunObject| {
        matches!(
            object.health,
            Status::InProgress | Status::Terminating | Status::Missing | Status::Unknown
        )
    };
    if let Some(message) = said_of(run, is_open) {
        return Verdict::no(Reason::InProgress, &message);
    }
    if let Some(message) = said_of(run, is_kept_out) {
        return Verdict::no(Reason::ObjectBlocked, &message);
    }
    let objects = match run.objects.len() {
        1 => "the object is".into(),
        count => format!("all {count} objects are"),
    };
    Verdict::yes(Reason::Current, &format!("{objects} well"))
}

/// What is said of the first object that is so, and how many more there are; nothing if none is.
fn said_of(run: &Run, is_so: impl Fn(&RunObject) -> bool) -> Option<String> {
    let mut objects = run.objects.iter().filter(|object| is_so(object));
    let first = objects.next()?;
    let said = match first.message.as_str() {
        "" => format!("{} is {}", first.id, first.health),
        message => format!("{}: {message}", first.id),
    };
    Some(format!("{said}{}", and_more(objects.count())))
}

pub(super) fn and_more(count: usize) -> String {
    match count {
        0 => String::new(),
        count => format!(" (and {count} more)"),
    }
}

fn count(length: usize) -> u32 {
    u32::try_from(length).unwrap_or(u32::MAX)
}
