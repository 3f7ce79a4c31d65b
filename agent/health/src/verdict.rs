//! What a rule says of an object, before time is taken into account.

use jiff::Timestamp;

use crate::facts::Condition;

/// What a rule says of an object.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Verdict {
    pub(crate) class: Class,
    pub(crate) message: String,
    pub(crate) warnings: Vec<String>,
    /// When the trouble began, if the object says so.
    pub(crate) since: Option<Timestamp>,
}

/// The classes of verdicts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Class {
    Current,
    /// There is no status; whether there will be one is not known.
    Silent,
    InProgress,
    /// Trouble that often passes by itself: in progress within the kind's grace, then failed.
    Failing,
    Failed,
    Suspended,
}

impl Verdict {
    pub(crate) fn current() -> Self {
        Self::new(Class::Current, "")
    }

    pub(crate) fn silent() -> Self {
        Self::new(Class::Silent, "no status yet")
    }

    pub(crate) fn in_progress(message: impl Into<String>) -> Self {
        Self::new(Class::InProgress, message)
    }

    pub(crate) fn failing(message: impl Into<String>) -> Self {
        Self::new(Class::Failing, message)
    }

    pub(crate) fn failed(message: impl Into<String>) -> Self {
        Self::new(Class::Failed, message)
    }

    pub(crate) fn suspended(message: impl Into<String>) -> Self {
        Self::new(Class::Suspended, message)
    }

    /// Trouble that a condition tells of, since its last transition.
    pub(crate) fn failing_by(condition: Condition<'_>) -> Self {
        Self {
            since: condition.since(),
            ..Self::failing(condition.text())
        }
    }

    pub(crate) fn saying(self, message: impl Into<String>) -> Self {
        Self {
            message: message.into(),
            ..self
        }
    }

    pub(crate) fn warning(mut self, warnings: impl IntoIterator<Item = String>) -> Self {
        self.warnings.extend(warnings);
        self
    }

    fn new(class: Class, message: impl Into<String>) -> Self {
        Self {
            class,
            message: message.into(),
            warnings: Vec::new(),
            since: None,
        }
    }
}

/// What a rule says of an object that its controller has not looked at.
pub(crate) fn no_status() -> Verdict {
    Verdict::in_progress("no status yet: its controller has not looked at it")
}
