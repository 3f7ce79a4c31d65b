//! `tidegate tree [LAYER]`.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use anyhow::Result;
use clap::Args;
use tidegate_sync::{Layer, LayerKey};

use super::get::condition;
use super::layers::{self, LayerName};
use crate::command::ClusterArgs;
use crate::exit::Exit;
use crate::output::{self, one_line};

/// Show which layers wait on which, and how each stands
///
/// Below a layer stand those that depend on it. With LAYER: what it waits on, and all that waits on it.
#[derive(Debug, Args)]
pub(crate) struct Tree {
    /// The layer; all if it is not given.
    #[arg(value_name = "[NAMESPACE/]LAYER")]
    layer: Option<LayerName>,
    /// The namespace in which LAYER is looked for first.
    #[arg(short, long, value_name = "NAMESPACE")]
    namespace: Option<String>,
    #[command(flatten)]
    to: ClusterArgs,
}

impl Tree {
    pub(crate) async fn run(&self) -> Result<Exit> {
        let cluster = self.to.connect().await?;
        let all = layers::list(&cluster, None).await?;
        let text = match &self.layer {
            None => forest(&all),
            Some(name) => {
                let layer = layers::find(&cluster, self.namespace.as_deref(), name).await?;
                around(&all, &key(&layer))
            }
        };
        output::data(&text)?;
        Ok(Exit::Done)
    }
}

fn forest(all: &[Layer]) -> String {
    if all.is_empty() {
        return "no layers\n".into();
    }
    let mut drawing = Drawing::new(all);
    let is_root = |layer: &&Layer| needs(layer).iter().all(|need| find(all, need).is_none());
    for root in all.iter().filter(is_root) {
        drawing.branch(&key(root), &mut Vec::new());
    }
    // What no root leads to waits on itself, or on what does.
    for layer in all {
        if !drawing.shown.contains(&key(layer)) {
            drawing.branch(&key(layer), &mut Vec::new());
        }
    }
    drawing.text
}

fn around(all: &[Layer], of: &LayerKey) -> String {
    let mut drawing = Drawing::new(all);
    let needed = find(all, of).map(needs).unwrap_or_default();
    for need in &needed {
        let line = match find(all, need) {
            Some(layer) => line(layer),
            None => format!("{}/{}  there is no such layer", need.0, need.1),
        };
        let _ = writeln!(drawing.text, "waits on {line}");
    }
    drawing.branch(of, &mut Vec::new());
    drawing.text
}

/// The layers as far as they are written: what waits on a layer is written once.
struct Drawing<'a> {
    layers: BTreeMap<LayerKey, &'a Layer>,
    dependents: BTreeMap<LayerKey, Vec<LayerKey>>,
    shown: BTreeSet<LayerKey>,
    text: String,
}

impl<'a> Drawing<'a> {
    fn new(all: &'a [Layer]) -> Self {
        let mut dependents: BTreeMap<LayerKey, Vec<LayerKey>> = BTreeMap::new();
        for layer in all {
            for need in needs(layer) {
                dependents.entry(need).or_default().push(key(layer));
            }
        }
        Self {
            layers: all.iter().map(|layer| (key(layer), layer)).collect(),
            dependents,
            shown: BTreeSet::new(),
            text: String::new(),
        }
    }

    /// Writes a layer and what waits on it; `path` leads to it.
    fn branch(&mut self, here: &LayerKey, path: &mut Vec<LayerKey>) {
        let indent = "  ".repeat(path.len());
        let (namespace, name) = here;
        let Some(layer) = self.layers.get(here) else {
            return;
        };
        if path.contains(here) {
            let _ = writeln!(self.text, "{indent}{namespace}/{name}  waits on itself");
            return;
        }
        let dependents = self.dependents.get(here).cloned().unwrap_or_default();
        let is_new = self.shown.insert(here.clone());
        if !is_new && !dependents.is_empty() {
            let _ = writeln!(self.text, "{indent}{namespace}/{name}  see above");
            return;
        }
        let _ = writeln!(self.text, "{indent}{}", line(layer));
        path.push(here.clone());
        for dependent in dependents {
            self.branch(&dependent, path);
        }
        path.pop();
    }
}

