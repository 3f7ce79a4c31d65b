//! The waves of the layers as they fill, one line for each step of an object.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use anyhow::{Result, ensure};
use reqwest::Method;
use serde_json::Value;
use tidegate_testbed::{agent, wait};

use crate::say;
use crate::scene::Scene;

/// What was last shown of each object.
#[derive(Default)]
pub(crate) struct Waves {
    shown: BTreeMap<String, String>,
}

impl Waves {
    /// Shows what has changed since the last look.
    pub(crate) fn show(&mut self, scene: &Scene, layer: &str, start: Instant) -> Result<()> {
        let path = format!(
            "/api/v1/layers/{}/{layer}/objects?limit=500",
            agent::NAMESPACE
        );
        let (code, answer) = scene.agent.call(Method::GET, &path, None)?;
        ensure!(code == 200, "GET {path} answers {code}: {answer}");
        let objects = answer.get("items").and_then(Value::as_array);
        for object in objects.into_iter().flatten() {
            self.show_object(layer, object, start)?;
        }
        Ok(())
    }

    fn show_object(&mut self, layer: &str, object: &Value, start: Instant) -> Result<()> {
        let text = |field: &str| {
            object
                .get(field)
                .and_then(Value::as_str)
                .unwrap_or_default()
        };
        let waits = object.pointer("/waitingFor/0");
        let waits_for = waits.map_or(String::new(), |waits| {
            let text = |field: &str| waits.get(field).and_then(Value::as_str).unwrap_or_default();
            format!("  for {}: {}", text("object"), text("reason"))
        });
        let step = text("step");
        let told = match step {
            "pending" => return Ok(()),
            "waiting" => format!("waits{waits_for}"),
            "applied" => format!("applied  {}", text("message")),
            "ready" => "ready".to_owned(),
            other => format!("{other}  {}", text("message")),
        };
        let key = format!("{layer} {}", text("id"));
        if self.shown.get(&key) == Some(&told) {
            return Ok(());
        }
        let seconds = start.elapsed().as_secs_f64();
        let wave = object
            .get("wave")
            .and_then(Value::as_u64)
            .unwrap_or_default();
        let line = format!(
            "{seconds:6.1}s  {layer:<14} wave {wave:<2} {}  {told}",
            text("id")
        );
        say(line.trim_end())?;
        self.shown.insert(key, told);
        Ok(())
    }
}

/// Waits until a Layer is ready at a commit, and shows its waves if asked.
pub(crate) fn until_ready(
    scene: &Scene,
    layer: &str,
    commit: &str,
    mut look: impl FnMut() -> Result<()>,
) -> Result<()> {
    const LIMIT: Duration = Duration::from_secs(300);
    let condition = format!("layer {layer} to be healthy at {commit:.7}");
    Ok(wait::until(&condition, LIMIT, || {
        look().map_err(|error| error.to_string())?;
        let layer = scene.layer(layer).map_err(|error| error.to_string())?;
        is_healthy(&layer, commit)
            .then_some(())
            .ok_or_else(|| last_words(&layer))
    })?)
}

fn is_healthy(layer: &Value, commit: &str) -> bool {
    let revision = layer
        .pointer("/status/lastHealthyRevision")
        .and_then(Value::as_str);
    revision.is_some_and(|revision| revision.ends_with(commit))
}

fn last_words(layer: &Value) -> String {
    let conditions = layer
        .pointer("/status/conditions")
        .and_then(Value::as_array);
    let waiting = layer
        .pointer("/status/waitingFor")
        .cloned()
        .unwrap_or_default();
    let ready = conditions
        .into_iter()
        .flatten()
        .find(|condition| condition.get("type").and_then(Value::as_str) == Some("Ready"));
    let message = ready.and_then(|ready| ready.get("message")?.as_str());
    format!("{} {waiting}", message.unwrap_or("no status"))
}
