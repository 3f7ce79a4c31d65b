//! What libgit2 asks while it talks to a server, and what its errors mean.

use std::sync::Arc;

use git2::{ErrorClass, ErrorCode, RemoteCallbacks};

use crate::error::plain;
use crate::session::{Failure, Session};
use crate::{Problem, Scheme};

/// Answers to libgit2's questions during one operation.
pub(crate) fn callbacks(session: &Arc<Session>) -> RemoteCallbacks<'static> {
    let mut callbacks = RemoteCallbacks::new();
    let own = Arc::clone(session);
    callbacks.transfer_progress(move |progress| {
        let goes_on = own.check(&progress);
        goes_on.map_err(|problem| own.fail(problem)).is_ok()
    });
    let own = Arc::clone(session);
    callbacks.sideband_progress(move |_| {
        let goes_on = own.deadline.left();
        goes_on.map_err(|problem| own.fail(problem)).is_ok()
    });
    callbacks
}

/// Says what a failure means.
pub(crate) fn explain(session: &Session, failure: Failure) -> Problem {
    let error = match failure {
        Failure::Known(problem) => return problem,
        Failure::Libgit2(error) => error,
    };
    let text = plain(error.message());
    if session.deadline.left().is_err() {
        return session.deadline.passed();
    }
    match (error.class(), error.code()) {
        (_, ErrorCode::NotFound) if session.url.scheme() == Scheme::File => Problem::NotFound(text),
        (ErrorClass::Os | ErrorClass::Filesystem | ErrorClass::Odb, _) => Problem::Cache(text),
        // What the network does is known to the transports: this is what the server says.
        _ => Problem::Git(text),
    }
}

/// Tells whether an error is about the server, and not about the cache.
pub(crate) fn is_remote(error: &git2::Error) -> bool {
    let class = error.class();
    let remote = [
        ErrorClass::Net,
        ErrorClass::Ssh,
        ErrorClass::Http,
        ErrorClass::Callback,
    ];
    remote.contains(&class)
}

/// Tells whether a server may have refused to give out a commit by its id.
pub(crate) fn is_refusal(error: &git2::Error) -> bool {
    matches!(error.class(), ErrorClass::Net | ErrorClass::Invalid)
}
