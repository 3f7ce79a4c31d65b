//! What bounds a workload comes before it: policies, quotas, the rights of its account, the Services it is told of.

mod account;
mod policy;
mod service_link;

use std::collections::HashMap;

use serde_json::Value;
use tidegate_object::Object;

use crate::EdgeClass;
use crate::backend::pod_labels;
use crate::builder::{Builder, Wish};
use crate::catalog::Catalog;
use crate::selector;
use account::Accounts;
use policy::Policies;
use service_link::ServiceLinks;

/// What comes before a workload, and the rule that says so.
type Bound = (usize, &'static str);

/// Adds edges from workloads to what bounds them.
pub(crate) fn link(builder: &mut Builder<'_>) {
    let catalog = builder.catalog;
    let accounts = Accounts::of(catalog);
    let bounds = Bounds::of(catalog);
    let policies = Policies::of(catalog);
    for (from, object) in catalog.iter() {
        let Some(path) = builder.rules.table.pod_spec(&object.id().kind) else {
            continue;
        };
        let account = path.text_below(object.value(), "serviceAccountName");
        let account = account.unwrap_or("default");
        let mut soft = bounds.holding(object);
        soft.extend(accounts.rights(catalog, object.id().namespace.as_deref(), account));
        soft.extend(policies.judging(object));
        for (to, rule) in soft {
            builder.link(from, to, Wish::structure(EdgeClass::Soft, rule));
        }
        let links = service_links(builder, from, object);
        for (to, service) in services(catalog, object).filter(|_| !links.is_empty()) {
            if links.name(&service.id().name) {
                let rule = "service before a workload that reads its variable";
                builder.link(from, to, Wish::structure(EdgeClass::Exists, rule));
            }
        }
    }
}

/// The quotas, limits and network policies of each namespace.
struct Bounds<'a>(HashMap<Option<&'a str>, Vec<(usize, &'a Object)>>);

impl<'a> Bounds<'a> {
    fn of(catalog: &Catalog<'a>) -> Self {
        let kinds = [
            ("", "LimitRange"),
            ("", "ResourceQuota"),
            ("networking.k8s.io", "NetworkPolicy"),
        ];
        let mut bounds: HashMap<_, Vec<_>> = HashMap::new();
        for (group, kind) in kinds {
            for (number, object) in catalog.of(group, kind) {
                let namespace = object.id().namespace.as_deref();
                bounds.entry(namespace).or_default().push((number, object));
            }
        }
        Self(bounds)
    }

    /// Returns those that hold for a workload.
    fn holding(&self, workload: &Object) -> Vec<Bound> {
        let labels = pod_labels(workload);
        let label = |name: &str| labels.and_then(|labels| labels.get(name)?.as_str());
        let bounds = self.0.get(&workload.id().namespace.as_deref());
        bounds
            .into_iter()
            .flatten()
            .filter_map(|(number, object)| {
                let selector = object.pointer("/spec/podSelector").unwrap_or(&Value::Null);
                match object.gvk().kind.as_str() {
                    "LimitRange" => Some((*number, "limits before workloads")),
                    "ResourceQuota" => Some((*number, "quota before workloads")),
                    _ if selector::fits(selector, label) => {
                        Some((*number, "network policy before the workload"))
                    }
                    _ => None,
                }
            })
            .collect()
    }
}

fn services<'a>(
    catalog: &Catalog<'a>,
    workload: &'a Object,
) -> impl Iterator<Item = (usize, &'a Object)> {
    let namespace = workload.id().namespace.as_deref();
    let all = catalog.of("", "Service");
    all.filter(move |(_, object)| object.id().namespace.as_deref() == namespace)
}

/// Returns the Services whose variables a workload reads, or a ConfigMap that it reads.
fn service_links(builder: &Builder<'_>, from: usize, workload: &Object) -> ServiceLinks {
    let targets = builder.drafts.targets(from);
    let read = targets.filter_map(|to| builder.catalog.object(to));
    let read = read.filter(|object| object.id().kind.is("", "ConfigMap"));
    let mut links = ServiceLinks::default();
    let texts = read.filter_map(|object| object.value().get("data"));
    for value in workload.value().get("spec").into_iter().chain(texts) {
        links.read(value);
    }
    links
}
