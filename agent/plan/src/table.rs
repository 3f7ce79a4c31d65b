//! The built-in rules: `rules.yaml`, read once.

pub(crate) mod line;

use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::LazyLock;

use tidegate_object::{GroupKind, ObjectId};

use crate::path::{FieldPath, PathError, Paths};
use crate::{EdgeClass, Rule};
use line::{Builtin, File};

/// The built-in rules, by the kind that they are about.
#[derive(Debug, Default)]
pub(crate) struct Table {
    references: HashMap<GroupKind, Vec<ReferenceRule>>,
    provides: HashMap<GroupKind, Vec<ProvideRule>>,
    pod_specs: HashMap<GroupKind, FieldPath>,
    cluster_scoped: HashSet<GroupKind>,
    builtin: Vec<Builtin>,
}

/// A field that names another object.
#[derive(Debug, Clone)]
pub(crate) struct ReferenceRule {
    pub(crate) path: FieldPath,
    pub(crate) to: Vec<Target>,
    pub(crate) class: EdgeClass,
    /// Whether the edge waits for the target's capability.
    pub(crate) is_gated: bool,
    pub(crate) beside: Beside,
    pub(crate) by: Option<FieldPath>,
    pub(crate) same: Option<FieldPath>,
    pub(crate) is_anywhere: bool,
    pub(crate) names: BTreeMap<String, String>,
}

/// Fields beside the name that say more about the target.
#[derive(Debug, Clone, Default)]
pub(crate) struct Beside {
    pub(crate) kind: Option<FieldPath>,
    pub(crate) group: Option<FieldPath>,
    pub(crate) namespace: Option<FieldPath>,
    pub(crate) key: Option<FieldPath>,
    pub(crate) enabled: Option<FieldPath>,
}

/// The kind that a rule leads to.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct Target {
    /// `None` is any group.
    pub(crate) group: Option<String>,
    /// `*` is any kind.
    pub(crate) kind: String,
}

/// What a controller makes of an object.
#[derive(Debug, Clone)]
pub(crate) struct ProvideRule {
    pub(crate) makes: GroupKind,
    pub(crate) names: Vec<FieldPath>,
    pub(crate) suffix: String,
    pub(crate) when: Option<FieldPath>,
    pub(crate) unless: Option<FieldPath>,
    pub(crate) ordinals: Option<FieldPath>,
}

impl Table {
    /// Returns the rules that are built in.
    pub(crate) fn builtin() -> &'static Self {
        // A test holds that the file is read; without it there are still structure and annotations.
        static TABLE: LazyLock<Table> =
            LazyLock::new(|| File::builtin().map(Table::from).unwrap_or_default());
        &TABLE
    }

    /// Returns the reference rules of a kind.
    pub(crate) fn references(&self, kind: &GroupKind) -> &[ReferenceRule] {
        self.references.get(kind).map_or(&[], Vec::as_slice)
    }

    /// Returns the fields of all rules.
    #[cfg(test)]
    pub(crate) fn fields(&self) -> impl Iterator<Item = (&GroupKind, &str)> {
        let all = self.references.iter();
        all.flat_map(|(kind, rules)| rules.iter().map(move |rule| (kind, rule.path.as_str())))
    }

    /// Returns what controllers make of a kind.
    pub(crate) fn provides(&self, kind: &GroupKind) -> &[ProvideRule] {
        self.provides.get(kind).map_or(&[], Vec::as_slice)
    }

    /// Returns where a kind has its pod spec.
    pub(crate) fn pod_spec(&self, kind: &GroupKind) -> Option<&FieldPath> {
        self.pod_specs.get(kind)
    }

    /// Tells whether a kind of the rules lives in no namespace.
    pub(crate) fn is_cluster_scoped(&self, kind: &GroupKind) -> bool {
        self.cluster_scoped.contains(kind)
    }

    /// Tells whether every cluster has an object.
    pub(crate) fn is_builtin(&self, id: &ObjectId) -> bool {
        self.builtin.iter().any(|known| known.fits(id))
    }
}

impl From<File> for Table {
    fn from(file: File) -> Self {
        let mut table = Self::default();
        for (kind, path) in file.pod_specs {
            for line in &file.pods {
                for rule in line.rules() {
                    let path = path.0.join(&rule.path);
                    let rule = ReferenceRule { path, ..rule };
                    table
                        .references
                        .entry(kind.0.clone())
                        .or_default()
                        .push(rule);
                }
            }
            table.pod_specs.insert(kind.0, path.0);
        }
        for line in &file.references {
            for kind in line.from.iter() {
                let rules = table.references.entry(kind.0.clone()).or_default();
                rules.extend(line.rules());
            }
        }
        for line in file.provides {
            for kind in line.from.iter() {
                let rules = table.provides.entry(kind.0.clone()).or_default();
                rules.push(line.rule());
            }
        }
        table.cluster_scoped = file.cluster_scoped.into_iter().map(|kind| kind.0).collect();
        table.builtin = file.builtin;
        table
    }
}

impl ReferenceRule {
    /// Takes a rule of a layer.
    pub(crate) fn of_layer(rule: &Rule) -> Result<Vec<Self>, PathError> {
        let group = rule.to.group.clone();
        let kind = rule.to.kind.clone();
        let to = vec![Target { group, kind }];
        let paths = Paths::parse(&rule.path)?.0.into_iter();
        Ok(paths
            .map(|path| Self::new(path, to.clone(), rule.class))
            .collect())
    }

    fn new(path: FieldPath, to: Vec<Target>, class: EdgeClass) -> Self {
        Self {
            path,
            to,
            class,
            is_gated: class == EdgeClass::Ready,
            beside: Beside::default(),
            by: None,
            same: None,
            is_anywhere: false,
            names: BTreeMap::new(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_rules_are_read() {
        let table = Table::from(File::builtin().unwrap());
        let deployment = GroupKind::new("apps", "Deployment");
        let paths: Vec<_> = table.references(&deployment).iter().collect();
        let first = paths.first().unwrap();
        assert_eq!(first.path.as_str(), "spec.template.spec.serviceAccountName");
    }
}
