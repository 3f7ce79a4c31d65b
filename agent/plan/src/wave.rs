//! Explicit waves: objects with a higher number come after those with a lower one.

use std::collections::{BTreeMap, BTreeSet};

use tidegate_object::{GroupKind, Object};

use crate::annotation;
use crate::builder::{Builder, Said};
use crate::draft::{Draft, End, Strength};
use crate::{Change, EdgeClass, EdgeReason, Finding, FindingKind, Gate, PlanError};

const OURS: &str = "tidegate.dev/wave";
const IMPORTED: &str = "argocd.argoproj.io/sync-wave";
/// The most pairs of objects that waves may put behind each other.
const MOST_EDGES: usize = 100_000;

/// An object's wave, and the annotation that says so; `None` is the wave 0 of what has no annotation.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
struct Wave {
    number: i32,
    annotation: Option<&'static str>,
}

/// Adds edges between the explicit waves, if an object has one.
///
/// # Errors
/// If there are more than a plan can hold.
pub(crate) fn link(builder: &mut Builder<'_>) -> Result<(), PlanError> {
    let waves: Vec<_> = (0..builder.catalog.objects.len())
        .map(|number| checked(builder, number))
        .collect();
    if waves.iter().all(|wave| wave.annotation.is_none()) {
        return Ok(());
    }
    let mut by_wave: BTreeMap<i32, BTreeSet<usize>> = BTreeMap::new();
    for (number, wave) in waves.iter().enumerate() {
        by_wave.entry(wave.number).or_default().insert(number);
    }
    let groups: Vec<_> = by_wave.into_values().collect();
    match pairs(builder, &groups) {
        Ok(pairs) => {
            for pair in pairs {
                add(builder, &waves, pair);
            }
            Ok(())
        }
        Err(edges) => too_many(builder, &waves, edges),
    }
}

/// Returns who waits for whom. An object waits for the wave before its own, and for what changes in all earlier ones;
/// what an object of the same wave already stands for is left out.
fn pairs(builder: &Builder<'_>, groups: &[BTreeSet<usize>]) -> Result<Vec<(usize, usize)>, usize> {
    let mut pairs = Vec::new();
    let mut changed: BTreeSet<usize> = BTreeSet::new();
    let mut edges = 0;
    for (earlier, later) in groups.iter().zip(groups.iter().skip(1)) {
        let targets: BTreeSet<_> = ends(builder, earlier).union(&changed).copied().collect();
        let starts = starts(builder, later);
        edges += starts.len() * targets.len();
        if edges <= MOST_EDGES {
            let starts = starts.into_iter();
            pairs.extend(starts.flat_map(|from| targets.iter().map(move |to| (from, *to))));
        }
        let updated =
            |number: &usize| builder.catalog.changes.get(*number) == Some(&Change::Update);
        changed.extend(earlier.iter().copied().filter(updated));
    }
    if edges > MOST_EDGES {
        return Err(edges);
    }
    Ok(pairs)
}

/// Returns the objects of a wave that no other of it, which is made, waits for until they are healthy.
fn ends(builder: &Builder<'_>, wave: &BTreeSet<usize>) -> BTreeSet<usize> {
    let mut ends = wave.clone();
    for from in wave.iter().filter(|from| builder.catalog.is_made(**from)) {
        for draft in builder.drafts.of(*from) {
            let target = draft
                .node()
                .and_then(|to| Some((to, builder.catalog.object(to)?)));
            if let Some((to, _)) = target.filter(|(_, object)| stands_for(draft, object)) {
                ends.remove(&to);
            }
        }
    }
    ends
}

/// Returns the objects of a wave that wait for no other of it that is made.
fn starts(builder: &Builder<'_>, wave: &BTreeSet<usize>) -> Vec<usize> {
    let waits = |from: &usize| {
        let hard = builder.drafts.of(*from).iter();
        let hard = hard.filter(|draft| draft.strength >= Strength::Hard);
        let mut targets = hard.filter_map(Draft::node);
        targets.any(|to| wave.contains(&to) && builder.catalog.is_made(to))
    };
    let starts: Vec<_> = wave.iter().copied().filter(|from| !waits(from)).collect();
    if starts.is_empty() {
        return wave.iter().copied().collect();
    }
    starts
}

