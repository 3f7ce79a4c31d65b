//! The variables that the kubelet sets for Services: a Pod that reads one must start after the Service.

use std::collections::BTreeSet;

use serde_json::Value;

/// The end of the variable that holds a Service's address.
const END: &str = "_SERVICE_HOST";

/// The Services whose address a workload reads.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct ServiceLinks(BTreeSet<Link>);

/// The part of a variable's name before `_SERVICE_HOST`.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Link {
    Whole(String),
    /// The rest is worked out when the script runs.
    Start(String),
}

impl ServiceLinks {
    /// Takes the variables that any text in a value names.
    pub(super) fn read(&mut self, value: &Value) {
        match value {
            Value::String(text) => self.0.extend(links(text)),
            Value::Array(items) => items.iter().for_each(|item| self.read(item)),
            Value::Object(fields) => fields.values().for_each(|field| self.read(field)),
            _ => {}
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Tells whether a Service's address is read.
    pub(super) fn name(&self, service: &str) -> bool {
        let variable = service.to_uppercase().replace('-', "_");
        self.0.iter().any(|link| match link {
            Link::Whole(name) => *name == variable,
            Link::Start(start) => variable.starts_with(start.as_str()),
        })
    }
}

fn links(text: &str) -> impl Iterator<Item = Link> {
    text.match_indices(END)
        .filter_map(|(end, _)| link(text.get(..end)?))
}

/// Reads the variable's name from the text before its end: `$REDIS_${ORDINAL}` starts with `REDIS_`.
fn link(before: &str) -> Option<Link> {
    let is_other = |char: char| !(char.is_ascii_alphanumeric() || "_${}(".contains(char));
    let written = before.rsplit(is_other).next()?;
    let start = written
        .split("${")
        .next()
        .filter(|_| written.ends_with('}'));
    let name = |text: &str| text.trim_start_matches(['$', '{', '(']).to_owned();
    Some(match start {
        Some(start) => Link::Start(name(start)),
        None => Link::Whole(name(written)),
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[track_caller]
    fn check(text: &str, expected: &[&str]) {
        let mut links = ServiceLinks::default();
        links.read(&json!({"spec": [text]}));
        let services = ["api", "redis", "redis-0", "redis-1", "redis-sentinel-0"];
        let named = services.into_iter().filter(|service| links.name(service));
        assert_eq!(named.collect::<Vec<_>>(), expected, "{text}");
    }

    #[test]
    fn a_variable_names_its_service() {
        check("$(REDIS_0_SERVICE_HOST)", &["redis-0"]);
        check(
            "hosts=\"$REDIS_0_SERVICE_HOST ${REDIS_1_SERVICE_HOST}\"",
            &["redis-0", "redis-1"],
        );
        check("$API_SERVICE_PORT", &[]);
        check("REDIS_SERVICE_HOST", &["redis"]);
    }

    #[test]
    fn a_variable_that_is_worked_out_names_all_that_start_alike() {
        let with_redis = ["redis-0", "redis-1", "redis-sentinel-0"];
        check(
            "eval \"self=\\$REDIS_${ORDINAL}_SERVICE_HOST\"",
            &with_redis,
        );
        check(
            "eval echo \\$REDIS_SENTINEL_${i}_SERVICE_HOST",
            &["redis-sentinel-0"],
        );
        let all = ["api", "redis", "redis-0", "redis-1", "redis-sentinel-0"];
        check("eval echo \\$${NAME}_SERVICE_HOST", &all);
    }
}
