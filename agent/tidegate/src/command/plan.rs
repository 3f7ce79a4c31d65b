//! `tidegate plan PATH`.

use std::fmt::Write as _;

use anyhow::Result;
use clap::Args;
use tidegate_object::Object;
use tidegate_plan::{Change, Edge, Finding, Node, Plan as Planned, Required, Rule, Settings};
use tidegate_sync::LayerSpec;

use super::layer_files;
use super::live::Comparison;
use super::render_args::{RenderArgs, finding_line};
use crate::command::ClusterArgs;
use crate::exit::Exit;
use crate::output::{Format, counted};

/// Show the waves of a folder's objects, and the reason for each edge
///
/// If a `layers.yaml` above the folder holds the Layer that applies it, what that Layer requires and
/// its references count. It needs no cluster. With `--live` it asks one what would change: nothing is written.
#[derive(Debug, Args)]
pub(crate) struct Plan {
    #[command(flatten)]
    render: RenderArgs,
    /// Compare with the cluster.
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
        let rendered = self.render.render()?;
        let layer = self.layer()?;
        let plan = self.plan(&rendered.objects, layer.as_ref()).await?;
        self.output.print(&plan, || text(&plan))?;
        let of_render = rendered.findings.iter().map(finding_line);
        let findings: Vec<String> = of_render.chain(plan.findings.iter().map(line)).collect();
        self.render.report(&findings)?;
        Ok(Exit::Done)
    }

    /// The Layer of the repository that applies the folder: what it requires is no finding.
    fn layer(&self) -> Result<Option<LayerSpec>> {
        let (tree, path) = self.render.place()?;
        layer_files::applying(&tree, &path)
    }

    async fn plan(&self, objects: &[Object], layer: Option<&LayerSpec>) -> Result<Planned> {
        let requires: Vec<Required> = layer
            .into_iter()
            .flat_map(|layer| layer.requires.iter().map(Required::from))
            .collect();
        let rules: Vec<Rule> = layer
            .into_iter()
            .flat_map(|layer| layer.references.iter().map(Rule::from))
            .collect();
        let settings = Settings {
            rules: &rules,
            requires: &requires,
        };
        if !self.live {
            return Ok(tidegate_plan::plan(objects, &(), &settings)?);
        }
        let cluster = self.to.connect().await?;
        let mut comparison = Comparison::of(&cluster, objects, None).await?;
        // The first plan tells what is referred to and not in it; the second knows whether that is there.
        tidegate_plan::plan(objects, &comparison, &settings)?;
        comparison.look_up_references(&cluster).await?;
        Ok(tidegate_plan::plan(objects, &comparison, &settings)?)
    }
}

fn line(finding: &Finding) -> String {
    let place = finding.origin.as_ref().map(|origin| format!("{origin}: "));
    let object = finding.object.as_ref().map(|id| format!("{id}: "));
    let field = finding.field.as_ref().map(|field| format!("{field}: "));
    let parts = [place, object, field].map(Option::unwrap_or_default);
    format!("{}{}", parts.concat(), finding.message)
}

fn text(plan: &Planned) -> String {
    let mut text = String::new();
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
    let _ = writeln!(text, "{}", summary(plan));
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

fn summary(plan: &Planned) -> String {
    let count = |change: Change| {
        plan.nodes
            .iter()
            .filter(|node| node.change == change)
            .count()
    };
    let changes: Vec<String> = [Change::Create, Change::Update, Change::None]
        .into_iter()
        .filter(|change| count(*change) > 0)
        .map(|change| format!("{change} {}", count(change)))
        .collect();
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
