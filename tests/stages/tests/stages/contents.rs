//! What stands in the manifests.

use std::collections::BTreeSet;

use serde_json::Value;
use tidegate_object::Object;

use crate::stage::{STAGES, layer, of_kind, texts};

#[test]
fn every_image_is_named_by_an_exact_tag_or_digest() {
    for stage in STAGES {
        for object in layer(stage, "database") {
            for image in texts(object.value(), &["image", "imageName"]) {
                let tag = image
                    .rsplit_once(':')
                    .map(|(_, tag)| tag)
                    .unwrap_or_default();
                let is_exact = tag.starts_with(|first: char| first.is_ascii_alphanumeric())
                    && !tag.contains('/')
                    && !["latest", "main"].contains(&tag);
                assert!(is_exact, "{stage}: {} has {image}", object.id());
            }
        }
    }
}

#[test]
fn every_container_has_requests_and_a_memory_limit() {
    for stage in STAGES {
        for object in layer(stage, "database") {
            for container in containers(object.value()) {
                for field in [
                    "/resources/requests/cpu",
                    "/resources/requests/memory",
                    "/resources/limits/memory",
                ] {
                    let name = container.get("name").and_then(Value::as_str);
                    assert!(
                        container.pointer(field).is_some(),
                        "{stage}: {} {name:?} lacks {field}",
                        object.id()
                    );
                }
            }
        }
    }
}

#[test]
fn no_secret_is_in_git() {
    for stage in STAGES {
        let objects = layer(stage, "database");
        let secrets = of_kind(&objects, "Secret");
        assert!(secrets.is_empty(), "{stage}: {}", secrets[0].id());
    }
}

#[test]
fn every_credential_that_is_read_in_local_is_written_there() {
    let layers = ["infrastructure", "database", "apps"];
    let objects: Vec<Object> = layers
        .iter()
        .flat_map(|name| layer("local", name))
        .collect();
    let written: BTreeSet<&str> = of_kind(&objects, "PushSecret")
        .iter()
        .flat_map(|object| texts(object.value(), &["remoteKey"]))
        .collect();
    for object in of_kind(&objects, "ExternalSecret") {
        let remote = ["/spec/data", "/spec/dataFrom"].map(|list| object.pointer(list));
        for list in remote.into_iter().flatten() {
            for key in texts(list, &["key"]) {
                assert!(written.contains(key), "{} reads {key}", object.id());
            }
        }
    }
}

fn containers(value: &Value) -> Vec<&Value> {
    let pod = [
        "/spec/template/spec",
        "/spec/jobTemplate/spec/template/spec",
    ];
    pod.iter()
        .filter_map(|pointer| value.pointer(pointer))
        .flat_map(|pod| ["initContainers", "containers"].map(|list| pod.get(list)))
        .flatten()
        .filter_map(Value::as_array)
        .flatten()
        .collect()
}
