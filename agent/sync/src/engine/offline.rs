//! Unproven objects, held against the definitions that the same plan brings: nobody needs to be asked.

use std::sync::Arc;

use tidegate_object::Object;
use tidegate_schema::Definitions;

use super::execution::Execution;
use super::halted::Halted;
use crate::desired::is_definition;
use crate::{Step, misfit};

impl Execution {
    /// Refuses what no API server would take once the plan's definitions are there, before anything is written.
    pub(super) fn check_offline(&mut self) {
        let due = self.items.iter().filter(|item| item.is_due());
        let definitions: Vec<Arc<Object>> = due
            .filter(|item| is_definition(&item.object))
            .map(|item| Arc::clone(&item.object))
            .collect();
        let definitions = Definitions::of(definitions.iter().map(AsRef::as_ref));
        let unproven = self.items.iter().enumerate();
        let unproven = unproven.filter(|(_, item)| item.is_due() && item.group.is_some());
        let wrong: Vec<(usize, String)> = unproven
            .filter_map(|(index, item)| Some((index, misfit(&definitions, &item.object)?)))
            .collect();
        for (index, message) in wrong {
            self.end(index, Step::Failed, message);
            self.leave_group(index);
            if self.is_news(index) {
                self.halt(Halted::ByRefusal);
            }
        }
    }
}
