//! Strategic merge of a patch into an object, as kyaml's `merge2` does it.
//!
//! The whole object is walked, also where the patch says nothing: nulls without text go, and lists
//! that merge by key come out in the order that kustomize gives them.

mod directive;
mod list;

use tidegate_yaml::{Node, NodeValue, ScalarStyle};

use crate::fault::Step;
use crate::node::{self, Kind};
use crate::schema::{Schema, Shape, TypeId};
use directive::Directive;

/// Merges a patch into an object; `None` if it deletes the object.
pub(crate) fn merge(schema: &Schema, object: Node, patch: Node) -> Step<Option<Node>> {
    let walk = Walk { schema };
    Ok(walk
        .node(Some(object), Patch::Node(patch), None)?
        .into_node())
}

/// What the patch has to say about a node.
#[derive(Debug)]
enum Patch {
    Nothing,
    Node(Node),
    /// The patch's node has become the object's: it is merged with itself.
    Same,
}

/// What became of a node.
#[derive(Debug)]
enum Outcome {
    Gone,
    /// The object's own node, changed.
    Own(Node),
    /// The patch's node.
    Patched(Node),
    /// A null that was written as a word, and stays.
    Null(Node),
}

impl Outcome {
    fn into_node(self) -> Option<Node> {
        match self {
            Self::Gone => None,
            Self::Own(node) | Self::Patched(node) | Self::Null(node) => Some(node),
        }
    }
}

/// How a map or a list that merges goes on after its directive.
enum Visited {
    Ended(Outcome),
    Merge(Node, Patch),
    Replaced(Node),
}

struct Walk<'s> {
    schema: &'s Schema,
}

impl Walk<'_> {
    fn node(&self, own: Option<Node>, patch: Patch, shape: Option<Shape<'_>>) -> Step<Outcome> {
        let other = match &patch {
            Patch::Node(node) if !node::is_null(node) => Some(node::kind(node)),
            _ => None,
        };
        let own_kind = own
            .as_ref()
            .filter(|own| !node::is_null(own))
            .map(node::kind);
        if let (Some(kind), Some(_), Patch::Node(patch)) = (own_kind, other, &patch) {
            node::expect(patch, kind)?;
        }
        match own_kind.or(other) {
            Some(Kind::Scalar) => Ok(scalar(own, patch)),
            Some(Kind::Sequence) => match shape {
                Some(Shape::Merging(items, keys)) => self.merging_list(own, patch, (items, keys)),
                _ => Ok(scalar(own, patch)),
            },
            Some(Kind::Mapping) | None => self.map(own, patch, shape),
        }
    }

    fn map(&self, own: Option<Node>, patch: Patch, shape: Option<Shape<'_>>) -> Step<Outcome> {
        let of = self.type_of(own.as_ref(), &patch, shape);
        match visit_map(own, patch)? {
            Visited::Ended(outcome) => Ok(outcome),
            Visited::Replaced(node) => {
                let node = self.fields(node, Patch::Same, of)?;
                Ok(Outcome::Patched(node))
            }
            Visited::Merge(node, patch) => Ok(Outcome::Own(self.fields(node, patch, of)?)),
        }
    }

    /// The type of a mapping: what its parent's says, else what it says itself.
    fn type_of(
        &self,
        own: Option<&Node>,
        patch: &Patch,
        shape: Option<Shape<'_>>,
    ) -> Option<TypeId> {
        if let Some(Shape::Plain(of) | Shape::Merging(of, _)) = shape {
            return Some(of);
        }
        let patch = match patch {
            Patch::Node(node) => Some(node),
            _ => None,
        };
        [own, patch].into_iter().flatten().find_map(|node| {
            let text = |name| {
                node.get(name)
                    .map(node::value)
                    .filter(|text| !text.is_empty())
            };
            self.schema.of_kind(text("apiVersion")?, text("kind")?)
        })
    }

    /// Merges the fields of two mappings into the first.
    fn fields(&self, mut node: Node, patch: Patch, of: Option<TypeId>) -> Step<Node> {
        let NodeValue::Mapping(pairs) = &mut node.value else {
            return Ok(node);
        };
        let (mut others, is_same) = match patch {
            Patch::Node(Node {
                value: NodeValue::Mapping(pairs),
                ..
            }) => (pairs, false),
            Patch::Same => (Vec::new(), true),
            _ => (Vec::new(), false),
        };
        let mut index = 0;
        while let Some((key, own)) = pairs.get_mut(index) {
            let key = node::raw(key).to_owned();
            let own = std::mem::replace(own, node::empty(Kind::Scalar));
            if node::position(pairs, &key) != Some(index) {
                put_back(pairs, index, own);
                index += 1;
                continue;
            }
            let patch = match take(&mut others, &key) {
                _ if is_same => Patch::Same,
                Some(other) => Patch::Node(other),
                None => Patch::Nothing,
            };
            let style = node::style(&own);
            let shape = of.map(|of| self.schema.field(of, &key));
            let is_scalar = node::kind(&own) == Kind::Scalar;
            let mark = own.mark;
            let new = match self.node(Some(own), patch, shape)? {
                Outcome::Null(null) => Some(null),
                Outcome::Own(own) => Some(own).filter(|own| !node::is_null(own)),
                Outcome::Patched(mut new) if !node::is_null(&new) => {
                    quote(&mut new);
                    if is_scalar {
                        node::restyle(&mut new, style);
                    }
                    Some(node::in_place(new, mark))
                }
                Outcome::Gone | Outcome::Patched(_) => None,
            };
            let Some(new) = new else {
                pairs.remove(index);
                continue;
            };
            put_back(pairs, index, new);
            index += 1;
        }
        self.add_fields(pairs, others, of)?;
        Ok(node)
    }

    /// Adds the fields that only the patch has.
    fn add_fields(
        &self,
        pairs: &mut Vec<(Node, Node)>,
        others: Vec<(Node, Node)>,
        of: Option<TypeId>,
    ) -> Step {
        let mut seen: Vec<String> = Vec::new();
        for (key, other) in others {
            let name = node::raw(&key).to_owned();
            if seen.contains(&name) {
                continue;
            }
            let shape = of.map(|of| self.schema.field(of, &name));
            let outcome = self.node(None, Patch::Node(other), shape)?;
            if let Some(mut new) = outcome.into_node().filter(|node| !node::is_null(node)) {
                quote(&mut new);
                let mut key = key;
                key.tag = None;
                key.mark.line = 0;
                pairs.push((key, new));
            }
            seen.push(name);
        }
        Ok(())
    }
}

