//! `crds`: OpenAPI definitions of custom resources, whose marked fields transformers reach.

use serde_json::{Map, Value};

use crate::fault::Step;
use crate::field_spec::{Config, FieldSpec, Missing, NameReference, merge_one};
use crate::gvk::Gvk;

const ANNOTATION: &str = "x-kubernetes-annotation";
const LABEL_SELECTOR: &str = "x-kubernetes-label-selector";
const IDENTITY: &str = "x-kubernetes-identity";
const VERSION: &str = "x-kubernetes-object-ref-api-version";
const KIND: &str = "x-kubernetes-object-ref-kind";
const NAME_KEY: &str = "x-kubernetes-object-ref-name-key";
/// How deep definitions may refer to each other.
const DEPTH: usize = 50;

/// Reads a file of definitions, by the names of their types.
pub(crate) fn config(definitions: &Value) -> Step<Config> {
    let mut config = Config::default();
    let Value::Object(definitions) = definitions else {
        return Err("must be a mapping of OpenAPI definitions".into());
    };
    for name in definitions.keys() {
        let is_object = properties(definitions, name).is_some_and(|properties| {
            let fields = ["kind", "apiVersion", "metadata"];
            fields.iter().all(|field| properties.contains_key(*field))
        });
        if !is_object {
            continue;
        }
        let mut reader = Reader {
            definitions,
            config: &mut config,
            selector: Gvk {
                kind: name.rsplit('.').next().unwrap_or_default().to_owned(),
                ..Gvk::default()
            },
        };
        reader.read(name, &mut Vec::new())?;
    }
    config.sort();
    Ok(config)
}

fn properties<'a>(
    definitions: &'a Map<String, Value>,
    name: &str,
) -> Option<&'a Map<String, Value>> {
    let definition = definitions.get(name)?;
    let schema = definition
        .get("Schema")
        .or_else(|| definition.get("schema"))?;
    schema.get("properties")?.as_object()
}

struct Reader<'a> {
    definitions: &'a Map<String, Value>,
    config: &'a mut Config,
    selector: Gvk,
}

impl Reader<'_> {
    fn read(&mut self, name: &str, path: &mut Vec<String>) -> Step {
        if path.len() > DEPTH {
            return Err(format!("the definition `{name}` refers to itself").into());
        }
        let Some(properties) = properties(self.definitions, name) else {
            return Ok(());
        };
        for (field, property) in properties {
            path.push(field.clone());
            self.add(property, path)?;
            if let Some(target) = property.get("$ref").and_then(Value::as_str) {
                self.read(target, path)?;
            }
            path.pop();
        }
        Ok(())
    }

    fn add(&mut self, property: &Value, path: &[String]) -> Step {
        let text = |name: &str| property.get(name).and_then(Value::as_str);
        let spec =
            |path: &[String]| FieldSpec::new(self.selector.clone(), &path.join("/"), Missing::Skip);
        let marks = [
            (ANNOTATION, &mut self.config.common_annotations),
            (LABEL_SELECTOR, &mut self.config.common_labels),
            (IDENTITY, &mut self.config.name_prefix),
        ];
        for (mark, fields) in marks {
            if text(mark).is_some() {
                merge_one(fields, &spec(path)).map_err(|conflict| conflict.0)?;
            }
        }
        if let (Some(version), Some(kind)) = (text(VERSION), text(KIND)) {
            let mut path = path.to_vec();
            path.push(text(NAME_KEY).unwrap_or("name").to_owned());
            let reference = NameReference {
                target: Gvk {
                    group: String::new(),
                    version: version.to_owned(),
                    kind: kind.to_owned(),
                },
                referrers: vec![spec(&path)],
            };
            self.config
                .add_reference(&reference)
                .map_err(|conflict| conflict.0)?;
        }
        Ok(())
    }
}
