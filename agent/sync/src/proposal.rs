//! What a revision would change before it is applied: the cluster's answers as a plan. Nothing is written.

use std::collections::{BTreeSet, HashMap};
use std::sync::{Mutex, PoisonError};

use futures::{StreamExt as _, TryStreamExt as _};
use serde_json::Value;
use tidegate_cluster::{ApiError, Cluster};
use tidegate_object::{Object, ObjectId};
use tidegate_plan::{Change, Consequence, Facts, Plan, Settings};
use tidegate_source::Revision;

use crate::{Desired, Layer, Lookup, LookupError, Preview, Previewed, Refusal, plain};

/// How many objects are asked about at the same time.
const CONCURRENCY: usize = 8;
/// How many changed fields of an object are named.
const FIELDS: usize = 12;

/// What a revision would change.
#[derive(Debug)]
pub struct Proposal {
    /// The revision.
    pub revision: Revision,
    /// The plan: what would happen to each object, what that does to what runs, and why in this order.
    pub plan: Plan,
    /// The fields that would change, by object.
    pub fields: HashMap<ObjectId, Vec<String>>,
    /// What would not be written, each with the reason.
    pub refused: Vec<Refusal>,
}

impl Lookup {
    /// Renders a layer at a revision, and asks the API server what a run would do, as the layer's own account.
    ///
    /// # Errors
    /// If the revision is not there or cannot be rendered, its references form a circle, or there is no answer.
    pub async fn propose(
        &self,
        layer: &Layer,
        revision: Option<&str>,
    ) -> Result<Proposal, LookupError> {
        let rendering = self.render(layer, revision).await?;
        let (owner, settings) = (rendering.owner, rendering.settings);
        let account = &layer.spec.service_account_name;
        let writer = self.cluster.as_account(&owner.namespace, account);
        let clusters = (self.cluster.clone(), writer.map_err(LookupError::new)?);
        let preview = Preview::new(clusters, owner.clone(), settings.adopt);
        let desired = Desired::on(self.cluster.kinds(), &rendering.rendered, &owner);
        let answers = Answers::of(&preview, &desired.objects).await;
        let mut answers = answers.map_err(LookupError::new)?;
        let settings = Settings {
            rules: &settings.references,
            requires: &settings.requires,
        };
        // The first plan tells what is referred to and not in it; the second knows whether that is there.
        let planned = |answers: &Answers| {
            let planned = tidegate_plan::plan(&desired.objects, answers, &settings);
            planned.map_err(LookupError::new)
        };
        planned(&answers)?;
        let looked_up = answers.look_up(&self.cluster).await;
        looked_up.map_err(LookupError::new)?;
        let mut plan = planned(&answers)?;
        plan.findings.extend(desired.findings);
        let refused = desired
            .refused
            .into_iter()
            .chain(answers.refused(&desired.objects));
        Ok(Proposal {
            revision: rendering.revision,
            refused: refused.collect(),
            fields: answers.fields(),
            plan,
        })
    }
}

/// What the API server says of each object, and of what they refer to.
struct Answers {
    previewed: HashMap<ObjectId, Previewed>,
    there: HashMap<ObjectId, bool>,
    asked: Mutex<BTreeSet<ObjectId>>,
}

impl Answers {
    async fn of(preview: &Preview, objects: &[Object]) -> Result<Self, ApiError> {
        let asked: Vec<_> = objects
            .iter()
            .map(|object| preview.object(object))
            .collect();
        let answers = futures::stream::iter(asked).buffered(CONCURRENCY);
        let answers = answers.map_ok(|previewed| (previewed.id.clone(), previewed));
        Ok(Self {
            previewed: answers.try_collect().await?,
            there: HashMap::new(),
            asked: Mutex::default(),
        })
    }

