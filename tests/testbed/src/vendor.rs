//! Filling a repository's `vendor/` with the files that its lock files pin.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use sha2::{Digest as _, Sha256};

use crate::{Error, Result, Upstream};

const LOCK: &str = "tidegate.lock";
const DIGEST_LENGTH: usize = 64;
/// Folders that hold no sources.
const SKIPPED: [&str; 4] = [".git", "node_modules", "target", "vendor"];

/// Copies every pinned file out of the upstream modules to `vendor/<sha256>`; answers their digests.
///
/// # Errors
/// [`Error::Malformed`] names a lock file and a digest that no module holds.
pub fn fill(root: &Path) -> Result<Vec<String>> {
    let pinned = pinned_digests(root)?;
    let known = if pinned.is_empty() {
        BTreeMap::new()
    } else {
        upstream_files()?
    };
    let folder = root.join("vendor");
    for (digest, lock) in &pinned {
        let Some(content) = known.get(digest) else {
            let reason = format!(
                "no module of tests/upstream holds a file with the digest {digest}; add the module \
                 to tests/upstream/go.mod, or fetch the file with `tidegate vendor`"
            );
            return Err(Error::malformed(lock.display().to_string(), &reason));
        };
        fs::create_dir_all(&folder).map_err(Error::file(&folder))?;
        let path = folder.join(digest);
        fs::write(&path, content).map_err(Error::file(&path))?;
    }
    Ok(pinned.into_keys().collect())
}

/// Every digest of every lock file, with one of the files that name it.
fn pinned_digests(root: &Path) -> Result<BTreeMap<String, PathBuf>> {
    let mut digests = BTreeMap::new();
    for lock in lock_files(root)? {
        let text = fs::read_to_string(&lock).map_err(Error::file(&lock))?;
        let words = text.split(|letter: char| !letter.is_ascii_alphanumeric());
        for word in words.filter(|word| is_digest(word)) {
            digests.insert(word.to_owned(), lock.clone());
        }
    }
    Ok(digests)
}

fn is_digest(word: &str) -> bool {
    let is_digit = |letter| matches!(letter, b'0'..=b'9' | b'a'..=b'f');
    word.len() == DIGEST_LENGTH && word.bytes().all(is_digit)
}

fn lock_files(folder: &Path) -> Result<Vec<PathBuf>> {
    let mut locks = Vec::new();
    for entry in fs::read_dir(folder)
        .map_err(Error::file(folder))?
        .filter_map(Result::ok)
    {
        let (name, path) = (entry.file_name(), entry.path());
        if name == LOCK {
            locks.push(path);
        } else if entry.file_type().is_ok_and(|kind| kind.is_dir())
            && !SKIPPED.iter().any(|skipped| name == *skipped)
        {
            locks.extend(lock_files(&path)?);
        }
    }
    Ok(locks)
}

fn upstream_files() -> Result<BTreeMap<String, Vec<u8>>> {
    let mut known = BTreeMap::new();
    for project in Upstream::ALL {
        for file in project.files()? {
            let content = fs::read(&file).map_err(Error::file(&file))?;
            known.insert(digest(&content), content);
        }
    }
    Ok(known)
}

fn digest(content: &[u8]) -> String {
    let digest = Sha256::digest(content);
    digest
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect::<Vec<_>>()
        .concat()
}
