//! Custom resources: the database layer's, its infrastructure's, and unknown ones.

use serde_json::{Value, json};

use crate::fixture::{check, condition, conditions};

const NO_STATUS: &str = "in progress: no status yet: its controller has not looked at it";

const HEALTHY: &str = "Cluster in healthy state";

fn cluster(phase: &str, more: &Value) -> Value {
    let mut cluster = json!({"spec": {"instances": 3, "imageName": "pg:16"}, "status": {"phase": phase, "readyInstances": 3,
        "image": "pg:16", "currentPrimary": "a-1", "targetPrimary": "a-1"}});
    for (field, value) in more.as_object().unwrap() {
        cluster["status"][field] = value.clone();
    }
    cluster
}

#[test]
fn a_cluster_follows_its_phase() {
    for (phase, expected) in [
        (HEALTHY, "current"),
        ("Setting up primary", "in progress"),
        ("Creating a new replica", "in progress"),
        ("Waiting for the instances to become active", "in progress"),
        ("Upgrading cluster", "in progress"),
        ("Online upgrade in progress", "in progress"),
        ("Applying configuration", "in progress"),
        (
            "Primary instance is being restarted in-place",
            "in progress",
        ),
        (
            "Primary instance is being restarted without a switchover",
            "in progress",
        ),
        ("Upgrading Postgres major version", "in progress"),
        ("Promoting to primary cluster", "in progress"),
        ("Cluster upgrade delayed", "in progress"),
        (
            "Cluster cannot proceed to reconciliation due to an unknown plugin being required",
            "in progress",
        ),
        (
            "Cluster cannot proceed to reconciliation due to an error while interacting with plugins",
            "in progress",
        ),
        ("Unable to create required cluster objects", "in progress"),
        (
            "Instance Status Extraction Error: HTTP communication issue",
            "in progress",
        ),
        ("A phase of a later version", "in progress"),
        ("Waiting for user action", "suspended"),
        ("Invalid cluster definition", "failed"),
        ("Cluster has incomplete or invalid image catalog", "failed"),
        (
            "Cluster is unrecoverable and needs manual intervention",
            "failed",
        ),
        (
            "Cluster cannot execute instance online upgrade due to missing architecture binary",
            "failed",
        ),
        ("Not enough disk space", "failed"),
    ] {
        let said = match phase {
            HEALTHY => expected.to_owned(),
            _ => format!("{expected}: {phase}: because"),
        };
        check(
            "postgresql.cnpg.io/v1/Cluster",
            &[(cluster(phase, &json!({"phaseReason": "because"})), &said)],
        );
    }
    for phase in ["Switchover in progress", "Failing over"] {
        let said = format!("in progress: {phase} | takes no writes meanwhile");
        check(
            "postgresql.cnpg.io/v1/Cluster",
            &[(cluster(phase, &json!({})), &said)],
        );
    }
}

#[test]
fn a_healthy_phase_is_not_enough() {
    let with = |found: Value| cluster(HEALTHY, &json!({"conditions": [found]}));
    let mut stopped = cluster(HEALTHY, &json!({}));
    stopped["metadata"] = json!({"annotations": {"cnpg.io/reconciliationLoop": "disabled"}});
    check(
        "postgresql.cnpg.io/v1/Cluster",
        &[
            (json!({}), NO_STATUS),
            (cluster("", &json!({})), NO_STATUS),
            (
                cluster(HEALTHY, &json!({"readyInstances": 2})),
                "in progress: 2 of 3 instances ready",
            ),
            (
                cluster(HEALTHY, &json!({"image": "pg:15"})),
                "in progress: runs pg:15, not yet pg:16",
            ),
            (
                cluster(HEALTHY, &json!({"targetPrimary": "a-2"})),
                "in progress: primary is a-1, and is to be a-2",
            ),
            (
                with(condition("ConsistentSystemID", "False", "Mismatch")),
                "failed: Mismatch: m",
            ),
            (
                with(condition("ContinuousArchiving", "False", "Failing")),
                "current:  | ContinuousArchiving: Failing: m",
            ),
            (
                with(condition("LastBackupSucceeded", "False", "Failed")),
                "current:  | LastBackupSucceeded: Failed: m",
            ),
            (
                with(condition("cnpg.io/hibernation", "True", "Hibernated")),
                "suspended: hibernated",
            ),
            (
                stopped,
                "suspended: the annotation cnpg.io/reconciliationLoop is `disabled`",
            ),
            (
                cluster(
                    HEALTHY,
                    &json!({"managedRolesStatus": {"cannotReconcile": {"app": ["no secret"]}}}),
                ),
                "current:  | role app cannot be reconciled: no secret",
            ),
        ],
    );
}

