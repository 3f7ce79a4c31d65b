//! What is referred to, and is nowhere.

use crate::FindingKind;
use crate::builder::{Builder, Remark};

/// What is referred to, and is nowhere.
#[derive(Debug)]
pub(crate) struct Missing {
    /// The first object that refers to it.
    pub(crate) from: usize,
    /// The field that does.
    pub(crate) field: String,
    /// How many other objects do.
    pub(crate) others: usize,
}

/// Adds a finding for each object that is referred to and is nowhere.
pub(crate) fn report(builder: &mut Builder<'_>) {
    for (id, missing) in std::mem::take(&mut builder.missing) {
        let known = builder.facts.exists(&id) == Some(false);
        let seen = if known {
            "nor in the cluster"
        } else {
            "and the cluster was not asked"
        };
        let others = match missing.others {
            0 => String::new(),
            1 => " (one other object refers to it too)".into(),
            others => format!(" ({others} other objects refer to it too)"),
        };
        let message = format!(
            "refers to {id}, which is neither in the layer nor made by something in it, {seen}{others}: \
             correct the name, add it, or declare it in `spec.requires`"
        );
        let remark = Remark {
            kind: FindingKind::DanglingReference,
            field: &missing.field,
            message,
        };
        builder.find(missing.from, remark);
    }
}
