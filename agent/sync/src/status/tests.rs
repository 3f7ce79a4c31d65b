//! What a Layer's status says in each situation.

use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};
use tidegate_health::Status;
use tidegate_plan::Change;

use super::*;
use crate::{Phase, RunObject, Trigger, Waiting};

fn now() -> Timestamp {
    "2026-01-02T03:04:05Z".parse().unwrap()
}

fn object(name: &str, step: Step, health: Status) -> RunObject {
    RunObject {
        id: format!("apps/Deployment/web/{name}").parse().unwrap(),
        wave: 2,
        change: Change::Update,
        consequences: Vec::new(),
        step,
        health,
        message: format!("{health}"),
        waiting_for: Vec::new(),
        since: now(),
        drift: None,
        held_until: None,
        origin: None,
    }
}

fn run(outcome: Option<Outcome>, objects: Vec<RunObject>) -> Run {
    let phase = match outcome {
        Some(_) => Phase::Done,
        None => Phase::Wait,
    };
    Run {
        id: "1".into(),
        trigger: Trigger::Change,
        requested_by: None,
        revision: Some(revision()),
        started: now(),
        ended: outcome.map(|_| now()),
        phase,
        outcome,
        message: String::new(),
        waves: 3,
        objects,
        edges: Arc::default(),
        findings: Arc::default(),
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

fn revision() -> Revision {
    Revision {
        name: "main".into(),
        commit: "0a".repeat(20),
    }
}

/// The conditions in lines: type, status, reason, message.
fn lines(status: &LayerStatus) -> Vec<String> {
    let conditions = status.conditions.iter();
    conditions
        .map(|it| format!("{} {} {}: {}", it.type_, it.status, it.reason, it.message))
        .collect()
}

fn worked_out(situation: &Situation<'_>) -> LayerStatus {
    let before = LayerStatus::default();
    situation.status((&before, &before), now())
}

#[test]
fn a_healthy_layer_is_ready() {
    let run = run(
        Some(Outcome::Healthy),
        vec![object("a", Step::Ready, Status::Current)],
    );
    let status = worked_out(&Situation {
        newest: run.revision.as_ref(),
        run: Some(&run),
        ..Situation::default()
    });
    assert_eq!(
        lines(&status),
        [
            "Ready True Healthy: main@0a0a0a0 is applied, and its object is healthy",
            "Reconciling False Done: ",
            "Stalled False Done: ",
            "Healthy True Current: the object is well",
            "Blocked False NotBlocked: ",
            "Drifted False NotDrifted: ",
        ]
    );
    let revision = Some(revision().to_string());
    assert_eq!(status.last_applied_revision, revision);
    assert_eq!(status.last_healthy_revision, revision);
    assert_eq!(status.wave.unwrap().progress, "3/3");
}

#[test]
fn what_became_of_the_objects_after_the_run_is_said() {
    let run = run(
        Some(Outcome::Healthy),
        vec![object("a", Step::Ready, Status::Missing)],
    );
    let status = worked_out(&Situation {
        run: Some(&run),
        ..Situation::default()
    });
    assert_eq!(
        lines(&status)[0],
        "Ready False Degraded: main@0a0a0a0 is applied and was healthy, but now apps/Deployment/web/a: missing"
    );
}

#[test]
fn a_run_that_goes_on_says_how_far_it_is_and_what_it_waits_for() {
    let gate = Waiting {
        object: "core/Secret/web/key".parse().unwrap(),
        reason: "it does not exist".into(),
        since: now(),
    };
    let mut waiting = object("b", Step::Waiting, Status::Missing);
    waiting.waiting_for = vec![gate];
    let run = run(
        None,
        vec![object("a", Step::Ready, Status::Current), waiting],
    );
    let status = worked_out(&Situation {
        run: Some(&run),
        ..Situation::default()
    });
    assert_eq!(
        lines(&status),
        [
            "Ready Unknown Progressing: wave 2 of 3: 1 of 2 objects are ready",
            "Reconciling True Progressing: wave 2 of 3: 1 of 2 objects are ready",
            "Stalled False Done: ",
            "Healthy False InProgress: apps/Deployment/web/b: missing",
            "Blocked False NotBlocked: ",
            "Drifted False NotDrifted: ",
        ]
    );
    assert_eq!(status.waiting_for[0].object, "core/Secret/web/key");
    assert_eq!(status.waiting_for[0].holds, ["apps/Deployment/web/b"]);
    assert_eq!(status.last_applied_revision, None);
}

#[test]
fn a_degraded_layer_is_stalled_and_names_the_object() {
    let objects = vec![
        object("a", Step::Failed, Status::Failed),
        object("b", Step::Blocked, Status::Current),
    ];
    let run = run(Some(Outcome::Degraded), objects);
    let status = worked_out(&Situation {
        run: Some(&run),
        retry_at: Some(now()),
        ..Situation::default()
    });
    assert_eq!(
        lines(&status),
        [
            "Ready False Degraded: apps/Deployment/web/a: failed (and 1 more)",
            "Reconciling False WaitsToRetry: the last run did not end well, and is tried again",
            "Stalled True Degraded: apps/Deployment/web/a: failed (and 1 more)",
            "Healthy False Failed: apps/Deployment/web/a: failed",
            "Blocked True ObjectBlocked: apps/Deployment/web/b: current",
            "Drifted False NotDrifted: ",
        ]
    );
}

#[test]
fn what_was_refused_or_kept_out_is_not_on_its_way() {
    for (step, expected) in [
        (
            Step::Failed,
            "Healthy False Failed: apps/Deployment/web/a: unknown",
        ),
        (
            Step::Blocked,
            "Healthy False ObjectBlocked: apps/Deployment/web/a: unknown",
        ),
        (
            Step::Pending,
            "Healthy False InProgress: apps/Deployment/web/a: unknown (and 1 more)",
        ),
    ] {
        let objects = vec![
            object("a", step, Status::Unknown),
            object("b", Step::Pending, Status::Unknown),
        ];
        let run = run(Some(Outcome::Failed), objects);
        let status = worked_out(&Situation {
            run: Some(&run),
            ..Situation::default()
        });
        assert!(
            lines(&status).iter().any(|line| line == expected),
            "{:?}",
            lines(&status)
        );
    }
}

#[test]
fn trouble_comes_before_what_the_last_run_said() {
    let run = run(
        Some(Outcome::Healthy),
        vec![object("a", Step::Ready, Status::Current)],
    );
    let said = |trouble: Trouble| {
        let status = worked_out(&Situation {
            run: Some(&run),
            trouble: Some(&trouble),
            ..Situation::default()
        });
        lines(&status)[..3].join("\n")
    };
    assert_eq!(
        said(Trouble::new(
            Reason::Source("Unreachable", Passing::Yes),
            "no connection"
        )),
        "Ready False Unreachable: no connection\nReconciling True Unreachable: no connection\nStalled False Done: "
    );
    assert_eq!(
        said(Trouble::new(Reason::RenderFailed, "a.yaml:3: no")),
        "Ready False RenderFailed: a.yaml:3: no\nReconciling False RenderFailed: \nStalled True RenderFailed: a.yaml:3: no"
    );
}

#[test]
fn a_condition_keeps_its_time_until_its_status_changes() {
    let well = run(
        Some(Outcome::Healthy),
        vec![object("a", Step::Ready, Status::Current)],
    );
    let ill = run(
        Some(Outcome::Degraded),
        vec![object("a", Step::Failed, Status::Failed)],
    );
    let of = |run| Situation {
        run: Some(run),
        ..Situation::default()
    };
    let later = now() + SignedDuration::from_secs(60);
    let first = worked_out(&of(&well));
    let second = of(&well).status((&first, &first), later);
    assert_eq!(first, second);
    let third = of(&ill).status((&first, &first), later);
    let time = |status: &LayerStatus| {
        find(&status.conditions, "Ready")
            .unwrap()
            .last_transition_time
            .0
    };
    assert_eq!((time(&first), time(&third)), (now(), later));
    // Progress that was never written is no transition.
    let back = of(&well).status((&third, &first), later);
    assert_eq!(time(&back), now());
}
