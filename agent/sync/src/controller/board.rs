//! How all layers stand towards each other: what decides whether a layer that depends on others may begin.

use std::collections::BTreeMap;
use std::sync::Arc;

use tokio::sync::watch;

use crate::claims::{AllClaims, Claim};
use crate::{Claims, LayerKey};

/// How a layer stands, as far as layers that depend on it care.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Standing {
    /// The repository and ref that it follows.
    pub(crate) follows: String,
    /// The commit that it rendered last, or found to render the same.
    pub(crate) commit: Option<String>,
    /// Whether it has once been healthy at that render.
    pub(crate) has_been_healthy: bool,
    /// Whether it is healthy now.
    pub(crate) is_healthy: bool,
    /// The layers that it depends on.
    pub(crate) depends_on: Vec<DependsOn>,
    /// Whether it is being deleted, and takes its objects along.
    pub(crate) is_leaving: bool,
}

/// A layer that comes first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct DependsOn {
    /// The layer.
    pub(crate) layer: LayerKey,
    /// Whether it must be healthy now.
    pub(crate) continuous: bool,
}

/// Why a layer may not begin.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Obstacle {
    /// The dependencies lead back to where they began.
    #[error("the layers depend on each other in a circle: {}: remove one of the dependencies", chain(.0))]
    Cycle(Vec<LayerKey>),
    /// There is no such layer.
    #[error("layer {}/{}, which comes first, does not exist", .0.0, .0.1)]
    Missing(LayerKey),
    /// It has not come to the commit yet.
    #[error("layer {}/{}, which comes first, has not rendered this commit yet", .0.0, .0.1)]
    Behind(LayerKey),
    /// It has not been healthy at its newest render.
    #[error("layer {}/{}, which comes first, has not been healthy at its newest revision yet", .0.0, .0.1)]
    Unhealthy(LayerKey),
    /// It is not healthy now, and must be.
    #[error("layer {}/{}, which must be healthy all the time, is not", .0.0, .0.1)]
    Sick(LayerKey),
}

impl Obstacle {
    /// The layer that is in the way.
    pub(crate) fn layer(&self) -> Option<&LayerKey> {
        match self {
            Self::Cycle(_) => None,
            Self::Missing(layer)
            | Self::Behind(layer)
            | Self::Unhealthy(layer)
            | Self::Sick(layer) => Some(layer),
        }
    }
}

/// How all layers stand.
pub(crate) type Standings = Arc<BTreeMap<LayerKey, Standing>>;

/// The standings and claims of all layers. Cheap to clone.
#[derive(Debug, Clone)]
pub(crate) struct Board {
    standings: Arc<watch::Sender<Standings>>,
    claims: Arc<watch::Sender<AllClaims>>,
}

impl Board {
    /// Makes an empty board.
    pub(crate) fn new() -> Self {
        let (standings, _) = watch::channel(Standings::default());
        let (claims, _) = watch::channel(AllClaims::default());
        Self {
            standings: Arc::new(standings),
            claims: Arc::new(claims),
        }
    }

    /// Writes how a layer stands; whoever looks at the board learns of it if that is new.
    pub(crate) fn write(&self, layer: &LayerKey, standing: Standing) {
        self.standings.send_if_modified(|standings| {
            if standings.get(layer) == Some(&standing) {
                return false;
            }
            Arc::make_mut(standings).insert(layer.clone(), standing);
            true
        });
    }

    /// Forgets a layer.
    pub(crate) fn remove(&self, layer: &LayerKey) {
        self.standings
            .send_if_modified(|standings| Arc::make_mut(standings).remove(layer).is_some());
        self.claims
            .send_if_modified(|claims| Arc::make_mut(claims).remove(layer).is_some());
    }

    /// Writes what a layer holds; whoever prunes learns of it if that is new.
    pub(crate) fn claim(&self, layer: &LayerKey, claim: Claim) {
        self.claims.send_if_modified(|claims| {
            if claims.get(layer) == Some(&claim) {
                return false;
            }
            Arc::make_mut(claims).insert(layer.clone(), claim);
            true
        });
    }

    /// Shows a layer what all others hold.
    pub(crate) fn claims(&self, layer: &LayerKey) -> Claims {
        Claims::new(layer.clone(), self.claims.subscribe())
    }

    /// Returns a signal that changes whenever the board does.
    pub(crate) fn changes(&self) -> watch::Receiver<Standings> {
        self.standings.subscribe()
    }

    /// Finds a layer that depends on this one, and is being deleted, too: it goes first, unless they go in a circle.
    pub(crate) fn leaves_first(&self, layer: &LayerKey) -> Option<LayerKey> {
        let standings = Arc::clone(&self.standings.borrow());
        if cycle(&standings, layer).is_some() {
            return None;
        }
        let needs = |standing: &Standing| standing.depends_on.iter().any(|it| it.layer == *layer);
        let mut leaving = standings
            .iter()
            .filter(|(_, standing)| standing.is_leaving && needs(standing));
        leaving.next().map(|(key, _)| key.clone())
    }

    /// Finds what keeps a layer from beginning, if anything does.
    pub(crate) fn obstacle(&self, layer: &LayerKey) -> Option<Obstacle> {
        let standings = Arc::clone(&self.standings.borrow());
        let own = standings.get(layer)?;
        if let Some(cycle) = cycle(&standings, layer) {
            return Some(Obstacle::Cycle(cycle));
        }
        let mut obstacles = own
            .depends_on
            .iter()
            .filter_map(|dependency| before(&standings, own, dependency));
        obstacles.next()
    }
}

