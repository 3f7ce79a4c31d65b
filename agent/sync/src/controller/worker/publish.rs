//! Shows how the layer stands: in the fleet, the status, the board, the metrics and events.

use std::sync::Arc;

use jiff::Timestamp;
use tidegate_kustomize::Rendered;
use tidegate_source::Revision;

use super::Worker;
use super::consent::Given;
use crate::claims::Claim;
use crate::controller::board::Standing;
use crate::metrics::Figures;
use crate::sources::SourceKey;
use crate::status::{Situation, Trouble, find, is_settled};
use crate::{LayerStatus, LayerView, Outcome, Run, Verdict};

impl Worker {
    /// Shows how the layer stands now, to whom that is new.
    pub(super) fn publish(&mut self) {
        self.move_revision();
        let run = self.run.clone();
        if let Some(status) = self.worked_out(run.as_deref()) {
            if is_settled(&status) {
                let owner = &self.resource.owner;
                self.parts.events.tell(owner, &self.lasting, &status);
                self.lasting.clone_from(&status);
            }
            self.writer.write(&status);
            self.status = status;
        }
        let figures = self.figures(run.as_deref());
        self.parts.metrics.layer(&self.key, figures);
        self.write_on_board();
        let view = LayerView {
            namespace: self.key.0.clone(),
            name: self.key.1.clone(),
            uid: self.resource.owner.uid.clone(),
            spec: self.resource.shown_spec(),
            status: self.status.clone(),
            run,
            rendering: self.rendered_newest(),
        };
        let known = self.parts.fleet.layer(&self.key);
        if !known.is_some_and(|known| is_same(&known, &view)) {
            self.parts.fleet.put(view);
        }
    }

    fn rendered_newest(&self) -> Option<(Arc<Rendered>, Revision)> {
        let (rendering, revision) = self.rendering.as_ref()?;
        Some((Arc::clone(&rendering.rendered), revision.clone()))
    }

    /// Works out the status; `None` while nothing is known that would be new.
    fn worked_out(&self, run: Option<&Run>) -> Option<LayerStatus> {
        let trouble = self.trouble();
        let is_known = run.is_some() || trouble.is_some();
        let is_first = self.status.conditions.is_empty()
            || self.status.observed_generation != Some(self.resource.generation)
            || self.status.sync != self.sync.shown();
        if !is_known && !is_first {
            return None;
        }
        let situation = Situation {
            generation: self.resource.generation,
            newest: self.looked_at.as_ref(),
            trouble,
            run,
            was_applied: self.status.last_applied_revision.is_some(),
            is_suspended: self.is_suspended(),
            is_pending: self.due.is_some(),
            retry_at: self.retry.map(|(_, at)| at),
            sync: self.sync.shown(),
            approval: self.approval.as_ref().map(Given::shown),
            confirmation: self.confirmation.as_ref().map(Given::shown),
            history: &self.history,
        };
        let before = (&self.status, &self.writer.written());
        let status = situation.status(before, Timestamp::now());
        (status != self.status).then_some(status)
    }

    /// What is in the way; the first of these that is.
    fn trouble(&self) -> Option<&Trouble> {
        let spec = self.wanted.as_ref().err();
        let source = self.source.trouble.as_ref();
        spec.or(source)
            .or(self.failure.as_ref())
            .or(self.blocked.as_ref())
    }

    /// Shows the run at the newest revision that renders the same: a commit elsewhere only moves that.
    fn move_revision(&mut self) {
        let (Some(run), Some((rendering, revision))) = (&mut self.run, &self.rendering) else {
            return;
        };
        let is_newest = self.run_of == Some(rendering.key);
        if is_newest && run.revision.as_ref() != Some(revision) {
            Arc::make_mut(run).revision = Some(revision.clone());
        }
    }

