//! Entries of `resources`: files, folders, pinned remote files.

use std::rc::Rc;

use super::schema::Level;
use super::{Accumulated, Build, Built, Folder, at};
use crate::RenderError;
use crate::build_origin::BuildOrigin;
use crate::error::Place;
use crate::files::{self, Content, Found};
use crate::kustomization::Role;
use crate::path;
use crate::resources::Resources;

impl Build<'_> {
    pub(super) fn add_resource(
        &self,
        folder: &Rc<Folder>,
        (written, place): (&str, &Place),
        built: &mut Accumulated,
    ) -> Built {
        if path::is_http(written) {
            let content = self.files.load(&folder.path, written, place)?;
            return self.add_file(&content, built, (folder.origin.as_ref(), written, place));
        }
        match self.files.find(&folder.path, written, place)? {
            Found::File(_) => {
                let content = self.files.load(&folder.path, written, place)?;
                self.add_file(&content, built, (folder.origin.as_ref(), written, place))
            }
            Found::Folder(path) => self.add_base(folder, (path, written, place), built),
            Found::Nothing if path::is_repository(written) => Err(RenderError::NotRun {
                place: Box::new(place.clone()),
                what: format!("the remote base `{written}`"),
                reason:
                    "rendering reaches no network; copy the base into this repository, or name \
                         its files by https addresses that `tidegate.lock` pins"
                        .to_owned(),
            }),
            Found::Nothing => {
                let reason = files::missing(written, &folder.path);
                Err(place.clone().invalid(reason))
            }
        }
    }

    fn add_base(
        &self,
        folder: &Rc<Folder>,
        (path, written, place): (String, &str, &Place),
        built: &mut Accumulated,
    ) -> Built {
        let base = Self::enter(folder, (path, written), place)?;
        let kustomization = self.kustomization(&base.path)?;
        self.choose_schema(&base, &kustomization, Level::Base)?;
        if kustomization.role == Role::Component {
            let reason = format!("`{}` is a Component; list it under `components`", base.path);
            return Err(place.clone().invalid(reason));
        }
        let run = self.base(&base, &kustomization)?;
        built.merge(run).map_err(at(place.clone()))
    }

    fn add_file(
        &self,
        content: &Content,
        built: &mut Accumulated,
        (origin, written, place): (Option<&BuildOrigin>, &str, &Place),
    ) -> Built {
        let mut read = Resources::new(self.files.objects(content)?);
        self.tell_scopes(&mut read.list);
        read.check_unique().map_err(at(place.clone()))?;
        if let Some(origin) = origin.map(|origin| origin.of_file(written)) {
            for resource in &mut read.list {
                origin.set(resource)?;
            }
        }
        built.resources.append_all(read).map_err(at(place.clone()))
    }
}
