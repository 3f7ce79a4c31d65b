//! Which schema patches merge by: the built-in one, or that of `openapi.path`.

use std::rc::Rc;

use super::{Build, Built, Folder, at, first_document};
use crate::error::Place;
use crate::kustomization::Kustomization;
use crate::open_api::{self, Known};
use crate::resource::Resource;
use crate::schema::Schema;
use crate::{knowledge, read};

/// What was chosen; the first choice holds for the whole build.
#[derive(Default)]
pub(super) struct Choice {
    is_made: bool,
    own: Option<Rc<open_api::Read>>,
    built_in: BuiltIn,
}

/// What has needed the built-in schema so far: it then stays beside one that is chosen later.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
enum BuiltIn {
    #[default]
    Unused,
    /// An object of a kind that is not built in.
    LookedFor,
    /// A patch.
    Used,
}

/// Where a kustomization stands in a build.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Level {
    Top,
    Base,
}

/// The schema of a build.
pub(crate) enum Chosen {
    BuiltIn(&'static Schema),
    Own(Rc<open_api::Read>),
}

impl std::ops::Deref for Chosen {
    type Target = Schema;

    fn deref(&self) -> &Schema {
        match self {
            Self::BuiltIn(schema) => schema,
            Self::Own(own) => &own.schema,
        }
    }
}

impl Build<'_> {
    pub(crate) fn schema(&self) -> Chosen {
        let mut choice = self.schema.borrow_mut();
        if let Some(own) = &choice.own {
            return Chosen::Own(Rc::clone(own));
        }
        choice.built_in = BuiltIn::Used;
        Chosen::BuiltIn(knowledge::schema())
    }

    /// Tells objects that were just read what the schema knows of their kinds.
    pub(super) fn tell_scopes(&self, resources: &mut [Resource]) {
        let mut choice = self.schema.borrow_mut();
        if let Some(own) = &choice.own {
            for resource in resources {
                resource.know(&own.scopes);
            }
            return;
        }
        let is_unknown = |resource: &Resource| resource.gvk().known_scope().is_none();
        if choice.built_in == BuiltIn::Unused && resources.iter().any(is_unknown) {
            choice.built_in = BuiltIn::LookedFor;
        }
    }

    /// Whether patches merge by a schema of one's own.
    pub(super) fn has_own_schema(&self) -> bool {
        self.schema.borrow().own.is_some()
    }

    /// Whether a kustomization has said which schema it is.
    pub(super) fn has_chosen_schema(&self) -> bool {
        self.schema.borrow().is_made
    }

    fn known(&self) -> Known {
        match self.schema.borrow().built_in {
            BuiltIn::Unused => Known::Nothing,
            BuiltIn::LookedFor => Known::After,
            BuiltIn::Used => Known::Before,
        }
    }

    pub(super) fn choose_schema(
        &self,
        folder: &Folder,
        kustomization: &Kustomization,
        level: Level,
    ) -> Built {
        let open_api = &kustomization.open_api;
        let place = || kustomization.place(open_api.line, "openapi");
        let path = open_api.value.get("path");
        let content = path
            .map(|path| self.files.load(&folder.path, path, &place()))
            .transpose()?;
        if self.schema.borrow().is_made && level == Level::Base {
            return Ok(());
        }
        let version = open_api.value.get("version");
        let own = match (&content, version) {
            (Some(_), Some(_)) => {
                return Err(place().invalid("`path` and `version` exclude each other"));
            }
            (Some(content), None) => {
                let json = match first_document(content)? {
                    Some(root) => root
                        .to_json()
                        .map_err(|error| read::malformed(&error, Place::file(&content.name)))?,
                    None => return Err(place().invalid("the schema is empty")),
                };
                let read = open_api::read(&json, self.known());
                Some(Rc::new(read.map_err(at(Place::file(&content.name)))?))
            }
            (None, Some(version)) if !version.is_empty() && version != open_api::BUILT_IN => {
                let built_in = open_api::BUILT_IN;
                let reason = format!("version `{version}` is not built in; {built_in} is");
                return Err(place().invalid(reason));
            }
            (None, version) => {
                let is_made = version.is_some_and(|version| !version.is_empty());
                let mut choice = self.schema.borrow_mut();
                (choice.is_made, choice.own) = (is_made, None);
                return Ok(());
            }
        };
        let mut choice = self.schema.borrow_mut();
        (choice.is_made, choice.own) = (true, own);
        Ok(())
    }
}
