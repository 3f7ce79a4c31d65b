//! One pack in place of many: libgit2 adds one with each fetch, and never clears up.

use std::collections::BTreeSet;
use std::fs;
use std::io::{self, Write as _};

use git2::Oid;

use crate::cache::Generation;

/// Copies a commit and the kept ones, without their history, into an empty repository.
pub(crate) fn repack(from: &Generation, to: &Generation, commit: Oid) -> Result<(), git2::Error> {
    let (old, new) = (from.repository()?, to.repository()?);
    let mut refs = vec![("refs/tidegate/packed".to_owned(), commit)];
    for kept in old.references_glob("refs/tidegate/kept/*")? {
        let kept = kept?;
        if let (Ok(name), Some(id)) = (kept.name(), kept.target()) {
            refs.push((name.to_owned(), id));
        }
    }
    let commits: BTreeSet<Oid> = refs.iter().map(|(_, id)| *id).collect();
    let mut builder = old.packbuilder()?;
    for commit in &commits {
        builder.insert_commit(*commit)?;
    }
    let objects = new.odb()?;
    let mut pack = objects.packwriter()?;
    let mut written = Ok(());
    builder.foreach(|bytes| {
        written = pack.write_all(bytes);
        written.is_ok()
    })?;
    written.map_err(|error| failed(&error))?;
    pack.commit()?;
    let shallow = commits.iter().map(|commit| commit.to_string() + "\n");
    let shallow: String = shallow.collect();
    fs::write(to.folder().join("shallow"), shallow).map_err(|error| failed(&error))?;
    for (name, id) in refs {
        new.reference(&name, id, true, "")?;
    }
    Ok(())
}

fn failed(error: &io::Error) -> git2::Error {
    git2::Error::from_str(&error.to_string())
}
