//! Which schema patches merge by: the built-in one, or that of `openapi.path`.

use std::rc::Rc;

use super::{Build, Built, Folder, at, first_document};
use crate::error::Place;
use crate::kustomization::Kustomization;
use crate::schema::Schema;
use crate::{knowledge, open_api, read};

/// What was chosen; the first choice holds for the whole build.
#[derive(Default)]
pub(super) struct Choice {
    is_made: bool,
    own: Option<Rc<Schema>>,
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
    Own(Rc<Schema>),
}

impl std::ops::Deref for Chosen {
    type Target = Schema;

    fn deref(&self) -> &Schema {
        match self {
            Self::BuiltIn(schema) => schema,
            Self::Own(schema) => schema,
        }
    }
}

impl Build<'_> {
    pub(crate) fn schema(&self) -> Chosen {
        match &self.schema.borrow().own {
            Some(own) => Chosen::Own(Rc::clone(own)),
            None => Chosen::BuiltIn(knowledge::schema()),
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
                let schema = open_api::schema(&json).map_err(at(Place::file(&content.name)))?;
                Some(Rc::new(schema))
            }
            (None, Some(version)) if !version.is_empty() && version != open_api::BUILT_IN => {
                let built_in = open_api::BUILT_IN;
                let reason = format!("version `{version}` is not built in; {built_in} is");
                return Err(place().invalid(reason));
            }
            (None, version) => {
                let is_made = version.is_some_and(|version| !version.is_empty());
                *self.schema.borrow_mut() = Choice { is_made, own: None };
                return Ok(());
            }
        };
        *self.schema.borrow_mut() = Choice { is_made: true, own };
        Ok(())
    }
}
