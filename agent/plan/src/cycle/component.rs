//! Strongly connected components: the only places where cycles are.

use crate::draft::Drafts;

/// Returns the components of more than one object, and of those that wait for themselves (Tarjan, 1972).
pub(super) fn components(drafts: &Drafts) -> Vec<Vec<usize>> {
    let targets: Vec<Vec<usize>> = (0..drafts.len())
        .map(|from| drafts.targets(from).collect())
        .collect();
    let mut search = Search::new(&targets);
    for root in 0..targets.len() {
        search.visit(root);
    }
    search.found
}

struct Search<'a> {
    targets: &'a [Vec<usize>],
    /// When a node was first seen, from 1; 0 is not yet.
    index: Vec<usize>,
    low: Vec<usize>,
    on_stack: Vec<bool>,
    stack: Vec<usize>,
    count: usize,
    found: Vec<Vec<usize>>,
}

impl<'a> Search<'a> {
    fn new(targets: &'a [Vec<usize>]) -> Self {
        let nodes = targets.len();
        Self {
            targets,
            index: vec![0; nodes],
            low: vec![0; nodes],
            on_stack: vec![false; nodes],
            stack: Vec::new(),
            count: 0,
            found: Vec::new(),
        }
    }

    /// Walks depth first without recursion, since chains may be long.
    fn visit(&mut self, root: usize) {
        if self.index(root) != 0 {
            return;
        }
        self.enter(root);
        let mut path = vec![(root, 0)];
        while let Some((node, next)) = path.pop() {
            let target = self.targets.get(node).and_then(|all| all.get(next));
            let Some(target) = target.copied() else {
                self.leave(node);
                if let Some((parent, _)) = path.last() {
                    self.lower(*parent, self.low.get(node).copied());
                }
                continue;
            };
            path.push((node, next + 1));
            if self.index(target) == 0 {
                self.enter(target);
                path.push((target, 0));
            } else if self.on_stack.get(target) == Some(&true) {
                self.lower(node, Some(self.index(target)));
            }
        }
    }

    fn index(&self, node: usize) -> usize {
        self.index.get(node).copied().unwrap_or_default()
    }

    fn enter(&mut self, node: usize) {
        self.count += 1;
        self.stack.push(node);
        let count = self.count;
        for list in [&mut self.index, &mut self.low] {
            if let Some(own) = list.get_mut(node) {
                *own = count;
            }
        }
        if let Some(own) = self.on_stack.get_mut(node) {
            *own = true;
        }
    }

    fn lower(&mut self, node: usize, to: Option<usize>) {
        if let (Some(own), Some(to)) = (self.low.get_mut(node), to) {
            *own = to.min(*own);
        }
    }

    /// Takes a finished component off the stack, if the node is its root.
    fn leave(&mut self, node: usize) {
        if self.low.get(node) != self.index.get(node) {
            return;
        }
        let mut component = Vec::new();
        while let Some(member) = self.stack.pop() {
            if let Some(own) = self.on_stack.get_mut(member) {
                *own = false;
            }
            component.push(member);
            if member == node {
                break;
            }
        }
        let waits_for_itself = self
            .targets
            .get(node)
            .is_some_and(|all| all.contains(&node));
        if component.len() > 1 || waits_for_itself {
            component.sort_unstable();
            self.found.push(component);
        }
    }
}
