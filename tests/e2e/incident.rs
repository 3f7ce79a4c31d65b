//! An incident, as a real Prometheus sees it by the rules and dashboards that are shipped.

use std::collections::BTreeSet;

use serde_json::{Value, json};
use tidegate_testbed::prometheus::shipped;
use tidegate_testbed::{Commit, GitServer, Prometheus, wait};

use crate::place::{Origin, Place};
use crate::rig::{LIMIT, Rig, rig};

const RULES: &str = "manifests/tidegate/components/monitoring/prometheusrule.yaml";
/// How much sooner alerts fire than they do as shipped: what takes 15 minutes there takes a second here.
const FACTOR: u64 = 900;

/// Something that others wait for, and that may never get ready.
const BASE: &str = "apiVersion: apps/v1
kind: Deployment
metadata: {name: base, namespace: NS}
spec:
  selector: {matchLabels: {app: base}}
  template:
    metadata: {labels: {app: base}, annotations: {FAIL}}
    spec: {containers: [{name: main, image: 'registry.example/base:1'}]}
---
apiVersion: v1
kind: ConfigMap
metadata:
  name: after-base
  namespace: NS
  annotations: {tidegate.dev/depends-on: apps/namespaces/NS/Deployment/base}
data: {value: 'FAIL'}
";

const NEVER: &str = "testbed.tidegate.dev/fail: never-ready";

/// What a layer that depends on the other one holds.
const UPPER: &str = "apiVersion: v1
kind: ConfigMap
metadata: {name: upper, namespace: NS}
data: {value: 'FAIL'}
";

/// Four objects that leave at once are more than may go unasked.
const LEAVING: [&str; 4] = ["one", "two", "three", "four"];

/// Somebody changes what a layer owns again and again, until nobody waits for that any more.
const FIGHT: (&str, &str, &str) = ("TidegateDriftFight", "many", "hand");

/// Three layers of one repository, on a server of its own, and the Prometheus that watches.
struct Incident {
    prometheus: Prometheus,
    base: Place,
    upper: Place,
    many: Place,
    git: GitServer,
}

#[test]
fn an_incident_sets_off_the_alerts_that_say_so_and_recovery_clears_them() {
    let mut incident = Incident::start(rig());
    incident.until_firing("nothing", &[]);

    incident.push(NEVER, &[]);
    let lasting = [
        ("TidegateLayerNotReady", "base", ""),
        ("TidegateLayerLagging", "base", ""),
        ("TidegateLayerLagging", "upper", ""),
        ("TidegatePruneHeldBack", "many", "fraction"),
    ];
    let waiting = [
        ("TidegateLayerNotReady", "upper", ""),
        ("TidegateLayerBlocked", "upper", "DependencyNotReady"),
    ];
    incident.until_firing("the commit", &[&lasting[..], &waiting].concat());

    let fought = [&lasting[..], &[FIGHT]].concat();
    incident.until_firing("the fight", &[&fought[..], &waiting].concat());

    incident.git.stop();
    // What is healthy and waits for nothing in the cluster is not to blame for a lost repository.
    let source = [("TidegateSourceFailing", "", "")];
    incident.until_firing("the repository", &[&fought[..], &source].concat());
    incident.until_every_panel_has_data();

    incident.git.restart().unwrap();
    incident.push("", &LEAVING);
    incident.until_firing("nothing any more", &[]);
}

impl Incident {
    fn start(rig: &'static Rig) -> Self {
        let git = GitServer::start().unwrap();
        let origin = Origin::new(&git, "incident");
        let webhook = rig.agent.webhook();
        origin.repository.set_webhook(&webhook).unwrap();
        let base = Place::new(rig.control_plane, &origin, "base");
        let beside = |name| Place {
            client: base.client.clone(),
            origin: origin.clone(),
            namespace: base.namespace.clone(),
            name,
        };
        let mut rules = shipped::rules(RULES).unwrap();
        shipped::quicken(&mut rules, FACTOR).unwrap();
        let incident = Self {
            prometheus: Prometheus::start(&rig.agent.metrics_url(), &rules).unwrap(),
            upper: beside("upper"),
            many: beside("many"),
            base,
            git,
        };
        let start = incident.push("", &LEAVING);
        let mut depending = incident.upper.spec();
        depending["dependsOn"] = json!([{"name": "base"}]);
        incident.base.set_layer(&incident.base.spec());
        incident.upper.set_layer(&depending);
        incident.many.set_layer(&incident.many.spec());
        for place in [&incident.base, &incident.upper, &incident.many] {
            place.until_healthy(&start);
        }
        incident
    }

