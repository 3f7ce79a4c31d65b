//! The order in which a stage comes up.

use tidegate_object::{GroupKind, Object, ObjectId};
use tidegate_plan::{Change, Facts, Plan, Required, Settings, plan};

use crate::stage::{STAGES, layer};

/// The owner's steps, by an object each, in this order.
const STEPS: [&str; 8] = [
    "apps/Deployment/cnpg-system/cnpg-controller-manager",
    "postgresql.cnpg.io/Cluster/databases/pg-main",
    "postgresql.cnpg.io/DatabaseRole/databases/temporal",
    "postgresql.cnpg.io/Database/databases/temporal-visibility",
    "apps/StatefulSet/databases/redis",
    "autoscaling/HorizontalPodAutoscaler/databases/redis",
    "apps/Deployment/databases/redisinsight",
    "apps/Deployment/databases/pgadmin",
];

/// An empty cluster.
struct Empty;

impl Facts for Empty {
    fn change(&self, _object: &Object) -> Change {
        Change::Create
    }
}

fn planned(stage: &str) -> Plan {
    let store = GroupKind::new("external-secrets.io", "ClusterSecretStore");
    let requires = [Required {
        id: ObjectId::new(store, None, "secrets-manager"),
        ready: true,
    }];
    let settings = Settings {
        requires: &requires,
        ..Settings::default()
    };
    plan(&layer(stage, "database"), &Empty, &settings).unwrap()
}

#[test]
fn no_stage_has_findings() {
    for stage in STAGES {
        let findings = planned(stage).findings;
        assert!(findings.is_empty(), "{stage}: {findings:#?}");
    }
}

#[test]
fn the_steps_come_one_after_the_other() {
    for stage in STAGES {
        let plan = planned(stage);
        let wave = |id: &str| plan.nodes.iter().find(|node| node.id.to_string() == id);
        let waves = STEPS.map(|id| wave(id).map(|node| node.wave).expect(id));
        assert!(waves.is_sorted(), "{stage}: {waves:?}");
        assert!(waves[1] < waves[3], "{stage}: databases after the cluster");
        assert!(waves[3] < waves[4], "{stage}: Redis after the databases");
        assert!(waves[4] < waves[6], "{stage}: Redis Insight after Redis");
        assert!(waves[6] < waves[7], "{stage}: pgAdmin after Redis Insight");
    }
}
