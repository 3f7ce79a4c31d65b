//! Bringing a commit into a bare repository: as little as the server lets us.

use std::sync::Arc;

use git2::{AutotagOption, Direction, FetchOptions, Oid, Repository};
use sha2::{Digest as _, Sha256};

use crate::cache::Generation;
use crate::listing::Listing;
use crate::session::{Failure, Session};
use crate::{GitSpec, Problem, Reference, Revision, Scheme, hex, remote};

/// All history that there is: what git itself sends for `--unshallow`.
const WHOLE: i32 = i32::MAX;

/// What is wanted.
pub(crate) struct Request<'a> {
    pub(crate) session: &'a Arc<Session>,
    pub(crate) spec: &'a GitSpec,
    pub(crate) revision: &'a Revision,
    pub(crate) commit: Oid,
}

/// Fetches a commit: by a ref that names it, else by its id, else with all branches and tags.
pub(crate) fn fetch(request: &Request<'_>, generation: &Generation) -> Result<(), Failure> {
    let repository = generation.repository().map_err(Failure::Libgit2)?;
    let commit = request.commit;
    let has = || repository.find_commit(commit).is_ok();
    let named = |listing: &Listing| {
        let name = listing.naming(commit, request.revision);
        name.map_or_else(
            || format!("+{commit}:refs/tidegate/commits/{commit}"),
            refspec,
        )
    };
    match bring(request, &repository, |listing| Wanted::one(named(listing))) {
        Err(failure) if !is_refusal(&failure) => return Err(failure),
        _ if has() => return Ok(()),
        _ => {}
    }
    if repository.find_object(commit, None).is_ok() {
        let name = request.revision.name.clone();
        return Err(Failure::Known(Problem::NoCommit(name)));
    }
    if !matches!(request.spec.reference, Reference::Commit(_)) {
        let name = request.revision.name.clone();
        return Err(Failure::Known(Problem::Moved(name)));
    }
    bring(request, &repository, |listing| Wanted {
        refspecs: listing.names().map(refspec).collect(),
        depth: WHOLE,
    })?;
    if has() {
        return Ok(());
    }
    Err(Failure::Known(Problem::CommitMissing(commit.to_string())))
}

struct Wanted {
    refspecs: Vec<String>,
    depth: i32,
}

impl Wanted {
    fn one(refspec: String) -> Self {
        Self {
            refspecs: vec![refspec],
            depth: 1,
        }
    }
}

fn bring(
    request: &Request<'_>,
    repository: &Repository,
    wanted: impl FnOnce(&Listing) -> Wanted,
) -> Result<(), Failure> {
    let session = request.session;
    session.run(|| {
        let mut remote = repository.remote_anonymous(session.url.remote())?;
        let callbacks = remote::callbacks(session);
        let mut connection = remote.connect_auth(Direction::Fetch, Some(callbacks), None)?;
        let wanted = wanted(&Listing::of(connection.list()?));
        if wanted.refspecs.is_empty() {
            return Ok(());
        }
        let mut options = FetchOptions::new();
        options
            .remote_callbacks(remote::callbacks(session))
            .download_tags(AutotagOption::None)
            .update_fetchhead(false);
        // libgit2 cannot cut history short when it reads from disk.
        if session.url.scheme() != Scheme::File {
            options.depth(wanted.depth);
        }
        let remote = connection.remote();
        remote.fetch(&wanted.refspecs, Some(&mut options), None)?;
        let stats = remote.stats();
        let (objects, bytes) = (stats.received_objects(), stats.received_bytes());
        tracing::debug!(url = %session.url, objects, bytes, "fetched");
        Ok(())
    })
}

/// A ref of the server, and ours: by digest, since one branch may be a folder of another in time.
fn refspec(name: &str) -> String {
    let digest = hex::half(&Sha256::digest(name));
    format!("+{name}:refs/tidegate/fetched/{digest}")
}

/// Tells whether the server may have refused to give out a commit that no ref names.
fn is_refusal(failure: &Failure) -> bool {
    matches!(failure, Failure::Libgit2(error) if remote::is_refusal(error))
}
