//! How the objects of a run hang together: who waits for whom, and whose dry-run waits for changes of this plan.

use super::execution::Execution;
use super::groups;
use super::halted::Halted;
use super::item::Item;
use super::memory::Refused;
use super::prune::Left;

impl Execution {
    /// Works out who waits for whom, and whose dry-run waits for changes of this plan.
    pub(super) fn connect(&mut self, left: Left) {
        let ids = self.items.iter().enumerate();
        self.index = ids
            .map(|(index, item)| (item.id().clone(), index))
            .collect();
        for edge in &self.plan.edges {
            if let Some(from) = self.index.get(&edge.from) {
                self.dependents
                    .entry(edge.to.clone())
                    .or_default()
                    .push(*from);
            }
        }
        for index in 0..self.items.len() {
            if !self.items.get(index).is_some_and(Item::is_due) {
                continue;
            }
            let needs = groups::needs(index, &self.items, self.engine.reader.kinds());
            for need in &needs {
                if let Some(needed) = self.items.get(*need) {
                    self.dependents
                        .entry(needed.id().clone())
                        .or_default()
                        .push(index);
                }
            }
            let group = self.groups.join(index, needs);
            if let Some(item) = self.items.get_mut(index) {
                item.group = group;
            }
        }
        self.find_leaving(left);
        let memory = &mut self.lent.memory;
        let refused = self.refused.iter().map(|object| {
            let refused = Refused {
                digest: object.message.clone(),
                rendering: self.rendering.clone(),
            };
            memory.is_news(&object.id, refused)
        });
        // All are noted.
        if refused.fold(false, |news, is_news| news | is_news) {
            self.halt(Halted::ByRefusal);
        }
    }
}
