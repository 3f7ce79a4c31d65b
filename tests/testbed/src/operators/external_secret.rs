//! External Secrets Operator: stores, and Secrets made from the secrets manager or a generator.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use super::remote::Values;
use super::world::{self, Target, World, list, merge, text};
use super::{Progress, Truth, condition, template};
use crate::{Error, Result};

/// A `SecretStore` or `ClusterSecretStore`: always valid.
pub(super) fn store(world: &World, target: &Target<'_>) -> Result<Progress> {
    let status = json!({
        "capabilities": "ReadWrite",
        "conditions": [condition(Truth::True, "Valid", "store validated")],
    });
    world.set_status(target, &status)?;
    Ok(Progress::Done)
}

/// An `ExternalSecret`: makes its Secret once per generation, and when that is gone.
pub(super) fn external_secret(world: &World, target: &Target<'_>) -> Result<Progress> {
    let name = match text(target.object, "/spec/target/name") {
        "" => target.name(),
        name => name,
    };
    let existing = world.find(&target.core("secrets", name))?;
    let synced = text(target.object, "/status/syncedResourceVersion") == version(target);
    let once = text(target.object, "/spec/refreshPolicy") == "CreatedOnce";
    if existing.is_some() && (synced || once && is_ready(target)) {
        return Ok(Progress::Done);
    }
    match data(world, target)? {
        Ok(values) => {
            write_secret(world, target, (name, &values))?;
            report(
                world,
                target,
                &condition(Truth::True, "SecretSynced", "secret synced"),
            )?;
            Ok(Progress::Done)
        }
        Err(message) => {
            report(
                world,
                target,
                &condition(Truth::False, "SecretSyncedError", &message),
            )?;
            Ok(Progress::Pending)
        }
    }
}

/// The mark of what was synced: generation, and labels and annotations in some form.
pub(super) fn version(target: &Target<'_>) -> String {
    let metadata = target.object.get("metadata");
    let part = |key| {
        metadata
            .and_then(|metadata| metadata.get(key))
            .map(Value::to_string)
    };
    let text = format!("{:?}{:?}", part("labels"), part("annotations"));
    let hash = text.bytes().fold(5381_u32, |hash, byte| {
        hash.wrapping_mul(33).wrapping_add(u32::from(byte))
    });
    format!("{}-{hash:08x}", target.generation())
}

/// The data of a Secret as text.
pub(super) fn decoded(secret: &Value) -> Values {
    let data = secret.get("data").and_then(Value::as_object);
    let decode = |value: &Value| {
        let bytes = STANDARD
            .decode(value.as_str().unwrap_or_default())
            .unwrap_or_default();
        String::from_utf8_lossy(&bytes).into_owned()
    };
    data.into_iter()
        .flatten()
        .map(|(key, value)| (key.clone(), decode(value)))
        .collect()
}

/// Fills the templates of an object's `template.data`.
pub(super) fn templated(template: &Value, values: &Values) -> Result<Values, String> {
    let data = template.get("data").and_then(Value::as_object);
    data.into_iter()
        .flatten()
        .map(|(key, text)| {
            let text = text.as_str().unwrap_or_default();
            template::fill(text, values).map(|text| (key.clone(), text))
        })
        .collect()
}

fn is_ready(target: &Target<'_>) -> bool {
    text(target.object, "/status/conditions/0/status") == "True"
}

fn report(world: &World, target: &Target<'_>, condition: &Value) -> Result<()> {
    let mut status = json!({"conditions": [condition]});
    if status.pointer("/conditions/0/status") == Some(&"True".into()) {
        let (time, version) = (world::now(), version(target));
        merge(
            &mut status,
            &json!({"refreshTime": time, "syncedResourceVersion": version}),
        );
    }
    world.set_status(target, &status)
}

/// Gathers the values; the inner error is for the object's status.
fn data(world: &World, target: &Target<'_>) -> Result<Result<Values, String>> {
    let spec = target.object.get("spec").unwrap_or(&Value::Null);
    let mut values = Values::new();
    for source in list(spec, "/dataFrom") {
        let generator = source.pointer("/sourceRef/generatorRef");
        let found = match generator {
            Some(generator) => generated(world, target, generator)?,
            None => fetch(world, target, source, text(source, "/extract/key"))?,
        };
        match found {
            Ok(found) => values.extend(found),
            Err(message) => return Ok(Err(message)),
        }
    }
    for entry in list(spec, "/data") {
        let reference = text(entry, "/remoteRef/key");
        let found = match fetch(world, target, entry, reference)? {
            Ok(found) => found,
            Err(message) => return Ok(Err(message)),
        };
        let property = text(entry, "/remoteRef/property");
        match pick(&found, property) {
            Some(value) => values.insert(text(entry, "/secretKey").to_owned(), value),
            None => {
                return Ok(Err(format!(
                    "key {property} does not exist in secret {reference}"
                )));
            }
        };
    }
    Ok(finish(spec, values))
}

