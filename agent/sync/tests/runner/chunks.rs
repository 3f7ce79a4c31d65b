//! The inventory of a large layer: kept in chunks, made whole again when one is lost.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};
use tidegate_sync::{Fate, Guard, Outcome, Run};

use crate::world::{World, describe, engine, leaving};

/// So many ConfigMaps, with names so long that few of them make a large inventory.
fn maps(count: usize) -> String {
    let tail = "x".repeat(230);
    let documents = (0..count).map(|index| {
        format!(
            "apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: m{index}-{tail}, namespace: NS}}\n"
        )
    });
    documents.collect::<Vec<_>>().join("---\n")
}

impl World {
    fn head(&self) -> Value {
        let uid = &self.owner.uid;
        let path = format!("/api/v1/namespaces/NS/secrets/tidegate-inventory-{uid}");
        let secret = self.live(&path);
        let bytes = STANDARD.decode(secret["data"]["inventory"].as_str().unwrap());
        serde_json::from_slice(&bytes.unwrap()).unwrap()
    }

    /// The names of the chunks that are there.
    fn chunks(&self) -> Vec<String> {
        let uid = &self.owner.uid;
        let path = format!(
            "/api/v1/namespaces/NS/secrets?labelSelector=tidegate.dev/inventory-chunk-of%3D{uid}"
        );
        let list = self.live(&path);
        let names = list["items"].as_array().unwrap().iter();
        let mut names: Vec<String> = names
            .map(|secret| secret["metadata"]["name"].as_str().unwrap().into())
            .collect();
        names.sort();
        names
    }

    /// The names of the chunks that the head holds, in order.
    fn named(&self) -> Vec<String> {
        let head = self.head();
        let digests = head["chunks"].as_array().unwrap().iter();
        let uid = &self.owner.uid;
        digests
            .map(|digest| format!("tidegate-inventory-{uid}-{}", digest.as_str().unwrap()))
            .collect()
    }

    /// Brings a state to the cluster by a process that has just started.
    fn apply_anew(&mut self, yaml: &str) -> std::sync::Arc<Run> {
        self.tenant.engine = engine(self.control_plane.kubeconfig(), &self.namespace);
        let mut order = self.order(yaml);
        order.settings.prune.max_fraction = 1.0;
        self.run(order)
    }

    fn delete_count(&self) -> usize {
        let writes = self.writes();
        writes.iter().filter(|event| event.verb == "delete").count()
    }
}

#[test]
fn a_large_inventory_is_kept_in_chunks_and_survives_the_loss_of_some() {
    let mut world = World::new("chunks");
    world.apply(&maps(2));
    assert_eq!(world.head()["format"], 1);
    let run = world.apply_anew(&maps(700));
    assert_eq!(run.outcome, Some(Outcome::Healthy), "{}", describe(&run));
    assert_eq!(world.head()["format"], 2);
    let chunks = world.chunks();
    assert!(chunks.len() > 1);
    assert_eq!(world.named(), chunks, "old chunks are gone");
    // One is lost, one is not what was written, and one is left by a process that died.
    let secrets = world.text("/api/v1/namespaces/NS/secrets");
    let client = world.control_plane.client();
    let mut broken = client.get(&format!("{secrets}/{}", chunks[1])).unwrap();
    for name in &chunks[..2] {
        client.delete(&format!("{secrets}/{name}")).unwrap();
    }
    broken["data"]["inventory"] = STANDARD.encode("{}").into();
    for field in ["uid", "resourceVersion", "managedFields"] {
        broken["metadata"].as_object_mut().unwrap().remove(field);
    }
    client.create(&secrets, &broken).unwrap();
    broken["metadata"]["name"] = json!(format!("tidegate-inventory-{}-0", world.owner.uid));
    client.create(&secrets, &broken).unwrap();
    let run = world.apply_anew(&maps(699));
    let (left, id) = (&run.leaving, format!("configmap/m699-{}", "x".repeat(230)));
    assert_eq!(left.len(), 1, "{}", run.message);
    let left = leaving(&run, &id);
    assert_eq!(
        (left.fate, left.guard),
        (Fate::Held, Some(Guard::Inventory))
    );
    assert_eq!(world.delete_count(), 0);
    assert_eq!(world.named(), world.chunks());
    let run = world.apply_anew(&maps(699));
    assert_eq!(leaving(&run, &id).fate, Fate::Pruned);
    assert_eq!(world.delete_count(), 1);
}