fn line(layer: &Layer) -> String {
    let (namespace, name) = key(layer);
    let ready = condition(layer, "Ready");
    let stands = match ready {
        _ if layer.spec.suspend => "suspended".to_owned(),
        Some(ready) if ready.status == "True" => "ready".into(),
        Some(ready) => format!("not ready: {}", one_line(&ready.message)),
        None => "not looked at yet".into(),
    };
    format!("{namespace}/{name}  {stands}")
}

fn find<'a>(all: &'a [Layer], wanted: &LayerKey) -> Option<&'a Layer> {
    all.iter().find(|layer| key(layer) == *wanted)
}

fn key(layer: &Layer) -> LayerKey {
    let metadata = &layer.metadata;
    (
        metadata.namespace.clone().unwrap_or_default(),
        metadata.name.clone().unwrap_or_default(),
    )
}

fn needs(layer: &Layer) -> Vec<LayerKey> {
    let (own, _) = key(layer);
    let depends_on = layer.spec.depends_on.iter();
    depends_on.map(|need| need.layer(&own)).collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn layer(name: &str, depends_on: &[&str], ready: &str) -> Layer {
        let depends_on: Vec<_> = depends_on
            .iter()
            .map(|name| json!({"name": name}))
            .collect();
        serde_json::from_value(json!({
            "apiVersion": "tidegate.dev/v1alpha1",
            "kind": "Layer",
            "metadata": {"namespace": "team", "name": name},
            "spec": {"source": {"git": {"url": "https://git.example.com/a.git"}}, "dependsOn": depends_on},
            "status": {"conditions": [{"type": "Ready", "status": ready, "reason": "", "message": "wave 1\nof 2",
                "lastTransitionTime": "2026-01-02T03:00:00Z"}]},
        }))
        .unwrap()
    }

    fn layers() -> Vec<Layer> {
        vec![
            layer("apps", &["database", "elsewhere"], "False"),
            layer("database", &["infrastructure"], "False"),
            layer("infrastructure", &[], "True"),
            layer("jobs", &["database"], "True"),
            layer("one", &["other"], "True"),
            layer("other", &["one"], "True"),
        ]
    }

    #[test]
    fn what_waits_stands_below_what_it_waits_on() {
        insta::assert_snapshot!(forest(&layers()), @r"
        team/infrastructure  ready
          team/database  not ready: wave 1 of 2
            team/apps  not ready: wave 1 of 2
            team/jobs  ready
        team/one  ready
          team/other  ready
            team/one  waits on itself
        ");
    }

    #[test]
    fn what_waits_on_several_is_written_out_once() {
        let mut layers = vec![layer("0", &[], "True")];
        for level in 1..40 {
            let both = [level * 2 - 2, level * 2 - 1].map(|number| number.to_string());
            let both = [both[0].as_str(), both[1].as_str()];
            layers.push(layer(&(level * 2).to_string(), &both, "True"));
            layers.push(layer(&(level * 2 + 1).to_string(), &both, "True"));
        }
        assert!(forest(&layers).lines().count() < 200);
        let some = [
            layer("a", &[], "True"),
            layer("b", &["a"], "True"),
            layer("c", &["a"], "True"),
            layer("d", &["b", "c"], "True"),
            layer("e", &["d"], "True"),
        ];
        insta::assert_snapshot!(forest(&some), @r"
        team/a  ready
          team/b  ready
            team/d  ready
              team/e  ready
          team/c  ready
            team/d  see above
        ");
    }

    #[test]
    fn around_a_layer_stand_both_directions_and_a_circle_ends() {
        let of = |name: &str| around(&layers(), &("team".into(), name.into()));
        insta::assert_snapshot!(of("apps"), @r"
        waits on team/database  not ready: wave 1 of 2
        waits on team/elsewhere  there is no such layer
        team/apps  not ready: wave 1 of 2
        ");
        insta::assert_snapshot!(of("one"), @r"
        waits on team/other  ready
        team/one  ready
          team/other  ready
            team/one  waits on itself
        ");
    }
}