#[test]
fn what_a_primary_applies_has_no_conditions() {
    let status = |status: Value| json!({"status": status});
    for kind in ["Database", "DatabaseRole", "Publication", "Subscription"] {
        check(
            &format!("postgresql.cnpg.io/v1/{kind}"),
            &[
                (
                    json!({}),
                    "in progress: the database's primary has not applied it yet",
                ),
                (
                    status(json!({"applied": true, "observedGeneration": 2})),
                    "current",
                ),
                (
                    status(json!({"applied": true, "observedGeneration": 1})),
                    "in progress: the database's primary has not applied the latest change yet",
                ),
                (
                    status(json!({"applied": false, "message": "no role"})),
                    "failed: no role",
                ),
                (
                    status(json!({"applied": true, "observedGeneration": 2,
                        "extensions": [{"name": "btree_gin", "applied": false, "message": "not available"}]})),
                    "failed: extensions btree_gin: not available",
                ),
            ],
        );
    }
}

#[test]
fn backups_and_poolers() {
    let scheduled =
        |schedule: &str, status: Value| json!({"spec": {"schedule": schedule}, "status": status});
    let checked = json!({"lastCheckTime": "t"});
    check(
        "postgresql.cnpg.io/v1/ScheduledBackup",
        &[
            (scheduled("0 0 2 * * *", json!({})), NO_STATUS),
            (scheduled("0 0 2 * * *", checked.clone()), "current"),
            (scheduled("@daily", checked.clone()), "current"),
            (
                scheduled("0 2 * *", json!({})),
                "failed: schedule `0 2 * *` has 4 fields: it takes six, seconds first",
            ),
            (
                scheduled("0 2 * * *", checked),
                "current:  | schedule `0 2 * * *` has five fields: the first is read as seconds, not minutes",
            ),
            (
                scheduled("0 0 2 * * *", json!({"error": "no plugin"})),
                "failed: no plugin",
            ),
            (
                json!({"spec": {"suspend": true}}),
                "suspended: suspended (spec.suspend)",
            ),
        ],
    );
    let phase = |phase: &str| json!({"status": {"phase": phase, "error": "e"}});
    check(
        "postgresql.cnpg.io/v1/Backup",
        &[
            (json!({}), NO_STATUS),
            (phase("pending"), "in progress: pending: e"),
            (phase("finalizing"), "in progress: finalizing: e"),
            (phase("completed"), "current"),
            (
                phase("walArchivingFailing"),
                "in progress: walArchivingFailing: e",
            ),
            (phase("failed"), "failed: failed: e"),
            (
                phase("invalid backup definition"),
                "failed: invalid backup definition: e",
            ),
        ],
    );
    check(
        "postgresql.cnpg.io/v1/Pooler",
        &[
            (json!({}), NO_STATUS),
            (json!({"status": {"phase": "active"}}), "current"),
            (
                json!({"status": {"phase": "inactive"}}),
                "in progress: inactive",
            ),
            (
                json!({"status": {"phase": "paused"}}),
                "suspended: paused (spec.pgbouncer.paused)",
            ),
            (
                json!({"status": {"phase": "active", "error": "no catalog"}}),
                "failed: no catalog",
            ),
            (phase("failed"), "failed: failed: e"),
        ],
    );
}

