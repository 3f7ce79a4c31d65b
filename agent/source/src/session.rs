//! One operation on a repository, and what its callbacks share.

use std::cell::RefCell;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use reqwest::Url;

use crate::deadline::Deadline;
use crate::limits::{Passed, count};
use crate::{Credentials, GitSpec, GitUrl, Limits, Problem, SourceError};

thread_local! {
    /// libgit2 hands no payload to a transport, but makes it on the thread that asked for it.
    static CURRENT: RefCell<Option<Arc<Session>>> = const { RefCell::new(None) };
}

/// One operation on a repository.
pub(crate) struct Session {
    pub(crate) url: GitUrl,
    pub(crate) credentials: Credentials,
    pub(crate) limits: Limits,
    pub(crate) deadline: Deadline,
    pub(crate) http: Option<reqwest::blocking::Client>,
    /// Where redirects of the listing led.
    pub(crate) base: Mutex<Option<Url>>,
    received: AtomicU64,
    /// libgit2 carries texts only: the first error that a callback had is kept here.
    failure: Mutex<Option<Problem>>,
}

impl Session {
    pub(crate) fn new(spec: &GitSpec, credentials: &Credentials, limits: Limits) -> Self {
        Self {
            url: spec.url.clone(),
            credentials: credentials.clone(),
            limits,
            deadline: Deadline::after(spec.timeout),
            http: None,
            base: Mutex::new(None),
            received: AtomicU64::new(0),
            failure: Mutex::new(None),
        }
    }

    /// The session whose operation runs on this thread.
    pub(crate) fn current() -> Option<Arc<Self>> {
        CURRENT.with_borrow(Clone::clone)
    }

    /// Runs an operation of libgit2, and explains its failure.
    pub(crate) fn run<T>(
        self: &Arc<Self>,
        operation: impl FnOnce() -> Result<T, git2::Error>,
    ) -> Result<T, Failure> {
        CURRENT.set(Some(Arc::clone(self)));
        let outcome = operation();
        CURRENT.set(None);
        outcome.map_err(|error| match lock(&self.failure).take() {
            Some(problem) => Failure::Known(problem),
            None => Failure::Libgit2(error),
        })
    }

    /// Keeps a problem, and returns what stops libgit2.
    pub(crate) fn fail(&self, problem: Problem) -> git2::Error {
        let error = git2::Error::from_str(&problem.to_string());
        lock(&self.failure).get_or_insert(problem);
        error
    }

    /// Checks the deadline and the limits of a fetch in flight.
    pub(crate) fn check(&self, progress: &git2::Progress<'_>) -> Result<(), Problem> {
        self.deadline.left()?;
        let (limits, objects) = (&self.limits, count(progress.total_objects()));
        Passed::check("objects", limits.objects, objects).map_err(Problem::Limit)?;
        let bytes = count(progress.received_bytes());
        Passed::check("pack bytes", limits.pack_bytes, bytes).map_err(Problem::Limit)
    }

    /// Counts bytes that arrived, against a limit on all of them.
    pub(crate) fn receive(&self, bytes: usize, limit: Passed) -> Result<(), Problem> {
        let before = self.received.fetch_add(count(bytes), Ordering::Relaxed);
        let all = before.saturating_add(count(bytes));
        Passed::check(limit.limit, limit.value, all).map_err(Problem::Limit)
    }

    pub(crate) fn error(&self, problem: Problem) -> SourceError {
        SourceError {
            url: self.url.to_string(),
            problem,
        }
    }
}

/// Why an operation of libgit2 failed.
#[derive(Debug)]
pub(crate) enum Failure {
    /// One of our callbacks knows.
    Known(Problem),
    /// Only libgit2 knows.
    Libgit2(git2::Error),
}

/// Locks a value that a panic elsewhere cannot have left half done.
pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
