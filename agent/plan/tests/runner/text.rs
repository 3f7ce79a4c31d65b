//! Writes plans as people read them.

use std::fmt::Write as _;

use tidegate_plan::{Edge, Gate, Plan};

/// Writes a plan: its waves, each object with what it waits for, and its findings.
pub(crate) fn text(plan: &Plan) -> String {
    let mut text = String::new();
    for wave in 1..=plan.waves {
        writeln!(text, "wave {wave}").unwrap();
        for node in plan.nodes.iter().filter(|node| node.wave == wave) {
            writeln!(text, "  {}", node.id).unwrap();
            for edge in plan.edges_of(&node.id) {
                writeln!(text, "    {}", line(edge)).unwrap();
            }
        }
    }
    for finding in &plan.findings {
        let object = finding.object.as_ref().map(ToString::to_string);
        let field = finding.field.as_deref().unwrap_or_default();
        let object = object.unwrap_or_default();
        writeln!(
            text,
            "{:?} {object} {field}: {}",
            finding.kind, finding.message
        )
        .unwrap();
    }
    text
}

fn line(edge: &Edge) -> String {
    let class = format!("{:?}", edge.class).to_lowercase();
    let gate = match &edge.gate {
        Gate::Keys { keys } => format!("keys {}", keys.join(",")),
        gate => format!("{gate:?}").to_lowercase(),
    };
    let old = if edge.fresh { "" } else { " (old)" };
    format!("{class} {gate} {}: {}{old}", edge.to, edge.reason)
}
