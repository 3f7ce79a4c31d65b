//! A large layer: its first apply beside the floor, a change of one object, and rest.

use std::collections::BTreeSet;
use std::time::{Duration, Instant, SystemTime};

use anyhow::{Context as _, Result, ensure};
use jiff::Timestamp;
use serde_json::json;
use tidegate_testbed::{Commit, wait};

use super::floor;
use super::latency::{NEVER, Way, put, report};
use super::rig::{LIMIT, Layer, Rig};
use super::watch::Watch;
use crate::object::{self, Kind};
use crate::samples::mebibytes;
use crate::say;

/// The intervals of rest that are looked at, and their length.
const POLLS: usize = 10;
const INTERVAL: &str = "1s";

/// Measures a layer of `count` objects.
pub(super) fn run(rig: &Rig, count: usize, times: usize) -> Result<()> {
    say(&format!("a layer of {count} objects"))?;
    let before = floor_in(rig, "floor-before", count)?;
    let layer = rig.layer("large")?;
    let commit = (0..count).fold(Commit::on("main"), |commit, index| {
        put(commit, index, ("0", layer.name))
    });
    let commit = layer.push(&commit)?;
    let applied = first_apply(&layer, &commit, count)?;
    let after = floor_in(rig, "floor-after", count)?;
    let floor = (before + after) / 2;
    say(&format!(
        "  floor, 32 bare applies at once: {:.2} s before, {:.2} s after; the agent takes {:.2} × as long",
        before.as_secs_f64(),
        after.as_secs_f64(),
        applied.as_secs_f64() / floor.as_secs_f64(),
    ))?;
    rest(&layer)?;
    layer.repository.set_webhook(&rig.agent.webhook())?;
    let watch = Watch::start(rig.control_plane.client(), layer.name)?;
    let name = object::name(Kind::ConfigMap.first(0));
    report(
        &layer,
        &watch,
        ("push → live, webhook", Way::Webhook),
        (&name, times),
    )
}

fn floor_in(rig: &Rig, namespace: &str, count: usize) -> Result<Duration> {
    let object = json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": namespace}});
    rig.control_plane.apply(&object.to_string())?;
    floor::apply(rig.control_plane.client(), namespace, count)
}

/// Registers the layer; answers the time until its last object was applied.
fn first_apply(layer: &Layer<'_>, commit: &str, count: usize) -> Result<Duration> {
    let rig = layer.rig;
    let (mark, before) = (rig.mark()?, rig.agent_cost()?);
    let start = (Instant::now(), SystemTime::now());
    layer.register(NEVER)?;
    layer.until_healthy(commit)?;
    let healthy = start.0.elapsed();
    let (requests, after) = (rig.requests_since(mark)?, rig.agent_cost()?);
    let names: BTreeSet<(&str, &str)> = requests
        .writes(layer.name)
        .map(|event| (event.resource.as_str(), event.name.as_str()))
        .collect();
    ensure!(names.len() == count, "{} objects were applied", names.len());
    let last = requests
        .writes(layer.name)
        .map(|event| &event.answered)
        .max();
    let applied = since(start.1, last.context("nothing was applied")?)?;
    say(&format!(
        "  first apply: all applied after {:.2} s, all healthy after {:.2} s; {:.2} s of processor; \
         memory {:.0} MiB, at most {:.0} MiB",
        applied.as_secs_f64(),
        healthy.as_secs_f64(),
        after
            .processor
            .saturating_sub(before.processor)
            .as_secs_f64(),
        mebibytes(after.memory),
        mebibytes(after.peak),
    ))?;
    say(&format!(
        "  {:.2} requests an object: {}",
        requests.per(count),
        requests.verbs(count)
    ))?;
    Ok(applied)
}

/// Counts what the agent asks for while nothing changes.
fn rest(layer: &Layer<'_>) -> Result<()> {
    layer.set_interval(INTERVAL)?;
    let rig = layer.rig;
    let (mark, before) = (rig.mark()?, rig.agent_cost()?);
    let start = Instant::now();
    let first = polls(layer)?;
    wait::until("polls of the repository", LIMIT, || {
        match polls(layer).map_err(|error| error.to_string())? - first {
            seen if seen >= POLLS => Ok(()),
            seen => Err(format!("{seen} of {POLLS}")),
        }
    })?;
    let seconds = start.elapsed().as_secs_f64();
    let (requests, after) = (rig.requests_since(mark)?, rig.agent_cost()?);
    let processor = after
        .processor
        .saturating_sub(before.processor)
        .as_secs_f64();
    say(&format!(
        "  rest: {} requests beyond watches and the Lease in {POLLS} poll intervals ({seconds:.1} s); \
         {:.2} % of a processor; memory {:.0} MiB",
        requests.per(1),
        processor / seconds * 100.0,
        mebibytes(after.memory),
    ))?;
    layer.set_interval(NEVER)
}

fn polls(layer: &Layer<'_>) -> Result<usize> {
    let path = format!("/{}.git/info/refs", layer.name);
    let requests = layer.rig.git.requests()?;
    Ok(requests
        .iter()
        .filter(|request| request.uri.contains(&path))
        .count())
}

/// The time until a moment of the audit log, which runs by the same clock.
fn since(start: SystemTime, moment: &str) -> Result<Duration> {
    let moment: Timestamp = moment.parse()?;
    Ok(SystemTime::from(moment).duration_since(start)?)
}
