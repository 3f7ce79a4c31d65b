//! External Secrets Operator: Secrets written into the secrets manager.

use serde_json::{Value, json};

use super::external_secret::{decoded, templated, version};
use super::remote::Values;
use super::world::{self, Target, World, list, merge, text};
use super::{Progress, Truth, condition};
use crate::Result;

/// A `PushSecret`: waits for its Secret, and pushes it again when that changes.
pub(super) fn push_secret(world: &World, target: &Target<'_>) -> Result<Progress> {
    let source = text(target.object, "/spec/selector/secret/name");
    let pushed = match world.find(&target.core("secrets", source))? {
        None => Err(format!(
            "could not get source secret: secrets \"{source}\" not found"
        )),
        Some(secret) => push(world, target, &decoded(&secret)),
    };
    let (mut status, progress) = match pushed {
        Ok(()) => {
            let condition = condition(Truth::True, "Synced", "PushSecret synced successfully");
            (
                json!({"conditions": [condition], "refreshTime": world::now()}),
                Progress::Done,
            )
        }
        Err(message) => {
            let condition = condition(Truth::False, "Errored", &message);
            (json!({"conditions": [condition]}), Progress::Pending)
        }
    };
    if progress == Progress::Done {
        merge(
            &mut status,
            &json!({"syncedResourceVersion": version(target)}),
        );
    }
    world.set_status(target, &status)?;
    Ok(progress)
}

fn push(world: &World, target: &Target<'_>, values: &Values) -> Result<(), String> {
    let template = target.object.pointer("/spec/template");
    let mut values = values.clone();
    if let Some(template) = template {
        let filled = templated(template, &values)?;
        values.extend(filled);
    }
    for entry in list(target.object, "/spec/data") {
        let key = text(entry, "/match/remoteRef/remoteKey");
        world.remote.push(key, selected(entry, &values)?)?;
    }
    Ok(())
}

/// The one value that an entry names, or all of them.
fn selected(entry: &Value, values: &Values) -> Result<Values, String> {
    let name = text(entry, "/match/secretKey");
    if name.is_empty() {
        return Ok(values.clone());
    }
    let value = values
        .get(name)
        .ok_or_else(|| format!("secret key {name} does not exist"))?;
    let property = match text(entry, "/match/remoteRef/property") {
        "" => name,
        property => property,
    };
    Ok(Values::from([(property.to_owned(), value.clone())]))
}
