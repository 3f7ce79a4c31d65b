//! Fields that name other objects follow those objects' new names.

use std::collections::{HashMap, HashSet};

use foldhash::quality::RandomState;
use tidegate_yaml::{Node, NodeValue};

use crate::fault::Step;
use crate::field_spec::{FieldSpec, NameReference};
use crate::gvk::{Gvk, Scope};
use crate::memo;
use crate::node::{self, Kind};
use crate::resource::Resource;
use crate::resources::Resources;
use crate::walk;

/// What tells an update by all that it goes by but the fields of an object: how all of them are and were called.
pub(crate) fn step(all: &[Resource]) -> memo::Step {
    let mut bytes = Vec::with_capacity(128 * all.len());
    for resource in all {
        let (id, history) = (resource.id(), &resource.history);
        let ids = [
            &id.gvk.group,
            &id.gvk.version,
            &id.gvk.kind,
            &id.name,
            &id.namespace,
        ];
        push(&mut bytes, ids.into_iter());
        bytes.push(u8::from(id.scope == Scope::Cluster));
        let previous = history.previous.iter();
        let previous = previous.flat_map(|one| [&one.kind, &one.name, &one.namespace]);
        push(&mut bytes, previous);
        push(&mut bytes, history.prefixes.iter());
        push(&mut bytes, history.suffixes.iter());
    }
    memo::Step::of("names", [bytes.as_slice()])
}

/// Writes texts so that no others are written alike.
fn push<'a>(bytes: &mut Vec<u8>, texts: impl Iterator<Item = &'a String>) {
    for text in texts {
        bytes.push(1);
        bytes.extend(text.len().to_le_bytes());
        bytes.extend(text.as_bytes());
    }
    bytes.push(0);
}

/// Updates every reference to a renamed object; `all` objects if these are a part of them.
pub(crate) fn update(
    resources: &mut Resources,
    all: Option<&[Resource]>,
    references: &[NameReference],
) -> Step {
    let names = Names::new(all.unwrap_or(&resources.list));
    if names.by_name.is_empty() {
        return check_subjects(&resources.list);
    }
    let mut by_gvk: HashMap<Gvk, Vec<(&NameReference, &FieldSpec)>, RandomState> =
        HashMap::default();
    for position in 0..resources.list.len() {
        let Some(resource) = resources.list.get_mut(position) else {
            continue;
        };
        let original = resource.original_gvk();
        let fields = by_gvk
            .entry(original)
            .or_insert_with_key(|original| fields_of(references, original));
        if fields.is_empty() {
            continue;
        }
        let mut node = std::mem::replace(&mut resource.node, node::empty(Kind::Mapping));
        let updated = resources.list.get(position).map_or(Ok(()), |referrer| {
            let list = all.unwrap_or(&resources.list);
            update_one(list, referrer, (&names, fields), &mut node)
        });
        if let Some(resource) = resources.list.get_mut(position) {
            resource.node = node;
            let origin = &resource.origin;
            updated.map_err(|fault| fault.within(|| origin.to_string()))?;
        }
    }
    resources.settle();
    Ok(())
}

fn fields_of<'a>(
    references: &'a [NameReference],
    original: &Gvk,
) -> Vec<(&'a NameReference, &'a FieldSpec)> {
    let mut fields = Vec::new();
    for reference in references {
        let referrers = reference.referrers.iter();
        let meant = referrers.filter(|spec| original.is_selected(&spec.selector));
        fields.extend(meant.map(|spec| (reference, spec)));
    }
    fields
}

/// The objects by the names that they had, and by the namespaces that they had first and have.
struct Names {
    by_name: HashMap<String, Vec<usize>, RandomState>,
    by_first_namespace: HashMap<String, Vec<usize>, RandomState>,
}

impl Names {
    fn new(list: &[Resource]) -> Self {
        let mut names = Self {
            by_name: HashMap::default(),
            by_first_namespace: HashMap::default(),
        };
        for (position, resource) in list.iter().enumerate() {
            for previous in &resource.history.previous {
                note(&mut names.by_name, &previous.name, position);
            }
            let namespace = resource.original_namespace();
            note(&mut names.by_first_namespace, namespace, position);
        }
        names
    }
}

