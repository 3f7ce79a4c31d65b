//! A folder of the disk as a tree.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use tidegate_kustomize::{Entry, Tree, TreeError};

/// A folder without links.
pub(crate) struct Folder(pub(crate) PathBuf);

impl Tree for Folder {
    fn entry(&self, path: &str) -> Result<Option<Entry>, TreeError> {
        Ok(entry(&self.0.join(path)))
    }

    fn read(&self, path: &str) -> Result<Option<Arc<[u8]>>, TreeError> {
        Ok(std::fs::read(self.0.join(path)).ok().map(Into::into))
    }

    fn list(&self, path: &str) -> Result<Vec<(String, Entry)>, TreeError> {
        let unreadable = |error: std::io::Error| TreeError {
            path: path.to_owned(),
            reason: error.to_string(),
        };
        let mut names = Vec::new();
        for found in std::fs::read_dir(self.0.join(path)).map_err(unreadable)? {
            let found = found.map_err(unreadable)?;
            if let Some(entry) = entry(&found.path()) {
                names.push((found.file_name().to_string_lossy().into_owned(), entry));
            }
        }
        names.sort_by(|(a, _), (b, _)| a.cmp(b));
        Ok(names)
    }
}

fn entry(path: &Path) -> Option<Entry> {
    let metadata = std::fs::metadata(path).ok()?;
    Some(if metadata.is_dir() {
        Entry::Directory
    } else {
        Entry::File
    })
}
