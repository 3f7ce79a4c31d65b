//! The names of other objects that an object's fields hold.

use serde_json::Value;
use tidegate_object::{GroupKind, Object};

use crate::path::{FieldPath, Hit};
use crate::table::{ReferenceRule, Table, Target};
use crate::{KindPattern, PlanError, Rule};

/// A name of another object that a field holds.
#[derive(Debug)]
pub(crate) struct Reference<'a> {
    pub(crate) rule: &'a ReferenceRule,
    pub(crate) kind: Target,
    pub(crate) namespace: Option<&'a str>,
    pub(crate) name: &'a str,
    pub(crate) keys: Vec<String>,
    pub(crate) is_optional: bool,
}

/// The rules that a plan is made by: the built-in ones and the layer's.
pub(crate) struct Rules {
    pub(crate) table: &'static Table,
    layer: Vec<(KindPattern, Vec<ReferenceRule>)>,
}

impl Rules {
    pub(crate) fn new(rules: &[Rule]) -> Result<Self, PlanError> {
        let layer = rules.iter().enumerate().map(|(index, rule)| {
            let read = ReferenceRule::of_layer(rule);
            let rules = read.map_err(|source| PlanError::Rule { index, source })?;
            Ok((rule.from.clone(), rules))
        });
        Ok(Self {
            table: Table::builtin(),
            layer: layer.collect::<Result<_, _>>()?,
        })
    }

    /// Returns the names that an object's fields hold.
    pub(crate) fn references<'a>(&'a self, object: &'a Object) -> Vec<Reference<'a>> {
        let kind = &object.id().kind;
        let of_layer = self.layer.iter().filter(|(from, _)| from.fits(kind));
        let rules = self.table.references(kind).iter();
        let mut found = Vec::new();
        for rule in rules.chain(of_layer.flat_map(|(_, rules)| rules)) {
            rule.path.visit(object.value(), &mut |hit| {
                found.extend(reference(object, rule, hit));
            });
        }
        found
    }
}

impl KindPattern {
    fn fits(&self, kind: &GroupKind) -> bool {
        let group = self.group.as_ref();
        self.kind == kind.kind && group.is_none_or(|group| *group == kind.group)
    }
}

fn reference<'a>(
    object: &'a Object,
    rule: &'a ReferenceRule,
    hit: Hit<'a>,
) -> Option<Reference<'a>> {
    let written = hit.value.as_str().filter(|name| !name.is_empty())?;
    // Traefik writes what is not of Kubernetes so.
    if rule.by.is_none() && written.contains('@') {
        return None;
    }
    let beside = &rule.beside;
    let is_off = |path: &FieldPath| field(hit, path) == Some(&Value::Bool(false));
    if beside.enabled.as_ref().is_some_and(is_off) {
        return None;
    }
    let namespace = beside.namespace.as_ref().and_then(|path| text(hit, path));
    let keys = beside.key.as_ref();
    let keys = keys.map_or_else(Vec::new, |path| path.texts(hit.parent));
    Some(Reference {
        rule,
        kind: kind(rule, hit)?,
        namespace: namespace.or(object.id().namespace.as_deref()),
        name: name(rule, written)?,
        keys: keys.into_iter().map(Into::into).collect(),
        is_optional: hit.parent.get("optional") == Some(&Value::Bool(true)),
    })
}

/// Returns the target's name, which is what is written, unless the rule has a list of names.
fn name<'a>(rule: &'a ReferenceRule, written: &'a str) -> Option<&'a str> {
    if rule.names.is_empty() {
        return Some(written);
    }
    rule.names.get(written).map(String::as_str)
}

/// Returns the kind that is meant; `None` if the rule does not lead to it.
fn kind(rule: &ReferenceRule, hit: Hit<'_>) -> Option<Target> {
    let first = rule.to.first()?;
    let written = rule.beside.kind.as_ref().and_then(|path| text(hit, path));
    let Some(written) = written else {
        return (first.kind != "*").then(|| first.clone());
    };
    let listed = rule.to.iter().find(|to| to.kind == written);
    if let Some(listed) = listed {
        return Some(listed.clone());
    }
    if first.kind != "*" {
        return None;
    }
    let group = rule.beside.group.as_ref().and_then(|path| text(hit, path));
    let group = group.map(|api_version| api_version.split_once('/').map_or("", |(group, _)| group));
    Some(Target {
        group: group.map(Into::into).or_else(|| first.group.clone()),
        kind: written.into(),
    })
}

fn text<'o>(hit: Hit<'o>, path: &FieldPath) -> Option<&'o str> {
    path.texts(hit.parent).first().copied()
}

fn field<'o>(hit: Hit<'o>, path: &FieldPath) -> Option<&'o Value> {
    let mut found = None;
    path.visit_in(hit.parent, &mut |hit| found = Some(hit.value));
    found
}

#[cfg(test)]
mod tests;
