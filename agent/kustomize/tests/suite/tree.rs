//! A tree in memory, which can be written to a folder.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use tidegate_kustomize::{Entry, Tree, TreeError};

/// Files and links by path.
#[derive(Debug, Clone, Default)]
pub(crate) struct MemoryTree {
    pub(crate) files: BTreeMap<String, String>,
    pub(crate) links: BTreeMap<String, String>,
}

impl MemoryTree {
    pub(crate) fn new(files: &[(&str, &str)]) -> Self {
        let files = files.iter();
        Self {
            files: files
                .map(|(path, text)| ((*path).to_owned(), (*text).to_owned()))
                .collect(),
            links: BTreeMap::new(),
        }
    }

    pub(crate) fn write(&self, root: &Path) {
        for (path, text) in &self.files {
            let path = root.join(path);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, text).unwrap();
        }
    }

    fn is_folder(&self, path: &str) -> bool {
        let start = format!("{path}/");
        path.is_empty() || self.files.keys().any(|file| file.starts_with(&start))
    }
}

impl Tree for MemoryTree {
    fn entry(&self, path: &str) -> Result<Option<Entry>, TreeError> {
        Ok(if let Some(target) = self.links.get(path) {
            Some(Entry::Link(target.clone()))
        } else if self.files.contains_key(path) {
            Some(Entry::File)
        } else {
            self.is_folder(path).then_some(Entry::Directory)
        })
    }

    fn read(&self, path: &str) -> Result<Option<Arc<[u8]>>, TreeError> {
        Ok(self.files.get(path).map(|text| text.as_bytes().into()))
    }

    fn list(&self, path: &str) -> Result<Vec<(String, Entry)>, TreeError> {
        let start = if path.is_empty() {
            String::new()
        } else {
            format!("{path}/")
        };
        let mut names = BTreeMap::new();
        for file in self
            .files
            .keys()
            .filter_map(|file| file.strip_prefix(&start))
        {
            match file.split_once('/') {
                Some((folder, _)) => names.insert(folder.to_owned(), Entry::Directory),
                None => names.insert(file.to_owned(), Entry::File),
            };
        }
        Ok(names.into_iter().collect())
    }
}