/// What has no tag and would be misread by a YAML 1.1 reader gets quotes.
fn quote(new: &mut Node) {
    let bare = node::is_string(new) && node::style(new) == ScalarStyle::Plain;
    if bare && node::is_old_non_string(node::raw(new)) {
        node::restyle(new, ScalarStyle::DoubleQuoted);
    }
}

fn put_back(pairs: &mut [(Node, Node)], index: usize, node: Node) {
    if let Some((_, slot)) = pairs.get_mut(index) {
        *slot = node;
    }
}

/// Takes the first value of a key, and drops the others.
fn take(pairs: &mut Vec<(Node, Node)>, key: &str) -> Option<Node> {
    let mut taken = None;
    while let Some(index) = node::position(pairs, key) {
        let (_, value) = pairs.remove(index);
        taken = taken.or(Some(value));
    }
    taken
}

/// Scalars and lists that do not merge: the patch's, if it has one.
fn scalar(own: Option<Node>, patch: Patch) -> Outcome {
    match (own, patch) {
        (_, Patch::Node(node)) => Outcome::Patched(node),
        (Some(own), _) => Outcome::Own(own),
        (None, _) => Outcome::Gone,
    }
}

/// What becomes of a mapping before its fields are looked at (`Merger.VisitMap`).
fn visit_map(own: Option<Node>, patch: Patch) -> Step<Visited> {
    let Some(own) = own.filter(|own| !node::is_null(own) || !node::raw(own).is_empty()) else {
        return Ok(missing_map(patch));
    };
    if node::is_null(&own) {
        return Ok(match patch {
            Patch::Nothing => Visited::Ended(Outcome::Null(own)),
            Patch::Same => Visited::Ended(Outcome::Gone),
            Patch::Node(_) => missing_map(patch),
        });
    }
    match patch {
        Patch::Nothing => Ok(Visited::Merge(own, Patch::Nothing)),
        Patch::Same => {
            let mut own = own;
            Ok(match Directive::of_map(&mut own)? {
                Directive::Delete => Visited::Ended(Outcome::Gone),
                Directive::Replace | Directive::Merge => Visited::Replaced(own),
            })
        }
        Patch::Node(patch) if node::is_null(&patch) => Ok(Visited::Ended(Outcome::Gone)),
        Patch::Node(mut patch) => Ok(match Directive::of_map(&mut patch)? {
            Directive::Delete => Visited::Ended(Outcome::Gone),
            Directive::Replace => Visited::Replaced(patch),
            Directive::Merge => Visited::Merge(own, Patch::Node(patch)),
        }),
    }
}

/// The object has no such mapping: the patch's is taken, and merged with itself.
fn missing_map(patch: Patch) -> Visited {
    let Patch::Node(mut patch) = patch else {
        return Visited::Ended(Outcome::Gone);
    };
    // An unknown directive is no error here, and stays in the output.
    match Directive::of_map(&mut patch) {
        Ok(Directive::Delete) => Visited::Ended(Outcome::Gone),
        _ => Visited::Replaced(patch),
    }
}