/// One property, or the whole secret: a plain text has no name, all else is JSON.
fn pick(found: &Values, property: &str) -> Option<String> {
    let plain = found.get(property).cloned();
    plain.or_else(|| {
        property
            .is_empty()
            .then(|| serde_json::to_string(found).ok())?
    })
}

fn finish(spec: &Value, values: Values) -> Result<Values, String> {
    let Some(template) = spec.pointer("/target/template") else {
        return Ok(values);
    };
    let mut filled = templated(template, &values)?;
    if filled.is_empty() {
        return Ok(values);
    }
    if text(template, "/mergePolicy") == "Merge" {
        for (key, value) in values {
            filled.entry(key).or_insert(value);
        }
    }
    Ok(filled)
}

/// Asks the secrets manager, if the store is there.
fn fetch(
    world: &World,
    target: &Target<'_>,
    entry: &Value,
    key: &str,
) -> Result<Result<Values, String>> {
    let own = entry.pointer("/sourceRef/storeRef");
    let reference = own.or_else(|| target.object.pointer("/spec/secretStoreRef"));
    let name = reference.map_or("", |reference| text(reference, "/name"));
    let cluster =
        reference.map_or("", |reference| text(reference, "/kind")) == "ClusterSecretStore";
    let path = if cluster {
        format!("{}/clustersecretstores/{name}", target.api)
    } else {
        target.sibling("secretstores", name)
    };
    let Some(store) = world.find(&path)? else {
        return Ok(Err(format!(
            "could not get SecretStore \"{name}\", not found"
        )));
    };
    Ok(fake(&store, key).map_or_else(|| world.remote.fetch(key), Ok))
}

/// What a store with the provider `fake` holds itself.
fn fake(store: &Value, key: &str) -> Option<Values> {
    let entries = list(store, "/spec/provider/fake/data");
    let entry = entries.iter().find(|entry| text(entry, "/key") == key)?;
    let value = text(entry, "/value");
    let object: Option<Values> = serde_json::from_str(value).ok();
    Some(object.unwrap_or_else(|| Values::from([(String::new(), value.to_owned())])))
}

fn generated(
    world: &World,
    target: &Target<'_>,
    reference: &Value,
) -> Result<Result<Values, String>> {
    let (kind, name) = (text(reference, "/kind"), text(reference, "/name"));
    if kind != "Password" {
        return Ok(Err(format!("the generator {kind} is not played here")));
    }
    let namespace = target.namespace();
    let api = "/apis/generators.external-secrets.io/v1alpha1";
    let path = format!("{api}/namespaces/{namespace}/passwords/{name}");
    let Some(generator) = world.find(&path)? else {
        return Ok(Err(format!(
            "could not get generator Password \"{name}\", not found"
        )));
    };
    let length = generator
        .pointer("/spec/length")
        .and_then(Value::as_u64)
        .unwrap_or(24);
    let password = world::random(usize::try_from(length).unwrap_or(24));
    Ok(Ok(Values::from([("password".to_owned(), password)])))
}

fn write_secret(world: &World, target: &Target<'_>, (name, values): (&str, &Values)) -> Result<()> {
    let template = target
        .object
        .pointer("/spec/target/template")
        .unwrap_or(&Value::Null);
    let data: serde_json::Map<String, Value> = values
        .iter()
        .map(|(key, value)| (key.clone(), STANDARD.encode(value).into()))
        .collect();
    let mut secret = json!({
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": {
            "name": name,
            "namespace": target.namespace(),
            "labels": template.pointer("/metadata/labels").cloned().unwrap_or_else(|| json!({})),
            "annotations":
                template.pointer("/metadata/annotations").cloned().unwrap_or_else(|| json!({})),
        },
        "data": data,
    });
    if !text(template, "/type").is_empty() {
        merge(&mut secret, &json!({"type": text(template, "/type")}));
    }
    if target.object.pointer("/spec/target/immutable") == Some(&Value::Bool(true)) {
        merge(&mut secret, &json!({"immutable": true}));
    }
    if ["", "Owner"].contains(&text(target.object, "/spec/target/creationPolicy")) {
        let owners = json!([target.owner_reference()]);
        merge(
            &mut secret,
            &json!({"metadata": {"ownerReferences": owners}}),
        );
    }
    match world
        .client
        .apply(&target.core("secrets", name), "externalsecrets", &secret)
    {
        // 422: an immutable Secret that is there already is what was wanted.
        Ok(_) | Err(Error::Api { code: 422, .. }) => Ok(()),
        Err(error) => Err(error),
    }
}
