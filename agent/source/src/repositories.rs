//! Git repositories: what their refs name, and the files of a commit.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::Ordering;

use git2::{Direction, Oid, Remote};

use crate::cache::{Cache, CacheError, Entry, Generation, State};
use crate::http::{self, Clients};
use crate::listing::Listing;
use crate::session::{Failure, Session};
use crate::{
    Credentials, GitSpec, GitTree, Limits, Problem, Revision, Scheme, SourceError, fetch, git_tree,
    init, remote, repack, ssh,
};

/// Where repositories are cached, and what is allowed.
#[derive(Debug, Clone)]
pub struct Options {
    /// The cache folder, for this process alone; it is made if it is not there.
    pub folder: PathBuf,
    /// Whether `file://` is read.
    pub local: Local,
    /// The bounds of each repository and of the cache.
    pub limits: Limits,
}

/// Whether repositories on this machine are read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Local {
    /// Never: in a cluster, a `file://` URL would read the agent's own disk.
    #[default]
    Refused,
    /// Yes.
    Allowed,
}

/// Git repositories, over https, http, ssh and from disk.
///
/// All calls block; each ends by the deadline of its [`GitSpec`]. Calls on different repositories
/// run beside each other, fetches of one repository one after another.
pub struct Repositories {
    cache: Cache,
    clients: Clients,
    options: Options,
}

impl Repositories {
    /// Opens the cache folder, and sets libgit2 up for the whole process.
    ///
    /// # Errors
    /// If the folder cannot be written, or another process uses it.
    pub fn open(options: Options) -> Result<Self, CacheError> {
        init::init().map_err(CacheError::Git)?;
        Ok(Self {
            cache: Cache::open(&options.folder)?,
            clients: Clients::default(),
            options,
        })
    }

    /// Returns a short name of a repository and its credentials, which tells nothing of either.
    pub fn id(&self, spec: &GitSpec, credentials: &Credentials) -> String {
        let id = self.cache.id(&spec.url, credentials);
        id.chars().take(8).collect()
    }

    /// Asks which commit the ref names now: one listing of refs, and nothing else.
    ///
    /// # Errors
    /// See [`Problem`].
    pub fn resolve(
        &self,
        spec: &GitSpec,
        credentials: &Credentials,
    ) -> Result<Revision, SourceError> {
        let session = self.session(spec, credentials)?;
        let entry = self.entry(spec, credentials);
        let listing = list(&session, &entry)?;
        let found = listing.find(&spec.reference);
        found.map_err(|problem| session.error(problem))
    }

    /// Returns the files of a revision, from the cache or by a fetch of what the cache lacks.
    ///
    /// Nothing is handed out before a listing with the same credentials succeeded.
    ///
    /// # Errors
    /// See [`Problem`]. [`Problem::Moved`] asks for another [`Repositories::resolve`].
    pub fn tree(
        &self,
        spec: &GitSpec,
        credentials: &Credentials,
        revision: &Revision,
    ) -> Result<GitTree, SourceError> {
        let entry = self.entry(spec, credentials);
        // The deadline begins when another fetch of the same repository has ended.
        let mut state = entry.state();
        let session = self.session(spec, credentials)?;
        let commit = Oid::from_str(&revision.commit)
            .map_err(|_| session.error(Problem::CommitMissing(revision.commit.clone())))?;
        if !entry.listed.load(Ordering::Relaxed) {
            list(&session, &entry)?;
        }
        let request = fetch::Request {
            session: &session,
            spec,
            revision,
            commit,
        };
        let refused = state.refused.filter(|(refused, _)| *refused == commit);
        let tree = match refused {
            Some((_, passed)) => Err(Problem::Limit(passed)),
            None => self.get(&request, &entry, &mut state),
        };
        if let Err(Problem::Limit(passed)) = tree {
            state.refused = Some((commit, passed));
        }
        tree.map_err(|problem| session.error(problem))
    }

