//! Edges that the API's structure demands: a Namespace before its content, a definition before its objects.

use std::collections::HashMap;

use tidegate_object::Object;

use crate::EdgeClass;
use crate::backend;
use crate::builder::{Builder, Wish};
use crate::catalog::{Catalog, Wanted};
use crate::table::Target;

const DEFINITION: (&str, &str) = ("apiextensions.k8s.io", "CustomResourceDefinition");

/// Adds an edge from every object to its Namespace and to the definition of its kind.
pub(crate) fn link(builder: &mut Builder<'_>) {
    let catalog = builder.catalog;
    let definitions = definitions(catalog);
    for (from, object) in catalog.iter() {
        link_namespace(builder, from, object);
        match definitions.get(&(object.gvk().group.as_str(), object.gvk().kind.as_str())) {
            Some(definition) => builder.link(from, *definition, definition_wish()),
            None => link_required_definition(builder, from, object),
        }
    }
}

/// Adds edges from the objects of an aggregated API to what serves it.
///
/// What the server itself needs is left out, so it comes after all other inferred edges.
pub(crate) fn link_api_services(builder: &mut Builder<'_>) {
    let catalog = builder.catalog;
    for (number, api) in catalog.of("apiregistration.k8s.io", "APIService") {
        let Some(service) = api.pointer("/spec/service").filter(|it| it.is_object()) else {
            continue;
        };
        let group = api.text("/spec/group").unwrap_or_default();
        let version = api.text("/spec/version").unwrap_or_default();
        let service = backend::service(catalog, service);
        let mut servers = service.map_or_else(Vec::new, |it| backend::behind(catalog, it));
        let needed = backend::needs(&builder.drafts, &servers);
        servers.insert(0, number);
        let of_api = catalog
            .iter()
            .filter(|(_, object)| object.gvk().group == group && object.gvk().version == version);
        for (from, _) in of_api.filter(|(from, _)| !needed.contains(from)) {
            for server in &servers {
                let wish = Wish::structure(EdgeClass::Ready, "aggregated API before its objects");
                builder.link(from, *server, wish);
            }
        }
    }
}

/// The definitions of a plan, by group and kind.
pub(crate) fn definitions<'a>(catalog: &Catalog<'a>) -> HashMap<(&'a str, &'a str), usize> {
    let all = catalog.of(DEFINITION.0, DEFINITION.1);
    all.filter_map(|(number, object)| {
        let group = object.text("/spec/group")?;
        Some(((group, object.text("/spec/names/kind")?), number))
    })
    .collect()
}

fn link_namespace(builder: &mut Builder<'_>, from: usize, object: &Object) {
    let Some(namespace) = object.id().namespace.as_deref() else {
        return;
    };
    let kind = Target {
        group: Some(String::new()),
        kind: "Namespace".into(),
    };
    let name = Wanted {
        kind,
        namespace: None,
        name: namespace,
    };
    let wish = Wish {
        field: "metadata.namespace".into(),
        ..Wish::structure(EdgeClass::Ready, "namespace before its content")
    };
    builder.link_name(from, &name, wish);
}

fn definition_wish() -> Wish {
    Wish::structure(EdgeClass::Ready, "definition before its objects")
}

/// Gates an object on a definition from elsewhere that the layer requires.
fn link_required_definition(builder: &mut Builder<'_>, from: usize, object: &Object) {
    let gvk = object.gvk();
    let mut required = builder.required.keys();
    let found = required.find(|id| {
        id.kind.is(DEFINITION.0, DEFINITION.1)
            && plurals(&gvk.kind).any(|plural| id.name == format!("{plural}.{}", gvk.group))
    });
    if let Some(id) = found {
        let name = id.name.clone();
        let kind = Target {
            group: Some(DEFINITION.0.into()),
            kind: DEFINITION.1.into(),
        };
        let name = Wanted {
            kind,
            namespace: None,
            name: &name,
        };
        builder.link_name(from, &name, definition_wish());
    }
}

/// Returns the names that a kind's resource may have.
pub(crate) fn plurals(kind: &str) -> impl Iterator<Item = String> {
    let lower = kind.to_lowercase();
    let ies = lower.strip_suffix('y').map(|start| format!("{start}ies"));
    let more = ["s", "es", ""].map(|end| format!("{lower}{end}"));
    ies.into_iter().chain(more)
}