/// Tells whether an edge is open only when its target is healthy.
fn stands_for(draft: &Draft, target: &Object) -> bool {
    let GroupKind { group, kind } = &target.id().kind;
    let is_static = match group.as_str() {
        "" => matches!(kind.as_str(), "ConfigMap" | "Secret" | "ServiceAccount"),
        group => group == "rbac.authorization.k8s.io",
    };
    let waits = matches!(draft.gate, Gate::Active | Gate::Established | Gate::Healthy);
    draft.strength >= Strength::Hard && (is_static || waits)
}

fn add(builder: &mut Builder<'_>, waves: &[Wave], (from, to): (usize, usize)) {
    let wave = |number: usize| waves.get(number).copied().unwrap_or_default();
    let (own, other) = (wave(from), wave(to));
    let annotation = own.annotation.or(other.annotation).unwrap_or(OURS);
    let (class, gate) = if builder.ungated.get(to) == Some(&true) {
        (EdgeClass::Exists, Gate::Exists)
    } else {
        (EdgeClass::Ready, Gate::Healthy)
    };
    let reason = EdgeReason::Wave {
        annotation: annotation.into(),
    };
    let draft = Draft::new(End::Node(to), class, gate, reason);
    let is_explicit = own.annotation == Some(OURS) && other.annotation == Some(OURS);
    let strength = if is_explicit {
        Strength::Explicit
    } else {
        Strength::Imported
    };
    let fresh = builder.is_fresh(from, said(builder, from, own), &[to]);
    let draft = Draft {
        fresh,
        strength,
        ..draft
    };
    builder.drafts.push(from, draft);
}

fn said(builder: &Builder<'_>, from: usize, wave: Wave) -> Said {
    let object = builder.catalog.object(from);
    let before = object.and_then(|object| builder.facts.applied(object.id()));
    let before = before.map(|before| read(before).unwrap_or_default() == wave);
    Said::compare(builder.catalog, from, before)
}

/// Returns an object's wave, with a finding if it cannot be read.
fn checked(builder: &mut Builder<'_>, number: usize) -> Wave {
    let Some(object) = builder.catalog.object(number) else {
        return Wave::default();
    };
    read(object).unwrap_or_else(|(annotation, text)| {
        let message =
            format!("`{annotation}` is `{text}`: write a whole number in quotes, such as \"2\"");
        annotation::report(builder, number, annotation, message);
        Wave::default()
    })
}

/// Reads an object's wave; an annotation of ours counts before another tool's.
fn read(object: &Object) -> Result<Wave, (&'static str, &str)> {
    let found = [OURS, IMPORTED]
        .into_iter()
        .find_map(|name| Some((name, object.annotation(name)?)));
    let Some((annotation, text)) = found else {
        return Ok(Wave::default());
    };
    let number = text.trim().parse().map_err(|_| (annotation, text))?;
    Ok(Wave {
        number,
        annotation: Some(annotation),
    })
}

/// Waves of another tool that a plan cannot hold are left out; ours are an error.
fn too_many(builder: &mut Builder<'_>, waves: &[Wave], edges: usize) -> Result<(), PlanError> {
    if waves.iter().any(|wave| wave.annotation == Some(OURS)) {
        return Err(PlanError::Waves {
            objects: waves.len(),
            edges,
            limit: MOST_EDGES,
        });
    }
    builder.findings.push(Finding {
        kind: FindingKind::WaveIgnored,
        object: None,
        origin: None,
        field: Some(format!("metadata.annotations.{IMPORTED}")),
        message: format!(
            "`{IMPORTED}` puts {} objects behind each other in {edges} pairs, more than {MOST_EDGES}, and is ignored: \
             the order comes from references alone",
            waves.len()
        ),
    });
    Ok(())
}
