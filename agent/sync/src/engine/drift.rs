//! Drift: what others change of owned objects is noticed by watch events, looked at with one dry-run, and put right.
//!
//! ```text
//! watch event ─► fingerprint as learned? ── yes ─► nothing: no request
//!                      │ no
//!                      ▼
//!                 Inspection ──► same: learn ── lost: take back ── differs: repair, or report (held, contested, refused)
//!                      └──────► gone: made again along the gates of the plan
//! ```

mod fight;
mod form;
mod inspection;
mod watched;

use std::sync::Arc;

use jiff::Timestamp;
use tidegate_cluster::{ApiError, Applied, Class, Live};
use tidegate_health::Status;
use tokio::time::Instant;

use super::contact::Claim;
use super::execution::{Doing, Execution};
use super::gates::instant;
use super::item::{Stage, State, Written};
use super::work::Done;
use crate::{Drift, Step, Verdict, marks};
pub(super) use fight::Fight;
pub(super) use form::{form, former};
use inspection::Differing;
pub(super) use inspection::{Inspected, Inspector, Seen};
pub(super) use watched::{Looking, Repair, Watched};

/// Drift that stays.
struct Left {
    verdict: Verdict,
    /// Why.
    message: String,
    /// Until when, if that is known.
    until: Option<Instant>,
    differing: Differing,
}

impl Left {
    fn new(verdict: Verdict, message: String) -> Self {
        Self {
            verdict,
            message,
            until: None,
            differing: Differing::default(),
        }
    }
}

/// Kinds that do their work once: when one is gone, it is not done again.
const RUN_ONCE: &[(&str, &str)] = &[
    ("batch", "Job"),
    ("", "Pod"),
    ("postgresql.cnpg.io", "Backup"),
];

impl Execution {
    /// Has an object inspected that does not look as it was learned. Costs nothing if it does.
    pub(super) fn look_for_drift(&mut self, index: usize) {
        if self.mode == Doing::Preflight {
            return;
        }
        self.note_hold(index);
        let Some(seen) = self.suspect(index) else {
            return;
        };
        let now = Instant::now();
        let Some(item) = self.items.get_mut(index) else {
            return;
        };
        if item.drift.looking != Looking::Not {
            return;
        }
        if item.drift.is_left(&seen, now) {
            if let Some(at) = item.drift.next_look(now) {
                self.work.mark_at(at, index);
            }
            return;
        }
        item.drift.looking = Looking::Due(seen);
        self.work.enqueue(index);
    }

    /// Returns what an object looks like, if that is not what was learned of it.
    fn suspect(&mut self, index: usize) -> Option<Seen> {
        let live = self.current(index);
        let item = self.items.get(index)?;
        if item.stage != Stage::Done || item.answered.is_some() {
            return None;
        }
        let entry = self.next.get(item.id())?;
        let uid = entry.uid.clone();
        let object = match live {
            Live::Unknown => return None,
            Live::Absent => {
                let is_once = |(group, kind): &(&str, &str)| item.id().kind.is(group, kind);
                let shown = None;
                return (!RUN_ONCE.iter().any(is_once)).then_some(Seen { uid, shown });
            }
            Live::Present(object) => object,
        };
        if object.text("/metadata/deletionTimestamp").is_some() {
            return None;
        }
        // Without the label it has none, where it is followed by its name.
        let Some(form) = self.engine.hub.live().form(item.id()) else {
            return Some(Seen { uid, shown: None });
        };
        if entry.form == hex(form) && object.uid() == Some(&uid) {
            self.is_well_again(index);
            return None;
        }
        let version = object.resource_version().unwrap_or_default().to_owned();
        let shown = Some((version, form));
        Some(Seen { uid, shown })
    }

