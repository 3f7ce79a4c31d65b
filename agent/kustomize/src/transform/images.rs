//! `images`: names, tags and digests of container images.

use regex::Regex;
use tidegate_yaml::{Node, NodeValue};

use crate::fault::Step;
use crate::field_spec::FieldSpec;
use crate::kustomization::Image;
use crate::node::{self, Kind};
use crate::resource::Resource;
use crate::resources::{Resources, Wanted};
use crate::walk;

/// Changes every image that an entry names; answers how many it named.
pub(crate) fn set(resources: &mut Resources, image: &Image, fields: &[FieldSpec]) -> Step<usize> {
    let pattern = pattern(&image.name)?;
    let mut meant = Vec::new();
    // All objects are walked before any field is looked up.
    for (position, resource) in workloads(resources) {
        let mut set = |found: &mut Node| {
            if set_image(found, &pattern, image)? {
                meant.push(position);
            }
            Ok(())
        };
        walk_containers(&mut resource.node, &mut set)
            .map_err(|fault| fault.within(|| resource.origin.to_string()))?;
    }
    for (position, resource) in workloads(resources) {
        let mut set = |found: &mut Node| {
            if set_image(found, &pattern, image)? {
                meant.push(position);
            }
            Ok(())
        };
        for spec in fields {
            if !resource.gvk().is_selected(&spec.selector) {
                continue;
            }
            walk::visit(spec, &mut resource.node, None, &mut set)
                .map_err(|fault| fault.within(|| resource.origin.to_string()))?;
        }
    }
    resources.note_meant(Wanted::Some, &meant);
    Ok(meant.len())
}

fn workloads(resources: &mut Resources) -> impl Iterator<Item = (usize, &mut Resource)> {
    let list = resources.list.iter_mut().enumerate();
    list.filter(|(_, resource)| resource.gvk().kind != "CustomResourceDefinition")
}

/// A name is put into the pattern as it is, so that it may be a pattern too.
fn pattern(name: &str) -> Step<Regex> {
    let pattern = format!("^{name}(:[a-zA-Z0-9_.{{}}-]*)?(@sha256:[a-zA-Z0-9_.{{}}-]*)?$");
    crate::go_regex::compile(&pattern)
        .map_err(|fault| fault.within(|| format!("name `{name}` is no regular expression")))
}

/// Finds `containers` and `initContainers` anywhere (`LegacyFilter`).
fn walk_containers(node: &mut Node, set: &mut dyn FnMut(&mut Node) -> Step) -> Step {
    match &mut node.value {
        NodeValue::Scalar(..) => Ok(()),
        NodeValue::Sequence(items) => items
            .iter_mut()
            .try_for_each(|item| walk_containers(item, set)),
        NodeValue::Mapping(pairs) => {
            for (key, value) in pairs {
                walk_containers(value, set)?;
                if matches!(node::raw(key), "containers" | "initContainers") {
                    set_list(value, set)?;
                }
            }
            Ok(())
        }
    }
}

fn set_list(list: &mut Node, set: &mut dyn FnMut(&mut Node) -> Step) -> Step {
    let NodeValue::Sequence(items) = &mut list.value else {
        return Ok(());
    };
    for item in items {
        node::expect(item, Kind::Mapping)?;
        if let Some(image) = item.get_mut("image") {
            set(image)?;
        }
    }
    Ok(())
}

/// Changes one image; answers whether the entry names it.
fn set_image(found: &mut Node, pattern: &Regex, image: &Image) -> Step<bool> {
    node::expect(found, Kind::Scalar)?;
    let old = node::raw(found);
    if !pattern.is_match(old) {
        return Ok(false);
    }
    let (name, mut tag, mut digest) = split(old);
    let mut new = if image.new_name.is_empty() {
        name.to_owned()
    } else {
        image.new_name.clone()
    };
    let with_suffix;
    match (image.new_tag.is_empty(), image.digest.is_empty()) {
        (false, false) => (tag, digest) = (&image.new_tag, &image.digest),
        (false, true) => (tag, digest) = (&image.new_tag, ""),
        (true, false) => (tag, digest) = ("", &image.digest),
        (true, true) if !image.tag_suffix.is_empty() => {
            with_suffix = format!("{tag}{}", image.tag_suffix);
            (tag, digest) = (&with_suffix, "");
        }
        (true, true) => {}
    }
    if !tag.is_empty() {
        new.push(':');
        new.push_str(tag);
    }
    if !digest.is_empty() {
        new.push('@');
        new.push_str(digest);
    }
    node::set_scalar(found, node::scalar(&new))?;
    Ok(true)
}

/// Splits an image into name, tag and digest; a registry's port is part of the name.
fn split(image: &str) -> (&str, &str, &str) {
    let slash = image.find('/').filter(|index| *index > 0).unwrap_or(0);
    let searched = image.get(slash..).unwrap_or_default();
    let cut = |from: usize, to: usize| image.get(from..to).unwrap_or_default();
    let at = searched.find('@').map(|index| index + slash);
    let colon = searched.find(':').map(|index| index + slash);
    let end = image.len();
    match (colon, at) {
        (None, None) => (image, "", ""),
        (Some(colon), Some(at)) if colon < at => {
            (cut(0, colon), cut(colon + 1, at), cut(at + 1, end))
        }
        (_, Some(at)) => (cut(0, at), "", cut(at + 1, end)),
        (Some(colon), None) => (cut(0, colon), cut(colon + 1, end), ""),
    }
}

#[cfg(test)]
mod tests {
    use super::split;

    #[test]
    fn images_are_split_behind_their_registry() {
        let check = |image, expected| assert_eq!(split(image), expected);
        check("nginx", ("nginx", "", ""));
        check("nginx:1.25", ("nginx", "1.25", ""));
        check("nginx@sha256:ab", ("nginx", "", "sha256:ab"));
        check("nginx:1@sha256:ab", ("nginx", "1", "sha256:ab"));
        check("host:5000/a/nginx:1", ("host:5000/a/nginx", "1", ""));
        check("host:5000/a/nginx", ("host:5000/a/nginx", "", ""));
    }
}
