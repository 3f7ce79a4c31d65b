//! Git repositories and directories as trees.
//!
//! ```text
//! Repositories (cache folder, limits)
//!   ├── resolve(spec, credentials)         one listing of refs ──► Revision
//!   └── tree(spec, credentials, revision)  a fetch, if the cache lacks it ──► GitTree
//! Directory                                the same Tree, from disk
//! Watch                                    tells of changes on disk
//! ```
//!
//! All calls block, and end by their deadline: run them on a thread that may wait. Nothing here
//! knows Kubernetes, starts a process or writes a work tree.

mod cache;
mod commit;
mod credentials;
mod deadline;
mod directory;
mod error;
mod fetch;
mod git_tree;
mod hex;
mod http;
mod init;
mod known_hosts;
mod limits;
mod listing;
mod range;
mod reference;
mod remote;
mod repack;
mod repositories;
mod revision;
mod session;
mod ssh;
mod url;
mod watch;

pub use cache::CacheError;
pub use commit::CommitInfo;
pub use credentials::{Credentials, CredentialsError};
pub use directory::Directory;
pub use error::{Problem, SourceError};
pub use git_tree::GitTree;
pub use limits::{Limits, Passed};
pub use range::{ParseRangeError, Range};
pub use reference::{CommitId, GitSpec, Reference, SpecError};
pub use repositories::{Local, Options, Repositories};
pub use revision::{ParseRevisionError, Revision};
pub use url::{GitUrl, ParseUrlError, Scheme};
pub use watch::{Watch, WatchError};
