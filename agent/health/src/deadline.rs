//! How long an object may take to get ready.

use jiff::SignedDuration;
use tidegate_object::Object;

/// Kinds that need longer than a workload does: first start, later changes, in minutes.
const SLOW: &[(&str, &str, i64, i64)] = &[
    // Image pulls and two joins; then a rolling update, one instance after the other.
    ("postgresql.cnpg.io", "Cluster", 15, 30),
];

/// Returns how long an object may take to get ready: the layer's timeout, or longer for kinds that are slow by nature.
pub fn deadline(object: &Object, timeout: SignedDuration) -> SignedDuration {
    let kind = &object.id().kind;
    let slow = SLOW.iter().find(|(group, name, ..)| kind.is(group, name));
    let minutes = match slow {
        Some((_, _, first, _)) if object.generation() == Some(1) => *first,
        Some((_, _, _, later)) => *later,
        None => 0,
    };
    timeout.max(SignedDuration::from_mins(minutes))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_database_cluster_gets_longer_than_the_timeout() {
        for (api_version, kind, generation, timeout, expected) in [
            ("apps/v1", "Deployment", 1, 10, 10),
            ("postgresql.cnpg.io/v1", "Cluster", 1, 10, 15),
            ("postgresql.cnpg.io/v1", "Cluster", 2, 10, 30),
            ("postgresql.cnpg.io/v1", "Cluster", 1, 60, 60),
        ] {
            let object = json!({"apiVersion": api_version, "kind": kind,
                "metadata": {"name": "a", "generation": generation}});
            let given = deadline(
                &Object::new(object).unwrap(),
                SignedDuration::from_mins(timeout),
            );
            assert_eq!(
                given,
                SignedDuration::from_mins(expected),
                "{kind} {generation}"
            );
        }
    }
}
