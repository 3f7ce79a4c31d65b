//! A layer of the client that tells of each request, watches included.

use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use futures::future::BoxFuture;
use http::{Request, Response};
use tower::Service;

/// A request that was answered, or was not.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RequestSeen {
    /// The verb as RBAC names it: get, list, watch, create, update, patch, apply, delete.
    pub verb: &'static str,
    /// The resource's plural; `discovery` and the like for what is none.
    pub resource: String,
    /// The HTTP status; 0 without an answer.
    pub code: u16,
    /// Whether it was a dry-run.
    pub dry_run: bool,
    /// From sending to the answer's head.
    pub took: Duration,
}

/// Who is told of requests.
pub trait Observer: Send + Sync {
    /// Takes note that a request is sent.
    fn asked(&self);

    /// Takes note of a request that was answered, failed, or is given up.
    fn seen(&self, request: &RequestSeen);
}

/// A service that tells an observer of each request.
#[derive(Clone)]
pub(crate) struct Counted<S> {
    pub inner: S,
    pub observer: Option<Arc<dyn Observer>>,
}

impl<S, B, R> Service<Request<B>> for Counted<S>
where
    S: Service<Request<B>, Response = Response<R>>,
    S::Future: Send + 'static,
    S::Error: Send + 'static,
    R: 'static,
{
    type Response = S::Response;
    type Error = S::Error;
    type Future = BoxFuture<'static, Result<S::Response, S::Error>>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, request: Request<B>) -> Self::Future {
        let mut asked = self.observer.clone().map(|observer| {
            observer.asked();
            Asked {
                observer,
                seen: describe(&request),
                start: Instant::now(),
            }
        });
        let answer = self.inner.call(request);
        Box::pin(async move {
            let answer = answer.await;
            if let (Some(asked), Ok(answer)) = (&mut asked, &answer) {
                asked.seen.code = answer.status().as_u16();
            }
            answer
        })
    }
}

/// A request that is under way. Its end is told whatever that is: a deadline drops it without an answer.
struct Asked {
    observer: Arc<dyn Observer>,
    seen: RequestSeen,
    start: Instant,
}

impl Drop for Asked {
    fn drop(&mut self) {
        self.seen.took = self.start.elapsed();
        self.observer.seen(&self.seen);
    }
}

fn describe<B>(request: &Request<B>) -> RequestSeen {
    let query = request.uri().query().unwrap_or_default();
    let (resource, named) = resource(request.uri().path());
    let apply = request
        .headers()
        .get(http::header::CONTENT_TYPE)
        .is_some_and(|kind| kind.as_bytes().starts_with(b"application/apply-patch"));
    let verb = match request.method().as_str() {
        "GET" if query.contains("watch=true") => "watch",
        "GET" if named => "get",
        "GET" => "list",
        "POST" => "create",
        "PUT" => "update",
        "PATCH" if apply => "apply",
        "PATCH" => "patch",
        "DELETE" => "delete",
        _ => "other",
    };
    let dry_run = query.contains("dryRun=All");
    RequestSeen {
        verb,
        resource,
        code: 0,
        dry_run,
        took: Duration::ZERO,
    }
}

/// Finds the resource in an API path, and whether one object of it is named.
fn resource(path: &str) -> (String, bool) {
    let mut parts = path.split('/').filter(|part| !part.is_empty());
    let group_parts = match parts.next() {
        Some("api") => 1,
        Some("apis") => 2,
        _ => return ("other".into(), true),
    };
    let rest: Vec<&str> = parts.skip(group_parts).collect();
    let rest = match rest.as_slice() {
        ["namespaces", _, rest @ ..] if !rest.is_empty() => rest,
        rest => rest,
    };
    match rest {
        [] => ("discovery".into(), true),
        [resource] => ((*resource).into(), false),
        [resource, _] => ((*resource).into(), true),
        [resource, _, subresource, ..] => (format!("{resource}/{subresource}"), true),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn requests_are_described_in_the_words_of_rbac() {
        for (method, uri, verb, name) in [
            ("GET", "/api/v1/namespaces/a/secrets/b", "get", "secrets"),
            ("GET", "/api/v1/namespaces/a", "get", "namespaces"),
            (
                "GET",
                "/apis/apps/v1/deployments?watch=true",
                "watch",
                "deployments",
            ),
            ("GET", "/apis/apps/v1/deployments", "list", "deployments"),
            (
                "PATCH",
                "/apis/tidegate.dev/v1alpha1/namespaces/a/layers/b/status",
                "patch",
                "layers/status",
            ),
            ("GET", "/apis", "get", "discovery"),
            ("GET", "/version", "get", "other"),
        ] {
            let seen = describe(&Request::builder().method(method).uri(uri).body(()).unwrap());
            assert_eq!(
                (seen.verb, seen.resource.as_str()),
                (verb, name),
                "{method} {uri}"
            );
        }
    }
}