    /// Notes until when an object is held, and when that has ended.
    fn note_hold(&mut self, index: usize) {
        let Live::Present(live) = self.current(index) else {
            return;
        };
        let now = Timestamp::now();
        let until = marks::hold_until(&live).filter(|until| *until > now);
        let Some(item) = self.items.get_mut(index) else {
            return;
        };
        if let Some(until) = until {
            self.work.mark_at(instant(until), index);
        }
        let before = std::mem::replace(&mut item.drift.held_until, until);
        if before == until {
            return;
        }
        item.drift.forget_judgement();
        self.report.changed();
        if before.is_some() && until.is_none() {
            self.record(index, Left::new(Verdict::HoldEnded, String::new()));
        }
    }

    /// Begins what is due of an object that is as Git says: its inspection, or its repair.
    pub(super) fn start_look(&mut self, index: usize) {
        let (asker, tenure) = (self.asker.clone(), self.engine.tenure.clone());
        let Some(key) = self.engine.key.get().cloned() else {
            return;
        };
        let Some(item) = self.items.get_mut(index) else {
            return;
        };
        let object = Arc::clone(&item.object);
        match std::mem::replace(&mut item.drift.looking, Looking::Asking) {
            Looking::Due(seen) if item.stage == Stage::Done => self.work.start(async move {
                let _room = asker.room().await;
                let inspector = Inspector { asker, key, tenure };
                let inspected = inspector.inspect(&object, &seen).await;
                Done::Inspected(index, (seen, inspected))
            }),
            Looking::Repair(repair) if item.stage == Stage::Done => self.work.start(async move {
                let _room = asker.room().await;
                let claim = Claim::of_uid(&repair.differing.uid);
                let object = repair.differing.wanted(&object);
                let applied = asker.write(&object, &claim).await;
                Done::Repaired(index, (repair, applied))
            }),
            Looking::Due(_) | Looking::Repair(_) | Looking::Not => {
                item.drift.looking = Looking::Not;
            }
            Looking::Asking => {}
        }
    }

    /// Decides what becomes of an object that looked different.
    pub(super) fn inspected(&mut self, index: usize, (seen, inspected): (Seen, Inspected)) {
        let error = match &inspected {
            Inspected::Refused(error) => Some(error),
            _ => None,
        };
        self.work.answered(error, Instant::now());
        let Some(item) = self.items.get_mut(index) else {
            return;
        };
        item.drift.looking = Looking::Not;
        match inspected {
            Inspected::Same(form) => self.relearn(index, form),
            Inspected::Lost(differing) => {
                self.repair(index, (Verdict::Reclaimed, differing), &seen);
            }
            // While a run goes on, another process may be the newer one: its end decides.
            Inspected::OwnName(_) if self.mode == Doing::Apply => {
                let message = "it was written in the layer's own name by another process";
                self.leave(index, Left::new(Verdict::Reported, message.into()), &seen);
            }
            Inspected::Drifted(differing) | Inspected::OwnName(differing) => {
                self.repair(index, (Verdict::Repaired, differing), &seen);
            }
            Inspected::Gone => self.remake(index, &seen),
            Inspected::Theirs(owner) => {
                self.leave(index, Left::new(Verdict::Reported, owner), &seen);
            }
            Inspected::Moving => self.look_again(index, None),
            Inspected::Refused(error) => self.cannot_repair(index, &error, &seen),
        }
        self.work.mark(index);
    }

    /// Takes how an object looks as what it looks like: nothing of it is to be changed.
    fn relearn(&mut self, index: usize, form: u64) {
        let Some(item) = self.items.get_mut(index) else {
            return;
        };
        item.drift.retry.clear();
        let id = item.id().clone();
        let Some(entry) = self.next.entries.get_mut(&id) else {
            return;
        };
        let is_first = entry.form.is_empty();
        entry.form = hex(form);
        self.keep_soon();
        if !is_first {
            self.record(index, Left::new(Verdict::Relearned, String::new()));
        }
        self.is_well_again(index);
    }

