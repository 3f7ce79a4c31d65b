//! The repository's own layers, on a control plane of their own: nothing is written before its gates are open.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use tidegate_kustomize::{Options as BuildOptions, build};
use tidegate_object::ObjectId;
use tidegate_plan::{EdgeClass, Gate, Required};
use tidegate_source::Directory;
use tidegate_sync::{Outcome, Run};
use tidegate_testbed::{AuditEvent, ControlPlane, Operators, Options, vendor};

use crate::world::{Tenant, describe};

const LAYERS: [&str; 3] = ["infrastructure", "database", "apps"];

#[test]
fn the_layers_come_up_and_nothing_is_written_before_its_gates_are_open() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    vendor::fill(&root).unwrap();
    let control_plane = ControlPlane::start(&Options::default()).unwrap();
    let _operators = Operators::start(&control_plane, Duration::from_millis(50)).unwrap();
    let mut tenant = Tenant::new(&control_plane, "layers");
    tenant.allow_everything(&control_plane);
    for layer in LAYERS {
        tenant.owner.uid = format!("uid-of-{layer}");
        let before = control_plane.audit().unwrap().len();
        let run = bring_up(&tenant, &root, layer);
        assert_eq!(
            run.outcome,
            Some(Outcome::Healthy),
            "{layer}: {}",
            describe(&run)
        );
        let audit = control_plane.audit().unwrap();
        let checked = check_order(&run, audit.get(before..).unwrap());
        assert!(checked > 0, "{layer}");
    }
}

fn bring_up(tenant: &Tenant, root: &Path, layer: &str) -> Arc<Run> {
    let tree = Directory::open(root).unwrap();
    let path = format!("clusters/stages/local/{layer}");
    let rendered = build(&tree, &path, &BuildOptions::default()).unwrap();
    let mut order = tenant.order("");
    order.rendered = Arc::new(rendered);
    order.settings.timeout = Duration::from_secs(120);
    if layer != "infrastructure" {
        order.settings.requires = vec![Required {
            id: "external-secrets.io/ClusterSecretStore/_/secrets-manager"
                .parse()
                .unwrap(),
            ready: true,
        }];
    }
    tenant.run(order)
}

/// Holds every edge against the audit log; tells how many were held.
fn check_order(run: &Run, audit: &[AuditEvent]) -> usize {
    let mut checked = 0;
    for edge in run
        .edges
        .iter()
        .filter(|edge| edge.class != EdgeClass::Soft)
    {
        let (Some(from), Some(to)) = (first_write(audit, &edge.from), first_write(audit, &edge.to))
        else {
            continue;
        };
        // An answer may be acted on before the API server notes that it has left: requests are compared.
        assert!(
            to.received < from.received,
            "{} was written at {}, before {} at {}",
            edge.from,
            from.received,
            edge.to,
            to.received
        );
        if edge.gate == Gate::Serving && !edge.to.kind.is("", "Service") {
            // What serves says so in its status.
            let served = audit.iter().find(|event| {
                is_of(event, &edge.to)
                    && event.resource.ends_with("/status")
                    && event.received < from.received
            });
            assert!(
                served.is_some(),
                "{} was written before {} said anything",
                edge.from,
                edge.to
            );
        }
        checked += 1;
    }
    checked
}

fn first_write<'a>(audit: &'a [AuditEvent], id: &ObjectId) -> Option<&'a AuditEvent> {
    let is_whole = |event: &&AuditEvent| !event.resource.contains('/');
    let writes = audit.iter().filter(|event| event.is_write());
    writes.filter(is_whole).find(|event| is_of(event, id))
}

fn is_of(event: &AuditEvent, id: &ObjectId) -> bool {
    let kind = id.kind.kind.to_lowercase();
    let stem = kind.get(..kind.len() - 1).unwrap();
    event.name == id.name
        && event.group == id.kind.group
        && event.namespace == id.namespace.as_deref().unwrap_or_default()
        && event.resource.starts_with(stem)
}
