//! One object as Git says it, as the cluster has it, and what a run would change of it now.

mod writer;

use serde::Serialize;
use serde_json::Value;
use similar::TextDiff;
use tidegate_cluster::{ApiError, Cluster};
use tidegate_object::{Object, ObjectId, Redacted};
use tidegate_plan::{Change, Consequence};

use crate::{Desired, LayerSpec, LayerView, Owner, Preview, Sight, Sought};

pub use writer::Writer;

/// Events of an object that are shown: the newest.
const EVENTS: usize = 30;
/// Lines of context around a difference.
const CONTEXT: usize = 3;
/// What the API server keeps of its own, and nobody compares.
const BOOKKEEPING: [&str; 6] = [
    "/metadata/creationTimestamp",
    "/metadata/generation",
    "/metadata/managedFields",
    "/metadata/resourceVersion",
    "/metadata/selfLink",
    "/metadata/uid",
];

/// One object, seen from both sides. Secret values are masked.
#[derive(Debug, Default)]
pub struct Inspection {
    /// The live object itself, with all that is in it: for a chain of reasons that begins at it.
    pub object: Option<Object>,
    /// As Git says it, with the layer's marks, as YAML; `None` if the layer's newest rendering does not hold it.
    pub desired: Option<String>,
    /// As the cluster has it, without the record of who wrote it, as YAML; `None` if it is not there.
    pub live: Option<String>,
    /// What a run would do to it now; `None` if it is not in Git, or the API server cannot tell.
    pub difference: Option<Difference>,
    /// Why it would not be written, or why that is not known.
    pub problem: Option<String>,
    /// Who wrote it, the last one first.
    pub writers: Vec<Writer>,
    /// What happened to it, the newest first.
    pub events: Vec<Happening>,
}

/// What a run would change.
#[derive(Debug)]
pub struct Difference {
    /// What would happen to the object.
    pub change: Change,
    /// The lines that differ, as a unified diff of YAML, without what the API server keeps of its own.
    pub text: String,
    /// What that does to what runs.
    pub consequences: Vec<Consequence>,
}

/// Something that happened to an object.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Happening {
    /// `Normal` or `Warning`.
    #[serde(rename = "type")]
    pub kind: String,
    /// One word for it.
    pub reason: String,
    /// The cluster's words.
    pub message: String,
    /// How often it was seen.
    pub count: u64,
    /// When it was seen last.
    pub last: String,
}

impl Inspection {
    /// Looks at an object of a layer with the agent's rights, for somebody who may see it; what a run would do is asked as
    /// the layer's account. What happened to it is read only if `sight` lets them see that.
    ///
    /// # Errors
    /// If the API server does not answer, or refuses to.
    pub async fn of(
        (cluster, sight): (&Cluster, &impl Sight),
        view: &LayerView,
        id: &ObjectId,
    ) -> Result<Self, ApiError> {
        let mut seen = Self::default();
        if cluster.kinds().preferred(&id.kind).is_some()
            && let Some(live) = cluster.get(id).await?
        {
            seen.writers = Writer::of(&live);
            let shown = Redacted::from(&live).without(&["/metadata/managedFields"]);
            seen.live = Some(tidegate_yaml::emit(shown.value()));
            let happenings_of = Sought::Happenings(id.namespace.clone());
            if sight.may(&happenings_of).await {
                seen.events = happenings(cluster, &live).await?;
            }
            seen.object = Some(live);
        }
        let Some((rendered, _)) = &view.rendering else {
            return Ok(seen);
        };
        let owner = owner(view);
        match Desired::one(cluster.kinds(), rendered, (&owner, id)) {
            None => {}
            Some(Err(refusal)) => seen.problem = Some(refusal.message),
            Some(Ok(desired)) => {
                seen.desired = Some(tidegate_yaml::emit(Redacted::from(&desired).value()));
                seen.compare(cluster, (view, owner), &desired).await;
            }
        }
        Ok(seen)
    }

    async fn compare(
        &mut self,
        cluster: &Cluster,
        (view, owner): (&LayerView, Owner),
        desired: &Object,
    ) {
        let LayerSpec {
            service_account_name: account,
            adopt,
            ..
        } = &view.spec;
        let writer = match cluster.as_account(&view.namespace, account) {
            Ok(writer) => writer,
            Err(error) => return self.problem = Some(error.to_string()),
        };
        let preview = Preview::new((cluster.clone(), writer), owner, *adopt);
        match preview.object(desired).await {
            Err(error) => self.problem = Some(error.message),
            Ok(previewed) => {
                let consequences = previewed.consequences();
                self.difference = Some(Difference {
                    change: previewed.change,
                    text: unified(previewed.before.as_ref(), &previewed.after),
                    consequences,
                });
                self.problem = previewed.problem;
            }
        }
    }
}

/// The owner that a layer's objects are marked with.
fn owner(view: &LayerView) -> Owner {
    Owner {
        namespace: view.namespace.clone(),
        name: view.name.clone(),
        uid: view.uid.clone(),
    }
}

fn unified(before: Option<&Object>, after: &Object) -> String {
    let (before, after) = match before {
        None => (String::new(), yaml(Redacted::from(after))),
        Some(before) => {
            let (before, after) = Redacted::pair(before, after);
            (yaml(before), yaml(after))
        }
    };
    let diff = TextDiff::from_lines(&before, &after);
    diff.unified_diff().context_radius(CONTEXT).to_string()
}

fn yaml(shown: Redacted) -> String {
    let shown = shown.without(&BOOKKEEPING).without(&["/status"]);
    tidegate_yaml::emit(shown.value())
}

async fn happenings(cluster: &Cluster, live: &Object) -> Result<Vec<Happening>, ApiError> {
    let events = cluster.events_of(live).await?;
    let mut happenings: Vec<Happening> = events.iter().map(happening).collect();
    happenings.sort_by(|one, other| other.last.cmp(&one.last));
    happenings.truncate(EVENTS);
    Ok(happenings)
}

fn happening(event: &Object) -> Happening {
    let text = |pointer: &str| event.text(pointer).filter(|text| !text.is_empty());
    let number = |pointer: &str| event.pointer(pointer).and_then(Value::as_u64);
    let words = |pointer: &str| text(pointer).unwrap_or_default().to_owned();
    let last = text("/series/lastObservedTime").or(text("/lastTimestamp"));
    let last = last.or(text("/eventTime")).or(text("/firstTimestamp"));
    Happening {
        kind: words("/type"),
        reason: words("/reason"),
        message: words("/message"),
        count: number("/series/count").or(number("/count")).unwrap_or(1),
        last: last.unwrap_or_default().to_owned(),
    }
}
