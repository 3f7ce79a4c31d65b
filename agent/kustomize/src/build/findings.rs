//! What a kustomization says in vain, and kustomize is silent about.

use std::rc::Rc;

use tidegate_yaml::{Limits, Node, parse_documents};

use super::{Build, Folder};
use crate::Finding;
use crate::error::Place;
use crate::files::{self, Content};
use crate::kustomization::Kustomization;

impl Build<'_> {
    /// Adds a finding, once.
    pub(crate) fn find(&self, place: Place, message: impl Into<String>) {
        let finding = Finding {
            file: place.file,
            line: place.line,
            field: place.field,
            message: message.into(),
        };
        let mut findings = self.findings.borrow_mut();
        if !findings.contains(&finding) {
            findings.push(finding);
        }
    }

    /// Finds what a kustomization's text has in vain: keys given twice, documents behind the first.
    pub(super) fn find_unread(&self, content: &Content, root: &Node) {
        for duplicate in root.duplicates() {
            let place = Place {
                line: duplicate.again.line as usize,
                field: duplicate.key,
                ..Place::file(&content.name)
            };
            let first = duplicate.first.line;
            let message =
                format!("is given twice, and that of line {first} is not used; remove it");
            self.find(place, message);
        }
        let Ok(text) = files::text(content) else {
            return;
        };
        if !text.contains("\n---") {
            return;
        }
        let documents = parse_documents(text, &Limits::default()).unwrap_or_default();
        if let Some(second) = documents.iter().skip(1).find(|second| !second.is_empty()) {
            let place = Place {
                line: second.mark().line as usize,
                ..Place::file(&content.name)
            };
            let message = "only the first document of a kustomization is used; remove the others";
            self.find(place, message);
        }
    }

    /// Finds the fields of a kustomization that have no effect where it stands.
    pub(super) fn find_unused(&self, folder: &Rc<Folder>, kustomization: &Kustomization) {
        let find = |line, field: &str, message: &str| {
            self.find(kustomization.place(line, field), message);
        };
        let has_generators =
            !kustomization.config_maps.is_empty() || !kustomization.secrets.is_empty();
        if let Some(options) = kustomization
            .generator_options
            .as_ref()
            .filter(|_| !has_generators)
        {
            let message = "there is no generator that has these options; remove the field";
            find(options.line, "generatorOptions", message);
        }
        for (index, image) in kustomization.images.iter().enumerate() {
            let value = &image.value;
            let changes = [
                &value.new_name,
                &value.new_tag,
                &value.tag_suffix,
                &value.digest,
            ];
            if changes.iter().all(|change| change.is_empty()) {
                let message = "changes nothing; give `newName`, `newTag`, or `digest`";
                find(image.line, &format!("images[{index}]"), message);
            }
        }
        if folder.referrer.is_none() {
            return;
        }
        let message = "only that of the kustomization that is built counts, and this one is a base \
                       of it; move the field there";
        if let Some(options) = &kustomization.sort_options {
            find(options.line, "sortOptions", message);
        }
        let metadata = &kustomization.build_metadata;
        if !metadata.value.is_empty() {
            find(metadata.line, "buildMetadata", message);
        }
    }
}
