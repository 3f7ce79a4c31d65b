//! Random layers: what holds of every plan.

use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;
use serde_json::{Value, json};
use tidegate_object::{Object, ObjectId};
use tidegate_plan::{FindingKind, Plan, PlanError, Settings, plan};

const NODES: usize = 12;

/// References between claims (`exists`) and accounts' pull secrets (`soft`), dependencies and imported waves.
#[derive(Debug, Clone)]
struct Layer {
    hard: Vec<(usize, usize)>,
    explicit: Vec<(usize, usize)>,
    waves: Vec<Option<i32>>,
}

impl Layer {
    fn objects(&self) -> Vec<Object> {
        (0..NODES).map(|number| self.object(number)).collect()
    }

    /// A pod with a claim for each hard reference; claims are made by stateful sets of one name, so that pods wait for each other.
    fn object(&self, number: usize) -> Object {
        let targets = |edges: &[(usize, usize)]| -> Vec<usize> {
            let own = edges.iter().filter(|(from, _)| *from == number);
            own.map(|(_, to)| *to).collect()
        };
        let mut annotations = serde_json::Map::new();
        let depends: Vec<_> = targets(&self.explicit)
            .into_iter()
            .map(|to| format!("db.example/Shard/s{to}"))
            .collect();
        if !depends.is_empty() {
            annotations.insert("tidegate.dev/depends-on".into(), json!(depends.join(",")));
        }
        if let Some(wave) = self.waves[number] {
            annotations.insert(
                "argocd.argoproj.io/sync-wave".into(),
                json!(wave.to_string()),
            );
        }
        let refs: Vec<Value> = targets(&self.hard)
            .into_iter()
            .map(|to| json!(format!("s{to}")))
            .collect();
        let value = json!({
            "apiVersion": "db.example/v1", "kind": "Shard",
            "metadata": {"name": format!("s{number}"), "annotations": annotations},
            "spec": {"after": refs},
        });
        Object::new(value).unwrap()
    }

    fn plan(&self, objects: &[Object]) -> Result<Plan, PlanError> {
        let _ = self;
        let kind = tidegate_plan::KindPattern {
            group: None,
            kind: "Shard".into(),
        };
        let rules = [tidegate_plan::Rule {
            from: kind.clone(),
            path: "spec.after[]".into(),
            to: kind,
            class: tidegate_plan::EdgeClass::Exists,
        }];
        let settings = Settings {
            rules: &rules,
            requires: &[],
        };
        plan(objects, &(), &settings)
    }
}

fn edges(most: usize) -> impl Strategy<Value = Vec<(usize, usize)>> {
    prop::collection::vec((0..NODES, 0..NODES), 0..most)
}

fn layer(explicit: usize) -> impl Strategy<Value = Layer> {
    let waves = prop::collection::vec(prop::option::weighted(0.2, -2..3), NODES);
    (edges(25), edges(explicit), waves).prop_map(|(hard, explicit, waves)| Layer {
        hard,
        explicit,
        waves,
    })
}

fn check_waves(plan: &Plan) -> Result<(), TestCaseError> {
    let waves: BTreeMap<&ObjectId, u32> = plan
        .nodes
        .iter()
        .map(|node| (&node.id, node.wave))
        .collect();
    for node in &plan.nodes {
        let before = plan
            .edges_of(&node.id)
            .iter()
            .filter_map(|edge| waves.get(&edge.to));
        let expected = before.max().map_or(1, |wave| wave + 1);
        prop_assert_eq!(node.wave, expected, "{}", node.id);
    }
    prop_assert_eq!(
        plan.waves,
        plan.nodes.iter().map(|node| node.wave).max().unwrap_or(0)
    );
    Ok(())
}

/// Tells whether one object waits for another, however far.
fn waits(plan: &Plan, from: &ObjectId, to: &ObjectId) -> bool {
    let mut seen = BTreeSet::new();
    let mut next = vec![from.clone()];
    while let Some(id) = next.pop() {
        if id == *to {
            return true;
        }
        if seen.insert(id.clone()) {
            next.extend(plan.edges_of(&id).iter().map(|edge| edge.to.clone()));
        }
    }
    false
}

proptest! {
    #[test]
    fn waves_are_the_levels_of_the_edges(layer in layer(4)) {
        if let Ok(plan) = layer.plan(&layer.objects()) {
            check_waves(&plan)?;
        }
    }

    #[test]
    fn an_inferred_cycle_is_never_fatal(layer in layer(1)) {
        let plan = layer.plan(&layer.objects());
        prop_assert!(plan.is_ok());
    }

    #[test]
    fn an_edge_is_dropped_only_if_its_target_waits_for_it(layer in layer(1)) {
        let plan = layer.plan(&layer.objects()).unwrap();
        let mut dropped = 0;
        for (from, to) in layer.hard.iter().filter(|(from, to)| from != to) {
            let [from, to] = [from, to].map(|number| layer.object(*number).id().clone());
            if !plan.edges_of(&from).iter().any(|edge| edge.to == to) {
                prop_assert!(waits(&plan, &to, &from), "{} {}", from, to);
                dropped += 1;
            }
        }
        let findings = plan.findings.iter();
        let found = findings.filter(|finding| finding.kind == FindingKind::CycleDropped).count();
        prop_assert!(found <= dropped && (found > 0) == (dropped > 0));
    }

    #[test]
    fn explicit_edges_are_kept_or_fatal(layer in layer(6)) {
        let objects = layer.objects();
        match layer.plan(&objects) {
            Ok(plan) => {
                for (from, to) in &layer.explicit {
                    let [from, to] = [from, to].map(|number| layer.object(*number).id().clone());
                    prop_assert!(plan.edges_of(&from).iter().any(|edge| edge.to == to && edge.reason.is_explicit()));
                }
            }
            Err(PlanError::Cycle { steps }) => {
                prop_assert!(steps.iter().any(|step| step.reason.is_explicit()));
                for (step, next) in steps.iter().zip(steps.iter().cycle().skip(1)) {
                    prop_assert_eq!(&step.to, &next.from);
                }
            }
            Err(other) => prop_assert!(false, "{}", other),
        }
    }

    #[test]
    fn a_plan_does_not_depend_on_the_order_of_the_objects(
        (layer, order) in (layer(3), Just((0..NODES).collect::<Vec<_>>()).prop_shuffle())
    ) {
        let objects = layer.objects();
        let shuffled: Vec<_> = order.iter().map(|number| objects[*number].clone()).collect();
        match (layer.plan(&objects), layer.plan(&shuffled)) {
            (Ok(mut one), Ok(mut other)) => {
                for plan in [&mut one, &mut other] {
                    plan.nodes.sort_by(|a, b| a.id.cmp(&b.id));
                }
                prop_assert_eq!(one, other);
            }
            (one, other) => prop_assert_eq!(one, other),
        }
    }
}
