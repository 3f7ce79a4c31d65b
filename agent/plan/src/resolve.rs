//! Edges from references: what a name stands for.

use std::collections::{HashMap, HashSet};

use tidegate_object::{GroupKind, Object};

use crate::backend;
use crate::builder::{Builder, Said, Wish};
use crate::catalog::Wanted;
use crate::path::FieldPath;
use crate::reference::Reference;
use crate::table::Target;
use crate::{EdgeClass, EdgeReason};

/// Adds the edges that the objects' fields ask for.
pub(crate) fn link(builder: &mut Builder<'_>) {
    let (catalog, rules) = (builder.catalog, builder.rules);
    let mut lookup = Lookup::default();
    for (from, object) in catalog.iter() {
        let references = rules.references(object);
        let before = builder.facts.applied(object.id());
        let before = before.map(|before| rules.references(before));
        let before: Option<HashSet<_>> = before
            .as_ref()
            .map(|before| before.iter().map(Seen::of).collect());
        for reference in &references {
            let seen = Seen::of(reference);
            let said = before.as_ref().map(|before| before.contains(&seen));
            let wish = wish(reference, Said::compare(catalog, from, said));
            match &reference.rule.by {
                Some(by) => {
                    let found = lookup.find(builder, by, (object, reference));
                    link_all(builder, from, &found, &wish);
                }
                None if reference.rule.is_anywhere => {
                    let found = anywhere(builder, reference);
                    link_all(builder, from, &found, &wish);
                }
                None => builder.link_name(from, &name(reference), wish),
            }
        }
    }
}

/// What a reference says, to tell new ones from old ones.
#[derive(PartialEq, Eq, Hash)]
struct Seen<'a> {
    field: &'a str,
    kind: &'a Target,
    namespace: Option<&'a str>,
    name: &'a str,
}

impl<'a> Seen<'a> {
    fn of(reference: &'a Reference<'a>) -> Self {
        Self {
            field: reference.rule.path.as_str(),
            kind: &reference.kind,
            namespace: reference.namespace,
            name: reference.name,
        }
    }
}

fn wish(reference: &Reference<'_>, said: Said) -> Wish {
    let field = reference.rule.path.as_str().to_owned();
    Wish {
        class: reference.rule.class,
        is_gated: reference.rule.is_gated,
        keys: reference.keys.clone(),
        is_optional: reference.is_optional,
        reason: EdgeReason::Reference {
            field: field.clone(),
        },
        field,
        said,
    }
}

fn name<'a>(reference: &Reference<'a>) -> Wanted<'a> {
    Wanted {
        kind: reference.kind.clone(),
        namespace: reference.namespace,
        name: reference.name,
    }
}

fn link_all(builder: &mut Builder<'_>, from: usize, found: &[usize], wish: &Wish) {
    for to in found {
        builder.link(from, *to, wish.clone());
        if wish.class == EdgeClass::Ready {
            for workload in backend::behind(builder.catalog, *to) {
                builder.link(from, workload, wish.clone());
            }
        }
    }
}

/// Returns the objects of a name in all namespaces.
fn anywhere(builder: &Builder<'_>, reference: &Reference<'_>) -> Vec<usize> {
    let all = builder.catalog.of_kind(&reference.kind.kind);
    all.filter(|(_, object)| is_of(object, &reference.kind))
        .filter(|(_, object)| object.id().name == reference.name)
        .map(|(number, _)| number)
        .collect()
}

fn is_of(object: &Object, kind: &Target) -> bool {
    let GroupKind { group, kind: name } = &object.id().kind;
    *name == kind.kind && kind.group.as_ref().is_none_or(|wanted| wanted == group)
}

/// Objects by the value of a field, worked out once for each field that rules ask for.
#[derive(Default)]
struct Lookup<'a> {
    by_field: HashMap<(Target, String), HashMap<&'a str, Vec<usize>>>,
}

impl<'a> Lookup<'a> {
    /// Returns the objects whose field has the value that a reference writes.
    fn find(
        &mut self,
        builder: &Builder<'a>,
        by: &FieldPath,
        (object, reference): (&Object, &Reference<'_>),
    ) -> Vec<usize> {
        let catalog = builder.catalog;
        let key = (reference.kind.clone(), by.as_str().to_owned());
        let values = self.by_field.entry(key).or_insert_with(|| {
            let mut values: HashMap<_, Vec<_>> = HashMap::new();
            for (number, target) in catalog.of_kind(&reference.kind.kind) {
                let fields = target.value().as_object();
                let fields = fields.filter(|_| is_of(target, &reference.kind));
                for text in fields.map_or_else(Vec::new, |fields| by.texts(fields)) {
                    values.entry(text).or_default().push(number);
                }
            }
            values
        });
        let found = values.get(reference.name).into_iter().flatten().copied();
        found
            .filter(|number| {
                let target = catalog.object(*number);
                target.is_some_and(|target| is_meant(object, reference, target))
            })
            .collect()
    }
}

fn is_meant(object: &Object, reference: &Reference<'_>, target: &Object) -> bool {
    let rule = reference.rule;
    let is_near = rule.is_anywhere || target.id().namespace.as_deref() == reference.namespace;
    let is_same = |path: &FieldPath| path.text(object.value()) == path.text(target.value());
    is_near && rule.same.as_ref().is_none_or(is_same)
}
