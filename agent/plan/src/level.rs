//! Waves: the levels of the graph.

use std::collections::VecDeque;

use crate::draft::Drafts;

/// Returns each object's level, from 1: one more than the highest of what it waits for. The graph has no cycle.
pub(crate) fn of(drafts: &Drafts) -> Vec<u32> {
    let mut waiting: Vec<usize> = (0..drafts.len())
        .map(|from| drafts.targets(from).count())
        .collect();
    let mut dependents = vec![Vec::new(); drafts.len()];
    for (from, draft) in drafts.iter() {
        if let Some(others) = draft.node().and_then(|to| dependents.get_mut(to)) {
            others.push(from);
        }
    }
    let mut levels = vec![1; drafts.len()];
    let roots = waiting.iter().enumerate().filter(|(_, count)| **count == 0);
    let mut next: VecDeque<usize> = roots.map(|(number, _)| number).collect();
    while let Some(number) = next.pop_front() {
        let level = levels.get(number).copied().unwrap_or(1);
        for from in dependents.get(number).into_iter().flatten() {
            let (Some(count), Some(own)) = (waiting.get_mut(*from), levels.get_mut(*from)) else {
                continue;
            };
            *own = (level + 1).max(*own);
            *count -= 1;
            if *count == 0 {
                next.push_back(*from);
            }
        }
    }
    levels
}