/// Adds a position that is not smaller than those before.
fn note(known: &mut HashMap<String, Vec<usize>, RandomState>, name: &str, position: usize) {
    match known.get_mut(name) {
        Some(positions) if positions.last() == Some(&position) => {}
        Some(positions) => positions.push(position),
        None => {
            known.insert(name.to_owned(), vec![position]);
        }
    }
}

fn update_one(
    list: &[Resource],
    referrer: &Resource,
    (names, fields): (&Names, &[(&NameReference, &FieldSpec)]),
    node: &mut Node,
) -> Step {
    let context = Context {
        list,
        names,
        referrer,
        subjects: subject_namespaces(referrer, node)?,
        role: role(node),
    };
    for (reference, spec) in fields {
        let field = Field {
            context: &context,
            target: &reference.target,
            is_role: spec.path.ends_with("roleRef/name"),
        };
        walk::visit(spec, node, None, &mut |found| field.set(found))?;
    }
    Ok(())
}

/// Refuses what is refused even if nothing was renamed.
fn check_subjects(list: &[Resource]) -> Step {
    list.iter().try_for_each(|resource| {
        let namespaces = subject_namespaces(resource, &resource.node);
        let checked = namespaces.map(|_| ());
        checked.map_err(|fault| fault.within(|| resource.origin.to_string()))
    })
}

/// The namespaces of the service accounts that a role binding names.
fn subject_namespaces(referrer: &Resource, node: &Node) -> Step<HashSet<String>> {
    let mut namespaces = HashSet::new();
    if referrer.gvk().kind != "RoleBinding" {
        return Ok(namespaces);
    }
    let subjects = node.get("subjects").and_then(Node::items);
    for subject in subjects.unwrap_or_default() {
        let is_account = subject.get("kind").map(node::raw) == Some("ServiceAccount");
        let Some(namespace) = subject.get("namespace").filter(|_| is_account) else {
            continue;
        };
        if !node::is_string(namespace) {
            return Err("a subject's `namespace` must be a text".into());
        }
        namespaces.insert(node::raw(namespace).to_owned());
    }
    Ok(namespaces)
}

/// Group and kind of a role binding's role.
fn role(node: &Node) -> Option<Gvk> {
    let role = node.get("roleRef")?;
    Some(Gvk {
        group: node::raw(role.get("apiGroup")?).to_owned(),
        kind: node::raw(role.get("kind")?).to_owned(),
        version: String::new(),
    })
}

struct Context<'a> {
    list: &'a [Resource],
    names: &'a Names,
    referrer: &'a Resource,
    subjects: HashSet<String>,
    role: Option<Gvk>,
}

struct Field<'a> {
    context: &'a Context<'a>,
    target: &'a Gvk,
    is_role: bool,
}

