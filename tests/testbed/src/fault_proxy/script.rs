//! Which requests a fault strikes, and what was asked so far.

use super::fault::Fault;
use super::schedule::Schedule;

/// One line of a script: a fault for some of the requests that it is about. The first rule that strikes counts.
#[derive(Debug, Clone)]
pub struct Rule {
    /// The requests that are counted.
    pub which: Which,
    /// The first that is struck, from 1.
    pub from: u64,
    /// How many are struck.
    pub times: u64,
    /// What happens to them.
    pub fault: Fault,
}

/// The requests that a rule is about.
#[derive(Debug, Clone)]
pub enum Which {
    /// All but watches.
    Requests,
    /// Watches.
    Watches,
    /// Those with an HTTP method, whose path and query hold a text.
    Like(&'static str, String),
}

/// A request that came.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Seen {
    /// The HTTP method.
    pub method: String,
    /// Path and query.
    pub uri: String,
    /// What happened to it.
    pub fault: Option<Fault>,
}

impl Seen {
    /// Whether it is a watch.
    pub fn is_watch(&self) -> bool {
        self.uri.contains("watch=true") || self.uri.contains("watch=1")
    }

    /// Whether it may change something.
    pub fn is_write(&self) -> bool {
        self.method != "GET" && !self.uri.contains("dryRun=All")
    }
}

impl Which {
    fn holds(&self, seen: &Seen) -> bool {
        match self {
            Self::Requests => !seen.is_watch(),
            Self::Watches => seen.is_watch(),
            Self::Like(method, text) => seen.method == *method && seen.uri.contains(text),
        }
    }
}

impl Rule {
    /// Strikes the `k`-th request that is no watch.
    pub fn at(k: u64, fault: Fault) -> Self {
        Self {
            which: Which::Requests,
            from: k,
            times: 1,
            fault,
        }
    }

    /// Strikes every request of a sort.
    pub fn always(which: Which, fault: Fault) -> Self {
        Self {
            which,
            from: 1,
            times: u64::MAX,
            fault,
        }
    }
}

/// What happens now, and what has happened since it was set.
#[derive(Debug, Default)]
pub(super) struct Script {
    rules: Vec<(Rule, u64)>,
    pub(super) schedule: Option<Schedule>,
    pub(super) seen: Vec<Seen>,
    pub(super) struck: u64,
    /// Goes up with each script: what an earlier one holds back is given up.
    pub(super) edition: u64,
    pub(super) watches: Watches,
    pub(super) stopped: bool,
}

/// How often each was done to all watches.
#[derive(Debug, Default, Clone, Copy)]
pub(super) struct Watches {
    pub(super) cuts: u64,
    pub(super) expiries: u64,
    pub(super) stalls: u64,
}

impl Script {
    pub(super) fn set(&mut self, rules: Vec<Rule>) {
        self.rules = rules.into_iter().map(|rule| (rule, 0)).collect();
        self.schedule = None;
        self.seen.clear();
        self.struck = 0;
        self.edition += 1;
    }

    /// Counts a request, and decides on it.
    pub(super) fn decide(&mut self, method: &str, uri: &str) -> Option<Fault> {
        let mut seen = Seen {
            method: method.to_owned(),
            uri: uri.to_owned(),
            fault: None,
        };
        for (rule, count) in &mut self.rules {
            if !rule.which.holds(&seen) {
                continue;
            }
            *count += 1;
            let is_struck = *count >= rule.from && *count - rule.from < rule.times;
            if is_struck && seen.fault.is_none() {
                seen.fault = Some(rule.fault);
            }
        }
        if seen.fault.is_none() {
            seen.fault = self
                .schedule
                .as_mut()
                .and_then(|schedule| schedule.next(&seen));
        }
        let fault = seen.fault;
        self.seen.push(seen);
        fault
    }
}
