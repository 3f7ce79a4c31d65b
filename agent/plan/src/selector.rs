//! Label selectors.

use serde_json::Value;

use crate::catalog::{list, text};

/// Tells whether a selector fits labels; an empty or absent one fits all.
///
/// The rules are those of `metav1.LabelSelector`.
pub(crate) fn fits<'v>(selector: &Value, label: impl Fn(&str) -> Option<&'v str>) -> bool {
    let equal = selector.get("matchLabels").and_then(Value::as_object);
    let mut equal = equal.into_iter().flatten();
    let mut expressions = list(selector, "/matchExpressions").iter();
    equal.all(|(name, value)| label(name).is_some_and(|found| value.as_str() == Some(found)))
        && expressions.all(|expression| fits_expression(expression, &label))
}

fn fits_expression<'v>(expression: &Value, label: impl Fn(&str) -> Option<&'v str>) -> bool {
    let found = text(expression, "key").and_then(label);
    let mut values = list(expression, "/values").iter();
    let is_listed = found.is_some_and(|found| values.any(|value| value.as_str() == Some(found)));
    match text(expression, "operator") {
        Some("In") => is_listed,
        Some("NotIn") => !is_listed,
        Some("Exists") => found.is_some(),
        Some("DoesNotExist") => found.is_none(),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn is_fit(selector: &Value) -> bool {
        fits(selector, |name| match name {
            "app" => Some("web"),
            "tier" => Some("front"),
            _ => None,
        })
    }

    #[test]
    fn an_empty_selector_fits_all() {
        assert!(is_fit(&Value::Null));
        assert!(is_fit(&json!({})));
    }

    #[test]
    fn all_labels_must_fit() {
        assert!(is_fit(
            &json!({"matchLabels": {"app": "web", "tier": "front"}})
        ));
        assert!(!is_fit(
            &json!({"matchLabels": {"app": "web", "tier": "back"}})
        ));
    }

    #[test]
    fn all_expressions_must_fit() {
        let expression = |operator: &str, key: &str, values: &[&str]| {
            is_fit(&json!({"matchExpressions": [
                {"key": key, "operator": operator, "values": values}, {"key": "app", "operator": "Exists"}
            ]}))
        };
        assert!(expression("In", "app", &["api", "web"]));
        assert!(!expression("In", "zone", &["a"]));
        assert!(!expression("NotIn", "app", &["web"]));
        assert!(expression("NotIn", "zone", &["a"]));
        assert!(expression("Exists", "tier", &[]));
        assert!(!expression("Exists", "zone", &[]));
        assert!(expression("DoesNotExist", "zone", &[]));
        assert!(!expression("DoesNotExist", "tier", &[]));
        assert!(!expression("Near", "tier", &[]));
    }
}