    /// Puts an object right, unless something is against it.
    fn repair(
        &mut self,
        index: usize,
        (verdict, differing): (Verdict, Box<Differing>),
        seen: &Seen,
    ) {
        if let Some(left) = self.reason_to_leave(index) {
            let differing = *differing;
            return self.leave(index, Left { differing, ..left }, seen);
        }
        let Some(item) = self.items.get_mut(index) else {
            return;
        };
        let seen = seen.clone();
        item.drift.looking = Looking::Repair(Repair {
            verdict,
            differing,
            seen,
        });
        self.work.enqueue(index);
    }

    /// Returns why an object is not put right now, and until when; if it is, that counts towards a fight.
    fn reason_to_leave(&mut self, index: usize) -> Option<Left> {
        if let Some(reason) = self.order.restraint.reason() {
            return Some(Left::new(Verdict::Reported, reason));
        }
        if self.observes() {
            let message = "the layer only observes: `mode: observe` writes nothing";
            return Some(Left::new(Verdict::Reported, message.into()));
        }
        let item = self.items.get(index)?;
        if let Some(until) = item.drift.held_until {
            let message = format!("the object is held until {until:.0}");
            return Some(Left {
                until: Some(instant(until)),
                ..Left::new(Verdict::Held, message)
            });
        }
        let now = Instant::now();
        let id = item.id().clone();
        let fights = &mut self.lent.memory.fights;
        let fight = fights.entry(id).or_insert_with(|| Fight::new(now));
        let until = fight.enter(now).err()?;
        let pause = jiff::SignedDuration::try_from(until.saturating_duration_since(now));
        let again = Timestamp::now() + pause.unwrap_or_default();
        let message = format!(
            "it is changed again and again: next put right at {again:.0}; remove the field from Git, or stop that writer"
        );
        Some(Left {
            until: Some(until),
            ..Left::new(Verdict::Contested, message)
        })
    }

    /// Makes an object again that is gone, along the gates of the plan; one that somebody else made is met as if for
    /// the first time.
    fn remake(&mut self, index: usize, seen: &Seen) {
        if let Some(left) = self.reason_to_leave(index) {
            return self.leave(index, left, seen);
        }
        let Some(item) = self.items.get_mut(index) else {
            return;
        };
        item.drift = Watched::remade();
        item.claim = Claim::new();
        item.stage = Stage::Unproven;
        item.group = None;
        let state = State {
            step: Step::Pending,
            health: Status::Missing,
            message: "it is gone, and made again".into(),
        };
        self.show(index, state);
    }

    /// Notes that an object that was gone is there again.
    pub(super) fn remade(&mut self, index: usize) {
        let Some(item) = self.items.get_mut(index) else {
            return;
        };
        if std::mem::take(&mut item.drift.is_remade) {
            self.record(index, Left::new(Verdict::Remade, String::new()));
            self.keep_soon();
        }
    }

    /// Takes the answer to a repair.
    pub(super) fn repaired(
        &mut self,
        index: usize,
        (repair, answer): (Repair, Result<Applied, ApiError>),
    ) {
        self.work.answered(answer.as_ref().err(), Instant::now());
        let Some(item) = self.items.get_mut(index) else {
            return;
        };
        item.drift.looking = Looking::Not;
        match answer {
            Ok(applied) => self.put_right(index, repair, applied),
            Err(error) if matches!(error.class, Class::OtherUid | Class::Conflict) => {
                self.look_again(index, None);
            }
            Err(error) => self.cannot_repair(index, &error, &repair.seen),
        }
        self.work.mark(index);
    }

