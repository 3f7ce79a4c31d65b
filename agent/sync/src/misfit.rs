//! Custom resources, held against the definitions that come with them: nobody needs to be asked.

use tidegate_object::Object;
use tidegate_schema::{Definitions, Problem, Violation};

/// How many fields of an object are named.
const NAMED: usize = 3;

/// Tells what no API server would take of an object once the definitions are there.
pub fn misfit(definitions: &Definitions<'_>, object: &Object) -> Option<String> {
    let found = definitions.check(object);
    // What admission may still change is the API server's to judge.
    let found: Vec<String> = found
        .iter()
        .filter(|found| found.problem == Problem::Shape)
        .map(Violation::to_string)
        .collect();
    let named = found.get(..NAMED).unwrap_or(&found).join("; ");
    match found.len().saturating_sub(NAMED) {
        _ if found.is_empty() => None,
        0 => Some(named),
        more => Some(format!("{named} (and {more} more fields)")),
    }
}