    /// Finds out whether what a plan asked about is there.
    async fn look_up(&mut self, cluster: &Cluster) -> Result<(), ApiError> {
        let asked = std::mem::take(&mut *self.asked.lock().unwrap_or_else(PoisonError::into_inner));
        for id in asked {
            let is_there = match cluster.kinds().preferred(&id.kind) {
                None => false,
                Some(_) => cluster.get_metadata(&id).await?.is_some(),
            };
            self.there.insert(id, is_there);
        }
        Ok(())
    }

    fn refused(&self, objects: &[Object]) -> Vec<Refusal> {
        let refusal = |object: &Object| {
            let previewed = self.previewed.get(object.id())?;
            Some(Refusal {
                object: object.id().clone(),
                origin: object.origin().cloned(),
                message: previewed.problem.clone()?,
            })
        };
        objects.iter().filter_map(refusal).collect()
    }

    fn fields(&self) -> HashMap<ObjectId, Vec<String>> {
        let updated = |previewed: &&Previewed| previewed.change == Change::Update;
        let updated = self.previewed.values().filter(updated);
        let fields = updated.filter_map(|previewed| {
            let before = plain(previewed.before.as_ref()?);
            let mut found = Vec::new();
            collect("", (&before, &plain(&previewed.after)), &mut found);
            Some((previewed.id.clone(), found))
        });
        fields.collect()
    }
}

impl Facts for Answers {
    fn exists(&self, id: &ObjectId) -> Option<bool> {
        let known = self.there.get(id).copied();
        if known.is_none() {
            let mut asked = self.asked.lock().unwrap_or_else(PoisonError::into_inner);
            asked.insert(id.clone());
        }
        known
    }

    fn change(&self, object: &Object) -> Change {
        let previewed = self.previewed.get(object.id());
        previewed.map_or(Change::Unknown, |previewed| previewed.change)
    }

    fn consequences(&self, object: &Object) -> Vec<Consequence> {
        let previewed = self.previewed.get(object.id());
        previewed.map(Previewed::consequences).unwrap_or_default()
    }
}

/// Takes the deepest fields at which two values differ: names only, since a value may be secret.
fn collect(path: &str, (one, other): (&Value, &Value), found: &mut Vec<String>) {
    if one == other || found.len() >= FIELDS {
        return;
    }
    match (one, other) {
        (Value::Object(one), Value::Object(other)) => {
            let keys: BTreeSet<&String> = one.keys().chain(other.keys()).collect();
            for key in keys {
                let below = |side: &serde_json::Map<String, Value>| side.get(key).cloned();
                let sides = (
                    below(one).unwrap_or_default(),
                    below(other).unwrap_or_default(),
                );
                let path = if path.is_empty() {
                    key.clone()
                } else {
                    format!("{path}.{key}")
                };
                collect(&path, (&sides.0, &sides.1), found);
            }
        }
        (Value::Array(one), Value::Array(other)) if one.len() == other.len() => {
            for (index, sides) in one.iter().zip(other).enumerate() {
                collect(&format!("{path}[{index}]"), sides, found);
            }
        }
        _ => found.push(path.to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn changed_fields_are_named_without_their_values() {
        let check = |one: Value, other: Value, expected: &[&str]| {
            let mut found = Vec::new();
            collect("", (&one, &other), &mut found);
            assert_eq!(found, expected);
        };
        check(json!({"a": 1}), json!({"a": 1}), &[]);
        check(
            json!({"spec": {"replicas": 1, "list": [{"image": "a"}], "gone": 1}}),
            json!({"spec": {"replicas": 2, "list": [{"image": "b"}]}}),
            &["spec.gone", "spec.list[0].image", "spec.replicas"],
        );
        check(json!({"list": [1]}), json!({"list": [1, 2]}), &["list"]);
        let many: Value = (0..40)
            .map(|it| (it.to_string(), json!(it)))
            .collect::<serde_json::Map<_, _>>()
            .into();
        let mut found = Vec::new();
        collect("", (&json!({}), &many), &mut found);
        assert_eq!(found.len(), FIELDS);
    }
}
