//! `ValueAddTransformer`: a value, or a part of a path, added to fields.

use crate::fault::Step;
use crate::kustomization::Selector;
use crate::node::{self, Kind};
use crate::resource::Resource;
use crate::resources::Resources;
use crate::selector::Matcher;
use crate::transform::namespace::{self, Namespace, Subjects};

const NAMESPACE: &str = "metadata/namespace";

/// What is added, and where.
#[derive(Debug, Clone, Default)]
pub(crate) struct ValueAdd {
    pub(crate) value: String,
    pub(crate) targets: Vec<Target>,
}

/// A field of the objects that a selector means, of all without one.
#[derive(Debug, Clone, Default)]
pub(crate) struct Target {
    pub(crate) selector: Option<Selector>,
    pub(crate) field_path: String,
    /// The place in a path of files, from 1; 0 replaces the whole field.
    pub(crate) position: usize,
}

/// Adds the value to all targets.
pub(crate) fn add(resources: &mut Resources, value: &ValueAdd) -> Step {
    for target in &value.targets {
        let matcher = target.selector.as_ref().map(Matcher::new).transpose()?;
        for resource in &mut resources.list {
            let is_meant = match &matcher {
                Some(matcher) => matcher.selects(resource)?,
                None => true,
            };
            if is_meant {
                add_to(resource, &value.value, target)
                    .map_err(|fault| fault.within(|| resource.origin.to_string()))?;
            }
        }
    }
    Ok(())
}

fn add_to(resource: &mut Resource, value: &str, target: &Target) -> Step {
    if target.field_path == NAMESPACE {
        let namespace = Namespace {
            name: value.into(),
            fields: (&[]).into(),
            subjects: Subjects::NamedDefault,
            unset_only: false,
        };
        return namespace::set_one(resource, &namespace);
    }
    let path = fields(&target.field_path);
    let Some(found) = node::lookup(&mut resource.node, &path, Some(Kind::Scalar))? else {
        return Ok(());
    };
    node::expect(found, Kind::Scalar)?;
    let new = match target.position {
        0 => value.to_owned(),
        position => inserted(node::raw(found), position - 1, value),
    };
    if new.is_empty() {
        return Ok(());
    }
    node::set_scalar(found, node::scalar(&new))
}

/// Splits at slashes that have no backslash before them.
fn fields(path: &str) -> Vec<String> {
    let mut fields: Vec<String> = Vec::new();
    for part in path.split('/') {
        match fields.last_mut().filter(|last| last.ends_with('\\')) {
            Some(last) => {
                last.pop();
                last.push('/');
                last.push_str(part);
            }
            None => fields.push(part.to_owned()),
        }
    }
    fields
}

/// Puts a part into a path of files (`filesys.InsertPathPart`).
fn inserted(path: &str, position: usize, part: &str) -> String {
    if part.is_empty() {
        return path.to_owned();
    }
    let is_absolute = path.starts_with('/');
    let mut parts: Vec<&str> = path.split('/').filter(|part| !part.is_empty()).collect();
    parts.insert(position.min(parts.len()), part);
    let joined = parts.join("/");
    if is_absolute {
        format!("/{joined}")
    } else {
        joined
    }
}

#[cfg(test)]
mod tests {
    use super::inserted;

    #[test]
    fn parts_are_put_into_paths() {
        let check = |path, position, expected| {
            assert_eq!(inserted(path, position, "x"), expected, "{path}");
        };
        check("a/b", 0, "x/a/b");
        check("a/b", 1, "a/x/b");
        check("a/b", 9, "a/b/x");
        check("/a", 0, "/x/a");
        check("", 0, "x");
    }
}