#[test]
fn an_object_store_warns_of_a_backup_that_failed_last() {
    let window = |failed: &str| json!({"status": {"serverRecoveryWindow": {"pg-main": {"lastSuccessfulBackupTime": "2026-01-02T00:00:00Z", "lastFailedBackupTime": failed}}}});
    check(
        "barmancloud.cnpg.io/v1/ObjectStore",
        &[
            (json!({}), "current"),
            (window("2026-01-01T00:00:00Z"), "current"),
            (
                window("2026-01-03T00:00:00Z"),
                "current:  | the last backup of pg-main failed at 2026-01-03T00:00:00Z",
            ),
        ],
    );
}

#[test]
fn a_true_condition_is_not_enough_for_an_external_secret() {
    let ready = |status: &str, reason: &str, synced: &str| json!({"status": {"conditions": [condition("Ready", status, reason)], "syncedResourceVersion": synced}});
    let mut once = ready("True", "SecretSynced", "1-abc");
    once["spec"] = json!({"refreshPolicy": "CreatedOnce"});
    let mut immutable = ready("False", "SecretSyncedError", "");
    immutable["status"]["conditions"][0]["message"] = json!("target is immutable");
    check(
        "external-secrets.io/v1/ExternalSecret",
        &[
            (json!({}), NO_STATUS),
            (ready("True", "SecretSynced", "2-abc"), "current"),
            (
                ready("True", "SecretSynced", "1-abc"),
                "in progress: the secret store has not been read for the latest change yet",
            ),
            (once, "current"),
            (
                ready("True", "SecretDeleted", "2-abc"),
                "failed: SecretDeleted: m",
            ),
            (
                ready("True", "SecretMissing", "2-abc"),
                "failed: SecretMissing: m",
            ),
            (
                ready("False", "SecretSyncedError", ""),
                "failed: SecretSyncedError: m",
            ),
            (immutable, "failed: SecretSyncedError: target is immutable"),
        ],
    );
    check(
        "external-secrets.io/v1alpha1/PushSecret",
        &[
            (json!({}), NO_STATUS),
            (ready("True", "Synced", "2-x"), "current"),
            (
                ready("True", "Synced", "1-x"),
                "in progress: the latest change has not been pushed yet",
            ),
            (ready("False", "Errored", ""), "failed: Errored: m"),
            (
                ready("False", "SourceDeleted", ""),
                "failed: SourceDeleted: m",
            ),
        ],
    );
    for kind in ["SecretStore", "ClusterSecretStore"] {
        check(
            &format!("external-secrets.io/v1/{kind}"),
            &[
                (json!({}), NO_STATUS),
                (ready("True", "Valid", ""), "current"),
                (ready("True", "ValidationUnknown", ""), "current"),
                (
                    ready("False", "InvalidProviderConfig", ""),
                    "failed: InvalidProviderConfig: m",
                ),
            ],
        );
    }
}

#[test]
fn certificates_and_issuers() {
    let mut stale = conditions(&[("Ready", "True", "Ready")]);
    stale["status"]["conditions"][0]["observedGeneration"] = json!(1);
    let mut tried = conditions(&[("Ready", "False", "DoesNotExist")]);
    tried["status"]["failedIssuanceAttempts"] = json!(2);
    check(
        "cert-manager.io/v1/Certificate",
        &[
            (json!({}), NO_STATUS),
            (conditions(&[("Ready", "True", "Ready")]), "current"),
            (
                stale.clone(),
                "in progress: its Ready condition is of an older generation",
            ),
            (
                conditions(&[("Ready", "False", "DoesNotExist")]),
                "in progress: DoesNotExist: m",
            ),
            (
                conditions(&[
                    ("Ready", "False", "DoesNotExist"),
                    ("Issuing", "True", "Issuing"),
                ]),
                "in progress: Issuing: m",
            ),
            (
                conditions(&[("Ready", "True", "Ready"), ("Issuing", "True", "Renewing")]),
                "in progress: Renewing: m",
            ),
            (tried, "failed: DoesNotExist: m"),
        ],
    );
    check(
        "cert-manager.io/v1/CertificateRequest",
        &[
            (
                conditions(&[("Ready", "False", "Pending")]),
                "in progress: Pending: m",
            ),
            (
                conditions(&[("Ready", "False", "Denied")]),
                "failed: Denied: m",
            ),
            (conditions(&[("Ready", "True", "Issued")]), "current"),
        ],
    );
    for kind in ["Issuer", "ClusterIssuer"] {
        check(
            &format!("cert-manager.io/v1/{kind}"),
            &[
                (json!({}), NO_STATUS),
                (conditions(&[("Ready", "True", "IsReady")]), "current"),
                (
                    stale.clone(),
                    "in progress: its Ready condition is of an older generation",
                ),
                (
                    conditions(&[("Ready", "False", "ErrGetKeyPair")]),
                    "failed: ErrGetKeyPair: m",
                ),
            ],
        );
    }
}

