//! `tidegate apply PATH --name NAME`.

use std::collections::HashMap;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context as _, Result};
use clap::Args;
use tidegate_object::ObjectId;
use tidegate_source::Watch;
use tidegate_sync::{
    Adopt, Claims, Consents, Engine, FailurePolicy, Fate, Guard, Leaving, Mode, Order, Outcome,
    Owner, Prerequisite, Prune, PruneWhen, Restraint, Run, RunObject, Settings, Step, Trigger,
};
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use super::leavers;
use super::render_args::{Place, RenderArgs, finding_line};
use crate::command::ClusterArgs;
use crate::exit::Exit;
use crate::output;

/// How many objects are written at the same time.
const CONCURRENCY: usize = 16;

/// Apply a folder once, with the agent's own engine and your own rights, and wait until it is healthy
#[derive(Debug, Args)]
pub(crate) struct Apply {
    #[command(flatten)]
    render: RenderArgs,
    /// The name under which the objects are owned; the next apply under the same name goes on from it.
    #[arg(long, value_parser = owner_name)]
    name: String,
    /// The namespace that keeps the inventory; that of the kubeconfig's context if it is not given.
    #[arg(short, long, value_name = "NAMESPACE")]
    namespace: Option<String>,
    /// Delete what earlier applies under this name have made and the folder no longer holds, under the guards that a
    /// layer has. Without it such objects stay, and are named.
    #[arg(long)]
    prune: bool,
    /// Stay, and apply again whenever a file changes.
    #[arg(long)]
    watch: bool,
    /// How long an object may take to get ready, in seconds.
    #[arg(long, value_name = "SECONDS", default_value_t = 600)]
    timeout: u64,
    #[command(flatten)]
    to: ClusterArgs,
}

impl Apply {
    pub(crate) async fn run(&self) -> Result<Exit> {
        let cluster = self.to.connect().await?;
        let namespace = self
            .namespace
            .as_deref()
            .unwrap_or(cluster.default_namespace())
            .to_owned();
        let engine = Engine::new(cluster, &namespace);
        let owner = engine.one_shot(&self.name).await?;
        if self.watch {
            return self.stay(&engine, &owner).await;
        }
        let (order, _) = self.order(&owner)?;
        let run = follow(&engine, order, CancellationToken::new()).await?;
        Ok(if run.outcome == Some(Outcome::Healthy) {
            Exit::Done
        } else {
            Exit::NotDone
        })
    }

    /// Applies at once and after each change; a change ends the apply that is under way.
    async fn stay(&self, engine: &Engine, owner: &Owner) -> Result<Exit> {
        let (sender, mut changes) = mpsc::unbounded_channel();
        let mut watched = self.render.place()?.tree;
        let mut _watch = watch(watched.root(), &sender)?;
        loop {
            let stop = CancellationToken::new();
            match self.order(owner) {
                // The next change may mend it.
                Err(error) => output::message(&format!("error: {error:#}"))?,
                // What it refers to lies further off than what is watched.
                Ok((_, place)) if place.tree.root() != watched.root() => {
                    watched = place.tree;
                    _watch = watch(watched.root(), &sender)?;
                    continue;
                }
                Ok((order, _)) => {
                    let mut running = std::pin::pin!(follow(engine, order, stop.clone()));
                    tokio::select! {
                        run = &mut running => { run?; }
                        Some(()) = changes.recv() => {
                            stop.cancel();
                            running.await?;
                            continue;
                        }
                    }
                }
            }
            if changes.recv().await.is_none() {
                return Ok(Exit::Done);
            }
        }
    }

    fn order(&self, owner: &Owner) -> Result<(Order, Place)> {
        let (rendered, place) = self.render.render()?;
        let findings: Vec<String> = rendered.findings.iter().map(finding_line).collect();
        self.render.report(&findings)?;
        let order = Order {
            id: uuid::Uuid::new_v4().to_string(),
            trigger: Trigger::Manual,
            requested_by: None,
            owner: owner.clone(),
            revision: None,
            rendered: Arc::new(rendered),
            prerequisite: Prerequisite::default(),
            claims: Claims::default(),
            consents: Consents::default(),
            restraint: Restraint::default(),
            settings: Settings {
                adopt: Adopt::Unowned,
                timeout: Duration::from_secs(self.timeout),
                account: None,
                requires: Vec::new(),
                references: Vec::new(),
                concurrency: CONCURRENCY,
                prune: Prune {
                    when: self.prune.then_some(PruneWhen::Healthy),
                    max_fraction: Prune::MAX_FRACTION,
                },
                mode: Mode::Auto,
                approve_when: Vec::new(),
                failure_policy: FailurePolicy::Stop,
            },
        };
        Ok((order, place))
    }
}

