//! The hashes that generated ConfigMaps and Secrets get as suffixes.

use serde_json::{Map, Value};

use crate::fault::{Fault, Step};
use crate::node::{self, Kind};
use crate::resource::Resource;
use crate::resources::Resources;
use crate::{go_json, lock, read};

/// Adds the hash of its content to the name of every object that wants it.
pub(crate) fn add(resources: &mut Resources) -> Step {
    for resource in resources
        .list
        .iter_mut()
        .filter(|one| one.history.needs_hash)
    {
        let hash = hash(resource)?;
        resource.store_id();
        let name = format!("{}-{hash}", resource.id().name);
        resource.set_name(&name)?;
    }
    resources.forget_names();
    Ok(())
}

fn hash(resource: &Resource) -> Step<String> {
    let fields: &[&str] = match resource.gvk().kind.as_str() {
        "ConfigMap" => &["data", "binaryData"],
        "Secret" => &["type", "data", "stringData"],
        other => {
            return Err(format!(
                "{}: a name suffix hash of a {other} is not supported; only ConfigMaps and \
                 Secrets get one",
                resource.origin
            )
            .into());
        }
    };
    let mut hashed = Map::new();
    hashed.insert("kind".to_owned(), resource.gvk().kind.as_str().into());
    // The name is no part of the hash: kustomize looks for a field called `metadata/name`.
    hashed.insert("name".to_owned(), "".into());
    for field in fields {
        let value = value(resource, field)?;
        let is_optional = matches!(*field, "binaryData" | "stringData");
        if !is_optional || !value.is_string() {
            hashed.insert((*field).to_owned(), value);
        }
    }
    Ok(encode(&lock::digest(
        go_json::text(&Value::Object(hashed)).as_bytes(),
    )))
}

/// A field's value as the hash takes it: empty if it is not there.
fn value(resource: &Resource, field: &str) -> Step<Value> {
    let Some(found) = node::find(&resource.node, &[field])? else {
        return Ok("".into());
    };
    if node::kind(found) == Kind::Scalar {
        return Ok(node::raw(found).into());
    }
    let json = found
        .to_json()
        .map_err(|error| Fault::from(read::malformed(&error, resource.place())))?;
    Ok(if json.is_object() { json } else { Value::Null })
}

/// The first ten digits, in letters that make no words.
fn encode(digest: &str) -> String {
    let letter = |letter| match letter {
        '0' => 'g',
        '1' => 'h',
        '3' => 'k',
        'a' => 'm',
        'e' => 't',
        other => other,
    };
    digest.chars().take(10).map(letter).collect()
}