    /// Pushes one commit for all three layers: how the base fails, and what many holds besides one object that stays.
    fn push(&self, fails: &str, held: &[&str]) -> String {
        let config_map = |name: &&str| {
            format!(
                "---\napiVersion: v1\nkind: ConfigMap\nmetadata: {{name: {name}, namespace: NS}}\ndata: {{writer: git}}\n"
            )
        };
        let many: String = [&["stays"], held].concat().iter().map(config_map).collect();
        let text = |text: &str| self.base.text(&text.replace("FAIL", fails));
        let commit = Commit::on("main").message("incident");
        let commit = commit.file("base/all.yaml", text(BASE));
        let commit = commit.file("upper/all.yaml", text(UPPER));
        self.base
            .origin
            .push(&commit.file("many/all.yaml", text(&many)))
    }

    /// Waits until these alerts fire for this repository and its layers, and no others: alert, layer, reason or guard.
    fn until_firing(&self, what: &str, expected: &[(&str, &str, &str)]) {
        let is_fought = expected.contains(&FIGHT);
        let owned = |(alert, layer, why): &(&str, &str, &str)| {
            (alert.to_string(), layer.to_string(), why.to_string())
        };
        let expected: BTreeSet<_> = expected.iter().map(owned).collect();
        wait::until(&format!("alerts about {what}"), LIMIT, || {
            if is_fought {
                self.write_by_hand();
            }
            let firing = self.firing()?;
            (firing == expected)
                .then_some(())
                .ok_or_else(|| format!("{firing:?}"))
        })
        .unwrap();
    }

    /// Takes a field from the layer, as somebody else.
    fn write_by_hand(&self) {
        let object = json!({
            "apiVersion": "v1",
            "kind": "ConfigMap",
            "metadata": {"name": "stays"},
            "data": {"writer": "hand"},
        });
        let path = self.many.text("/api/v1/namespaces/NS/configmaps/stays");
        self.many.client.apply(&path, "hand", &object).unwrap();
    }

    fn firing(&self) -> Result<BTreeSet<(String, String, String)>, String> {
        let url = &self.base.origin.url;
        let namespace = &self.base.namespace;
        let firing = format!(
            r#"ALERTS{{alertstate="firing",layer_namespace="{namespace}"}} or ALERTS{{alertstate="firing",url="{url}"}}"#
        );
        // Without a look at the layers nothing fires, either.
        let seen = format!(r#"count(tidegate_layer_ready{{layer_namespace="{namespace}"}}) == 3"#);
        let query = |expression: &str| {
            let series = self.prometheus.query(expression);
            series.map_err(|error| error.to_string())
        };
        if query(&seen)?.is_empty() {
            return Err("the layers are not scraped yet".into());
        }
        let series = query(&firing)?;
        let label = |series: &Value, name: &str| {
            let value = series["metric"][name].as_str();
            value.unwrap_or_default().to_owned()
        };
        let alerts = series.iter().map(|it| {
            let why = label(it, "reason") + &label(it, "guard") + &label(it, "manager");
            (label(it, "alertname"), label(it, "layer"), why)
        });
        Ok(alerts.collect())
    }

    /// Waits until every query of the dashboards about the agent gives something.
    fn until_every_panel_has_data(&self) {
        for (dashboard, layer) in [
            ("fleet", ".*"),
            ("layer", "base"),
            ("layer", "many"),
            ("traffic", ""),
        ] {
            let path =
                format!("manifests/tidegate/components/monitoring/dashboards/{dashboard}.json");
            for (panel, expression) in shipped::expressions(&path).unwrap() {
                let expression = expression
                    .replace("$__rate_interval", "1m")
                    .replace("$layer_namespace", &self.base.namespace)
                    .replace("$layer", layer)
                    .replace("$url", ".*");
                let condition = format!("data for {panel} of {dashboard}: {expression}");
                wait::until(&condition, LIMIT, || {
                    let series = self.prometheus.query(&expression);
                    let series = series.map_err(|error| error.to_string())?;
                    (!series.is_empty())
                        .then_some(())
                        .ok_or_else(|| "no series".to_owned())
                })
                .unwrap();
            }
        }
    }
}
