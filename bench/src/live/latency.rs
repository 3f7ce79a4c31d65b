//! From push to live, by each of the ways in which the agent learns of a commit.

use std::fs;
use std::time::{Duration, SystemTime};

use anyhow::{Context as _, Result, ensure};
use reqwest::Method;
use tidegate_testbed::{Commit, agent};

use super::rig::{FOLDER, Layer, Rig};
use super::watch::Watch;
use crate::object::{self, Kind};
use crate::samples::Samples;
use crate::say;

/// How many objects the layer has.
const OBJECTS: usize = 10;
/// So long that no poll comes between.
pub(super) const NEVER: &str = "10m";

/// How the agent learns of a commit.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Way {
    /// By its poll.
    Poll,
    /// By a call of `POST …/sync`.
    Sync,
    /// By the webhook that the repository calls after the push.
    Webhook,
}

/// Measures a small layer of ConfigMaps.
pub(super) fn run(rig: &Rig, times: usize) -> Result<()> {
    let layer = rig.layer("small")?;
    let commit = layer.push(&maps())?;
    let watch = Watch::start(rig.control_plane.client(), layer.name)?;
    layer.register(NEVER)?;
    layer.until_healthy(&commit)?;
    say(&format!(
        "a change of one of {OBJECTS} ConfigMaps, {times} times"
    ))?;
    let name = object::name(Kind::ConfigMap.first(0));
    let measure = |title: &str, way| report(&layer, &watch, (title, way), (&name, times));
    measure("POST …/sync → live", Way::Sync)?;
    for interval in ["1s", "5s"] {
        layer.set_interval(interval)?;
        measure(&format!("push → live, poll every {interval}"), Way::Poll)?;
    }
    layer.set_interval(NEVER)?;
    layer.repository.set_webhook(&rig.agent.webhook())?;
    measure("push → live, webhook", Way::Webhook)
}

/// Pushes changes of one ConfigMap, and says how long each took, and what it cost.
pub(super) fn report(
    layer: &Layer<'_>,
    watch: &Watch,
    (title, way): (&str, Way),
    (name, times): (&str, usize),
) -> Result<()> {
    let (mark, before) = (layer.rig.mark()?, layer.rig.agent_cost()?);
    let mut durations = Vec::new();
    for _ in 0..times {
        durations.push(once(layer, watch, (name, way))?);
    }
    let requests = layer.rig.requests_since(mark)?;
    let processor = layer
        .rig
        .agent_cost()?
        .processor
        .saturating_sub(before.processor);
    say(&format!("  {title:28} {}", Samples::new(&durations)))?;
    Ok(say(&format!(
        "  {:28} {:.2} requests and {:.3} s of processor a change: {}",
        "",
        requests.per(times),
        processor.as_secs_f64() / crate::samples::float(times.max(1)),
        requests.sorts(times),
    ))?)
}

/// Pushes a change of one ConfigMap; answers the time from the moment at which the agent could know.
///
/// The next push comes when the layer is healthy, so just after a poll: the longest that a poll can take.
fn once(layer: &Layer<'_>, watch: &Watch, (name, way): (&str, Way)) -> Result<Duration> {
    let revision = format!(
        "{:?}",
        SystemTime::now().duration_since(SystemTime::UNIX_EPOCH)?
    );
    let index = name.rsplit('-').next().context("a name without a number")?;
    let change = change(index.parse()?, &revision, layer.name);
    let commit = layer.push(&change)?;
    let start = match way {
        Way::Poll | Way::Webhook => pushed_at(layer)?,
        Way::Sync => {
            let now = SystemTime::now();
            sync(layer)?;
            now
        }
    };
    let live = watch.until(name, &revision)?;
    layer.until_healthy(&commit)?;
    Ok(live.duration_since(start)?)
}

/// When the server took the branch's new head.
fn pushed_at(layer: &Layer<'_>) -> Result<SystemTime> {
    let head = layer.repository.path().join("refs/heads/main");
    let head = fs::metadata(&head).with_context(|| head.display().to_string())?;
    Ok(head.modified()?)
}

fn sync(layer: &Layer<'_>) -> Result<()> {
    let path = format!("/api/v1/layers/{}/{}/sync", agent::NAMESPACE, layer.name);
    let (code, answer) = layer.rig.agent.call(Method::POST, &path, None)?;
    ensure!(code == 202, "POST {path} answers {code}: {answer}");
    Ok(())
}

fn maps() -> Commit {
    let maps = (0..).filter(|index| Kind::of(*index) == Kind::ConfigMap);
    maps.take(OBJECTS)
        .fold(Commit::on("main"), |commit, index| {
            put(commit, index, ("0", "small"))
        })
}

fn change(index: usize, revision: &str, namespace: &str) -> Commit {
    put(Commit::on("main"), index, (revision, namespace))
}

/// Writes one object of the mix into a commit.
pub(super) fn put(commit: Commit, index: usize, (revision, namespace): (&str, &str)) -> Commit {
    let mut sample = object::sample(index);
    sample.place(namespace);
    sample.revise(revision);
    let path = format!("{FOLDER}/{}.yaml", sample.name);
    commit.file(&path, tidegate_yaml::emit(&sample.value))
}
