//! The rights of a workload's account.

use std::collections::HashMap;

use serde_json::Value;
use tidegate_object::{GroupKind, Object, ObjectId};

use super::Bound;
use crate::catalog::{Catalog, list, text};
use crate::structure::definitions;

const RBAC: &str = "rbac.authorization.k8s.io";
const BINDING: &str = "rights of its account before the workload";
const DEFINITION: &str = "definition before the controller that may write its objects";

/// The bindings of accounts, and the definitions of kinds.
pub(super) struct Accounts<'a> {
    bindings: HashMap<(&'a str, &'a str), Vec<usize>>,
    definitions: HashMap<&'a str, Vec<(usize, &'a str)>>,
}

impl<'a> Accounts<'a> {
    pub(super) fn of(catalog: &Catalog<'a>) -> Self {
        let mut bindings: HashMap<_, Vec<_>> = HashMap::new();
        for kind in ["ClusterRoleBinding", "RoleBinding"] {
            for (number, binding) in catalog.of(RBAC, kind) {
                for account in subjects(binding) {
                    bindings.entry(account).or_default().push(number);
                }
            }
        }
        let mut by_group: HashMap<_, Vec<_>> = HashMap::new();
        for ((group, _), number) in definitions(catalog) {
            let definition = catalog.object(number);
            let plural = definition.and_then(|it| it.text("/spec/names/plural"));
            by_group
                .entry(group)
                .or_default()
                .extend(plural.map(|plural| (number, plural)));
        }
        Self {
            bindings,
            definitions: by_group,
        }
    }

    /// Returns the bindings of an account, and the definitions whose objects these let it write.
    pub(super) fn rights(
        &self,
        catalog: &Catalog<'_>,
        namespace: Option<&str>,
        account: &str,
    ) -> Vec<Bound> {
        let key = (namespace.unwrap_or_default(), account);
        let mut bounds = Vec::new();
        for binding in self.bindings.get(&key).into_iter().flatten() {
            bounds.push((*binding, BINDING));
            let role = catalog.object(*binding).and_then(|it| role(catalog, it));
            for rule in role
                .into_iter()
                .flat_map(|role| list(role.value(), "/rules"))
            {
                bounds.extend(self.written(rule).map(|number| (number, DEFINITION)));
            }
        }
        bounds
    }

    /// Returns the definitions whose objects a rule lets its account write, if it names their group.
    fn written(&self, rule: &Value) -> impl Iterator<Item = usize> {
        let has = |field: &str, wanted: &[&str]| {
            let mut items = list(rule, field).iter().filter_map(Value::as_str);
            items.any(|item| wanted.contains(&item))
        };
        let writes = has("/verbs", &["*", "update", "patch"]);
        let groups = list(rule, "/apiGroups").iter().filter_map(Value::as_str);
        let of_groups = groups.filter_map(|group| self.definitions.get(group));
        of_groups
            .flatten()
            .filter(move |(_, plural)| writes && has("/resources", &["*", plural]))
            .map(|(number, _)| *number)
    }
}

/// Returns the accounts that a binding names, by namespace and name.
fn subjects(binding: &Object) -> impl Iterator<Item = (&str, &str)> {
    let subjects = list(binding.value(), "/subjects").iter();
    let own = binding.id().namespace.as_deref();
    subjects
        .filter(|subject| text(subject, "kind") == Some("ServiceAccount"))
        .filter_map(move |subject| {
            let namespace = text(subject, "namespace").or(own)?;
            Some((namespace, text(subject, "name")?))
        })
}

fn role<'a>(catalog: &Catalog<'a>, binding: &Object) -> Option<&'a Object> {
    let kind = binding.text("/roleRef/kind")?;
    let namespace = binding.id().namespace.as_deref();
    let namespace = namespace.filter(|_| kind == "Role");
    let name = binding.text("/roleRef/name")?;
    let id = ObjectId::new(GroupKind::new(RBAC, kind), namespace, name);
    catalog.object(catalog.number(&id)?)
}
