//! CloudNativePG 1.30 and its barman-cloud plugin.

use jiff::Timestamp;
use serde_json::Value;
use tidegate_object::Object;

use super::cnpg_phase::{Phase, meaning};
use crate::Neighbours;
use crate::facts::{Condition, condition, is_set, joined, list, number, text};
use crate::verdict::{Verdict, no_status};

/// The annotation that stops the operator's work on an object.
const RECONCILIATION: &str = "cnpg.io/reconciliationLoop";

/// By phase; a healthy one must also have all instances, the image that was asked for, and its primary.
pub(super) fn cluster(object: &Object, _: &dyn Neighbours) -> Verdict {
    if object.annotation(RECONCILIATION) == Some("disabled") {
        return Verdict::suspended(format!("the annotation {RECONCILIATION} is `disabled`"));
    }
    if condition(object, "cnpg.io/hibernation").is_some_and(Condition::is_true) {
        return Verdict::suspended("hibernated");
    }
    let Some(phase) = object
        .text("/status/phase")
        .filter(|phase| !phase.is_empty())
    else {
        return no_status();
    };
    let said = joined(
        phase,
        object.text("/status/phaseReason").unwrap_or_default(),
    );
    let verdict = match meaning(phase) {
        Phase::Healthy => healthy(object),
        Phase::Progressing => Verdict::in_progress(said),
        Phase::Interrupted => {
            Verdict::in_progress(said).warning(["takes no writes meanwhile".into()])
        }
        Phase::Suspended => Verdict::suspended(said),
        Phase::Failed => Verdict::failed(said),
    };
    verdict.warning(cluster_warnings(object))
}

/// A Database, DatabaseRole, Publication or Subscription: `applied` of the latest generation. The
/// observed generation moves only on success, so a failure says nothing of its age.
pub(super) fn applied(object: &Object, _: &dyn Neighbours) -> Verdict {
    let message = object.text("/status/message").unwrap_or_default();
    match object.pointer("/status/applied").and_then(Value::as_bool) {
        None => Verdict::in_progress("the database's primary has not applied it yet"),
        Some(false) if message.is_empty() => Verdict::failing("not applied"),
        Some(false) => Verdict::failing(message),
        Some(true) if number(object, "/status/observedGeneration") < object.generation() => {
            Verdict::in_progress("the database's primary has not applied the latest change yet")
        }
        Some(true) => part_not_applied(object).map_or_else(Verdict::current, Verdict::failing),
    }
}

/// Looked at by the operator, without an error.
pub(super) fn scheduled_backup(object: &Object, _: &dyn Neighbours) -> Verdict {
    if is_set(object, "/spec/suspend") {
        return Verdict::suspended("suspended (spec.suspend)");
    }
    if let Some(error) = object
        .text("/status/error")
        .filter(|error| !error.is_empty())
    {
        return Verdict::failed(error);
    }
    // The operator tells of a bad schedule in its log only.
    let schedule = object.text("/spec/schedule").unwrap_or_default();
    let fields = schedule.split_whitespace().count();
    let named = schedule.starts_with('@');
    if !named && !(5..=6).contains(&fields) {
        return Verdict::failed(format!(
            "schedule `{schedule}` has {fields} fields: it takes six, seconds first"
        ));
    }
    let shifted = (!named && fields == 5).then(|| {
        format!("schedule `{schedule}` has five fields: the first is read as seconds, not minutes")
    });
    match object.text("/status/lastCheckTime") {
        Some(_) => Verdict::current().warning(shifted),
        None => no_status().warning(shifted),
    }
}

/// Completed is current; archiving that fails is tried again.
pub(super) fn backup(object: &Object, _: &dyn Neighbours) -> Verdict {
    let error = object.text("/status/error").unwrap_or_default();
    match object.text("/status/phase").unwrap_or_default() {
        "completed" => Verdict::current(),
        "" => no_status(),
        phase @ ("failed" | "invalid backup definition") => Verdict::failed(joined(phase, error)),
        phase => Verdict::in_progress(joined(phase, error)),
    }
}

/// Active is current, paused is suspended.
pub(super) fn pooler(object: &Object, _: &dyn Neighbours) -> Verdict {
    let error = object.text("/status/error").unwrap_or_default();
    let phase = object.text("/status/phase").unwrap_or_default();
    match phase {
        "failed" => Verdict::failed(joined(phase, error)),
        _ if !error.is_empty() => Verdict::failing(error),
        "active" => Verdict::current(),
        "paused" => Verdict::suspended("paused (spec.pgbouncer.paused)"),
        "" => no_status(),
        _ => Verdict::in_progress(phase),
    }
}

/// Being there is health; a server whose last backup failed is a warning.
pub(super) fn object_store(object: &Object, _: &dyn Neighbours) -> Verdict {
    let servers = object
        .pointer("/status/serverRecoveryWindow")
        .and_then(Value::as_object);
    let failing = servers.into_iter().flatten().filter(|(_, window)| {
        let time = |field| text(window, field).parse::<Timestamp>().ok();
        time("/lastFailedBackupTime") > time("/lastSuccessfulBackupTime")
    });
    Verdict::current().warning(failing.map(|(server, window)| {
        format!(
            "the last backup of {server} failed at {}",
            text(window, "/lastFailedBackupTime")
        )
    }))
}

fn healthy(object: &Object) -> Verdict {
    let (ready, wanted) = (
        number(object, "/status/readyInstances").unwrap_or(0),
        number(object, "/spec/instances"),
    );
    if let Some(wanted) = wanted.filter(|wanted| ready < *wanted) {
        return Verdict::in_progress(format!("{ready} of {wanted} instances ready"));
    }
    let differ = |one: &str, other: &str| {
        let (one, other) = (object.text(one)?, object.text(other)?);
        (one != other).then(|| (one.to_owned(), other.to_owned()))
    };
    if let Some((wanted, runs)) = differ("/spec/imageName", "/status/image") {
        return Verdict::in_progress(format!("runs {runs}, not yet {wanted}"));
    }
    if let Some((target, current)) = differ("/status/targetPrimary", "/status/currentPrimary") {
        return Verdict::in_progress(format!("primary is {current}, and is to be {target}"));
    }
    let split = condition(object, "ConsistentSystemID").filter(|found| found.is_false());
    split.map_or_else(Verdict::current, |split| Verdict::failed(split.text()))
}

fn cluster_warnings(object: &Object) -> Vec<String> {
    let failing = ["ContinuousArchiving", "LastBackupSucceeded"]
        .into_iter()
        .filter_map(|name| {
            let found = condition(object, name).filter(|found| found.is_false())?;
            Some(format!("{name}: {}", found.text()))
        });
    let roles = object.pointer("/status/managedRolesStatus/cannotReconcile");
    let roles = roles.and_then(Value::as_object).into_iter().flatten();
    let roles = roles.map(|(role, errors)| {
        let errors: Vec<_> = list(errors, "").filter_map(Value::as_str).collect();
        format!("role {role} cannot be reconciled: {}", errors.join("; "))
    });
    failing.chain(roles).collect()
}

/// An extension, schema or foreign server that could not be made in a Database.
fn part_not_applied(object: &Object) -> Option<String> {
    ["extensions", "schemas", "fdws", "servers"]
        .into_iter()
        .find_map(|field| {
            let parts = list(object.value(), &format!("/status/{field}")).collect::<Vec<_>>();
            let part = parts
                .into_iter()
                .find(|part| part.get("applied") == Some(&Value::Bool(false)))?;
            Some(format!(
                "{field} {}: {}",
                text(part, "/name"),
                text(part, "/message")
            ))
        })
}
