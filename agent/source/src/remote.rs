//! What libgit2 asks while it talks to a server, and what its errors mean.

use std::sync::Arc;

use git2::cert::Cert;
use git2::{CertificateCheckStatus, Cred, CredentialType, ErrorClass, ErrorCode, RemoteCallbacks};

use crate::known_hosts::Host;
use crate::session::{Failure, Session};
use crate::{Credentials, GitUrl, Problem, Scheme, init, preference};

/// The user where the URL names none, as on all the well-known hosts.
const SSH_USER: &str = "git";

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
    let own = Arc::clone(session);
    callbacks.certificate_check(move |certificate, _host| {
        check_host(&own, certificate).map_err(|problem| own.fail(problem))
    });
    let (own, mut was_asked) = (Arc::clone(session), false);
    callbacks.credentials(move |_url, _user, kinds| {
        let key = kinds.contains(CredentialType::SSH_KEY);
        // A second question means that the first answer was refused.
        if key && std::mem::replace(&mut was_asked, true) {
            return Err(own.fail(refused(&own)));
        }
        identity(&own, kinds).map_err(|problem| own.fail(problem))
    });
    callbacks
}

fn check_host(session: &Session, shown: &Cert<'_>) -> Result<CertificateCheckStatus, Problem> {
    let key = shown.as_hostkey().and_then(|key| key.hostkey());
    let key = key.ok_or_else(|| Problem::Git("the server shows no host key".into()))?;
    let known = session.credentials.parts().known_hosts.as_deref();
    let host = Host::new(session.url.host(), session.url.port());
    host.check(key, known.unwrap_or_default())?;
    Ok(CertificateCheckStatus::CertificateOk)
}

fn identity(session: &Session, kinds: CredentialType) -> Result<Cred, Problem> {
    let user = session.url.user().unwrap_or(SSH_USER);
    let failed = |error: git2::Error| Problem::Git(error.message().to_owned());
    if kinds.contains(CredentialType::USERNAME) {
        return Cred::username(user).map_err(failed);
    }
    if !kinds.contains(CredentialType::SSH_KEY) {
        return Err(Problem::CredentialsUnfit("the server takes no ssh keys"));
    }
    let parts = session.credentials.parts();
    let key = parts.identity.as_deref().ok_or(Problem::IdentityMissing)?;
    Cred::ssh_key_from_memory(user, None, key, parts.password.as_deref()).map_err(failed)
}

fn refused(session: &Session) -> Problem {
    let user = session.url.user().unwrap_or(SSH_USER);
    Problem::CredentialsRefused(format!("the identity, as user {user}"))
}

/// Says what a failure means.
pub(crate) fn explain(session: &Session, failure: Failure) -> Problem {
    let error = match failure {
        Failure::Known(problem) => return problem,
        Failure::Libgit2(error) => error,
    };
    let text = error.message().to_owned();
    if session.deadline.left().is_err() {
        return session.deadline.passed();
    }
    match (error.class(), error.code()) {
        (_, ErrorCode::NotFound) if session.url.scheme() == Scheme::File => Problem::NotFound(text),
        (ErrorClass::Ssh, ErrorCode::Auth) => refused(session),
        (ErrorClass::Ssh, _) => explain_ssh(text),
        (ErrorClass::Os | ErrorClass::Filesystem | ErrorClass::Odb, _) => Problem::Cache(text),
        (ErrorClass::Net, _) => Problem::Unreachable(text),
        _ => Problem::Git(text),
    }
}

fn explain_ssh(text: String) -> Problem {
    Problem::Git(text)
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

/// Tells whether credentials can be used over ssh, and asks the host for keys that are known.
pub(crate) fn fit_ssh(url: &GitUrl, credentials: &Credentials) -> Result<(), Problem> {
    let parts = credentials.parts();
    let (Some(_), Some(known_hosts)) = (&parts.identity, &parts.known_hosts) else {
        return Err(Problem::IdentityMissing);
    };
    let host = Host::new(url.host(), url.port());
    let preferred = init::init().and_then(|home| preference::prefer(home, &host, known_hosts));
    preferred.map_err(|error| Problem::Cache(format!("no home for ssh: {error}")))
}
