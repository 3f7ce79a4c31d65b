//! The annotations by which objects say what they wait for.

use tidegate_object::{GroupKind, Object, ObjectId};

use crate::builder::{Builder, Remark, Said, Wish};
use crate::catalog::{Found, Wanted};
use crate::table::Target;
use crate::{EdgeClass, EdgeReason, FindingKind};

const PREFIX: &str = "tidegate.dev/";
const DEPENDS_ON: [&str; 2] = ["tidegate.dev/depends-on", "config.kubernetes.io/depends-on"];
const GATE: &str = "tidegate.dev/gate";
/// The annotations of ours that stand in Git.
const KNOWN: [&str; 4] = [
    "tidegate.dev/depends-on",
    "tidegate.dev/gate",
    PRUNE,
    "tidegate.dev/wave",
];
/// Whether an object may be deleted when it leaves Git.
const PRUNE: &str = "tidegate.dev/prune";
/// On a CustomResourceDefinition: its objects are protected.
const PROTECT: &str = "tidegate.dev/protect";
/// Marks, which the agent sets and takes out of what stands in Git.
const MARKS: [&str; 2] = ["tidegate.dev/layer", "tidegate.dev/owner"];
/// The annotations of a Layer by which people ask for something.
const REQUESTS: [&str; 3] = [
    "tidegate.dev/approve",
    "tidegate.dev/confirm",
    "tidegate.dev/sync-requested-at",
];

/// Looks for annotations of ours that are unknown or malformed, and reads `tidegate.dev/gate`.
pub(crate) fn check(builder: &mut Builder<'_>) {
    for (number, object) in builder.catalog.iter() {
        let annotations = object.pointer("/metadata/annotations");
        let Some(annotations) = annotations.and_then(|all| all.as_object()) else {
            continue;
        };
        for name in annotations.keys().filter(|name| name.starts_with(PREFIX)) {
            if !is_known(name, object) {
                let known = KNOWN.join("`, `");
                let message = format!("`{name}` is not known here: known are `{known}`");
                report(builder, number, name, message);
            }
        }
        check_prune(builder, number, object);
        match object.annotation(GATE) {
            None => {}
            Some("false") => {
                if let Some(ungated) = builder.ungated.get_mut(number) {
                    *ungated = true;
                }
            }
            Some(other) => {
                let message = format!(
                    "`{GATE}` is `{other}`: write \"false\", or leave it out so that others wait for this object"
                );
                report(builder, number, GATE, message);
            }
        }
    }
}

fn check_prune(builder: &mut Builder<'_>, number: usize, object: &Object) {
    if let Some(other) = object
        .annotation(PRUNE)
        .filter(|it| !["allow", "never"].contains(it))
    {
        let message = format!("`{PRUNE}` is `{other}`: write `allow` or `never`");
        report(builder, number, PRUNE, message);
    }
}

/// Adds the edges that `depends-on` asks for.
pub(crate) fn link(builder: &mut Builder<'_>) {
    for (from, object) in builder.catalog.iter() {
        for annotation in DEPENDS_ON {
            let Some(text) = object.annotation(annotation) else {
                continue;
            };
            let before = builder.facts.applied(object.id());
            let before = before.map(|before| before.annotation(annotation).unwrap_or_default());
            for part in text.split(',').map(str::trim) {
                let said = before.map(|text| text.split(',').any(|old| old.trim() == part));
                let said = Said::compare(builder.catalog, from, said);
                match parse(part) {
                    Some(id) => link_one(builder, from, &id, wish(annotation, said)),
                    None => report(builder, from, annotation, malformed(annotation, part)),
                }
            }
        }
    }
}

/// Adds a finding about an annotation of an object.
pub(crate) fn report(builder: &mut Builder<'_>, number: usize, name: &str, message: String) {
    let field = format!("metadata.annotations.{name}");
    let remark = Remark {
        kind: FindingKind::Annotation,
        field: &field,
        message,
    };
    builder.find(number, remark);
}

fn is_known(name: &str, object: &Object) -> bool {
    let is_layer = object.id().kind.is("tidegate.dev", "Layer");
    let is_definition = object
        .id()
        .kind
        .is("apiextensions.k8s.io", "CustomResourceDefinition");
    KNOWN.contains(&name)
        || MARKS.contains(&name)
        || is_layer && REQUESTS.contains(&name)
        || is_definition && name == PROTECT
}

fn link_one(builder: &mut Builder<'_>, from: usize, id: &ObjectId, wish: Wish) {
    let name = Wanted {
        kind: Target {
            group: Some(id.kind.group.clone()),
            kind: id.kind.kind.clone(),
        },
        namespace: id.namespace.as_deref(),
        name: &id.name,
    };
    match builder.catalog.find(&name) {
        Found::Here(to) => builder.link(from, to, wish),
        Found::Elsewhere(_) => builder.link_name(from, &name, wish),
    }
}

fn wish(annotation: &str, said: Said) -> Wish {
    Wish {
        class: EdgeClass::Ready,
        is_gated: true,
        keys: Vec::new(),
        is_optional: false,
        reason: EdgeReason::Annotation {
            annotation: annotation.into(),
        },
        field: format!("metadata.annotations.{annotation}"),
        said,
    }
}

/// Reads `group/Kind/name` or `group/namespaces/namespace/Kind/name`, as cli-utils' `depends-on` has it.
fn parse(text: &str) -> Option<ObjectId> {
    let parts: Vec<_> = text.split('/').collect();
    let (group, namespace, kind, name) = match parts.as_slice() {
        [group, kind, name] => (group, None, kind, name),
        [group, "namespaces", namespace, kind, name] => (group, Some(*namespace), kind, name),
        _ => return None,
    };
    if kind.is_empty() || name.is_empty() || namespace == Some("") {
        return None;
    }
    let group = if *group == "core" { "" } else { group };
    Some(ObjectId::new(GroupKind::new(group, *kind), namespace, name))
}

fn malformed(annotation: &str, part: &str) -> String {
    format!(
        "`{annotation}` has `{part}`: write group/namespaces/namespace/Kind/name, or group/Kind/name for what is in no \
         namespace; the core group is empty, as in /namespaces/web/Secret/password"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, expected: Option<&str>) {
        assert_eq!(parse(text).map(|id| id.to_string()).as_deref(), expected);
    }

    #[test]
    fn dependencies_are_written_as_cli_utils_writes_them() {
        check(
            "apps/namespaces/web/Deployment/api",
            Some("apps/Deployment/web/api"),
        );
        check("/namespaces/web/Secret/db", Some("core/Secret/web/db"));
        check("/Namespace/web", Some("core/Namespace/_/web"));
        check("core/Namespace/web", Some("core/Namespace/_/web"));
        check(
            "storage.k8s.io/StorageClass/fast",
            Some("storage.k8s.io/StorageClass/_/fast"),
        );
    }

    #[test]
    fn what_is_written_otherwise_is_malformed() {
        for text in [
            "",
            "api",
            "Deployment/api",
            "apps/web/Deployment/api",
            "apps/namespaces//Deployment/api",
            "apps/Deployment/",
        ] {
            check(text, None);
        }
    }
}
