//! Conditions: what the API conventions ask of them.

use jiff::Timestamp;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::{Condition, Time};

use super::Verdict;

/// The longest message, in characters: what a condition may hold, and somebody would read.
const LONGEST: usize = 2048;

/// Finds a condition by its type.
pub(crate) fn find<'a>(conditions: &'a [Condition], kind: &str) -> Option<&'a Condition> {
    conditions.iter().find(|condition| condition.type_ == kind)
}

impl Verdict {
    pub(super) fn condition(self, kind: &str, generation: i64) -> Condition {
        Condition {
            type_: kind.into(),
            status: self.status.into(),
            reason: self.reason.as_str().into(),
            message: self.message,
            observed_generation: Some(generation),
            last_transition_time: Time(Timestamp::UNIX_EPOCH),
        }
    }
}

/// Sets the time of a condition: that of the first known one with this status.
pub(super) fn kept(condition: Condition, known: [&[Condition]; 2], now: Timestamp) -> Condition {
    let mut of_type = known
        .iter()
        .filter_map(|known| find(known, &condition.type_));
    let same = of_type.find(|old| old.status == condition.status);
    let seconds = Timestamp::from_second(now.as_second()).unwrap_or(now);
    let time = same.map_or(Time(seconds), |old| old.last_transition_time.clone());
    Condition {
        last_transition_time: time,
        ..condition
    }
}

/// Cuts a message that nobody would read to its end.
pub(super) fn bounded(message: &str) -> String {
    if message.chars().count() <= LONGEST {
        return message.into();
    }
    let cut: String = message.chars().take(LONGEST - 1).collect();
    format!("{cut}…")
}
