//! `replacements`: values copied from one field to others.

use tidegate_yaml::{Limits, Node, StyledDocument, parse_first_document};

use crate::fault::Step;
use crate::field_path::Create;
use crate::field_spec::split_dotted;
use crate::kustomization::{FieldOptions, Replacement, Selector, Source, Target};
use crate::node::{self, Kind};
use crate::resource::Resource;
use crate::resources::Resources;
use crate::selector::Matcher;
use crate::{field_path, go_json, size};

/// Bytes of a text.
const SMALL: usize = 4096;
const NAME: &str = "metadata.name";

/// Copies one value to all its targets; answers the targets that no object matched, by their index.
pub(crate) fn apply(resources: &mut Resources, replacement: &Replacement) -> Step<Vec<usize>> {
    let Some(targets) = &replacement.targets else {
        return Err("a replacement needs `targets`".into());
    };
    let value = value(resources, replacement)?;
    let mut unmatched = Vec::new();
    for (index, target) in targets.iter().enumerate() {
        let count = copy(resources, &value, target)
            .map_err(|fault| fault.within(|| format!("targets[{index}]")))?;
        if count == 0 {
            unmatched.push(index);
        }
    }
    Ok(unmatched)
}

fn value(resources: &Resources, replacement: &Replacement) -> Step<Node> {
    match (&replacement.source_value, &replacement.source) {
        (Some(_), Some(_)) => Err("`source` and `sourceValue` exclude each other".into()),
        (Some(value), None) => Ok(node::scalar(value)),
        (None, Some(source)) => {
            source_value(resources, source).map_err(|fault| fault.within(|| "source".to_owned()))
        }
        (None, None) => Err("a replacement needs `source` or `sourceValue`".into()),
    }
}

fn source_value(resources: &Resources, source: &Source) -> Step<Node> {
    let resource = only_source(resources, source)?;
    let path = if source.field_path.is_empty() {
        NAME
    } else {
        &source.field_path
    };
    let found = node::find(&resource.node, &split_dotted(path))?;
    let found = found
        .filter(|found| !node::is_nil_or_empty(found))
        .ok_or_else(|| format!("`{}` of {} has no `{path}`", resource.id(), resource.origin))?;
    refine(found, source.options.as_ref())
}

fn only_source<'a>(resources: &'a Resources, source: &Source) -> Step<&'a Resource> {
    let namespace = |namespace: &str| {
        let or_default = |namespace: &str| {
            if namespace.is_empty() {
                "default"
            } else {
                namespace
            }
            .to_owned()
        };
        source.namespace.is_empty() || or_default(namespace) == or_default(&source.namespace)
    };
    let name = |name: &str| source.name.is_empty() || source.name == name;
    let is_meant = |resource: &&Resource| {
        let id = resource.id();
        (name(&id.name) && namespace(&id.namespace) && id.gvk.is_selected(&source.gvk))
            || resource.previous_ids().any(|id| {
                name(&id.name) && namespace(&id.namespace) && id.gvk.is_selected(&source.gvk)
            })
    };
    let mut found = resources.list.iter().filter(is_meant);
    match (found.next(), found.next()) {
        (Some(only), None) => Ok(only),
        (None, _) => Err("no object matches".into()),
        (Some(one), Some(other)) => Err(format!(
            "several objects match: that of {} and that of {}; say more about it",
            one.origin, other.origin
        )
        .into()),
    }
}

/// Takes one part of a value that a delimiter divides.
fn refine(found: &Node, options: Option<&FieldOptions>) -> Step<Node> {
    let mut value = found.clone();
    let Some(options) = options.filter(|options| !options.delimiter.is_empty()) else {
        return Ok(value);
    };
    if node::kind(found) != Kind::Scalar {
        return Err("a delimiter needs a scalar".into());
    }
    let parts: Vec<&str> = node::value(found)
        .split(options.delimiter.as_str())
        .collect();
    let index = usize::try_from(options.index).ok();
    let part = index.and_then(|index| parts.get(index)).ok_or_else(|| {
        format!(
            "index {} is outside of the {} parts",
            options.index,
            parts.len()
        )
    })?;
    node::set_text(&mut value, part);
    Ok(value)
}

/// Copies a value to the fields of all objects that a target means; answers how many objects.
fn copy(resources: &mut Resources, value: &Node, target: &Target) -> Step<usize> {
    let select = target.select.as_ref().ok_or("a target needs `select`")?;
    let default = [NAME.to_owned()];
    let paths = match target.field_paths.as_slice() {
        [] => &default[..],
        paths => paths,
    };
    let paths: Vec<Vec<String>> = paths.iter().map(|path| split_dotted(path)).collect();
    let select = Matcher::new(select)?;
    let reject: Vec<Matcher> = target.reject.iter().map(matcher).collect::<Step<_>>()?;
    let mut count = 0;
    for resource in &mut resources.list {
        if !is_target(resource, &select, &reject)? {
            continue;
        }
        count += 1;
        resource.may_differ |= !resource.shared.is_empty();
        for path in &paths {
            copy_to(&mut resource.node, value, path, target.options.as_ref())
                .and_then(|()| check_size(&resource.node, value))
                .map_err(|fault| {
                    fault.within(|| format!("{}: field `{}`", resource.origin, path.join(".")))
                })?;
        }
    }
    Ok(count)
}

