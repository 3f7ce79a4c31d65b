//! The API's description, held against the answers that it describes.

use reqwest::Method;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use tidegate_health::Status;
use tidegate_plan::{Change, ConsequenceKind, EdgeClass, EdgeReason, Gate};
use tidegate_sync::{Fate, Guard, Outcome, Phase, Step, Trigger, Verdict};

use crate::rig::{Rig, read};

const LAYER: &str = "/api/v1/layers/platform/database";

#[tokio::test(flavor = "multi_thread")]
async fn answers_are_as_they_are_described() {
    let mut rig = Rig::with_layer().await;
    let _accepting = rig.accept_syncs("run-3");
    let (_, document) = rig.json("/api/v1/openapi.json").await;
    for (method, path, schema) in [
        (Method::GET, "/api/v1/layers", "Summaries"),
        (Method::GET, LAYER, "Layer"),
        (Method::GET, &format!("{LAYER}/objects?limit=1"), "Objects"),
        (Method::GET, &format!("{LAYER}/objects"), "Objects"),
        (
            Method::GET,
            &format!("{LAYER}/objects/apps%2FDeployment%2Fweb%2Fweb"),
            "ObjectDetail",
        ),
        (Method::GET, &format!("{LAYER}/plan"), "Plan"),
        (Method::GET, &format!("{LAYER}/history"), "History"),
        (Method::GET, &format!("{LAYER}/runs/run-1"), "Run"),
        (Method::GET, &format!("{LAYER}/runs/run-2"), "Run"),
        (Method::GET, &format!("{LAYER}/runs/run-3"), "Run"),
        (Method::POST, &format!("{LAYER}/sync"), "Ticket"),
        (Method::GET, "/nowhere", "Problem"),
    ] {
        let request = rig.request(method, path);
        let (_, body) = read(request.send().await.unwrap()).await;
        let schemas = &document["components"]["schemas"];
        let wrong = compare(schemas, &schemas[schema], &body);
        assert!(
            wrong.is_empty(),
            "{path} is no {schema}: {wrong:#?}\n{body:#}"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn words_are_those_that_are_described() {
    let rig = Rig::with_layer().await;
    let (_, document) = rig.json("/api/v1/openapi.json").await;
    let schemas = &document["components"]["schemas"];
    for (place, words) in [
        ("Object/properties/step", words::<Step>(json!("?"))),
        ("Object/properties/health", words::<Status>(json!("?"))),
        ("Object/properties/change", words::<Change>(json!("?"))),
        ("Run/properties/phase", words::<Phase>(json!("?"))),
        (
            "Run/properties/phases/items/properties/phase",
            words::<Phase>(json!("?")),
        ),
        (
            "Run/properties/trigger",
            // Drift that was put right is no run, and stands among them.
            [words::<Trigger>(json!("?")), vec!["drift".into()]].concat(),
        ),
        ("Drift/properties/verdict", words::<Verdict>(json!("?"))),
        ("Leaving/properties/fate", words::<Fate>(json!("?"))),
        ("Leaving/properties/guard", words::<Guard>(json!("?"))),
        (
            "Consequence/properties/kind",
            words::<ConsequenceKind>(json!("?")),
        ),
        (
            "HistoryEntry/properties/outcome",
            // A suspension is no run, and stands among them.
            [words::<Outcome>(json!("?")), vec!["suspended".into()]].concat(),
        ),
        ("Edge/properties/class", words::<EdgeClass>(json!("?"))),
        (
            "Edge/properties/gate/properties/type",
            words::<Gate>(json!({"type": "?"})),
        ),
        (
            "Edge/properties/reason/properties/source",
            words::<EdgeReason>(json!({"source": "?"})),
        ),
    ] {
        let described = &schemas.pointer(&format!("/{place}")).unwrap()["enum"];
        assert_eq!(described, &json!(words), "{place}");
    }
}

/// Returns the words that a type knows, out of what it says of one that it does not.
fn words<T: DeserializeOwned>(unknown: Value) -> Vec<String> {
    let Err(error) = serde_json::from_value::<T>(unknown) else {
        panic!("`?` is known");
    };
    let said = error.to_string();
    let quoted = said.split('`').skip(1).step_by(2);
    quoted.skip(1).map(str::to_owned).collect()
}

/// Compares a value with a schema: types, required and known keys, items, enumerations.
fn compare(schemas: &Value, schema: &Value, value: &Value) -> Vec<String> {
    let schema = resolve(schemas, schema);
    let parts = |key: &str| schema[key].as_array().cloned().unwrap_or_default();
    if !parts("anyOf").is_empty() {
        let mut wrong = parts("anyOf")
            .into_iter()
            .map(|part| compare(schemas, &part, value));
        let fits = wrong.any(|wrong| wrong.is_empty());
        return (!fits)
            .then(|| format!("{value} is none of {schema}"))
            .into_iter()
            .collect();
    }
    let all: Vec<Value> = match parts("allOf") {
        empty if empty.is_empty() => vec![schema.clone()],
        parts => parts
            .iter()
            .map(|part| resolve(schemas, part).clone())
            .collect(),
    };
    match value {
        Value::Object(fields) => {
            let required = all
                .iter()
                .filter_map(|part| part["required"].as_array())
                .flatten();
            let missing = required.filter(|key| !fields.contains_key(key.as_str().unwrap()));
            let mut wrong: Vec<String> = missing.map(|key| format!("{key} is missing")).collect();
            for (key, field) in fields {
                let known = all.iter().find_map(|part| part["properties"].get(key));
                let more = || all.iter().find_map(|part| part.get("additionalProperties"));
                match known.or_else(more) {
                    Some(Value::Bool(true)) => {}
                    Some(known) => wrong.extend(compare(schemas, known, field)),
                    None => wrong.push(format!("{key} is not described")),
                }
            }
            wrong
        }
        Value::Array(items) => {
            let items = items.iter();
            items
                .flat_map(|item| compare(schemas, &schema["items"], item))
                .collect()
        }
        leaf => compare_leaf(schema, leaf),
    }
}

fn compare_leaf(schema: &Value, leaf: &Value) -> Vec<String> {
    let kind = match leaf {
        Value::Null => "null",
        Value::Bool(_) => "boolean",
        Value::Number(_) => "integer",
        _ => "string",
    };
    let kinds = schema["type"].as_array().cloned();
    let kinds = kinds.unwrap_or_else(|| vec![schema["type"].clone()]);
    let is_known = schema["enum"]
        .as_array()
        .is_none_or(|known| known.contains(leaf));
    let fits = kinds.contains(&kind.into()) && is_known;
    (!fits)
        .then(|| format!("{leaf} does not fit {schema}"))
        .into_iter()
        .collect()
}

fn resolve<'a>(schemas: &'a Value, schema: &'a Value) -> &'a Value {
    let reference = schema["$ref"]
        .as_str()
        .and_then(|name| name.rsplit('/').next());
    reference.map_or(schema, |name| &schemas[name])
}