    fn put_right(&mut self, index: usize, repair: Repair, applied: Applied) {
        let live = Arc::new(applied.object);
        let form = self.form_of(&live);
        let Some(item) = self.items.get_mut(index) else {
            return;
        };
        let answered = Written::new(Arc::clone(&live));
        self.work.mark_at(answered.until, index);
        item.answered = Some(answered);
        item.drift.retry.clear();
        item.drift.forget_judgement();
        let id = item.id().clone();
        if let Some(entry) = self.next.entries.get_mut(&id) {
            entry.form = form;
        }
        self.lent.memory.wrote(&live, Timestamp::now());
        self.record(
            index,
            Left {
                differing: *repair.differing,
                ..Left::new(repair.verdict, String::new())
            },
        );
        self.mark_dependents(&id);
        self.keep_soon();
        self.is_well_again(index);
    }

    /// Leaves an object that an apply cannot put right; what may pass is tried again.
    fn cannot_repair(&mut self, index: usize, error: &ApiError, seen: &Seen) {
        if error.class.is_transient() {
            return self.look_again(index, error.retry_after);
        }
        let message = format!("an apply is refused: {}", error.message);
        self.leave(index, Left::new(Verdict::Refused, message), seen);
    }

    fn look_again(&mut self, index: usize, asked: Option<std::time::Duration>) {
        let Some(item) = self.items.get_mut(index) else {
            return;
        };
        let at = item.drift.retry.failed(asked, Instant::now());
        self.work.mark_at(at, index);
    }

    /// Shows drift that stays, until the object looks different again or a time has come.
    fn leave(&mut self, index: usize, left: Left, seen: &Seen) {
        let Some(item) = self.items.get_mut(index) else {
            return;
        };
        item.drift.judge(seen, left.until);
        let same = |shown: &Drift| {
            (shown.verdict, &shown.fields) == (left.verdict, &left.differing.fields)
        };
        if let Some(shown) = item.drift.shown.as_mut().filter(|shown| same(shown)) {
            shown.message = left.message;
            return;
        }
        let drift = self.record(index, left);
        if let Some(item) = self.items.get_mut(index) {
            item.drift.shown = drift;
        }
    }

    /// Shows no drift of an object any more; a fight is shown for a while.
    fn is_well_again(&mut self, index: usize) {
        let now = Instant::now();
        let Some(item) = self.items.get_mut(index) else {
            return;
        };
        let fights = &mut self.lent.memory.fights;
        let fight = fights.get(item.id()).filter(|fight| fight.goes_on(now));
        let is_contested = |drift: &mut Drift| drift.verdict == Verdict::Contested;
        if let Some(ends) = fight.and_then(Fight::ends)
            && item.drift.shown.as_mut().is_some_and(is_contested)
        {
            self.work.mark_at(ends, index);
            return;
        }
        item.drift.forget_judgement();
        if item.drift.shown.take().is_some() {
            self.report.changed();
        }
    }

    /// Writes down what was noticed.
    fn record(&mut self, index: usize, left: Left) -> Option<Drift> {
        let object = self.items.get(index)?.id().clone();
        let memory = &mut self.lent.memory;
        memory.noticed += 1;
        let Left {
            verdict,
            message,
            differing,
            ..
        } = left;
        let drift = Drift {
            number: memory.noticed,
            object,
            verdict,
            fields: differing.fields,
            writer: differing.writer,
            written: differing.written,
            noticed: Timestamp::now(),
            message,
        };
        tracing::info!(owner = %self.order.owner, object = %drift.object, verdict = verdict.as_str(), %drift, "drift");
        self.report.noticed(drift.clone());
        Some(drift)
    }

    /// The fingerprint of a live object, in digits; empty if there is none.
    pub(super) fn form_of(&self, live: &tidegate_object::Object) -> String {
        let key = self.engine.key.get();
        let form = key.and_then(|key| form(key, live));
        form.map_or_else(String::new, hex)
    }

    /// Has every object looked at again whose drift was only reported.
    pub(super) fn restraint_changed(&mut self) {
        for item in &mut self.items {
            item.drift.forget_judgement();
        }
        self.mark_all();
    }
}

fn hex(form: u64) -> String {
    format!("{form:016x}")
}
