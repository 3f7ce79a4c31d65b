//! `make demo`: everything on this machine, to play with.

use std::fs;
use std::io::{self, IsTerminal as _, Read as _};
use std::os::unix::fs::FileTypeExt as _;
use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::Result;

use crate::say;
use crate::scene::{Pace, Scene};
use crate::waves::{self, Waves};

/// Slow enough to be watched.
const PACE: Pace = Pace {
    operators: Duration::from_millis(1500),
    pods: Duration::from_millis(1500),
};

/// Brings the layers up, shows the waves, tells what to try, and stays until Ctrl-C or the end of
/// its input.
pub(crate) fn run(program: &Path) -> Result<()> {
    say(
        "starting etcd, kube-apiserver, kube-controller-manager, kube-scheduler, kwok, nginx, the agent …",
    )?;
    let scene = Scene::start(program, PACE)?;
    say(&format!("dashboard  {}/", scene.agent.api_url()))?;
    say(&format!(
        "API        {}/api/v1/layers",
        scene.agent.api_url()
    ))?;
    say(&format!("metrics    {}/metrics", scene.agent.metrics_url()))?;
    say("")?;
    let start = Instant::now();
    let layers = scene.create_layers()?;
    let commit = scene.repository.head("main")?;
    let mut waves = Waves::default();
    for layer in &layers {
        waves::until_ready(&scene, layer, &commit, || {
            layers
                .iter()
                .try_for_each(|layer| waves.show(&scene, layer, start))
        })?;
    }
    say(&format!(
        "\nall layers are healthy after {:.1} s\n",
        start.elapsed().as_secs_f64()
    ))?;
    say(&hints(program, &scene))?;
    // Ctrl-C ends the process, and the rig with it.
    stay();
    Ok(())
}

/// Stays until a person or a program that holds the input lets go of it; without such a one, until a signal.
fn stay() {
    if is_held() {
        drop(io::stdin().read_to_end(&mut Vec::new()));
        return;
    }
    loop {
        std::thread::park();
    }
}

/// Tells whether somebody is at the other end of the input: `/dev/null` has none, and ends at once.
fn is_held() -> bool {
    let input = fs::metadata("/dev/stdin").map(|input| input.file_type());
    io::stdin().is_terminal() || input.is_ok_and(|kind| kind.is_fifo() || kind.is_socket())
}

fn hints(program: &Path, scene: &Scene) -> String {
    let tidegate = program
        .canonicalize()
        .unwrap_or_else(|_| program.to_owned());
    let tidegate = tidegate.display();
    format!(
        "\
Open {api}/ in a browser: the layers, their waves, and what holds them up.

Try, in another terminal:

  export KUBECONFIG={kubeconfig}
  {tidegate} get
  {tidegate} why database

push a commit, and see the cluster follow:
  git clone {clone} {folder} && cd {folder}
  sed -i 's/replicas: .*/replicas: 3/' {apps}
  git commit -am 'Scale the consumer' && git push && sleep 2
  {tidegate} get apps

ask for a sync:
  curl -X POST {api}/api/v1/layers/tidegate-system/database/sync
  {tidegate} sync database --wait

break an image, and ask why:
  sed -i 's/image: .*/image: registry.example\\/consumer:broken/' {apps}
  git commit -am 'Break the consumer' && git push && sleep 2
  {tidegate} why apps

The agent's log: {log}
Ctrl-C ends everything, and leaves nothing behind.",
        kubeconfig = scene.control_plane.kubeconfig().display(),
        clone = scene.clone_url(),
        folder = scene.agent.log().with_file_name("clone").display(),
        apps = crate::smoke::CONSUMER,
        api = scene.agent.api_url(),
        log = scene.agent.log().display(),
    )
}
