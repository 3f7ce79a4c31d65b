//! Makes a plan.

use tidegate_object::Object;

use crate::builder::Builder;
use crate::catalog::Catalog;
use crate::reference::Rules;
use crate::{
    Facts, Node, Plan, PlanError, Settings, admission, annotation, constraint, cycle, hook, level,
    missing, provider, requirement, resolve, structure, wave,
};

/// Makes the plan of a layer's objects.
///
/// Deterministic: the order of `objects` only decides the order of the nodes of a wave.
///
/// # Errors
/// If an object stands twice, if annotations make objects wait for each other, or if a rule of the settings cannot be read.
pub fn plan(
    objects: &[Object],
    facts: &dyn Facts,
    settings: &Settings<'_>,
) -> Result<Plan, PlanError> {
    let rules = Rules::new(settings.rules)?;
    let (ordinary, mut findings) = hook::set_aside(objects);
    let catalog = Catalog::new(ordinary.iter().copied(), facts)?;
    let mut builder = Builder::new(&catalog, facts, &rules, settings.requires);
    annotation::check(&mut builder);
    provider::collect(&mut builder);
    structure::link(&mut builder);
    resolve::link(&mut builder);
    annotation::link(&mut builder);
    constraint::link(&mut builder);
    structure::link_api_services(&mut builder);
    admission::link(&mut builder);
    requirement::link(&mut builder);
    wave::link(&mut builder)?;
    missing::report(&mut builder);
    cycle::break_up(&mut builder)?;
    findings.append(&mut builder.findings);
    let mut plan = assemble(builder, &ordinary, facts);
    plan.findings = findings;
    Ok(plan)
}

fn assemble(builder: Builder<'_>, ordinary: &[&Object], facts: &dyn Facts) -> Plan {
    let catalog = builder.catalog;
    let levels = level::of(&builder.drafts);
    let mut nodes: Vec<_> = ordinary
        .iter()
        .filter_map(|object| {
            let number = catalog.number(object.id())?;
            Some(Node {
                id: object.id().clone(),
                gvk: Some(object.gvk().clone()),
                change: *catalog.changes.get(number)?,
                consequences: facts.consequences(object),
                wave: *levels.get(number)?,
                origin: object.origin().cloned(),
            })
        })
        .collect();
    nodes.sort_by_key(|node| node.wave);
    Plan {
        waves: nodes.last().map_or(0, |node| node.wave),
        edges: builder.drafts.into_edges(catalog),
        nodes,
        findings: Vec::new(),
    }
}