impl Field<'_> {
    fn set(&self, found: &mut Node) -> Step {
        if node::is_null(found) {
            return Ok(());
        }
        let NodeValue::Sequence(items) = &mut found.value else {
            return self.set_one(found);
        };
        let mut items = items.iter_mut().filter(|item| !node::is_null(item));
        items.try_for_each(|item| self.set_one(item))
    }

    fn set_one(&self, found: &mut Node) -> Step {
        match node::kind(found) {
            Kind::Scalar => self.set_scalar(found),
            Kind::Mapping => self.set_mapping(found),
            Kind::Sequence => Err("a reference must be a text or a mapping, found a list".into()),
        }
    }

    fn set_scalar(&self, found: &mut Node) -> Step {
        let old = node::raw(found);
        let named = self.named(old);
        let same = |a: &Resource, b: &Resource| a.id().name == b.id().name;
        match self.select(old, named, same)? {
            Some(name) if name.id().name != old => {
                node::set_scalar(found, node::scalar(&name.id().name))
            }
            _ => Ok(()),
        }
    }

    fn set_mapping(&self, found: &mut Node) -> Step {
        let name = found.get("name").ok_or("the reference has no `name`")?;
        let old = node::raw(name).to_owned();
        let mut named = self.named(&old);
        if let Some(namespace) = found.get("namespace") {
            let namespace = node::raw(namespace);
            let was_first = self.has_first_namespace(namespace);
            named.retain(|one| {
                one.id().scope != Scope::Cluster && {
                    if was_first {
                        one.original_namespace() == namespace
                    } else {
                        one.effective_namespace() == namespace
                    }
                }
            });
        }
        let same = |a: &Resource, b: &Resource| {
            a.id().name == b.id().name && a.id().namespace == b.id().namespace
        };
        let Some(referral) = self.select(&old, named, same)? else {
            return Ok(());
        };
        let id = referral.id();
        if id.name == old && id.namespace.is_empty() {
            return Ok(());
        }
        node::set_field(found, "name", node::scalar(&id.name))?;
        if !id.namespace.is_empty() {
            node::set_field(found, "namespace", node::scalar(&id.namespace))?;
        }
        Ok(())
    }

    /// Whether any object that could be meant was in a namespace first.
    fn has_first_namespace(&self, namespace: &str) -> bool {
        let positions = self.context.names.by_first_namespace.get(namespace);
        let mut positions = positions.into_iter().flatten();
        positions.any(|position| {
            let found = self.context.list.get(*position);
            found.is_some_and(|one| self.could_be_meant(one))
        })
    }

    /// The objects that had a name, as far as the referrer can reach them.
    fn named(&self, name: &str) -> Vec<&Resource> {
        let positions = self.context.names.by_name.get(name).into_iter().flatten();
        let found = positions.filter_map(|position| self.context.list.get(*position));
        found.filter(|one| self.could_be_meant(one)).collect()
    }

    /// Whether the referrer can reach an object (`SubsetThatCouldBeReferencedByResource`).
    fn could_be_meant(&self, candidate: &Resource) -> bool {
        let (own, other) = (self.context.referrer.id(), candidate.id());
        (own.scope == Scope::Cluster)
            || (other.scope == Scope::Cluster)
            || own.effective_namespace() == other.effective_namespace()
            || self.context.subjects.contains(&other.namespace)
    }

    fn is_kind(&self, candidate: &Resource) -> bool {
        let is = |selector: &Gvk| {
            candidate
                .previous_ids()
                .any(|previous| previous.gvk.is_selected(selector))
        };
        is(self.target) && (!self.is_role || self.context.role.as_ref().is_none_or(is))
    }

    fn is_near(&self, candidate: &Resource) -> bool {
        let (own, other) = (self.context.referrer.id(), candidate.id());
        (own.scope == Scope::Cluster)
            || (other.scope == Scope::Cluster)
            || other.gvk.kind == "ServiceAccount"
            || own.effective_namespace() == other.effective_namespace()
    }

    /// The one that is meant: the only one, else the one that was renamed together with the referrer.
    fn select<'b>(
        &self,
        name: &str,
        mut candidates: Vec<&'b Resource>,
        same: fn(&Resource, &Resource) -> bool,
    ) -> Step<Option<&'b Resource>> {
        candidates.retain(|one| self.is_kind(one) && self.is_near(one));
        if let [only] = candidates.as_slice() {
            return Ok(Some(only));
        }
        candidates.retain(|one| self.is_renamed_alike(one, Empty::FitsAll));
        if candidates.len() > 1 {
            candidates.retain(|one| self.is_renamed_alike(one, Empty::FitsEmpty));
        }
        let Some((first, others)) = candidates.split_first() else {
            return Ok(None);
        };
        if others.iter().all(|other| same(first, other)) {
            return Ok(Some(first));
        }
        let ids: Vec<_> = candidates
            .iter()
            .map(|one| format!("`{}` of {}", one.id(), one.origin))
            .collect();
        Err(format!("`{name}` may mean any of {}; rename one", ids.join(", ")).into())
    }

    fn is_renamed_alike(&self, candidate: &Resource, empty: Empty) -> bool {
        let (own, other) = (&self.context.referrer.history, &candidate.history);
        let alike = |own: &[String], other: &[String]| {
            let is_empty = own.is_empty() || other.is_empty();
            (empty == Empty::FitsAll && is_empty) || ends_alike(own, other)
        };
        alike(&own.prefixes, &other.prefixes) && alike(&own.suffixes, &other.suffixes)
    }
}

/// What objects without prefixes are like.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Empty {
    FitsAll,
    FitsEmpty,
}

/// Whether the shorter list is the end of the longer one; only an empty one ends in an empty one.
fn ends_alike(a: &[String], b: &[String]) -> bool {
    let (shorter, longer) = if a.len() > b.len() { (b, a) } else { (a, b) };
    if shorter.is_empty() {
        return longer.is_empty();
    }
    longer.ends_with(shorter)
}
