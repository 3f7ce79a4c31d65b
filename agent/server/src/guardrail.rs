//! What holds for every request of the API port: limits, deadlines, headers.

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::{Request, State};
use axum::http::uri::Authority;
use axum::http::{HeaderName, HeaderValue, Method, Uri, header};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse as _, Response};
use tokio::sync::Semaphore;
use tokio::time::timeout;

use crate::Access;
use crate::problem::{Kind, Problem};

/// Requests that are being answered at the same time; streams of events are limited apart.
const IN_FLIGHT: usize = 128;
/// How long an answer may take to begin.
const DEADLINE: Duration = Duration::from_secs(30);
/// What every answer carries: it is data for programs, and nothing that a browser should run, frame, guess or keep.
/// The dashboard's files, which are more, bring a policy of their own, and what goes with it.
const HEADERS: [(HeaderName, HeaderValue); 4] = [
    (
        header::CONTENT_SECURITY_POLICY,
        HeaderValue::from_static("default-src 'none'; frame-ancestors 'none'"),
    ),
    (
        header::X_CONTENT_TYPE_OPTIONS,
        HeaderValue::from_static("nosniff"),
    ),
    (
        header::REFERRER_POLICY,
        HeaderValue::from_static("no-referrer"),
    ),
    (header::CACHE_CONTROL, HeaderValue::from_static("no-store")),
];

/// Puts limits and headers around routes, and answers what no route does.
pub(crate) fn around(routes: Router, access: Access) -> Router {
    let in_flight = Arc::new(Semaphore::new(IN_FLIGHT));
    routes
        .fallback(no_route)
        .method_not_allowed_fallback(no_method)
        .layer(middleware::from_fn_with_state(access, same_machine))
        .layer(middleware::from_fn_with_state(in_flight, limit))
        .layer(middleware::from_fn(finish))
}

async fn no_route(uri: Uri) -> Problem {
    let detail = format!(
        "there is no route {}: the dashboard is at /, the API under /api/v1, and webhooks under /hooks if the agent has a folder of receivers",
        uri.path()
    );
    Problem::new(Kind::NotFound, detail)
}

async fn no_method(method: Method, uri: Uri) -> Problem {
    let detail = format!("{} takes no {method}: see the header Allow", uri.path());
    Problem::new(Kind::MethodNotAllowed, detail)
}

async fn limit(State(in_flight): State<Arc<Semaphore>>, request: Request, next: Next) -> Response {
    let Ok(_permit) = in_flight.try_acquire() else {
        let detail = format!("{IN_FLIGHT} requests are being answered: try again in a moment");
        return Problem::new(Kind::Unavailable, detail).into_response();
    };
    let answer = timeout(DEADLINE, next.run(request)).await;
    answer.unwrap_or_else(|_| {
        let detail = format!("no answer within {} s: try again", DEADLINE.as_secs());
        Problem::new(Kind::Unavailable, detail).into_response()
    })
}

/// Keeps other sites' pages out of an open API: a browser on this machine would carry their requests to it, by a
/// name of theirs that they point here, or from a form.
async fn same_machine(State(access): State<Access>, request: Request, next: Next) -> Response {
    let headers = request.headers();
    let value = |name| headers.get(name).and_then(|value| value.to_str().ok());
    let host = value(header::HOST).unwrap_or_default();
    let origin = value(header::ORIGIN).map(|origin| origin.trim_start_matches("http://"));
    if access != Access::Open || is_loopback(host) && origin.is_none_or(|origin| origin == host) {
        return next.run(request).await;
    }
    let detail = "without authentication the API answers this machine only: call it by a loopback address or localhost, and from no other site's page";
    Problem::new(Kind::Forbidden, detail).into_response()
}

fn is_loopback(host: &str) -> bool {
    let Ok(authority) = host.parse::<Authority>() else {
        return false;
    };
    let name = authority.host().trim_matches(['[', ']']);
    name == "localhost" || name.parse().is_ok_and(|ip: IpAddr| ip.is_loopback())
}

async fn finish(request: Request, next: Next) -> Response {
    let uri = request.uri().clone();
    let mut answer = Problem::render(next.run(request).await, &uri);
    let headers = answer.headers_mut();
    let is_page = headers.contains_key(header::CONTENT_SECURITY_POLICY);
    for (name, value) in HEADERS {
        if !(is_page && headers.contains_key(&name)) {
            headers.insert(name, value);
        }
    }
    answer
}
