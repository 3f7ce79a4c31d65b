//! The fields that the transformers of a kustomization reach: the defaults, and what `configurations` add.

use std::rc::Rc;

use crate::fault::{Fault, Step};
use crate::field_spec::Config;
use crate::knowledge;

/// The fields of a kustomization and its bases so far.
///
/// What is added first wins, so it matters whether a base has brought the defaults before.
#[derive(Debug, Clone, Default)]
pub(crate) enum Reach {
    #[default]
    Nothing,
    Defaults,
    Own(Rc<Config>),
}

impl Reach {
    pub(crate) fn fields(&self) -> &Config {
        match self {
            Self::Nothing | Self::Defaults => knowledge::default_config(),
            Self::Own(config) => config,
        }
    }

    /// Whether they are those that are built in.
    pub(crate) fn is_default(&self) -> bool {
        !matches!(self, Self::Own(_))
    }

    /// Adds another's fields after the own ones; an own configuration holds the defaults already.
    pub(crate) fn merge(&mut self, other: &Self) -> Step {
        match (&*self, other) {
            (_, Self::Nothing) | (Self::Defaults | Self::Own(_), Self::Defaults) => Ok(()),
            (Self::Nothing, Self::Defaults) => {
                *self = Self::Defaults;
                Ok(())
            }
            (_, Self::Own(config)) => self.add(config),
        }
    }

    pub(crate) fn add(&mut self, config: &Config) -> Step {
        let mut merged = match self {
            Self::Nothing => Config::default(),
            Self::Defaults | Self::Own(_) => self.fields().clone(),
        };
        let merging = merged.merge(config);
        merging.map_err(|conflict| Fault::Here(conflict.0))?;
        *self = Self::Own(Rc::new(merged));
        Ok(())
    }
}

/// A configuration's fields, after the defaults.
pub(crate) fn with_defaults(config: Option<&Config>) -> Step<Reach> {
    let mut reach = Reach::Defaults;
    if let Some(config) = config {
        reach.add(config)?;
    }
    Ok(reach)
}
