//! `cargo run --example build -- FOLDER`: prints what `kustomize build FOLDER` prints.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use tidegate_kustomize::{Entry, Options, Tree, TreeError, render};

/// A folder of the disk as a tree.
struct Folder(PathBuf);

impl Folder {
    fn error(path: &str, error: &std::io::Error) -> TreeError {
        TreeError {
            path: path.to_owned(),
            reason: error.to_string(),
        }
    }

    fn entry_of(path: &Path) -> std::io::Result<Option<Entry>> {
        let Ok(metadata) = std::fs::symlink_metadata(path) else {
            return Ok(None);
        };
        Ok(Some(if metadata.is_symlink() {
            Entry::Link(std::fs::read_link(path)?.to_string_lossy().into_owned())
        } else if metadata.is_dir() {
            Entry::Directory
        } else {
            Entry::File
        }))
    }
}

impl Tree for Folder {
    fn entry(&self, path: &str) -> Result<Option<Entry>, TreeError> {
        Self::entry_of(&self.0.join(path)).map_err(|error| Self::error(path, &error))
    }

    fn read(&self, path: &str) -> Result<Option<Arc<[u8]>>, TreeError> {
        Ok(std::fs::read(self.0.join(path)).ok().map(Into::into))
    }

    fn list(&self, path: &str) -> Result<Vec<(String, Entry)>, TreeError> {
        let folder = self.0.join(path);
        let list = || -> std::io::Result<Vec<(String, Entry)>> {
            let mut names = Vec::new();
            for entry in std::fs::read_dir(&folder)? {
                let entry = entry?;
                if let Some(found) = Self::entry_of(&entry.path())? {
                    names.push((entry.file_name().to_string_lossy().into_owned(), found));
                }
            }
            names.sort_by(|(a, _), (b, _)| a.cmp(b));
            Ok(names)
        };
        list().map_err(|error| Self::error(path, &error))
    }
}

#[expect(clippy::print_stdout, reason = "that is what it is for")]
fn main() -> Result<(), Box<dyn std::error::Error>> {
    let folder = std::env::args().nth(1).ok_or("name a folder")?;
    let folder = std::fs::canonicalize(folder)?;
    let path = folder.strip_prefix("/")?.to_string_lossy().into_owned();
    let output = render(&Folder("/".into()), &path, &Options::default())?;
    print!("{}", output.to_yaml());
    Ok(())
}
