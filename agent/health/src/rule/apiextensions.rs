//! What extends the API: CustomResourceDefinitions and APIServices.

use tidegate_object::Object;

use super::conditions::by_condition;
use crate::Neighbours;
use crate::facts::condition;
use crate::verdict::Verdict;

/// Established with accepted names; refused names and a refused establishment are failures.
pub(super) fn definition(object: &Object, _: &dyn Neighbours) -> Verdict {
    let names = condition(object, "NamesAccepted");
    if let Some(refused) = names.filter(|found| found.is_false()) {
        return Verdict::failed(refused.text());
    }
    let established = condition(object, "Established");
    let refused = established.filter(|found| found.is_false() && found.reason() != "Installing");
    if let Some(refused) = refused {
        return Verdict::failed(refused.text());
    }
    match (names, established) {
        (Some(names), Some(established)) if names.is_true() && established.is_true() => {
            Verdict::current()
        }
        _ => Verdict::in_progress("not established yet"),
    }
}

/// Available, or failed once its backend has had time to start.
pub(super) fn api_service(object: &Object, _: &dyn Neighbours) -> Verdict {
    by_condition(object, "Available")
}