/// Takes what may be the name of a Layer (RFC 1123): it stands in the marks of the objects.
fn owner_name(text: &str) -> Result<String, String> {
    let is_plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
    let ends = [text.bytes().next(), text.bytes().last()];
    let is_name = text.len() <= 253
        && ends.into_iter().all(|end| end.is_some_and(is_plain))
        && text
            .bytes()
            .all(|byte| is_plain(byte) || matches!(byte, b'-' | b'.'));
    is_name.then(|| text.to_owned()).ok_or_else(|| {
        "use at most 253 small letters, digits, `-` and `.`, with a letter or digit at both ends".to_owned()
    })
}

/// Tells of each change below a folder.
fn watch(root: &Path, sender: &mpsc::UnboundedSender<()>) -> Result<Watch> {
    let sender = sender.clone();
    let watch = Watch::directory(root, move || {
        // Nobody listens any more while the command ends.
        let _ = sender.send(());
    });
    watch.with_context(|| root.display().to_string())
}

/// Executes an order, and shows each step of each object.
async fn follow(engine: &Engine, order: Order, stop: CancellationToken) -> Result<Arc<Run>> {
    let (progress, mut seen) = tokio::sync::watch::channel(Arc::new(Run::new(&order)));
    let engine = engine.clone();
    let running = tokio::spawn(async move {
        let finished = engine.run(order, progress, stop).await;
        Arc::clone(finished.run())
    });
    let mut shown = HashMap::new();
    while seen.changed().await.is_ok() {
        let run = Arc::clone(&seen.borrow_and_update());
        show(&run, &mut shown)?;
    }
    let run = running.await?;
    show(&run, &mut shown)?;
    for leaving in &run.leaving {
        output::line(&format!("left    {}  {}", leaving.id, parted(leaving)))?;
    }
    output::line(&last_words(&run))?;
    Ok(run)
}

fn show(run: &Run, shown: &mut HashMap<ObjectId, String>) -> Result<()> {
    for object in &run.objects {
        let Some(text) = describe(object) else {
            continue;
        };
        if shown.get(&object.id) == Some(&text) {
            continue;
        }
        output::line(&format!("wave {:<2} {}  {text}", object.wave, object.id))?;
        shown.insert(object.id.clone(), text);
    }
    Ok(())
}

/// What has become of an object that the folder no longer holds.
fn parted(leaving: &Leaving) -> String {
    match (leaving.fate, leaving.guard) {
        (Fate::Pruned, _) => "deleted".into(),
        (Fate::Going, _) => leaving.message.clone(),
        (Fate::Held, Some(Guard::Disabled)) => "stays: --prune deletes it".into(),
        _ => leavers::fate(leaving),
    }
}

fn describe(object: &RunObject) -> Option<String> {
    let message = match object.message.as_str() {
        "" => String::new(),
        message => format!(": {message}"),
    };
    let waits = object.waiting_for.first();
    Some(match object.step {
        Step::Pending => return None,
        Step::Waiting => match waits {
            Some(waits) => format!("waits for {}: {}", waits.object, waits.reason),
            None => return None,
        },
        Step::Applied => format!("applied{message}"),
        Step::Ready => format!("ready ({})", object.change),
        Step::Blocked => format!("blocked{message}"),
        Step::Failed => format!("failed{message}"),
        Step::SetAside => format!("set aside{message}"),
    })
}

fn last_words(run: &Run) -> String {
    let outcome = match run.outcome {
        Some(Outcome::Healthy) => "healthy",
        Some(Outcome::Degraded) => "not everything is healthy",
        Some(Outcome::Failed) => "failed",
        Some(Outcome::Planned) => "planned",
        Some(Outcome::Superseded) => "superseded",
        None => "stopped",
    };
    match run.message.as_str() {
        "" => outcome.to_owned(),
        message => format!("{outcome}: {message}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_one_that_a_layer_may_have() {
        for (name, fits) in [
            ("web", true),
            ("web-2.test", true),
            ("0", true),
            ("", false),
            ("Web", false),
            ("a:b", false),
            ("a/b", false),
            ("-a", false),
            ("a.", false),
            ("ü", false),
        ] {
            assert_eq!(owner_name(name).is_ok(), fits, "{name}");
        }
    }
}
