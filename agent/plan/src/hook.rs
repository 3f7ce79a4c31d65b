//! Hooks of other tools, which are no ordinary objects.

use tidegate_object::Object;

use crate::{Finding, FindingKind};

const HOOKS: [(&str, &str); 2] = [
    ("argocd.argoproj.io/hook", "Argo CD"),
    ("helm.sh/hook", "Helm"),
];

/// Takes the hooks of other tools out of the objects, with a finding for each.
pub(crate) fn set_aside(objects: &[Object]) -> (Vec<&Object>, Vec<Finding>) {
    let mut findings = Vec::new();
    let ordinary = objects
        .iter()
        .filter(|object| match hook(object) {
            Some((annotation, tool, value)) => {
                findings.push(finding(object, annotation, &format!("{tool}'s `{value}`")));
                false
            }
            None => true,
        })
        .collect();
    (ordinary, findings)
}

/// Returns the hook that an object is. Helm's `crd-install` is an ordinary definition.
fn hook(object: &Object) -> Option<(&'static str, &'static str, &str)> {
    HOOKS.iter().find_map(|(annotation, tool)| {
        let value = object.annotation(annotation)?;
        (value != "crd-install").then_some((*annotation, *tool, value))
    })
}

fn finding(object: &Object, annotation: &str, hook: &str) -> Finding {
    Finding {
        kind: FindingKind::ForeignHook,
        object: Some(object.id().clone()),
        origin: object.origin().cloned(),
        field: Some(format!("metadata.annotations.{annotation}")),
        message: format!(
            "is a hook, {hook}, and is not applied: apply it by hand, or take the annotation away to make it an ordinary object"
        ),
    }
}
