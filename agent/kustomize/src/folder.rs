//! A folder without a kustomization: all its YAML files, folders with a kustomization as units.

use crate::Entry;
use crate::build::{Build, Built, at, is_own_file};
use crate::error::Place;
use crate::files::Found;
use crate::path;
use crate::resources::Resources;

/// How deep folders may be nested.
const DEPTH: usize = 100;

/// Renders a folder.
pub(crate) fn render(build: &Build<'_>, root: &str) -> Built<Resources> {
    let mut resources = Resources::default();
    add(build, root, &mut resources, 0)?;
    Ok(resources)
}

fn add(build: &Build<'_>, folder: &str, resources: &mut Resources, depth: usize) -> Built {
    let place = Place::file(folder);
    if depth > DEPTH {
        return Err(crate::RenderError::Limit {
            place: Box::new(place),
            what: "nested folders",
            limit: DEPTH,
        });
    }
    for (name, entry) in build.files.list(folder)? {
        if name.starts_with('.') || is_own_file(&name) {
            continue;
        }
        let is_link = matches!(entry, Entry::Link(_));
        match build.files.find(folder, &name, &place)? {
            Found::File(file) if is_yaml(&name) => {
                let content = build.files.content(&file, &place)?;
                let read = Resources::new(build.files.objects(&content)?);
                resources.append_all(read).map_err(at(place.clone()))?;
            }
            // A link to a folder could lead back here.
            Found::Folder(below) if !is_link => {
                if build.kustomization_file(&below)?.is_some() {
                    let unit = build.top(&below)?;
                    resources.append_all(unit).map_err(at(place.clone()))?;
                } else {
                    add(build, &below, resources, depth + 1)?;
                }
            }
            _ => {}
        }
    }
    Ok(())
}

fn is_yaml(name: &str) -> bool {
    let extension = path::split(name)
        .1
        .rsplit_once('.')
        .map(|(_, extension)| extension);
    matches!(extension, Some("yaml" | "yml"))
}
