//! `tidegate plan PATH|LAYER`.

use std::fmt::Write as _;

use anyhow::Result;
use clap::Args;
use serde::Serialize;
use tidegate_cluster::Cluster;
use tidegate_kustomize::Rendered;
use tidegate_object::Object;
use tidegate_plan::{Change, Edge, Finding, Node, Plan as Planned, Required, Rule, Settings};
use tidegate_sync::{Desired, Fate, Leaving};

use super::layer_files;
use super::layers::LayerName;
use super::leavers;
use super::live::{Comparison, report_refused};
use super::render_args::{RenderArgs, finding_line};
use super::subject::{Subject, SubjectArgs};
use crate::command::ClusterArgs;
use crate::exit::Exit;
use crate::output::{Format, counted};

/// Show the waves of a folder's or a layer's objects, and the reason for each edge
///
/// Of a folder: if a `layers.yaml` above it holds the Layer that applies it, what that Layer requires and
/// its references count. It needs no cluster. With `--live` it asks one what would change.
/// Of a layer: its repository is fetched from here, with the Secret that the Layer names, and rendered at the
/// ref that it follows or at `--revision`; the cluster says what a run would do to each object, under the
/// Layer's own settings, and what becomes of objects that leave Git. Nothing is written.
#[derive(Debug, Args)]
pub(crate) struct Plan {
    #[command(flatten)]
    subject: SubjectArgs,
    /// Compare a folder with the cluster, as a layer always is.
    #[arg(long)]
    live: bool,
    /// The form of the output.
    #[arg(short, long, value_name = "FORM", default_value = "table")]
    output: Format,
    #[command(flatten)]
    to: ClusterArgs,
}

impl Plan {
    pub(crate) async fn run(&self) -> Result<Exit> {
        match self.subject.read()? {
            Subject::Folder(folder) => self.of_folder(&folder).await,
            Subject::Layer(name) => self.of_layer(&name).await,
        }
    }

    async fn of_folder(&self, folder: &RenderArgs) -> Result<Exit> {
        let (rendered, place) = folder.render()?;
        // The Layer of the repository that applies the folder: what it requires is no finding.
        let layer = layer_files::applying(&place.tree, &place.path)?;
        let layer = layer.as_ref();
        let requires = layer.into_iter().flat_map(|layer| &layer.requires);
        let requires: Vec<Required> = requires.map(Required::from).collect();
        let rules = layer.into_iter().flat_map(|layer| &layer.references);
        let rules: Vec<Rule> = rules.map(Rule::from).collect();
        let settings = Settings {
            rules: &rules,
            requires: &requires,
        };
        if !self.live {
            let plan = tidegate_plan::plan(&rendered.objects, &(), &settings)?;
            let leaving = Vec::new();
            let exit = self.show(&Shown { plan, leaving }, &rendered)?;
            report_refused(&rendered)?;
            return Ok(exit);
        }
        let cluster = self.to.connect().await?;
        let comparison = Comparison::of_folder(&cluster, &rendered, None).await?;
        let planned = (&rendered, rendered.objects.as_slice());
        self.compared((&cluster, comparison), planned, (&settings, Vec::new()))
            .await
    }

    async fn of_layer(&self, name: &LayerName) -> Result<Exit> {
        let cluster = self.subject.connect(&self.to).await?;
        let proposal = self.subject.propose(&cluster, name).await?;
        let rendering = &proposal.rendering;
        let desired = Desired::on(cluster.kinds(), &rendering.rendered, &rendering.owner);
        let comparison = Comparison::of_layer(&proposal.preview, &desired).await?;
        let settings = Settings {
            rules: &rendering.settings.references,
            requires: &rendering.settings.requires,
        };
        let planned = (&*rendering.rendered, desired.objects.as_slice());
        let leaving = leavers::of_proposal(&proposal).await?;
        self.compared((&cluster, comparison), planned, (&settings, leaving))
            .await
    }

