//! What would change in a cluster: the API server's own answer, by dry-run. Nothing is written.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use anyhow::{Context as _, Result};
use futures::{StreamExt as _, TryStreamExt as _};
use serde_json::Value;
use tidegate_cluster::{ApplyOptions, Class, Cluster, Force, Mode};
use tidegate_object::{Object, ObjectId};
use tidegate_plan::{Change, Facts};

/// How many objects are asked about at the same time.
const CONCURRENCY: usize = 8;
/// The field manager of a comparison with what no layer owns.
const MANAGER: &str = "tidegate-diff";

/// One object as it is, and as it would be.
pub(crate) struct Compared {
    pub(crate) id: ObjectId,
    pub(crate) change: Change,
    /// As it is; `None` if it is not there.
    pub(crate) before: Option<Object>,
    /// As it would be, with defaults; as Git says it where the API server cannot tell yet.
    pub(crate) after: Object,
}

/// All objects of a rendering, compared with a cluster.
pub(crate) struct Comparison {
    pub(crate) objects: Vec<Compared>,
    there: HashMap<ObjectId, bool>,
    asked: Mutex<Vec<ObjectId>>,
}

impl Comparison {
    /// Asks the API server about each object, under a manager of a layer or our own.
    ///
    /// # Errors
    /// If an object is refused, or there is no answer.
    pub(crate) async fn of(
        cluster: &Cluster,
        objects: &[Object],
        manager: Option<&str>,
    ) -> Result<Self> {
        let manager = manager.unwrap_or(MANAGER);
        let compared = futures::stream::iter(objects)
            .map(|object| compare(cluster, object, manager))
            .buffered(CONCURRENCY)
            .try_collect()
            .await?;
        Ok(Self {
            objects: compared,
            there: HashMap::new(),
            asked: Mutex::default(),
        })
    }

    /// Finds out whether what a plan asked about is there.
    pub(crate) async fn look_up_references(&mut self, cluster: &Cluster) -> Result<()> {
        let asked = std::mem::take(&mut *self.asked.lock().unwrap_or_else(PoisonError::into_inner));
        for id in asked {
            if self.there.contains_key(&id) {
                continue;
            }
            let is_there = match cluster.kinds().preferred(&id.kind) {
                None => false,
                Some(_) => cluster.get_metadata(&id).await?.is_some(),
            };
            self.there.insert(id, is_there);
        }
        Ok(())
    }

    fn compared(&self, id: &ObjectId) -> Option<&Compared> {
        self.objects.iter().find(|compared| compared.id == *id)
    }
}

impl Facts for Comparison {
    fn exists(&self, id: &ObjectId) -> Option<bool> {
        let known = self.there.get(id).copied();
        if known.is_none() {
            let mut asked = self.asked.lock().unwrap_or_else(PoisonError::into_inner);
            asked.push(id.clone());
        }
        known
    }

    fn change(&self, object: &Object) -> Change {
        self.compared(object.id())
            .map_or(Change::Unknown, |compared| compared.change)
    }
}

async fn compare(cluster: &Cluster, object: &Object, manager: &str) -> Result<Compared> {
    let at = || match object.origin() {
        Some(origin) => format!("{} ({origin})", object.id()),
        None => object.id().to_string(),
    };
    let before = match cluster.kinds().resolve(object.gvk()) {
        Some(_) => cluster.get(object.id()).await.with_context(at)?,
        None => None,
    };
    let options = ApplyOptions {
        manager,
        force: Force::Yes,
        mode: Mode::DryRun,
        uid: None,
    };
    let after = match cluster.apply(object, &options).await {
        Ok(applied) => applied.object,
        // What it needs is made by the same change.
        Err(error) if before.is_none() && comes_with_it(error.class) => object.clone(),
        Err(error) => return Err(error).with_context(at),
    };
    let change = match &before {
        None => Change::Create,
        Some(before) if plain(before) == plain(&after) => Change::None,
        Some(_) => Change::Update,
    };
    Ok(Compared {
        id: object.id().clone(),
        change,
        before,
        after,
    })
}

fn comes_with_it(class: Class) -> bool {
    matches!(
        class,
        Class::UnknownKind | Class::MissingNamespace | Class::Webhook
    )
}

/// An object without what the API server keeps of its own: what a person compares.
pub(crate) fn plain(object: &Object) -> Value {
    let mut value = object.value().clone();
    if let Some(metadata) = value.get_mut("metadata").and_then(Value::as_object_mut) {
        for field in [
            "creationTimestamp",
            "generation",
            "managedFields",
            "resourceVersion",
            "uid",
            "selfLink",
        ] {
            metadata.remove(field);
        }
    }
    if let Some(fields) = value.as_object_mut() {
        fields.remove("status");
    }
    value
}
