//! What would change in a cluster: the API server's own answer, by dry-run. Nothing is written.

use std::collections::{BTreeSet, HashMap};
use std::future::Future;
use std::sync::{Mutex, PoisonError};

use anyhow::{Context as _, Result, bail};
use futures::{StreamExt as _, TryStreamExt as _};
use tidegate_cluster::{ApiError, ApplyOptions, Class, Cluster, Force, Mode};
use tidegate_kustomize::Rendered;
use tidegate_object::{Object, ObjectId};
use tidegate_plan::{Change, Consequence, Facts};
use tidegate_schema::Definitions;
use tidegate_sync::{Desired, Owner, Preview, Previewed, Refusal, comes_with_it, plain};

use crate::output::{self, counted};

/// How many objects are asked about at the same time.
const CONCURRENCY: usize = 8;
/// The field manager of a comparison with what no layer owns.
const MANAGER: &str = "tidegate-diff";

/// All objects of a rendering, compared with a cluster.
pub(crate) struct Comparison {
    pub(crate) objects: Vec<Previewed>,
    /// What would not be written, each with the reason.
    problems: Vec<String>,
    there: HashMap<ObjectId, bool>,
    asked: Mutex<Vec<ObjectId>>,
}

impl Comparison {
    /// Asks about each object of a folder, under the manager of a layer or our own.
    ///
    /// # Errors
    /// If there is no answer. What is refused is a problem.
    pub(crate) async fn of_folder(
        cluster: &Cluster,
        rendered: &Rendered,
        owner: Option<&Owner>,
    ) -> Result<Self> {
        let nobody = nobody();
        let desired = Desired::on(cluster.kinds(), rendered, owner.unwrap_or(&nobody));
        let refused: BTreeSet<&ObjectId> = desired.refused.iter().map(|it| &it.object).collect();
        // Marks are a layer's.
        let objects: Vec<Object> = if owner.is_some() {
            desired.objects.clone()
        } else {
            let objects = rendered.objects.iter();
            let taken = objects.filter(|object| !refused.contains(object.id()));
            taken.cloned().collect()
        };
        let manager = owner.map_or(MANAGER.into(), Owner::manager);
        Self::by(&desired, &objects, |object| {
            compare(cluster, object, &manager)
        })
        .await
    }

    /// Asks about each object of a layer, as a run of it would.
    ///
    /// # Errors
    /// If there is no answer. What is refused is a problem.
    pub(crate) async fn of_layer(preview: &Preview, desired: &Desired) -> Result<Self> {
        Self::by(desired, &desired.objects, |object| preview.object(object)).await
    }

    async fn by<'a, F>(
        desired: &Desired,
        objects: &'a [Object],
        ask: impl Fn(&'a Object) -> F,
    ) -> Result<Self>
    where
        F: Future<Output = Result<Previewed, ApiError>>,
    {
        let mut compared: Vec<Previewed> = futures::stream::iter(objects)
            .map(|object| {
                let asked = ask(object);
                async { asked.await.with_context(|| at(object)) }
            })
            .buffered(CONCURRENCY)
            .try_collect()
            .await?;
        let changed = objects.iter().zip(&compared);
        let changed = changed.filter(|(_, compared)| compared.change != Change::None);
        let definitions = Definitions::of(changed.map(|(object, _)| object));
        for (object, compared) in objects.iter().zip(&mut compared) {
            compared.redefine(&definitions, object);
        }
        let mut problems: Vec<String> = desired.refused.iter().map(refused).collect();
        for (object, compared) in objects.iter().zip(&compared) {
            if let Some(problem) = &compared.problem {
                problems.push(format!("{}: {problem}", at(object)));
            }
        }
        Ok(Self {
            objects: compared,
            problems,
            there: HashMap::new(),
            asked: Mutex::default(),
        })
    }

    /// Says what would not be written, all of it.
    ///
    /// # Errors
    /// If there is anything.
    pub(crate) fn report(&self) -> Result<()> {
        report(&self.problems)
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

    fn compared(&self, id: &ObjectId) -> Option<&Previewed> {
        self.objects.iter().find(|compared| compared.id == *id)
    }
}

/// Says what could not be written of a folder wherever it is applied: what can be known without a cluster.
///
/// # Errors
/// If there is anything.
pub(crate) fn report_refused(rendered: &Rendered) -> Result<()> {
    let desired = Desired::alone(rendered, &nobody());
    let refused: Vec<String> = desired.refused.iter().map(refused).collect();
    report(&refused)
}

fn report(problems: &[String]) -> Result<()> {
    for problem in problems {
        output::message(&format!("refused: {problem}"))?;
    }
    match problems.len() {
        0 => Ok(()),
        count => bail!("{} would not be written", counted(count, "object")),
    }
}

fn refused(refusal: &Refusal) -> String {
    let place = refusal.origin.as_ref().map(|it| format!(" ({it})"));
    let place = place.unwrap_or_default();
    format!("{}{place}: {}", refusal.object, refusal.message)
}

/// The owner of what no layer owns.
fn nobody() -> Owner {
    Owner {
        namespace: "cli".into(),
        name: "diff".into(),
        uid: String::new(),
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

    fn consequences(&self, object: &Object) -> Vec<Consequence> {
        let compared = self.compared(object.id());
        compared.map(Previewed::consequences).unwrap_or_default()
    }
}

async fn compare(cluster: &Cluster, object: &Object, manager: &str) -> Result<Previewed, ApiError> {
    let before = match cluster.kinds().resolve(object.gvk()) {
        Some(_) => cluster.get(object.id()).await?,
        None => None,
    };
    let options = ApplyOptions {
        manager,
        force: Force::Yes,
        mode: Mode::DryRun,
        uid: None,
    };
    let mut is_invalid = false;
    let (after, problem) = match cluster.apply(object, &options).await {
        Ok(applied) => (applied.object, None),
        // What it needs is made by the same change.
        Err(error) if before.is_none() && comes_with_it(error.class) => (object.clone(), None),
        Err(error) if error.code == 0 => return Err(error),
        Err(error) => {
            is_invalid = error.class == Class::Invalid;
            (object.clone(), Some(error.message))
        }
    };
    let change = match &before {
        _ if problem.is_some() => Change::None,
        None => Change::Create,
        Some(before) if plain(before) == plain(&after) => Change::None,
        Some(_) => Change::Update,
    };
    Ok(Previewed {
        id: object.id().clone(),
        change,
        before,
        after,
        problem,
        is_invalid,
    })
}

/// An object by its identifier and its place in Git.
fn at(object: &Object) -> String {
    match object.origin() {
        Some(origin) => format!("{} ({origin})", object.id()),
        None => object.id().to_string(),
    }
}