    /// Writes how the layer stands towards others.
    pub(super) fn write_on_board(&self) {
        self.claim();
        let Some((wanted, _)) = &self.subscription else {
            return self.parts.board.write(&self.key, Standing::default());
        };
        let rendering = self.rendering.as_ref();
        let is_newest =
            self.failure.is_none() && self.run_of == rendering.map(|(rendering, _)| rendering.key);
        let run = self.run.as_deref();
        let depends_on = self.wanted.as_ref().map(|wanted| wanted.depends_on.clone());
        let has_been_healthy = self.failure.is_none()
            && rendering.is_some_and(|(rendering, _)| self.healthy_at == Some(rendering.key));
        let standing = Standing {
            follows: SourceKey::of(wanted).follows(),
            commit: rendering.map(|(_, revision)| revision.commit.clone()),
            has_been_healthy,
            is_healthy: is_newest && run.is_some_and(is_well),
            depends_on: depends_on.unwrap_or_default(),
            is_leaving: false,
        };
        self.parts.board.write(&self.key, standing);
    }

    /// Tells other layers what this one holds: what it held last, for as long as it cannot be rendered.
    fn claim(&self) {
        let source = self.subscription.as_ref();
        let rendering = self.rendering.as_ref();
        let is_current = self.failure.is_none() && source.is_some();
        let current = rendering.filter(|_| is_current);
        let claim = Claim {
            uid: self.resource.owner.uid.clone(),
            follows: source.map_or_else(String::new, |(wanted, _)| SourceKey::of(wanted).follows()),
            commit: current.map(|(_, revision)| revision.commit.clone()),
            held: rendering
                .map(|(rendering, _)| Arc::clone(&rendering.held))
                .unwrap_or_default(),
        };
        self.parts.board.claim(&self.key, claim);
    }

    fn figures(&self, run: Option<&Run>) -> Figures {
        let is_true =
            |kind| find(&self.status.conditions, kind).is_some_and(|it| it.status == "True");
        let blocked = find(&self.status.conditions, "Blocked").filter(|it| it.status == "True");
        let newest = self.looked_at.as_ref().map(Revision::to_string);
        let is_behind = newest.is_some() && self.status.last_applied_revision != newest;
        let head = self.source.head.as_ref().filter(|_| is_behind);
        let source = self.subscription.as_ref();
        let source = source.map(|(wanted, _)| SourceKey::of(wanted).label().id);
        let mode = self.wanted.as_ref().map(|wanted| wanted.settings.mode);
        let waits = self.status.waiting_for.iter();
        let waits = waits.filter_map(|wait| wait.since.parse::<Timestamp>().ok());
        let mut figures = Figures {
            revision: self
                .status
                .last_applied_revision
                .clone()
                .unwrap_or_default(),
            source: source.unwrap_or_default(),
            mode: mode.unwrap_or_default(),
            ready: is_true("Ready"),
            suspended: self.is_suspended(),
            healthy: is_true("Healthy"),
            last_success: self.last_success,
            behind_since: head.map(|head| head.tree.commit().time),
            waits_since: waits.min(),
            durations: run.map(|run| run.durations.clone()).unwrap_or_default(),
            blocked: blocked.map(|it| (it.reason.clone(), it.last_transition_time.0)),
            ..Figures::default()
        };
        if let Some(wave) = &self.status.wave {
            (figures.wave, figures.waves) = (wave.current, wave.of);
        }
        let leaving = run.map(|run| run.leaving.as_slice()).unwrap_or_default();
        for guard in leaving.iter().filter_map(|leaving| leaving.guard) {
            *figures.prune_blocked.entry(guard.as_str()).or_default() += 1;
        }
        for object in run.map(|run| run.objects.as_slice()).unwrap_or_default() {
            *figures.objects.entry(object.health.as_str()).or_default() += 1;
            figures.pending += u32::from(object.is_pending());
            figures.held += u32::from(object.held_until.is_some());
            let verdict = object.drift.as_ref().map(|drift| drift.verdict);
            figures.drifted += u32::from(verdict.is_some());
            figures.fights += u32::from(verdict == Some(Verdict::Contested));
        }
        figures
    }
}

fn is_same(one: &LayerView, other: &LayerView) -> bool {
    let same_run = match (&one.run, &other.run) {
        (Some(one), Some(other)) => Arc::ptr_eq(one, other),
        (None, None) => true,
        _ => false,
    };
    same_run && one.uid == other.uid && one.status == other.status && one.spec == other.spec
}

fn is_well(run: &Run) -> bool {
    run.outcome == Some(Outcome::Healthy)
        && run.objects.iter().all(|object| object.health.is_done())
}
