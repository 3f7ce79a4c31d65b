//! CloudNativePG: the authority that it writes into its own webhook configurations.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use super::Progress;
use super::world::{Target, World, list, text};
use crate::Result;

/// Fills in `caBundle` where one of the operator's webhooks lacks it.
pub(super) fn configuration(world: &World, target: &Target<'_>) -> Result<Progress> {
    let is_own = |webhook: &Value| text(webhook, "/name").ends_with(".cnpg.io");
    let own: Vec<&Value> = list(target.object, "/webhooks")
        .iter()
        .filter(|webhook| is_own(webhook))
        .collect();
    if own
        .iter()
        .all(|webhook| !text(webhook, "/clientConfig/caBundle").is_empty())
    {
        return Ok(Progress::Done);
    }
    let authority = STANDARD.encode(world.webhooks.authority());
    let webhooks: Vec<Value> = own
        .iter()
        .map(
            |webhook| json!({"name": webhook.get("name"), "clientConfig": {"caBundle": authority}}),
        )
        .collect();
    let object = json!({
        "apiVersion": text(target.object, "/apiVersion"),
        "kind": text(target.object, "/kind"),
        "metadata": {"name": target.name()},
        "webhooks": webhooks,
    });
    world
        .client
        .apply(&target.path(), "cnpg-operator", &object)?;
    Ok(Progress::Done)
}
