//! `openapi.path`: a schema of one's own.

use std::sync::Arc;

use serde_json::{Map, Value};

use crate::fault::Step;
use crate::gvk::{Gvk, Scope, Scopes};
use crate::knowledge;
use crate::schema::{Schema, TypeId};

const KINDS: &str = "x-kubernetes-group-version-kind";
const STRATEGY: &str = "x-kubernetes-patch-strategy";
const MERGE_KEY: &str = "x-kubernetes-patch-merge-key";
const MAP_KEYS: &str = "x-kubernetes-list-map-keys";
const DEFINITIONS: &str = "#/definitions/";
/// The only version that kustomize 5.8.1 has built in.
pub(crate) const BUILT_IN: &str = "v1.21.2";
/// How deep types may be nested in one definition.
const DEPTH: usize = 100;

/// What kustomize knows already when it meets a schema of one's own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Known {
    /// Nothing: there is only the own schema.
    Nothing,
    /// The built-in schema; the own one is put over it.
    Before,
    /// The built-in schema will be read later, and put over the own one.
    After,
}

/// What a schema says.
#[derive(Debug, Default)]
pub(crate) struct Read {
    pub(crate) schema: Schema,
    pub(crate) scopes: Arc<Scopes>,
}

/// Reads a schema: its `definitions`, and the `paths` that say which kinds have a namespace.
pub(crate) fn read(document: &Value, known: Known) -> Step<Read> {
    let is_alone = known == Known::Nothing;
    let mut reader = Reader {
        schema: if is_alone {
            Schema::default()
        } else {
            knowledge::schema().clone()
        },
    };
    if !document.is_object() {
        return Err("must be an OpenAPI document".into());
    }
    let empty = Map::new();
    let definitions = document.get("definitions").and_then(Value::as_object);
    for (name, definition) in definitions.unwrap_or(&empty) {
        if known == Known::After && knowledge::schema().has_type(name) {
            continue;
        }
        let of = reader.schema.named(name);
        reader.schema.clear(of);
        reader.read(of, definition, 0)?;
        reader.kinds(of, definition)?;
    }
    Ok(Read {
        schema: reader.schema,
        scopes: Arc::new(scopes(document)),
    })
}

fn scopes(document: &Value) -> Scopes {
    let mut scopes = Scopes::new();
    let paths = document.get("paths").and_then(Value::as_object);
    for (path, operations) in paths.into_iter().flatten() {
        let kind = operations.get("get").and_then(|get| get.get(KINDS));
        let text = |name: &str| kind?.get(name)?.as_str().map(str::to_owned);
        let (Some(version), Some(kind)) = (text("version"), text("kind")) else {
            continue;
        };
        let group = text("group").unwrap_or_default();
        let gvk = Gvk {
            group,
            version,
            kind,
        };
        if path.contains("namespaces/{namespace}") {
            scopes.insert(gvk, Scope::Namespaced);
        } else {
            scopes.entry(gvk).or_insert(Scope::Cluster);
        }
    }
    scopes
}

struct Reader {
    schema: Schema,
}

impl Reader {
    fn kinds(&mut self, of: TypeId, definition: &Value) -> Step {
        let kinds = definition.get(KINDS).and_then(Value::as_array);
        for kind in kinds.into_iter().flatten() {
            let text = |name: &str| kind.get(name).and_then(Value::as_str);
            let (Some(version), Some(name)) = (text("version"), text("kind")) else {
                return Err(format!("`{KINDS}` needs `version` and `kind`").into());
            };
            let api_version = match text("group") {
                None | Some("") => version.to_owned(),
                Some(group) => format!("{group}/{version}"),
            };
            self.schema.add_kind(&api_version, name, of);
        }
        Ok(())
    }

    fn read(&mut self, of: TypeId, definition: &Value, depth: usize) -> Step {
        if depth > DEPTH {
            return Err("types are nested too deep".into());
        }
        let properties = definition.get("properties").and_then(Value::as_object);
        for (name, property) in properties.into_iter().flatten() {
            if let Some((items, keys)) = merging(property) {
                let target = self.target(items, depth)?;
                self.schema.add_list(of, (name, target), keys);
            } else {
                let target = self.target(property, depth)?;
                self.schema.add_map(of, name, target);
            }
        }
        if let Some(other) = definition
            .get("additionalProperties")
            .filter(|other| other.is_object())
        {
            let target = self.target(other, depth)?;
            self.schema.add_other(of, target);
        }
        Ok(())
    }

    /// The type of a schema: the one that it refers to, or its own.
    fn target(&mut self, schema: &Value, depth: usize) -> Step<TypeId> {
        let reference = schema.get("$ref").and_then(Value::as_str);
        if let Some(name) = reference.and_then(|reference| reference.strip_prefix(DEFINITIONS)) {
            return Ok(self.schema.named(name));
        }
        let has_fields = ["properties", "additionalProperties"]
            .iter()
            .any(|name| schema.get(name).is_some());
        if !has_fields {
            return Ok(TypeId::ANY);
        }
        let of = self.schema.add_type();
        self.read(of, schema, depth + 1)?;
        Ok(of)
    }
}

/// The items and keys of a list that merges.
fn merging(property: &Value) -> Option<(&Value, Vec<Box<str>>)> {
    let strategy = property.get(STRATEGY)?.as_str()?;
    let is_list = match property.get("type")? {
        Value::String(name) => name == "array",
        Value::Array(names) => names.len() == 1 && names.first()? == "array",
        _ => false,
    };
    if !is_list || !strategy.split(',').any(|part| part == "merge") {
        return None;
    }
    let text = |key: &Value| key.as_str().map(Into::into);
    let keys = property.get(MAP_KEYS).and_then(Value::as_array);
    let keys = match keys {
        Some(keys) => keys.iter().filter_map(text).collect(),
        None => property.get(MERGE_KEY).and_then(text).into_iter().collect(),
    };
    Some((property.get("items").unwrap_or(&Value::Null), keys))
}
