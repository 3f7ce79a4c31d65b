//! An object during the build: its node, its names until now, and where it comes from.

use std::ops::{Deref, DerefMut};
use std::sync::Arc;

use tidegate_object::Origin;
use tidegate_yaml::Node;

use crate::error::Place;
use crate::fault::Step;
use crate::gvk::{Gvk, ResourceId, Scope, Scopes, effective_namespace};
use crate::node;
use crate::shared::Shared;

/// What a generated object does to one that exists.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) enum Behavior {
    /// Nothing was said: it must not exist.
    #[default]
    Create,
    Replace,
    Merge,
}

/// A former identity; its group and version are always the current ones.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Previous {
    pub(crate) kind: String,
    pub(crate) name: String,
    /// As ids are compared.
    pub(crate) namespace: String,
}

/// What a build remembers of an object: kustomize keeps it in annotations.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct History {
    pub(crate) previous: Vec<Previous>,
    pub(crate) prefixes: Vec<String>,
    pub(crate) suffixes: Vec<String>,
    pub(crate) needs_hash: bool,
    pub(crate) behavior: Option<Behavior>,
    /// Set on patches.
    pub(crate) renames: bool,
    /// Set on patches.
    pub(crate) changes_kind: bool,
}

impl History {
    /// Whether kustomize would have an annotation of its own on the object.
    pub(crate) fn is_annotated(&self) -> bool {
        *self != Self::default()
    }
}

/// An object; copies are one until one of them is changed.
#[derive(Debug, Clone)]
pub(crate) struct Resource {
    body: Arc<Body>,
    /// Whether its id may be another one since it was read.
    is_changed: bool,
    /// Whether its id became another one.
    is_renamed: bool,
    /// Its place among the objects of which a part is looked at.
    ticket: usize,
}

/// What there is of an object.
#[derive(Debug, Clone)]
pub(crate) struct Body {
    pub(crate) node: Node,
    pub(crate) history: History,
    pub(crate) origin: Origin,
    /// What to add to the marks of its nodes to get lines of its file.
    pub(crate) line_offset: usize,
    /// The vars that read a field of it.
    pub(crate) vars: Vec<String>,
    /// Set by a patch that deletes it, or leaves nothing.
    pub(crate) is_gone: bool,
    /// Nodes that are one to kustomize.
    pub(crate) shared: Vec<Shared>,
    /// How many groups of nodes there were.
    pub(crate) groups: u32,
    /// Whether fields were set that may be shared.
    pub(crate) may_differ: bool,
    /// What `openapi` says of kinds that are not built in.
    scopes: Option<Arc<Scopes>>,
    id: ResourceId,
}

impl Deref for Resource {
    type Target = Body;

    fn deref(&self) -> &Body {
        &self.body
    }
}

impl DerefMut for Resource {
    fn deref_mut(&mut self) -> &mut Body {
        self.is_changed = true;
        Arc::make_mut(&mut self.body)
    }
}

impl Resource {
    pub(crate) fn new(node: Node, origin: Origin, line_offset: usize) -> Self {
        let body = Arc::new(Body {
            node,
            history: History::default(),
            origin,
            line_offset,
            vars: Vec::new(),
            is_gone: false,
            shared: Vec::new(),
            groups: 0,
            may_differ: false,
            scopes: None,
            id: ResourceId::default(),
        });
        let mut resource = Self {
            body,
            is_changed: true,
            is_renamed: false,
            ticket: 0,
        };
        resource.refresh();
        resource
    }

    /// A copy with a ticket, which has not been renamed.
    pub(crate) fn with_ticket(&self, ticket: usize) -> Self {
        Self {
            body: Arc::clone(&self.body),
            is_changed: self.is_changed,
            is_renamed: false,
            ticket,
        }
    }

    pub(crate) fn ticket(&self) -> usize {
        self.ticket
    }

    pub(crate) fn is_renamed(&self) -> bool {
        self.is_renamed
    }

    /// Where it lies, which is the same for copies.
    pub(crate) fn address(&self) -> usize {
        Arc::as_ptr(&self.body).addr()
    }

    /// Takes the node out.
    pub(crate) fn into_node(self) -> Node {
        Arc::unwrap_or_clone(self.body).node
    }

    /// Looks its scope up in a schema of one's own as well.
    pub(crate) fn know(&mut self, scopes: &Arc<Scopes>) {
        self.scopes = Some(Arc::clone(scopes));
        self.id = ResourceId::default();
        self.refresh();
    }

    /// The current id, as of the last [`Self::refresh`].
    pub(crate) fn id(&self) -> &ResourceId {
        &self.id
    }

    pub(crate) fn gvk(&self) -> &Gvk {
        &self.id.gvk
    }

    /// The kind as of the last [`Self::refresh`], and the node, to be changed.
    pub(crate) fn gvk_and_node(&mut self) -> (&Gvk, &mut Node) {
        let body = &mut **self;
        (&body.id.gvk, &mut body.node)
    }

