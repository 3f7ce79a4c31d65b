//! What goes wrong inside a step, before its place in the kustomization is known.

use crate::RenderError;
use crate::error::Place;

/// A problem of a step.
#[derive(Debug)]
pub(crate) enum Fault {
    /// The step's own: whoever runs it adds file, line and field.
    Here(String),
    /// One that already knows its place.
    There(Box<RenderError>),
}

pub(crate) type Step<T = ()> = Result<T, Fault>;

impl Fault {
    /// Puts `context` before the problem.
    pub(crate) fn within(self, context: impl FnOnce() -> String) -> Self {
        match self {
            Self::Here(reason) => Self::Here(format!("{}: {reason}", context())),
            there @ Self::There(_) => there,
        }
    }

    /// Gives it a place, unless it knows its own.
    pub(crate) fn at(self, place: &Place) -> Self {
        match self {
            Self::Here(reason) => place.clone().invalid(reason).into(),
            there @ Self::There(_) => there,
        }
    }
}

impl From<String> for Fault {
    fn from(reason: String) -> Self {
        Self::Here(reason)
    }
}

impl From<&str> for Fault {
    fn from(reason: &str) -> Self {
        Self::Here(reason.to_owned())
    }
}

impl From<RenderError> for Fault {
    fn from(error: RenderError) -> Self {
        Self::There(Box::new(error))
    }
}
