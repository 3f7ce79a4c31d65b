//! What comes from elsewhere and gates the layer.

use crate::builder::{Builder, Remark, Said};
use crate::draft::{Draft, End};
use crate::{EdgeClass, EdgeReason, FindingKind, Gate};

/// Gates what refers to a requirement on its health, and the whole layer on what nothing refers to.
pub(crate) fn link(builder: &mut Builder<'_>) {
    for (id, requirement) in builder.required.clone() {
        if let Some(number) = builder.catalog.number(&id) {
            let message = format!("{id} is in the layer itself: take it out of `spec.requires`");
            builder.find(
                number,
                Remark {
                    kind: FindingKind::NeedlessRequirement,
                    field: "spec.requires",
                    message,
                },
            );
            continue;
        }
        let end = End::Elsewhere(id);
        let (class, gate) = if requirement.is_ready {
            (EdgeClass::Ready, Gate::Healthy)
        } else {
            (EdgeClass::Exists, Gate::Exists)
        };
        for from in 0..builder.catalog.objects.len() {
            let edges = builder.drafts.of(from);
            let refers = edges.iter().any(|draft| draft.to == end);
            // The reference's own gate is enough for what must only be there.
            if requirement.is_used && !(refers && requirement.is_ready) {
                continue;
            }
            let fresh = builder.is_fresh(from, Said::Before, &[]);
            let draft = Draft::new(end.clone(), class, gate.clone(), EdgeReason::Requires);
            builder.drafts.add(from, Draft { fresh, ..draft });
        }
    }
}