    /// Takes a commit from the cache, or fetches it; what is damaged is thrown away, once.
    fn get(
        &self,
        request: &fetch::Request<'_>,
        entry: &Entry,
        state: &mut State,
    ) -> Result<GitTree, Problem> {
        let folder = entry.folder().display();
        let unusable = |error: &str| Problem::Cache(format!("{folder}: {error}"));
        let broken = |error: io::Error| unusable(&error.to_string());
        if let Some(current) = entry.current(state).map_err(broken)? {
            match self.read(request, &current, state) {
                Err(Failure::Libgit2(error)) if !remote::is_remote(&error) => {
                    tracing::warn!(url = %request.spec.url, %error, "the cached repository is damaged");
                    current.mark_broken();
                    // Lets go of it.
                    entry.current(state).map_err(broken)?;
                }
                Err(failure) => return Err(remote::explain(request.session, failure)),
                Ok((tree, Source::Cache)) => return Ok(tree),
                Ok((tree, Source::Server)) => {
                    self.tidy(entry, state, (&current, request.commit));
                    return Ok(tree);
                }
            }
        }
        let fresh = entry.fresh();
        let fresh = fresh.map_err(|error| unusable(error.message()))?;
        let tree = self.read(request, &fresh, state);
        if tree.is_err() {
            fresh.doom();
        }
        let tree = tree.map_err(|failure| remote::explain(request.session, failure))?;
        state.replace(fresh);
        self.keep_small(entry);
        Ok(tree.0)
    }

    fn read(
        &self,
        request: &fetch::Request<'_>,
        generation: &Arc<Generation>,
        state: &mut State,
    ) -> Result<(GitTree, Source), Failure> {
        let limits = &self.options.limits;
        let source = if generation.has(request.commit) {
            Source::Cache
        } else {
            fetch::fetch(request, generation).map(|()| Source::Server)?
        };
        if source == Source::Server || !state.checked.contains(&request.commit) {
            let repository = generation.repository().map_err(Failure::Libgit2)?;
            let within = git_tree::check(&repository, request.commit, limits);
            let within = within.map_err(Failure::Libgit2)?;
            within.map_err(|passed| Failure::Known(Problem::Limit(passed)))?;
            state.checked.insert(request.commit);
        }
        let tree = GitTree::open(generation, request.commit, limits);
        tree.map(|tree| (tree, source)).map_err(Failure::Libgit2)
    }

    /// Packs a crowded repository anew, and keeps the cache small.
    fn tidy(&self, entry: &Entry, state: &mut State, (current, commit): (&Generation, Oid)) {
        if current.packs() > self.options.limits.packs {
            let packed = entry.fresh().and_then(|fresh| {
                repack::repack(current, &fresh, commit).inspect_err(|_| fresh.doom())?;
                Ok(fresh)
            });
            match packed {
                Ok(fresh) => state.replace(fresh),
                Err(error) => {
                    tracing::warn!(%error, "failed to pack a repository anew: it will be fetched anew");
                    current.mark_broken();
                }
            }
        }
        self.keep_small(entry);
    }

    fn keep_small(&self, entry: &Entry) {
        entry.measure();
        self.cache.shrink(&self.options.limits);
    }

    fn entry(&self, spec: &GitSpec, credentials: &Credentials) -> Arc<Entry> {
        self.cache.entry(&self.cache.id(&spec.url, credentials))
    }

    fn session(
        &self,
        spec: &GitSpec,
        credentials: &Credentials,
    ) -> Result<Arc<Session>, SourceError> {
        let mut session = Session::new(spec, credentials, self.options.limits);
        let scheme = spec.url.scheme();
        let fit = match scheme {
            Scheme::File if self.options.local == Local::Refused => Err(Problem::LocalRefused),
            Scheme::File => local(spec.url.path()),
            Scheme::Ssh => ssh::fit(credentials),
            Scheme::Http | Scheme::Https => http::fit(credentials),
        };
        fit.map_err(|problem| session.error(problem))?;
        if matches!(scheme, Scheme::Http | Scheme::Https) {
            let client = self.clients.get(credentials);
            session.http = Some(client.map_err(|problem| session.error(problem))?);
        }
        Ok(Arc::new(session))
    }
}

fn local(path: &str) -> Result<(), Problem> {
    let is_there = Path::new(path).is_dir();
    let missing = || Problem::NotFound("no such folder".into());
    is_there.then_some(()).ok_or_else(missing)
}

fn list(session: &Arc<Session>, entry: &Entry) -> Result<Listing, SourceError> {
    let listing = session.run(|| {
        let mut remote = Remote::create_detached(session.url.remote())?;
        let callbacks = remote::callbacks(session);
        let connection = remote.connect_auth(Direction::Fetch, Some(callbacks), None)?;
        Ok(Listing::of(connection.list()?))
    });
    let listing = listing.map_err(|failure| session.error(remote::explain(session, failure)));
    match &listing {
        Ok(_) => entry.listed.store(true, Ordering::Relaxed),
        Err(error) if error.denies() => entry.listed.store(false, Ordering::Relaxed),
        Err(_) => {}
    }
    listing
}

/// Where a commit came from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Source {
    Cache,
    Server,
}

impl std::fmt::Debug for Repositories {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Repositories")
            .field("options", &self.options)
            .finish_non_exhaustive()
    }
}