/// Only large values can make an object large before their number does.
fn check_size(object: &Node, value: &Node) -> Step {
    let is_small = value.text().is_some_and(|text| text.len() < SMALL);
    if is_small {
        Ok(())
    } else {
        size::check(object)
    }
}

fn matcher(selector: &Selector) -> Step<Matcher> {
    Matcher::new(selector)
}

fn is_target(resource: &Resource, select: &Matcher, reject: &[Matcher]) -> Step<bool> {
    if !select.fits_labels(resource)? {
        return Ok(false);
    }
    for reject in reject {
        if reject.has_labels() && reject.fits_labels(resource)? {
            return Ok(false);
        }
    }
    let is_rejected = reject
        .iter()
        .any(|matcher| matcher.has_id() && matcher.fits_any_id(resource));
    Ok(!is_rejected && select.fits_any_id(resource))
}

fn copy_to(
    object: &mut Node,
    value: &Node,
    path: &[String],
    options: Option<&FieldOptions>,
) -> Step {
    let create = options
        .filter(|options| options.create)
        .map(|_| Create::new(node::kind(value)));
    if set_inside_text(object, value, path, create)? {
        return Ok(());
    }
    let mut set = |found: &mut Node| set_value(found, value, options);
    let count = field_path::visit(object, path, create, &mut set)?;
    if count == 0 {
        return Err("does not exist; `options.create: true` would make it".into());
    }
    Ok(())
}

fn set_value(found: &mut Node, value: &Node, options: Option<&FieldOptions>) -> Step {
    let mut text = node::raw(value).to_owned();
    if let Some(options) = options.filter(|options| !options.delimiter.is_empty()) {
        if node::kind(found) != Kind::Scalar {
            return Err("a delimiter needs a scalar".into());
        }
        text = with_part(node::raw(found), node::value(value), options);
    }
    if node::kind(found) == Kind::Scalar {
        node::set_text(found, &text);
    } else {
        *found = value.clone();
        if node::kind(found) == Kind::Scalar {
            node::set_text(found, &text);
        }
    }
    Ok(())
}

/// Replaces one part of a text; an index before the first or behind the last adds one.
fn with_part(text: &str, part: &str, options: &FieldOptions) -> String {
    let mut parts: Vec<&str> = text.split(options.delimiter.as_str()).collect();
    match usize::try_from(options.index) {
        Err(_) => parts.insert(0, part),
        Ok(index) => match parts.get_mut(index) {
            Some(slot) => *slot = part,
            None => parts.push(part),
        },
    }
    parts.join(&options.delimiter)
}

/// Sets a field inside a scalar that holds JSON or YAML; answers whether the path leads there.
fn set_inside_text(
    object: &mut Node,
    value: &Node,
    path: &[String],
    create: Option<Create>,
) -> Step<bool> {
    for length in 1..path.len() {
        let (outer, inner) = path.split_at(length);
        let Ok(Some(found)) = node::find(object, outer) else {
            continue;
        };
        let Some(text) = found.text().map(str::to_owned) else {
            continue;
        };
        let Ok(document) = StyledDocument::parse(&text, &Limits::default()) else {
            continue;
        };
        let Some(mut document) = document else {
            return Ok(false);
        };
        let value = document.adopt(value);
        let aliases = document.clone();
        let mut set = |found: &mut Node| {
            if node::kind(found) == Kind::Scalar && !aliases.is_alias(found) {
                node::set_text(found, node::raw(&value));
            } else {
                *found = value.clone();
            }
            Ok(())
        };
        match field_path::visit(&mut document.root, inner, create, &mut set) {
            Ok(count) if count > 0 => {}
            _ => return Ok(false),
        }
        // What cannot be printed is left to the ordinary path, as in kustomize.
        let Some(new) = serialize(&document, &text) else {
            return Ok(false);
        };
        if let Some(found) = node::lookup(object, outer, None)? {
            node::set_text(found, &new);
        }
        return Ok(true);
    }
    Ok(false)
}

/// The document as a text of the kind that it was; `None` if it cannot be one.
fn serialize(document: &StyledDocument, old: &str) -> Option<String> {
    let text = document.print();
    if !old.trim_start().starts_with(['{', '[']) {
        return Some(text.trim().to_owned());
    }
    let printed = parse_first_document(&text, &Limits::default()).ok()??;
    let json = printed.root.to_json().ok()?;
    Some(if old.contains('\n') && old.contains("  ") {
        go_json::indented(&json)
    } else {
        go_json::text(&json)
    })
}