    /// Shows the plan of objects that were compared with a cluster.
    async fn compared(
        &self,
        (cluster, mut comparison): (&Cluster, Comparison),
        (rendered, objects): (&Rendered, &[Object]),
        (settings, leaving): (&Settings<'_>, Vec<Leaving>),
    ) -> Result<Exit> {
        // The first plan tells what is referred to and not in it; the second knows whether that is there.
        tidegate_plan::plan(objects, &comparison, settings)?;
        comparison.look_up_references(cluster).await?;
        let plan = tidegate_plan::plan(objects, &comparison, settings)?;
        let exit = self.show(&Shown { plan, leaving }, rendered)?;
        comparison.report()?;
        Ok(exit)
    }

    fn show(&self, shown: &Shown, rendered: &Rendered) -> Result<Exit> {
        self.output.print(shown, || text(shown))?;
        let plan = &shown.plan;
        let of_render = rendered.findings.iter().map(finding_line);
        let findings: Vec<String> = of_render.chain(plan.findings.iter().map(line)).collect();
        self.subject.folder().report(&findings)?;
        Ok(Exit::Done)
    }
}

/// A plan, and what leaves.
#[derive(Serialize)]
struct Shown {
    #[serde(flatten)]
    plan: Planned,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    leaving: Vec<Leaving>,
}

fn line(finding: &Finding) -> String {
    let place = finding.origin.as_ref().map(|origin| format!("{origin}: "));
    let object = finding.object.as_ref().map(|id| format!("{id}: "));
    let field = finding.field.as_ref().map(|field| format!("{field}: "));
    let parts = [place, object, field].map(Option::unwrap_or_default);
    format!("{}{}", parts.concat(), finding.message)
}

fn text(shown: &Shown) -> String {
    let plan = &shown.plan;
    let mut text = consequences(shown);
    let mut wave = 0;
    for node in &plan.nodes {
        if node.wave != wave {
            wave = node.wave;
            let _ = writeln!(text, "wave {wave}");
        }
        text.push_str(&node_text(node));
        for edge in plan.edges_of(&node.id) {
            let _ = writeln!(text, "      after {}", edge_text(edge));
        }
    }
    text.push_str(&leavers::text(&shown.leaving));
    let _ = writeln!(text, "{}", summary(shown));
    text
}

/// What the changes do to what runs, the gravest first.
fn consequences(shown: &Shown) -> String {
    let of = |node: &'_ Node| {
        let id = node.id.to_string();
        let all = node.consequences.clone().into_iter();
        all.map(move |one| (one.kind, id.clone(), one.message))
    };
    let removed = |leaving: &'_ Leaving| {
        let id = leaving.id.to_string();
        let all = leaving.consequences.clone().into_iter();
        all.map(move |one| (one.kind, id.clone(), one.message))
    };
    let going = shown.leaving.iter().filter(|one| one.fate == Fate::Waiting);
    let changed = shown.plan.nodes.iter().flat_map(of);
    let mut all: Vec<_> = changed.chain(going.flat_map(removed)).collect();
    all.sort();
    let mut text = String::new();
    for (kind, id, message) in &all {
        let _ = writeln!(text, "{kind}: {id} {message}");
    }
    if !all.is_empty() {
        text.push('\n');
    }
    text
}

fn node_text(node: &Node) -> String {
    let change = match node.change {
        Change::Unknown => String::new(),
        change => format!("  {change}"),
    };
    let origin = node
        .origin
        .as_ref()
        .map_or(String::new(), |origin| format!("  ({origin})"));
    format!("  {}{change}{origin}\n", node.id)
}

fn edge_text(edge: &Edge) -> String {
    format!("{} {}: {}", edge.to, edge.gate, edge.reason)
}

fn summary(shown: &Shown) -> String {
    let plan = &shown.plan;
    let count = |change: Change| {
        plan.nodes
            .iter()
            .filter(|node| node.change == change)
            .count()
    };
    let mut changes: Vec<String> = [Change::Create, Change::Adopt, Change::Update, Change::None]
        .into_iter()
        .filter(|change| count(*change) > 0)
        .map(|change| format!("{change} {}", count(change)))
        .collect();
    let going = shown.leaving.iter().filter(|one| one.fate == Fate::Waiting);
    match going.count() {
        0 => {}
        going => changes.push(format!("delete {going}")),
    }
    let changes = match changes.as_slice() {
        [] => String::new(),
        some => format!(": {}", some.join(", ")),
    };
    format!(
        "{}, {}, {}, {}{changes}",
        counted(plan.nodes.len(), "object"),
        counted(plan.edges.len(), "edge"),
        counted(plan.waves as usize, "wave"),
        counted(plan.findings.len(), "finding")
    )
}
