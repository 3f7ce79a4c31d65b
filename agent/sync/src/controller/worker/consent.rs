//! What people agree to by annotation: taken once, remembered in the status, and void after a day.

use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};

use super::{Due, Worker};
use crate::controller::resource::Asked;
use crate::{Consent, Consented, Consents, Run, Trigger};

/// How long a consent holds.
const HOLDS: SignedDuration = SignedDuration::from_hours(24);

/// What a person has agreed to, and since when that is known.
#[derive(Debug, Clone)]
pub(super) struct Given {
    shown: Consented,
    since: Timestamp,
}

impl Given {
    /// What the status says, if it can be read.
    pub(super) fn of(shown: &Consented) -> Option<Self> {
        let since = shown.since.parse().ok()?;
        let shown = shown.clone();
        Some(Self { shown, since })
    }

    fn new(asked: &Asked) -> Self {
        let since = Timestamp::now();
        let shown = Consented {
            hash: asked.hash.clone(),
            run: asked.run.clone(),
            requested_by: asked.by.clone(),
            since: since.to_string(),
            rendering: None,
        };
        Self { shown, since }
    }

    /// Returns what the status says of it.
    pub(super) fn shown(&self) -> &Consented {
        &self.shown
    }

    fn is(&self, asked: &Asked) -> bool {
        self.shown.hash == asked.hash && self.shown.run == asked.run
    }

    /// What a run may do by it, while it holds.
    fn consent(&self) -> Option<Consent> {
        let until = self.since.checked_add(HOLDS).unwrap_or(Timestamp::MAX);
        (until > Timestamp::now()).then(|| Consent {
            hash: self.shown.hash.clone(),
            by: self.shown.requested_by.clone(),
            until,
            rendering: self.shown.rendering.clone(),
        })
    }
}

impl Worker {
    /// Takes what stands on the Layer, and runs if that is new.
    pub(super) fn take_consents(&mut self) {
        let resource = Arc::clone(&self.resource);
        let news = [
            taken(resource.approve.as_ref(), &mut self.approval),
            taken(resource.confirm.as_ref(), &mut self.confirmation),
        ];
        for asked in news.into_iter().flatten() {
            self.ask_run(asked);
        }
    }

    /// Remembers which rendering an approval has begun: what is left of it after a restart needs no other one.
    pub(super) fn note_approved(&mut self, run: &Run) {
        if let (Some(approved), Some(given)) = (&run.approved, &mut self.approval) {
            given.shown.rendering = Some(approved.rendering.clone());
        }
    }

    /// Has a run begin in the name of whoever agrees. A request that is pending comes to the same.
    fn ask_run(&mut self, asked: &Asked) {
        let due = Due {
            id: asked
                .run
                .clone()
                .unwrap_or_else(|| Due::now(Trigger::Manual).id),
            trigger: Trigger::Manual,
            requested_by: asked.by.clone(),
        };
        if self.rendering.is_none() {
            return;
        }
        self.restart_backoff();
        if self
            .due
            .as_ref()
            .is_some_and(|due| due.trigger == Trigger::Manual)
        {
            self.replaced(due);
        } else {
            self.due = Some(due);
        }
    }

    /// What a run may count on.
    pub(super) fn consents(&self) -> Consents {
        Consents {
            approved: self.approval.as_ref().and_then(Given::consent),
            confirmed: self.confirmation.as_ref().and_then(Given::consent),
        }
    }
}

/// Takes what stands on the Layer in the place of what is known; returns it if it is new.
fn taken<'a>(asked: Option<&'a Asked>, known: &mut Option<Given>) -> Option<&'a Asked> {
    let Some(asked) = asked else {
        *known = None;
        return None;
    };
    if known.as_ref().is_some_and(|given| given.is(asked)) {
        return None;
    }
    *known = Some(Given::new(asked));
    Some(asked)
}
