//! cert-manager: issuers that are always ready, and certificates of one authority.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use super::world::{Target, World, list, merge, text};
use super::{Progress, Truth, condition};
use crate::Result;

/// An Issuer or `ClusterIssuer`.
pub(super) fn issuer(world: &World, target: &Target<'_>) -> Result<Progress> {
    let mut condition = condition(Truth::True, "IsReady", "the issuer is ready");
    merge(
        &mut condition,
        &json!({"observedGeneration": target.generation()}),
    );
    world.set_status(target, &json!({"conditions": [condition]}))?;
    Ok(Progress::Done)
}

/// A Certificate: waits for its issuer, then makes its Secret.
pub(super) fn certificate(world: &World, target: &Target<'_>) -> Result<Progress> {
    let issuer = text(target.object, "/spec/issuerRef/name");
    let path = match text(target.object, "/spec/issuerRef/kind") {
        "ClusterIssuer" => format!("{}/clusterissuers/{issuer}", target.api),
        _ => target.sibling("issuers", issuer),
    };
    if world.find(&path)?.is_none() {
        let message = format!("issuer \"{issuer}\" not found");
        report(
            world,
            target,
            condition(Truth::False, "DoesNotExist", &message),
        )?;
        return Ok(Progress::Pending);
    }
    let name = text(target.object, "/spec/secretName");
    if world.find(&target.core("secrets", name))?.is_none() {
        write_secret(world, target, name)?;
    }
    report(
        world,
        target,
        condition(Truth::True, "Ready", "Certificate is up to date"),
    )?;
    Ok(Progress::Done)
}

fn report(world: &World, target: &Target<'_>, mut condition: Value) -> Result<()> {
    merge(
        &mut condition,
        &json!({"observedGeneration": target.generation()}),
    );
    world.set_status(target, &json!({"conditions": [condition]}))
}

fn write_secret(world: &World, target: &Target<'_>, name: &str) -> Result<()> {
    let names = list(target.object, "/spec/dnsNames")
        .iter()
        .filter_map(Value::as_str);
    let mut hosts: Vec<&str> = names.collect();
    if hosts.is_empty() {
        hosts.push(target.name());
    }
    let identity = world.authority.server(&hosts)?;
    let secret = json!({
        "apiVersion": "v1",
        "kind": "Secret",
        "type": "kubernetes.io/tls",
        "metadata": {"name": name, "namespace": target.namespace()},
        "data": {
            "tls.crt": STANDARD.encode(&identity.certificate),
            "tls.key": STANDARD.encode(&identity.key),
            "ca.crt": STANDARD.encode(world.authority.certificate()),
        },
    });
    world
        .client
        .apply(&target.core("secrets", name), "cert-manager", &secret)
        .map(drop)
}