/// What a dependency lacks.
fn before(
    standings: &BTreeMap<LayerKey, Standing>,
    own: &Standing,
    dependency: &DependsOn,
) -> Option<Obstacle> {
    let layer = dependency.layer.clone();
    let Some(standing) = standings.get(&layer).filter(|it| !it.is_leaving) else {
        return Some(Obstacle::Missing(layer));
    };
    if standing.follows == own.follows && standing.commit != own.commit {
        return Some(Obstacle::Behind(layer));
    }
    if !standing.has_been_healthy {
        return Some(Obstacle::Unhealthy(layer));
    }
    (dependency.continuous && !standing.is_healthy).then_some(Obstacle::Sick(layer))
}

/// Finds a way from a layer back to itself.
fn cycle(standings: &BTreeMap<LayerKey, Standing>, start: &LayerKey) -> Option<Vec<LayerKey>> {
    let mut came_from: BTreeMap<LayerKey, LayerKey> = BTreeMap::new();
    let mut open = vec![start.clone()];
    while let Some(layer) = open.pop() {
        let next = standings
            .get(&layer)
            .into_iter()
            .flat_map(|standing| &standing.depends_on);
        for DependsOn { layer: target, .. } in next {
            if target == start {
                return Some(way(&came_from, start, layer));
            }
            if !came_from.contains_key(target) {
                came_from.insert(target.clone(), layer.clone());
                open.push(target.clone());
            }
        }
    }
    None
}

/// The layers from `start` to `last`, and `start` again.
fn way(
    came_from: &BTreeMap<LayerKey, LayerKey>,
    start: &LayerKey,
    last: LayerKey,
) -> Vec<LayerKey> {
    let mut way = vec![start.clone()];
    let mut layer = last;
    while layer != *start {
        way.push(layer.clone());
        match came_from.get(&layer) {
            Some(before) => layer = before.clone(),
            None => break,
        }
    }
    way.push(start.clone());
    way.reverse();
    way
}

fn chain(layers: &[LayerKey]) -> String {
    let names = layers
        .iter()
        .map(|(namespace, name)| format!("{namespace}/{name}"));
    names.collect::<Vec<_>>().join(" → ")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(name: &str) -> LayerKey {
        ("n".into(), name.into())
    }

    fn standing(follows: &str, commit: &str, depends_on: &[&str]) -> Standing {
        let depends_on = depends_on.iter().map(|name| DependsOn {
            layer: key(name),
            continuous: false,
        });
        Standing {
            follows: follows.into(),
            commit: Some(commit.into()),
            depends_on: depends_on.collect(),
            ..Standing::default()
        }
    }

    fn healthy(follows: &str, commit: &str) -> Standing {
        Standing {
            has_been_healthy: true,
            is_healthy: true,
            ..standing(follows, commit, &[])
        }
    }

    fn check(first: Option<Standing>, own: Standing, expected: Option<&str>) {
        let board = Board::new();
        if let Some(first) = first {
            board.write(&key("first"), first);
        }
        board.write(&key("own"), own);
        let obstacle = board.obstacle(&key("own")).map(|found| found.to_string());
        assert_eq!(obstacle.as_deref(), expected);
    }

    #[test]
    fn a_dependency_must_have_been_healthy_at_this_commit() {
        let own = || standing("repo", "2", &["first"]);
        check(
            None,
            own(),
            Some("layer n/first, which comes first, does not exist"),
        );
        check(
            Some(healthy("repo", "1")),
            own(),
            Some("layer n/first, which comes first, has not rendered this commit yet"),
        );
        check(
            Some(standing("repo", "2", &[])),
            own(),
            Some(
                "layer n/first, which comes first, has not been healthy at its newest revision yet",
            ),
        );
        check(Some(healthy("repo", "2")), own(), None);
        check(Some(healthy("other", "1")), own(), None);
    }

    #[test]
    fn later_trouble_counts_only_if_the_dependency_is_continuous() {
        let sick = || Standing {
            is_healthy: false,
            ..healthy("repo", "2")
        };
        let mut own = standing("repo", "2", &["first"]);
        check(Some(sick()), own.clone(), None);
        own.depends_on[0].continuous = true;
        check(
            Some(sick()),
            own,
            Some("layer n/first, which must be healthy all the time, is not"),
        );
    }

    #[test]
    fn every_layer_of_a_cycle_is_told_of_it() {
        let board = Board::new();
        for (name, next) in [("a", "b"), ("b", "c"), ("c", "a"), ("outside", "a")] {
            board.write(&key(name), standing("repo", "1", &[next]));
        }
        let told = |name: &str| board.obstacle(&key(name)).map(|found| found.to_string());
        let expected = "the layers depend on each other in a circle: n/a → n/b → n/c → n/a: remove one of the dependencies";
        assert_eq!(told("a").as_deref(), Some(expected));
        assert!(told("b").is_some_and(|text| text.contains("n/b → n/c → n/a → n/b")));
        assert!(told("c").is_some_and(|text| text.contains("circle")));
        assert!(told("outside").is_some_and(|text| text.contains("n/a, which comes first")));
    }
}
