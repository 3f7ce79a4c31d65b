//! Admission policies, which judge what is made after them.

use serde_json::Value;
use tidegate_object::Object;

use super::Bound;
use crate::admission::{Resources, is_judged};
use crate::catalog::{Catalog, text};

const GROUP: &str = "admissionregistration.k8s.io";
const RULE: &str = "admission policy before workloads";

/// The admission policies of a plan, each with its bindings.
pub(super) struct Policies<'a> {
    policies: Vec<(&'a Value, Vec<usize>)>,
    resources: Resources<'a>,
}

impl<'a> Policies<'a> {
    pub(super) fn of(catalog: &Catalog<'a>) -> Self {
        let kinds = ["MutatingAdmissionPolicy", "ValidatingAdmissionPolicy"];
        let all = kinds.iter().flat_map(|kind| catalog.of(GROUP, kind));
        let policies = all.filter_map(|(number, policy)| {
            let constraints = policy.pointer("/spec/matchConstraints")?;
            let kind = format!("{}Binding", policy.gvk().kind);
            let bindings = catalog.of(GROUP, &kind).filter(|(_, binding)| {
                let named = binding.value().get("spec");
                named.and_then(|spec| text(spec, "policyName")) == Some(&policy.id().name)
            });
            let mut bounds = vec![number];
            bounds.extend(bindings.map(|(number, _)| number));
            Some((constraints, bounds))
        });
        Self {
            policies: policies.collect(),
            resources: Resources::of(catalog),
        }
    }

    /// Returns the policies that judge a workload or its pods, and their bindings.
    pub(super) fn judging(&self, workload: &Object) -> impl Iterator<Item = Bound> {
        let judging = self
            .policies
            .iter()
            .filter(|(constraints, _)| is_judged(constraints, workload, &self.resources));
        judging.flat_map(|(_, bounds)| bounds.iter().map(|number| (*number, RULE)))
    }
}
