//! A topological order that edges are added to one by one.

/// A topological order of nodes `0..n`, kept while edges are added (Pearce and Kelly, 2006).
pub(super) struct Order {
    place: Vec<usize>,
    dependents: Vec<Vec<usize>>,
    targets: Vec<Vec<usize>>,
}

impl Order {
    pub(super) fn new(nodes: usize) -> Self {
        Self {
            place: (0..nodes).collect(),
            dependents: vec![Vec::new(); nodes],
            targets: vec![Vec::new(); nodes],
        }
    }

    /// Adds "`from` after `to`", and returns whether it did: an edge that closes a cycle is not added.
    pub(super) fn add(&mut self, from: usize, to: usize) -> bool {
        if from == to {
            return false;
        }
        let (low, high) = (self.at(from), self.at(to));
        if low < high {
            let later = self.reach(&self.dependents, from, |place| place <= high);
            if later.contains(&to) {
                return false;
            }
            let earlier = self.reach(&self.targets, to, |place| place >= low);
            self.reorder(earlier, later);
        }
        push(&mut self.dependents, to, from);
        push(&mut self.targets, from, to);
        true
    }

    fn at(&self, node: usize) -> usize {
        self.place.get(node).copied().unwrap_or_default()
    }

    /// Returns what is reached from a node along places that `is_near` lets through.
    fn reach(
        &self,
        edges: &[Vec<usize>],
        start: usize,
        is_near: impl Fn(usize) -> bool,
    ) -> Vec<usize> {
        let mut seen = std::collections::HashSet::from([start]);
        let mut found = vec![start];
        let mut next = vec![start];
        while let Some(node) = next.pop() {
            for other in edges.get(node).into_iter().flatten() {
                if is_near(self.at(*other)) && seen.insert(*other) {
                    found.push(*other);
                    next.push(*other);
                }
            }
        }
        found
    }

    /// Puts `earlier` before `later`, in the places that both have, each in its own order.
    fn reorder(&mut self, mut earlier: Vec<usize>, mut later: Vec<usize>) {
        earlier.sort_by_key(|node| self.at(*node));
        later.sort_by_key(|node| self.at(*node));
        let nodes = [earlier, later].concat();
        let mut places: Vec<_> = nodes.iter().map(|node| self.at(*node)).collect();
        places.sort_unstable();
        for (node, place) in nodes.into_iter().zip(places) {
            if let Some(own) = self.place.get_mut(node) {
                *own = place;
            }
        }
    }
}

fn push(lists: &mut [Vec<usize>], at: usize, item: usize) {
    if let Some(list) = lists.get_mut(at) {
        list.push(item);
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Tells whether `to` waits for `from`, the plain way.
    fn is_reached(edges: &[(usize, usize)], from: usize, to: usize) -> bool {
        let mut next = vec![to];
        let mut seen = vec![to];
        while let Some(node) = next.pop() {
            if node == from {
                return true;
            }
            for (_, other) in edges.iter().filter(|edge| edge.0 == node) {
                if !seen.contains(other) {
                    seen.push(*other);
                    next.push(*other);
                }
            }
        }
        false
    }

    proptest! {
        #[test]
        fn an_edge_is_refused_just_when_it_closes_a_cycle(
            edges in prop::collection::vec((0_usize..12, 0_usize..12), 0..60)
        ) {
            let mut order = Order::new(12);
            let mut accepted = Vec::new();
            for (from, to) in edges {
                let closes = is_reached(&accepted, from, to);
                prop_assert_eq!(order.add(from, to), !closes);
                if !closes {
                    accepted.push((from, to));
                }
                for (from, to) in &accepted {
                    prop_assert!(order.at(*to) < order.at(*from));
                }
            }
        }
    }
}
