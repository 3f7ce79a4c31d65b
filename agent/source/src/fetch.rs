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
/// What a server sends that is asked for no depth: all history, where there is none yet.
const AS_IT_IS: i32 = 0;

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
    match one(request, &repository) {
        Err(failure) if !is_refusal(&failure) => return Err(failure),
        _ if repository.find_commit(commit).is_ok() => return Ok(()),
        _ => {}
    }
    let known = |problem| Err(Failure::Known(problem));
    if repository.find_object(commit, None).is_ok() {
        return known(Problem::NoCommit(request.revision.name.clone()));
    }
    if !matches!(request.spec.reference, Reference::Commit(_)) {
        return known(Problem::Moved(request.revision.name.clone()));
    }
    let everything = |listing: &Listing| listing.names().map(refspec).collect();
    bring(request, &repository, (WHOLE, &everything))?;
    if repository.find_commit(commit).is_ok() {
        return Ok(());
    }
    known(Problem::CommitMissing(commit.to_string()))
}

/// Fetches one commit, without its history.
fn one(request: &Request<'_>, repository: &Repository) -> Result<(), Failure> {
    let commit = request.commit;
    let wanted = |listing: &Listing| {
        let name = listing.naming(commit, request.revision);
        let by_id = || format!("+{commit}:refs/tidegate/commits/{commit}");
        vec![name.map_or_else(by_id, refspec)]
    };
    bring(request, repository, (1, &wanted))
}

/// How much history is fetched, and which refs.
type Wanted<'a> = (i32, &'a dyn Fn(&Listing) -> Vec<String>);

/// Fetches refs, with all their history if the server cannot leave any out.
fn bring(
    request: &Request<'_>,
    repository: &Repository,
    (depth, refspecs): Wanted<'_>,
) -> Result<(), Failure> {
    let fetched = |depth| {
        request
            .session
            .run(|| talk(request, repository, (depth, refspecs)))
    };
    match fetched(depth) {
        Err(failure) if lacks_shallow(&failure) => fetched(AS_IT_IS),
        brought => brought,
    }
}

fn talk(
    request: &Request<'_>,
    repository: &Repository,
    (depth, refspecs): Wanted<'_>,
) -> Result<(), git2::Error> {
    let session = request.session;
    let mut remote = repository.remote_anonymous(session.url.remote())?;
    let callbacks = remote::callbacks(session);
    let mut connection = remote.connect_auth(Direction::Fetch, Some(callbacks), None)?;
    let refspecs = refspecs(&Listing::of(connection.list()?));
    if refspecs.is_empty() {
        return Ok(());
    }
    let mut options = FetchOptions::new();
    options
        .remote_callbacks(remote::callbacks(session))
        .download_tags(AutotagOption::None)
        .update_fetchhead(false);
    // libgit2 cannot cut history short when it reads from disk.
    if session.url.scheme() != Scheme::File {
        options.depth(depth);
    }
    let remote = connection.remote();
    remote.fetch(&refspecs, Some(&mut options), None)?;
    let stats = remote.stats();
    let (objects, bytes) = (stats.received_objects(), stats.received_bytes());
    tracing::debug!(url = %session.url, objects, bytes, "fetched");
    Ok(())
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

/// Tells whether the server cannot leave history out; libgit2 says so in words only.
fn lacks_shallow(failure: &Failure) -> bool {
    let words = "doesn't support shallow";
    matches!(failure, Failure::Libgit2(error) if error.message().contains(words))
}