    /// Reads the id again after the node was changed; answers whether it is another one.
    pub(crate) fn refresh(&mut self) -> bool {
        if !std::mem::take(&mut self.is_changed) {
            return false;
        }
        let top = node::fields(&self.node, ["apiVersion", "kind", "metadata"]);
        let [api_version, kind, metadata] = top;
        let (api_version, kind) = (
            api_version.map_or("", node::raw),
            kind.map_or("", node::raw),
        );
        let (group, version) = api_version.split_once('/').unwrap_or(("", api_version));
        let metadata = metadata.map(|found| node::fields(found, ["name", "namespace"]));
        let [name, namespace] = metadata.unwrap_or_default().map(|field| {
            let field = field.filter(|field| !node::is_nil_or_empty(field));
            field.map_or("", node::raw)
        });
        let same = self.id.gvk.kind == kind
            && self.id.gvk.group == group
            && self.id.gvk.version == version
            && self.id.name == name
            && self.id.namespace == namespace;
        if !same {
            let gvk = Gvk::new(api_version, kind);
            let id = ResourceId::current(gvk, name, namespace, self.scopes.as_deref());
            Arc::make_mut(&mut self.body).id = id;
            self.is_renamed = true;
        }
        !same
    }

    /// The id that it was first known by.
    pub(crate) fn original_id(&self) -> ResourceId {
        self.previous_ids()
            .next()
            .unwrap_or_else(|| self.id.clone())
    }

    /// Kind, name and namespace that it was first known by.
    pub(crate) fn original_gvk(&self) -> Gvk {
        let mut gvk = self.id.gvk.clone();
        if let Some(first) = self.history.previous.first() {
            gvk.kind.clone_from(&first.kind);
        }
        gvk
    }

    /// The former ids, the oldest first.
    pub(crate) fn previous_ids(&self) -> impl Iterator<Item = ResourceId> + '_ {
        self.history.previous.iter().map(|previous| ResourceId {
            gvk: Gvk {
                kind: previous.kind.clone(),
                ..self.id.gvk.clone()
            },
            name: previous.name.clone(),
            namespace: previous.namespace.clone(),
            scope: Scope::Namespaced,
        })
    }

    /// Whether its current or a former id is `id`.
    pub(crate) fn was(&self, id: &ResourceId) -> bool {
        let gvk = &self.id.gvk;
        let same_group = gvk.group == id.gvk.group && gvk.version == id.gvk.version;
        let is_previous = |previous: &Previous| {
            previous.name == id.name
                && previous.kind == id.gvk.kind
                && effective_namespace(Scope::Namespaced, &previous.namespace)
                    == id.effective_namespace()
        };
        self.id.is_same(id) || (same_group && self.history.previous.iter().any(is_previous))
    }

    /// The place of its document's first line, to which marks of its nodes are added.
    pub(crate) fn place(&self) -> Place {
        Place {
            line: self.line_offset,
            ..Place::file(&self.origin.file)
        }
    }

    pub(crate) fn effective_namespace(&self) -> &str {
        self.id.effective_namespace()
    }

    /// The effective namespace of the id that it was first known by.
    pub(crate) fn original_namespace(&self) -> &str {
        match self.history.previous.first() {
            Some(first) => effective_namespace(Scope::Namespaced, &first.namespace),
            None => self.effective_namespace(),
        }
    }

    /// Remembers the current id before it changes.
    pub(crate) fn store_id(&mut self) {
        self.refresh();
        let body = &mut **self;
        body.history.previous.push(Previous {
            kind: body.id.gvk.kind.clone(),
            name: body.id.name.clone(),
            namespace: body.id.effective_namespace().to_owned(),
        });
    }

    pub(crate) fn set_name(&mut self, name: &str) -> Step {
        if let Some(metadata) =
            node::lookup(&mut self.node, &["metadata"], Some(node::Kind::Mapping))?
        {
            node::set_field(metadata, "name", node::scalar(name))?;
        }
        self.refresh();
        Ok(())
    }

    /// Sets the namespace; an empty one removes the field.
    pub(crate) fn set_namespace(&mut self, namespace: &str) -> Step {
        if namespace.is_empty() {
            if let Some(metadata) = self.node.get_mut("metadata") {
                node::clear(metadata, "namespace")?;
            }
        } else if let Some(metadata) =
            node::lookup(&mut self.node, &["metadata"], Some(node::Kind::Mapping))?
        {
            node::set_field(metadata, "namespace", node::scalar(namespace))?;
        }
        self.refresh();
        Ok(())
    }

    pub(crate) fn annotations(&self) -> Vec<(String, String)> {
        node::metadata_map(&self.node, "annotations")
    }

    pub(crate) fn labels(&self) -> Vec<(String, String)> {
        node::metadata_map(&self.node, "labels")
    }
}