#[test]
fn monitors_may_be_refused_by_who_reads_them() {
    let refused = json!({"status": {"bindings": [{"name": "main", "conditions": [condition("Accepted", "False", "InvalidConfiguration")]}]}});
    check(
        "monitoring.coreos.com/v1/ServiceMonitor",
        &[
            (json!({}), "current"),
            (refused, "failed: refused by main: InvalidConfiguration: m"),
        ],
    );
    check(
        "monitoring.coreos.com/v1/Prometheus",
        &[
            (json!({}), NO_STATUS),
            (conditions(&[("Available", "True", "")]), "current"),
            (
                conditions(&[("Available", "False", "NoPodReady")]),
                "failed: NoPodReady: m",
            ),
        ],
    );
}

#[test]
fn unknown_kinds_follow_the_conditions_that_controllers_agree_on() {
    let mut old_verdict = conditions(&[("Ready", "True", "r")]);
    old_verdict["status"]["conditions"][0]["observedGeneration"] = json!(1);
    let mut old_condition = old_verdict.clone();
    old_condition["status"]["observedGeneration"] = json!(2);
    check(
        "example.com/v1/Thing",
        &[
            (
                json!({"status": {"observedGeneration": 1}}),
                "in progress: its controller has seen generation 1 of 2",
            ),
            (json!({"status": {"observedGeneration": 2}}), "current"),
            (
                old_verdict,
                "in progress: its controller has seen generation 1 of 2",
            ),
            (conditions(&[("Ready", "True", "r")]), "current"),
            (conditions(&[("Ready", "False", "r")]), "in progress: r: m"),
            (conditions(&[("Ready", "Unknown", "")]), "in progress: m"),
            (
                conditions(&[("Ready", "True", "r"), ("Reconciling", "True", "Moving")]),
                "in progress: Moving: m",
            ),
            (
                conditions(&[
                    ("Reconciling", "True", "Moving"),
                    ("Stalled", "True", "Stuck"),
                ]),
                "failed: Stuck: m",
            ),
            (
                conditions(&[("Available", "False", "r")]),
                "in progress: r: m",
            ),
            (conditions(&[("Odd", "False", "r")]), "current"),
            (old_condition, "in progress: r: m"),
            (
                json!({"spec": {"suspend": true}, "status": {"observedGeneration": 1}}),
                "suspended: suspended (spec.suspend)",
            ),
            (
                json!({"spec": {"paused": true}}),
                "suspended: suspended (spec.paused)",
            ),
            (
                json!({"spec": {"paused": false}, "status": {"observedGeneration": 2}}),
                "current",
            ),
        ],
    );
}

#[test]
fn an_unknown_kind_without_a_status_is_judged_by_what_its_definition_declares() {
    check(
        "example.com/v1/Shard",
        &[(json!({}), NO_STATUS), (json!({"status": {}}), NO_STATUS)],
    );
    check("example.com/v1/Note", &[(json!({}), "current")]);
}
