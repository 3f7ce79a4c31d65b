//! `make smoke`: from start to stop, unattended, with the time of each step.

use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail, ensure};
use reqwest::Method;
use serde_json::Value;
use tidegate_testbed::{Commit, agent, wait};

use crate::say;
use crate::scene::{Pace, Scene};
use crate::waves;

/// The file that the pushes change: a Deployment of the apps layer, which uses the databases.
pub(crate) const CONSUMER: &str = "clusters/stages/local/apps/consumer.yaml";
const LAYER: &str = "apps";
const LIMIT: Duration = Duration::from_secs(60);
const PACE: Pace = Pace {
    operators: Duration::from_millis(100),
    pods: Duration::from_millis(100),
};

/// The steps so far, with the time that each took.
struct Steps {
    start: Instant,
    last: Instant,
    count: usize,
}

/// Goes through a day in the life of a layer.
pub(crate) fn run(program: &Path) -> Result<()> {
    let mut steps = Steps::new();
    let scene = Scene::start(program, PACE)?;
    steps.done("control plane, Git server and agent are up")?;
    first_commit(&scene)?;
    steps.done("every layer is healthy")?;
    push(&scene)?;
    steps.done("a pushed change is live")?;
    resync(&scene)?;
    steps.done("a resync by HTTP ran to its end")?;
    metrics(&scene)?;
    steps.done("the metrics tell it")?;
    break_image(&scene, program)?;
    steps.done("a broken image is named by `tidegate why`")?;
    fix(&scene)?;
    steps.done("the next commit pre-empted the wait")?;
    stop(scene)?;
    steps.done("nothing is left running")?;
    let seconds = steps.start.elapsed().as_secs_f64();
    say(&format!(
        "smoke: {} steps passed in {seconds:.1} s",
        steps.count
    ))?;
    Ok(())
}

impl Steps {
    fn new() -> Self {
        let now = Instant::now();
        Self {
            start: now,
            last: now,
            count: 0,
        }
    }

    fn done(&mut self, what: &str) -> Result<()> {
        let now = Instant::now();
        let seconds = now.duration_since(self.last).as_secs_f64();
        self.last = now;
        self.count += 1;
        Ok(say(&format!("{seconds:7.2}s  {what}"))?)
    }
}

fn first_commit(scene: &Scene) -> Result<()> {
    let layers = scene.create_layers()?;
    ensure!(layers.len() >= 3, "the stage has {layers:?} only");
    let commit = scene.repository.head("main")?;
    for layer in &layers {
        waves::until_ready(scene, layer, &commit, || Ok(()))?;
    }
    Ok(())
}

fn push(scene: &Scene) -> Result<()> {
    let before = scene.read(CONSUMER)?;
    let line = before.lines().find(|line| line.contains("replicas:"));
    let line = line.with_context(|| format!("{CONSUMER} has no replicas"))?;
    let indent: String = line.chars().take_while(|letter| *letter == ' ').collect();
    let after = before.replacen(line, &format!("{indent}replicas: 4"), 1);
    let change = Commit::on("main")
        .message("Scale the consumer")
        .file(CONSUMER, after);
    let commit = scene.push(&change)?;
    waves::until_ready(scene, LAYER, &commit, || Ok(()))?;
    let replicas = scene.control_plane.kubectl(&[
        "get",
        "deployments",
        "--all-namespaces",
        "--selector=tidegate.dev/layer",
        "--output=jsonpath={.items[*].spec.replicas}",
    ])?;
    ensure!(
        replicas.split(' ').any(|count| count == "4"),
        "replicas are {replicas}"
    );
    Ok(())
}

fn resync(scene: &Scene) -> Result<()> {
    let path = format!("/api/v1/layers/{}/{LAYER}/sync", agent::NAMESPACE);
    let (code, answer) = scene.agent.call(Method::POST, &path, None)?;
    ensure!(code == 202, "POST sync answers {code}: {answer}");
    let run = answer
        .get("run")
        .and_then(Value::as_str)
        .context("no run in the answer")?;
    Ok(wait::until("the resync to end", LIMIT, || {
        let layer = scene.layer(LAYER).map_err(|error| error.to_string())?;
        let text = |pointer: &str| layer.pointer(pointer).and_then(Value::as_str);
        match (text("/status/sync/id"), text("/status/sync/state")) {
            (Some(id), Some("healthy")) if id == run => Ok(()),
            (id, state) => Err(format!("run {id:?} is {state:?}")),
        }
    })?)
}

fn metrics(scene: &Scene) -> Result<()> {
    let text = scene.agent.metrics()?;
    for wanted in [
        format!(
            "tidegate_layer_ready{{layer=\"{LAYER}\",layer_namespace=\"{}\"}} 1",
            agent::NAMESPACE
        ),
        "tidegate_runs_total{".to_owned(),
        "tidegate_kube_requests_total{".to_owned(),
        "tidegate_leader 1".to_owned(),
    ] {
        ensure!(text.contains(&wanted), "/metrics has no {wanted}");
    }
    Ok(())
}

fn break_image(scene: &Scene, program: &Path) -> Result<()> {
    let before = scene.read(CONSUMER)?;
    let line = before.lines().find(|line| line.contains("image:"));
    let line = line.with_context(|| format!("{CONSUMER} has no image"))?;
    let (start, _) = line.split_once("image:").unwrap_or_default();
    let after = before.replacen(
        line,
        &format!("{start}image: registry.example/consumer:broken"),
        1,
    );
    let change = Commit::on("main")
        .message("Break the consumer")
        .file(CONSUMER, after);
    scene.push(&change)?;
    Ok(wait::until(
        "`tidegate why` to name the image",
        LIMIT,
        || {
            let said = why(scene, program).map_err(|error| error.to_string())?;
            let is_named =
                said.contains("registry.example/consumer:broken") && said.contains("image");
            is_named.then_some(()).ok_or(said)
        },
    )?)
}

fn why(scene: &Scene, program: &Path) -> Result<String> {
    let kubeconfig = format!(
        "--kubeconfig={}",
        scene.control_plane.kubeconfig().display()
    );
    Ok(tidegate_testbed::command_output(
        program,
        &["why", LAYER, &kubeconfig],
    )?)
}

fn fix(scene: &Scene) -> Result<()> {
    scene
        .repository
        .git(&["show", &format!("main~1:{CONSUMER}")])
        .map_err(anyhow::Error::from)
        .and_then(|text| {
            let change = Commit::on("main")
                .message("Mend the consumer")
                .file(CONSUMER, text);
            let commit = scene.push(&change)?;
            waves::until_ready(scene, LAYER, &commit, || Ok(()))
        })
}

fn stop(mut scene: Scene) -> Result<()> {
    scene.agent.stop()?;
    let url = scene.control_plane.connection().url.clone();
    let metrics = scene.agent.metrics_url();
    drop(scene);
    for url in [url, metrics] {
        let address = url.rsplit('/').next().unwrap_or_default().to_owned();
        if std::net::TcpStream::connect(&address).is_ok() {
            bail!("something still listens on {address}");
        }
    }
    Ok(())
}
