//! Edges from objects to the webhooks that judge them.

mod rule;

use serde_json::Value;

use crate::EdgeClass;
use crate::backend;
use crate::builder::{Builder, Wish};
use crate::catalog::{Catalog, list, text};
use crate::structure;

use rule::matches;
pub(crate) use rule::{Resources, is_judged};

const GROUP: &str = "admissionregistration.k8s.io";

/// Adds edges from objects that are made to the webhooks that may refuse them, and to what stands behind those.
///
/// What a webhook's own backend needs does not wait for it, nor does an update, whose call is just repeated.
pub(crate) fn link(builder: &mut Builder<'_>) {
    let resources = Resources::of(builder.catalog);
    link_conversions(builder);
    for kind in [
        "MutatingWebhookConfiguration",
        "ValidatingWebhookConfiguration",
    ] {
        for (number, configuration) in builder.catalog.of(GROUP, kind) {
            for webhook in list(configuration.value(), "/webhooks") {
                let fails = text(webhook, "failurePolicy") != Some("Ignore");
                if fails {
                    link_webhook(builder, &resources, (number, webhook));
                }
            }
        }
    }
}

fn link_webhook(builder: &mut Builder<'_>, resources: &Resources<'_>, webhook: (usize, &Value)) {
    let (configuration, webhook) = webhook;
    let catalog = builder.catalog;
    let servers = servers(catalog, webhook.pointer("/clientConfig/service"));
    let needed = backend::needs(&builder.drafts, &servers);
    let judged: Vec<_> = catalog
        .iter()
        .filter(|(number, _)| builder.catalog.is_made(*number) && !needed.contains(number))
        .filter(|(_, object)| object.gvk().group != GROUP)
        .filter(|(_, object)| matches(webhook, object, resources))
        .map(|(number, _)| number)
        .collect();
    for from in judged {
        let wish = Wish::structure(EdgeClass::Ready, "webhook before what it judges");
        builder.link(from, configuration, wish);
        link_servers(
            builder,
            from,
            &servers,
            "webhook's backend before what it judges",
        );
    }
}

/// Objects of a kind that a webhook converts between versions wait for what stands behind it.
fn link_conversions(builder: &mut Builder<'_>) {
    let catalog = builder.catalog;
    for ((group, kind), number) in structure::definitions(catalog) {
        let definition = catalog.object(number);
        let Some(definition) = definition.filter(|it| {
            it.text("/spec/conversion/strategy") == Some("Webhook")
                && list(it.value(), "/spec/versions").len() > 1
        }) else {
            continue;
        };
        let service = definition.pointer("/spec/conversion/webhook/clientConfig/service");
        let servers = servers(catalog, service);
        let needed = backend::needs(&builder.drafts, &servers);
        let objects: Vec<_> = catalog.of(group, kind).map(|(number, _)| number).collect();
        for from in objects {
            if catalog.is_made(from) && !needed.contains(&from) {
                link_servers(
                    builder,
                    from,
                    &servers,
                    "converting webhook before what it converts",
                );
            }
        }
    }
}

fn link_servers(builder: &mut Builder<'_>, from: usize, servers: &[usize], rule: &str) {
    for server in servers {
        builder.link(from, *server, Wish::structure(EdgeClass::Ready, rule));
    }
}

/// Returns the workloads behind a webhook's Service.
fn servers(catalog: &Catalog<'_>, service: Option<&Value>) -> Vec<usize> {
    let service = service.and_then(|named| backend::service(catalog, named));
    service.map_or_else(Vec::new, |service| backend::behind(catalog, service))
}
